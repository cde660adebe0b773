"""Whole stores: what the metadata speaks of is there, in the right zarr, and agrees."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairlab
from fairlab.errors import AccessError, NotFoundError, QueryError, Unavailable
from fairlab.net import hierarchy
from fairlab.verdict import of_store
from tests.ngff.validation.test_hostile import VALUES, places
from tests.ngff.validation.valid import edited, valid
from tests.servers import Fault, FaultServer
from tests.stores import VERSIONS, put_attributes, write_collection, write_plate, write_store

if TYPE_CHECKING:
    from fairlab.verdict import Verdict

Serve = Callable[[Path], FaultServer]


def _image(path: Path, version: str = "0.5", **options: Any) -> Path:
    early = version < "0.3"
    shape = (1, 2, 1, 40, 60) if early else (2, 40, 60)
    write_store(path, version=version, axes="tczyx" if early else "cyx", shape=shape, **options)
    return path


def _plate(path: Path, version: str = "0.5", **options: Any) -> Path:
    early = version < "0.3"
    shape = (1, 2, 1, 8, 8) if early else (2, 8, 8)
    write_plate(path, version=version, axes="tczyx" if early else "cyx", shape=shape, **options)
    return path


def _types(verdict: Verdict, level: str = "error") -> set[str]:
    return {problem.type for problem in verdict.problems if problem.level == level}


def _edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("version", VERSIONS)
def test_images_with_labels_are_valid_and_sound(tmp_path: Path, version: str) -> None:
    verdict = fairlab.validate(_image(tmp_path / "a.zarr", version, labels=("cells",)))
    assert verdict and verdict.valid and verdict.hierarchy
    assert (verdict.version, verdict.kind, verdict.checked) == (version, "image", 7)
    assert not _types(verdict)


@pytest.mark.parametrize("version", VERSIONS)
def test_plates_are_valid_and_sound(tmp_path: Path, version: str) -> None:
    verdict = fairlab.validate(_plate(tmp_path / "a.zarr", version, acquisitions=(1, 2)))
    assert verdict and not _types(verdict)
    assert (verdict.version, verdict.kind) == (version, "plate")
    assert verdict.checked == 1 + 3 + 12 + 24 + 48


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
@pytest.mark.parametrize("listed", [True, False])
def test_collections_are_valid_and_sound(tmp_path: Path, version: str, listed: bool) -> None:
    write_collection(tmp_path / "a.zarr", ["a", "b", "c"], version=version, listed=listed)
    verdict = fairlab.validate(tmp_path / "a.zarr")
    assert verdict and not _types(verdict) and not _types(verdict, "hierarchy.ome-xml")
    assert (verdict.version, verdict.kind) == (version, "bioformats2raw")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_array_whose_document_is_broken_is_not_called_a_group(tmp_path: Path, version: str) -> None:
    _image(tmp_path / "a.zarr", version)
    (tmp_path / "a.zarr" / "0" / (".zarray" if version == "0.4" else "zarr.json")).write_text("{")
    (tmp_path / "a.zarr" / "0" / ".zattrs").write_text("{}")
    verdict = fairlab.validate(tmp_path / "a.zarr")
    assert verdict.hierarchy is False
    assert [p.msg for p in verdict.problems if p.type == "hierarchy.array"] == [
        f"its document cannot be read (OME-Zarr {version})"
    ]


def test_a_scene_is_valid_and_sound(tmp_path: Path) -> None:
    _scene(tmp_path / "a.zarr")
    verdict = fairlab.validate(tmp_path / "a.zarr")
    assert verdict and verdict.kind == "scene" and not _types(verdict)
    assert verdict.checked == 7


def _scene(path: Path) -> None:
    block = {key: value for key, value in valid("0.6", "scene")["ome"].items() if key != "version"}
    put_attributes(path, block, "0.6", create=True)
    for tile in (0, 1):
        write_store(path / f"tile{tile}", version="0.6", axes="yx", shape=(40, 60))


def _rename_system(path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        image = document["attributes"]["ome"]["multiscales"][0]
        image["coordinateSystems"][0]["name"] = "other"
        for dataset in image["datasets"]:
            dataset["coordinateTransformations"][0]["output"]["name"] = "other"

    _edit(path, change)


def test_a_scene_names_systems_that_are_there(tmp_path: Path) -> None:
    _scene(tmp_path / "a.zarr")
    _rename_system(tmp_path / "a.zarr" / "tile1" / "zarr.json")
    assert _types(fairlab.validate(tmp_path / "a.zarr")) == {"hierarchy.coordinate-system"}
    shutil.rmtree(tmp_path / "a.zarr" / "tile0")
    assert "hierarchy.missing" in _types(fairlab.validate(tmp_path / "a.zarr"))


def test_samples_obey_even_the_shoulds() -> None:
    for name in fairlab.samples.names():
        assert fairlab.validate(f"sample:{name}", strict=True), name


# ── the hierarchy, one break each ────────────────────────────────────────────────────────────────────


def _v3(key: str, value: Any) -> Callable[[Path], None]:
    return lambda root: _edit(root / "1" / "zarr.json", lambda document: document.update({key: value}))


def _v2(key: str, value: Any) -> Callable[[Path], None]:
    return lambda root: _edit(root / "1" / ".zarray", lambda document: document.update({key: value}))


def _label(version: str, key: str, value: Any) -> Callable[[Path], None]:
    name = ".zarray" if version < "0.5" else "zarr.json"
    return lambda root: _edit(root / "labels" / "cells" / "1" / name, lambda d: d.update({key: value}))


def _write(place: str, text: str) -> Callable[[Path], Any]:
    return lambda root: (root / place).write_text(text)


def _copy(source: str, place: str) -> Callable[[Path], Any]:
    return lambda root: shutil.copy(root / source, root / place)


def _remove(*places: str) -> Callable[[Path], None]:
    def act(root: Path) -> None:
        for place in places:
            shutil.rmtree(root / place) if (root / place).is_dir() else (root / place).unlink()

    return act


BARE = '{"zarr_format": 3, "node_type": "group", "attributes": {}}'
BREAKS: list[tuple[str, Callable[[Path], Any], str, str]] = [
    ("0.5", _remove("1"), "error", "missing"),
    ("0.4", _remove("1"), "error", "missing"),
    ("0.5", _remove("labels/cells"), "error", "missing"),
    ("0.4", _remove(".zgroup"), "error", "group"),
    ("0.5", _v3("node_type", "group"), "error", "array"),
    ("0.5", _v3("shape", "large"), "error", "array"),
    ("0.5", _v3("shape", [20, 30]), "error", "dimensions"),
    ("0.5", _v3("shape", [2, 400, 600]), "error", "level-order"),
    ("0.5", _v3("data_type", "uint8"), "warning", "dtype"),
    ("0.6", _v3("data_type", "uint8"), "error", "dtype"),
    ("0.5", _v3("dimension_names", None), "error", "dimension-names"),
    ("0.5", _v3("dimension_names", ["c", "x", "y"]), "error", "dimension-names"),
    ("0.5", _v3("dimension_names", ["a", "b", "c"]), "error", "dimension-names"),
    ("0.6", _v3("dimension_names", ["c", "x", "y"]), "error", "dimension-names"),
    (
        "0.5",
        _v3("chunk_grid", {"name": "regular", "configuration": {"chunk_shape": [16, 16]}}),
        "error",
        "chunks",
    ),
    ("0.4", _v2("chunks", [16, 16]), "error", "chunks"),
    ("0.4", _v2("shape", [20, 30]), "error", "dimensions"),
    ("0.4", _v2("dimension_separator", "."), "warning", "separator"),
    ("0.4", _v2("dtype", "|u1"), "warning", "dtype"),
    ("0.4", _label("0.4", "dtype", "<f4"), "error", "label-dtype"),
    ("0.5", _label("0.5", "data_type", "float32"), "error", "label-dtype"),
    (
        "0.5",
        _write("labels/cells/zarr.json", '{"zarr_format": 3, "node_type": "group", "attributes": {}}'),
        "error",
        "metadata",
    ),
    ("0.5", _write("labels/zarr.json", "not JSON"), "error", "*"),
    ("0.5", _copy("0/zarr.json", "labels/cells/zarr.json"), "error", "group"),
]


@pytest.mark.parametrize(
    ("version", "act", "level", "code"), BREAKS, ids=[f"{v}-{c}-{n}" for n, (v, _, _, c) in enumerate(BREAKS)]
)
def test_one_break_of_the_hierarchy_is_found(
    tmp_path: Path, version: str, act: Callable[[Path], Any], level: str, code: str
) -> None:
    act(_image(tmp_path / "a.zarr", version, labels=("cells",)))
    verdict = fairlab.validate(tmp_path / "a.zarr")
    if code == "*":
        assert not verdict
        return
    assert f"hierarchy.{code}" in _types(verdict, level)
    assert verdict.hierarchy is (level != "error")
    if code != "metadata":
        assert verdict.valid, "the metadata itself was not broken"


def test_a_label_image_has_the_levels_of_its_image(tmp_path: Path) -> None:
    root = _image(tmp_path / "a.zarr", labels=("cells",))
    _edit(
        root / "labels" / "cells" / "zarr.json",
        lambda document: document["attributes"]["ome"]["multiscales"][0]["datasets"].pop(),
    )
    assert _types(fairlab.validate(root)) == {"hierarchy.label-levels"}


def test_a_label_image_has_the_lengths_of_its_image(tmp_path: Path) -> None:
    root = _image(tmp_path / "a.zarr", labels=("cells",))
    _edit(root / "labels" / "cells" / "0" / "zarr.json", lambda document: document.update(shape=[41, 60]))
    assert "hierarchy.label-shape" in _types(fairlab.validate(root), "warning")


def test_a_label_block_without_an_image_is_no_whole_group(tmp_path: Path) -> None:
    put_attributes(tmp_path / "a.zarr", {"image-label": {"colors": [{"label-value": 1}]}}, "0.5", create=True)
    verdict = fairlab.validate(tmp_path / "a.zarr")
    assert verdict.valid and verdict.hierarchy is False
    assert _types(verdict) == {"hierarchy.alone"}


def test_a_label_block_by_itself_obeys_even_the_shoulds() -> None:
    # The specification's own strict example is such a block.
    document = valid("0.4", "label")
    del document["multiscales"]
    verdict = fairlab.validate(document, strict=True)
    assert verdict.valid and _types(verdict, "hint") == {"image-label.alone"}


def test_a_label_image_says_that_it_is_one(tmp_path: Path) -> None:
    for version in ("0.4", "0.5"):
        root = _image(tmp_path / version, version, labels=("cells",))
        name = "zarr.json" if version == "0.5" else ".zattrs"

        def change(document: dict[str, Any]) -> None:
            attributes = document.get("attributes", document)
            del attributes.get("ome", attributes)["image-label"]

        _edit(root / "labels" / "cells" / name, change)
        verdict = fairlab.validate(root)
        assert verdict and ("hierarchy.image-label" in _types(verdict, "warning")) is (version == "0.5")


@pytest.mark.parametrize("kind", ["affine", "rotation", "displacements", "coordinates"])
def test_parameters_of_transformations_are_there(tmp_path: Path, kind: str) -> None:
    by_path = {"type": kind, "path": "coordinateTransformations/field"}
    part = {"transformation": by_path, "inputAxes": [0, 1, 2], "outputAxes": [0, 1, 2]}
    both = {"type": "bijection", "forward": by_path, "inverse": by_path}

    def change(document: dict[str, Any]) -> None:
        image = document["attributes"]["ome"]["multiscales"][0]
        name = image["coordinateSystems"][0]["name"]
        image["coordinateSystems"].append({**image["coordinateSystems"][0], "name": "stage"})
        ends = {"input": {"name": name}, "output": {"name": "stage"}}
        steps: list[Any] = [by_path, {"type": "byDimension", "transformations": [part]}, both]
        image["coordinateTransformations"] = [{**ends, "type": "sequence", "transformations": steps}]

    root = _image(tmp_path / "a.zarr", "0.6")
    _edit(root / "zarr.json", change)
    verdict = fairlab.validate(root)
    assert verdict.valid and _types(verdict) == {"hierarchy.missing"}
    places = [problem.loc for problem in verdict.problems if problem.level == "error"]
    assert places == ["coordinateTransformations/field/zarr.json#"]
    shutil.copytree(root / "0", root / "coordinateTransformations" / "field")
    assert fairlab.validate(root)


def test_parameters_between_the_images_of_a_scene_are_there(tmp_path: Path) -> None:
    _scene(tmp_path / "a.zarr")

    def change(document: dict[str, Any]) -> None:
        step = document["attributes"]["ome"]["scene"]["coordinateTransformations"][0]
        step.pop("translation")
        step |= {"type": "affine", "path": "nowhere"}

    _edit(tmp_path / "a.zarr" / "zarr.json", change)
    verdict = fairlab.validate(tmp_path / "a.zarr")
    assert verdict.valid and _types(verdict) == {"hierarchy.missing"}


def test_channels_are_as_many_as_the_axis_is_long(tmp_path: Path) -> None:
    root = _image(tmp_path / "a.zarr")
    _edit(root / "zarr.json", lambda document: document["attributes"]["ome"]["omero"]["channels"].pop())
    assert "hierarchy.channels" in _types(fairlab.validate(root), "warning")


@pytest.mark.parametrize(("version", "other"), [("0.5", "0.4"), ("0.4", "0.5")])
def test_arrays_in_the_other_zarr_are_told_from_missing_ones(
    tmp_path: Path, version: str, other: str
) -> None:
    root = _image(tmp_path / "a.zarr", version)
    _image(tmp_path / "b.zarr", other)
    shutil.rmtree(root / "1")
    (tmp_path / "b.zarr" / "1").rename(root / "1")
    assert _types(fairlab.validate(root)) == {"hierarchy.zarr-format"}


def test_one_hierarchy_has_one_version(tmp_path: Path) -> None:
    root = _image(tmp_path / "a.zarr", labels=("cells",))
    _edit(
        root / "labels" / "zarr.json", lambda document: document["attributes"]["ome"].update(version="0.6rc0")
    )
    assert _types(fairlab.validate(root)) == {"hierarchy.version"}


def test_drafts_of_one_version_may_stand_in_one_hierarchy(tmp_path: Path) -> None:
    # The examples that came with RFC-5 say 0.6.dev4 of a scene, and 0.6.dev1 of some of its images.
    root = _image(tmp_path / "a.zarr", "0.6", labels=("cells",))
    _edit(
        root / "labels" / "zarr.json", lambda document: document["attributes"]["ome"].update(version="0.6rc0")
    )
    verdict = fairlab.validate(root)
    assert verdict and _types(verdict, "warning") >= {"hierarchy.version"}


@pytest.mark.parametrize("names", [None, ["i", "j", "k"], [None, None, None]])
def test_dimensions_need_no_names_since_0_6(tmp_path: Path, names: list[Any] | None) -> None:
    root = _image(tmp_path / "a.zarr", "0.6")
    _v3("dimension_names", names)(root)
    assert fairlab.validate(root)


def test_wells_and_fields_are_there(tmp_path: Path) -> None:
    root = _plate(tmp_path / "a.zarr")
    shutil.rmtree(root / "A" / "1")
    shutil.rmtree(root / "B" / "2" / "1")
    verdict = fairlab.validate(root)
    assert verdict.valid and _types(verdict) == {"hierarchy.missing"}
    places = [problem.loc for problem in verdict.problems if problem.level == "error"]
    assert places == ["A/1/zarr.json#", "B/2/1/zarr.json#"]


def test_the_metadata_of_every_field_is_judged(tmp_path: Path) -> None:
    root = _plate(tmp_path / "a.zarr")
    _edit(
        root / "C" / "4" / "1" / "zarr.json",
        lambda document: document["attributes"]["ome"]["multiscales"][0].pop("axes"),
    )
    verdict = fairlab.validate(root)
    assert not verdict.valid
    (problem,) = [problem for problem in verdict.problems if problem.level == "error"]
    assert problem.loc == "C/4/1/zarr.json#/attributes/ome/multiscales/0"
    assert problem.type == "multiscales.missing-axes" and "OME-Zarr 0.5" in problem.msg


@pytest.mark.parametrize(
    ("change", "level", "code"),
    [
        (lambda images: images[0].pop("acquisition"), "error", "acquisition"),
        (lambda images: images[0].update(acquisition=7), "error", "acquisition"),
        (lambda images: images.append({"path": "0b", "acquisition": 1}), "warning", "field-count"),
        (lambda images: images[1].update(acquisition=1), "valid", ""),
    ],
)
def test_wells_keep_what_the_plate_says(
    tmp_path: Path, change: Callable[[Any], Any], level: str, code: str
) -> None:
    root = _plate(tmp_path / "a.zarr", acquisitions=(1, 2))
    _edit(
        root / "A" / "1" / "zarr.json",
        lambda document: change(document["attributes"]["ome"]["well"]["images"]),
    )
    verdict = fairlab.validate(root)
    assert level == "valid" or f"hierarchy.{code}" in _types(verdict, level)
    assert level != "valid" or verdict


@pytest.mark.parametrize(
    ("key", "said"), [("field_count", "(field_count)"), ("maximumfieldcount", "of acquisition 1")]
)
def test_each_number_of_fields_is_held_by_itself(tmp_path: Path, key: str, said: str) -> None:
    root = _plate(tmp_path / "a.zarr", acquisitions=(1,))

    def fewer(document: dict[str, Any]) -> None:
        plate = document["attributes"]["ome"]["plate"]
        plate["field_count"] = plate["acquisitions"][0]["maximumfieldcount"] = 9
        (plate if key == "field_count" else plate["acquisitions"][0])[key] = 1

    _edit(root / "zarr.json", fewer)
    found = {p.msg for p in fairlab.validate(root).problems if p.type == "hierarchy.field-count"}
    assert found and all(said in message for message in found)


def test_a_part_of_a_hierarchy_is_looked_into_as_a_whole(tmp_path: Path) -> None:
    root = _image(tmp_path / "a.zarr", labels=("cells",))
    assert fairlab.validate(root / "labels").checked == 4
    shutil.rmtree(root / "labels" / "cells" / "1")
    assert _types(fairlab.validate(root / "labels")) == {"hierarchy.missing"}
    plate = _plate(tmp_path / "b.zarr")
    assert fairlab.validate(plate / "A" / "1").checked == 7
    shutil.rmtree(plate / "A" / "1" / "0" / "1")
    assert _types(fairlab.validate(plate / "A" / "1")) == {"hierarchy.missing"}


@pytest.mark.parametrize("listed", [True, False])
def test_the_arrays_of_every_image_of_a_collection_are_there(tmp_path: Path, listed: bool) -> None:
    write_collection(tmp_path / "a.zarr", ["a", "b", "c"], version="0.4", listed=listed)
    shutil.rmtree(tmp_path / "a.zarr" / "2" / "0")
    verdict = fairlab.validate(tmp_path / "a.zarr")
    assert _types(verdict) == {"hierarchy.missing"}
    assert [p.loc for p in verdict.problems if p.level == "error"] == ["2/0/.zarray#"]


def test_collections_without_a_list_are_numbered_without_a_gap(tmp_path: Path) -> None:
    write_collection(tmp_path / "a.zarr", ["a", "b", "c"], version="0.4", listed=False, xml=False)
    shutil.rmtree(tmp_path / "a.zarr" / "1")
    verdict = fairlab.validate(tmp_path / "a.zarr")
    assert "hierarchy.numbers" in _types(verdict)
    assert "hierarchy.ome-xml" in _types(verdict, "warning")
    shutil.rmtree(tmp_path / "a.zarr" / "0")
    assert "hierarchy.missing" in _types(fairlab.validate(tmp_path / "a.zarr"))


# ── where it comes from ──────────────────────────────────────────────────────────────────────────────


def test_a_plate_of_384_wells_takes_few_trips(tmp_path: Path, serve: Serve) -> None:
    _plate(
        tmp_path / "a.zarr",
        rows="ABCDEFGHIJKLMNOP",
        columns=[str(n) for n in range(1, 25)],
        fields=1,
        levels=1,
    )
    server = serve(tmp_path)
    verdict = fairlab.validate(f"{server.url}/a.zarr")
    assert verdict and verdict.checked == 1 + 16 + 3 * 384
    # The root in both zarrs, rows and wells, fields, arrays and the place of labels: one request each.
    assert len(server.paths()) == len(set(server.paths())) == 4 + 16 + 4 * 384


def test_a_far_image_takes_as_many_bursts_as_it_is_deep(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    _image(tmp_path / "a.zarr", labels=("cells", "nuclei"))
    server = serve(tmp_path)
    bursts: list[int] = []
    each = hierarchy.pool.each

    def counted(work: Any, items: Any) -> Any:
        items = list(items)
        bursts.append(len(items))
        return each(work, items)

    monkeypatch.setattr(hierarchy.pool, "each", counted)
    assert fairlab.validate(f"{server.url}/a.zarr")
    assert bursts == [4, 3, 2, 4]


def test_a_zip_is_judged(tmp_path: Path) -> None:
    root = _image(tmp_path / "a.zarr")
    archive = shutil.make_archive(str(tmp_path / "a"), "zip", root)
    assert fairlab.validate(archive)


def test_nothing_there_is_not_valid(tmp_path: Path) -> None:
    verdict = fairlab.validate(tmp_path)
    assert not verdict.valid and verdict.version is None
    assert _types(verdict) == {"document.no-metadata"}


def test_who_cannot_be_asked_is_an_error(tmp_path: Path, serve: Serve) -> None:
    with pytest.raises(NotFoundError):
        fairlab.validate(tmp_path / "nowhere")
    with pytest.raises(Unavailable), fairlab.set_options(timeout_s=0.5):
        fairlab.validate("http://127.0.0.1:9/a.zarr")
    _image(tmp_path / "a.zarr")
    server = serve(tmp_path)
    server.fault("", Fault(status=403))
    with pytest.raises(AccessError):
        fairlab.validate(f"{server.url}/a.zarr")
    with pytest.raises(QueryError):
        fairlab.validate({"multiscales": object()})


def test_a_refusal_beside_documents_counts_as_absence(tmp_path: Path, serve: Serve) -> None:
    _image(tmp_path / "a.zarr")
    server = serve(tmp_path)
    server.fault(".zattrs", Fault(status=403))
    server.fault("labels/zarr.json", Fault(status=403))
    assert fairlab.validate(f"{server.url}/a.zarr")


def test_paths_out_of_the_store_are_named_and_never_fetched(tmp_path: Path, serve: Serve) -> None:
    def change(document: dict[str, Any]) -> None:
        document["attributes"]["ome"]["multiscales"][0]["datasets"][1]["path"] = "../../secret"

    root = _image(tmp_path / "a.zarr")
    _edit(root / "zarr.json", change)
    server = serve(tmp_path)
    verdict = fairlab.validate(f"{server.url}/a.zarr")
    assert "multiscales.path" in _types(verdict)
    assert not [path for path in server.paths() if "secret" in path]


def test_a_hierarchy_without_end_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchy, "MAX_NODES", 20)
    verdict = fairlab.validate(_plate(tmp_path / "a.zarr"))
    assert _types(verdict, "hint") >= {"hierarchy.unseen"}


class _Memory:
    """A store of documents that are at hand."""

    location = "memory"

    def __init__(self, documents: dict[str, Any]):
        self._documents = {key: json.dumps(value).encode() for key, value in documents.items()}

    def get(self, key: str, **_: Any) -> bytes | None:
        return self._documents.get(key)


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """All documents of an image with labels, a plate, a collection and a scene."""
    folder = tmp_path_factory.mktemp("trees")
    _image(folder / "a", "0.5", labels=("cells",))
    _plate(folder / "b", "0.4", acquisitions=(1, 2), rows="A", columns="1", levels=1)
    write_collection(folder / "c", ["a", "b"], version="0.4", listed=True)
    _scene(folder / "d")
    names = ("zarr.json", ".zattrs", ".zgroup", ".zarray")
    return [
        {
            str(file.relative_to(root)): json.loads(file.read_text())
            for file in sorted(root.rglob("*"))
            if file.name in names
        }
        for root in sorted(folder.iterdir())
    ]


@settings(max_examples=300)
@given(st.data(), VALUES)
def test_any_value_in_any_document_of_a_store_gives_a_verdict(
    trees: list[dict[str, Any]], data: st.DataObject, value: Any
) -> None:
    documents = dict(data.draw(st.sampled_from(trees)))
    key = data.draw(st.sampled_from(sorted(documents)))
    place = data.draw(st.sampled_from(["", *places(documents[key])]))
    documents[key] = edited({"ome": documents[key]}, place, value)["ome"] if place else value
    verdict = of_store(_Memory(documents), strict=False)
    json.dumps(verdict.to_dict()).encode("ascii")
    str(verdict).encode("utf-8")


def test_a_path_too_long_for_a_file_is_missing(tmp_path: Path) -> None:
    root = _image(tmp_path / "a.zarr")
    put_attributes(root / "labels", {"labels": ["x" * 5000, "a\x00b"]}, "0.5", create=True)
    verdict = fairlab.validate(root)
    assert "hierarchy.missing" in _types(verdict)


def test_a_verdict_reads_well(tmp_path: Path) -> None:
    root = _plate(tmp_path / "a.zarr")
    text = repr(fairlab.validate(root))
    assert text.startswith(
        f"valid OME-Zarr 0.5 plate  {root}\nhierarchy sound: 88 groups and arrays looked at"
    )
    assert "and 23 more" in text and text.count("missing-type") == 1


def test_a_mapping_is_judged_by_itself() -> None:
    verdict = fairlab.validate(valid("0.5", "image"))
    assert (
        verdict
        and verdict.hierarchy is None
        and verdict.to_dict()
        == {
            "valid": True,
            "version": "0.5",
            "kind": "image",
            "problems": [],
        }
    )


def test_where_nothing_is_no_hierarchy_is_called_sound(tmp_path: Path) -> None:
    verdict = fairlab.validate(tmp_path)
    assert not verdict.valid
    assert "hierarchy: nothing is there" in str(verdict) and "sound" not in str(verdict)


def test_what_is_open_already_is_not_taken_for_attributes() -> None:
    with pytest.raises(QueryError, match="open already"):
        fairlab.validate(fairlab.open_image("sample:nuclei"))
