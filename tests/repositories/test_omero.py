"""OMERO servers of archives: lists cut without a word, keys that are absent, people's contacts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from fairlab.errors import UnexpectedAnswer
from fairlab.net.api import Api
from fairlab.record import Source
from fairlab.repositories.omero import Omero, image_facts, pairs
from tests.emulators.omero import OmeroServer, pixels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HERE = Source(document="here")


class Server(OmeroServer):
    apis: ClassVar = {"some-omero": ""}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        running.containers["projects"] = [{"id": n, "name": f"p{n}"} for n in range(1, 8)]
        yield running


def omero() -> Omero:
    return Omero(Api("some-omero"))


@pytest.mark.parametrize(("most", "requests"), [(1000, 1), (3, 3), (1, 7)])
def test_a_limit_that_is_cut_loses_nothing(server: Server, most: int, requests: int) -> None:
    server.max_limit = most
    found = list(omero().containers("project"))
    assert [(one.name, one.uid) for one in found][1] == ("p2", "Project:2")
    assert len(found) == 7 and len(server.log) == requests
    assert found[-1].source.pointer == f"/data/{6 % most}"
    assert list(omero().containers("screen")) == []


def test_a_list_without_meta_ends_all_the_same(server: Server) -> None:
    server.alter = lambda content: {"data": content["data"]}
    assert len(list(omero().containers("project"))) == 7


@pytest.mark.parametrize("content", [{}, {"data": None}, {"data": {"@id": 1}}, [], "text", None])
def test_what_is_no_list_is_no_empty_list(server: Server, content: Any) -> None:
    server.alter = lambda _: content
    with pytest.raises(UnexpectedAnswer) as caught:
        list(omero().containers("project"))
    assert caught.value.kind == "answer-form"


def test_entries_that_are_not_whole_are_left_out(server: Server) -> None:
    server.alter = lambda _: {
        "data": [{"@id": "1", "Name": "a"}, {"Name": "b"}, {"@id": 3}, None, {"@id": 4, "Name": "d"}]
    }
    assert [one.name for one in omero().containers("project")] == ["d"]


def test_an_image_that_is_not_there_is_none(server: Server) -> None:
    server.images[5] = {"Name": "five", "Pixels": pixels(8, 6)}
    found = omero().image(5)
    assert found is not None and found[0]["Name"] == "five"
    assert omero().image(6) is None


def test_images_of_a_dataset(server: Server) -> None:
    server.contents[9] = [1, 2, 3]
    server.images = {n: {"Name": f"image {n}"} for n in (1, 2, 3)}
    server.max_limit = 2
    assert [found["Name"] for found, _ in omero().images(9)] == ["image 1", "image 2", "image 3"]


def test_contacts_of_people_never_come_in(server: Server) -> None:
    server.notes["project", 1] = [
        ("x", [["Contactname", "A. Person"], ["E-mail", "a.person@example.org"], ["Organism", "mouse"]]),
        ("y", []),
    ]
    (annotation,) = omero().annotations("project", 1)
    assert annotation.pairs == (("Organism", "mouse"),) and annotation.namespace == "x"
    assert annotation.source.pointer == "/annotations/0/values"


@pytest.mark.parametrize(
    "values", [None, "a", [1], [["a"]], [["a", "b", "c"]], [[None, "b"]], [["a", {}]], {"a": "b"}]
)
def test_pairs_that_are_none_are_left_out(values: Any) -> None:
    assert pairs(values) == ()


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ({"Value": 0.5, "Symbol": "µm"}, 0.5),
        ({"Value": 500, "Symbol": "nm"}, 0.5),
        ({"Value": 500, "Unit": "NANOMETER"}, 0.5),
        ({"Value": 2, "Symbol": "pixel"}, None),
        ({"Value": 2, "Symbol": "reference frame", "Unit": "REFERENCEFRAME"}, None),
        ({"Value": 0, "Symbol": "µm"}, None),
        ({"Value": float("nan"), "Symbol": "µm"}, None),
        ({"Value": "2", "Symbol": "µm"}, None),
        ({"Symbol": "µm"}, None),
        (None, None),
    ],
)
def test_lengths_come_in_micrometer_or_not_at_all(length: Any, expected: float | None) -> None:
    stated = image_facts({"Pixels": {"PhysicalSizeX": length}}, HERE)["pixel_size"][0]
    assert stated == ({"x": expected} if expected else {})


def test_channels_without_a_name_and_an_image_without_anything() -> None:
    facts = image_facts({"Pixels": pixels(8, 6, c=3, channels=("DAPI", None, "GFP"))}, HERE)
    assert facts["channels"][0] == ("DAPI", "GFP")
    assert facts["axes"][0] == ("t", "c", "z", "y", "x") and facts["shape"][0] == (1, 3, 1, 6, 8)
    assert facts["axes"][1].basis == "inferred" and facts["shape"][1].pointer == "/Pixels"
    assert not any(value for value, _ in image_facts({}, HERE).values())


def test_the_documented_examples(shared: Path) -> None:
    folder = shared / "repositories/examples"
    listed = json.loads((folder / "omero-json-api-images-list-doc.json").read_text("utf-8"))["data"][0]
    facts = image_facts(listed, HERE)
    assert facts["title"][0] == "CFP_AurB_R3D.dv" and facts["shape"][0] == (1, 2, 29, 512, 512)
    assert facts["pixel_size"][0] == {"x": 0.12698, "y": 0.12698, "z": 0.2}
    whole = json.loads((folder / "omero-json-api-image-doc.json").read_text("utf-8"))["data"]
    whole = whole[0] if isinstance(whole, list) else whole
    assert image_facts(whole, HERE)["channels"][0] == ("CFP_JP4", "RD_TR-PE")
    # What the emulator says has the keys of what the server says.
    own = {**pixels(8, 6, size=0.5, channels=("a",))}
    assert set(own) - {"Type"} <= set(whole["Pixels"])
    project = json.loads((folder / "omero-json-api-projects-doc.json").read_text("utf-8"))["data"][0]
    assert {"@id", "@type", "Name", "Description", "omero:details"} <= set(project)
