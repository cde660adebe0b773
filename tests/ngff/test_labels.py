from __future__ import annotations

from typing import Any

import pytest

from fairlab.errors import MetadataError
from fairlab.ngff import group
from fairlab.ngff.model import Image, LabelFacts
from tests.ngff import examples
from tests.ngff.examples import VERSIONS, block, zarr_format


def read(attributes: dict[str, Any], version: str = "0.5", inside: str = "labels/nuclei") -> Image:
    return group.image(attributes, zarr_format=zarr_format(version), where="here", inside=inside)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_label_image_of_every_version(version: str) -> None:
    image = read(examples.label(version), version)
    assert (image.is_label, image.remarks) == (True, ())
    assert image.label.colors == {1: "#FF000080", 2: "#00FF00FF"}
    assert image.label.properties == {1: {"class": "mitotic", "area": 12.5}}
    assert image.label.source == ""
    assert not read(examples.image(version), version).is_label


@pytest.mark.parametrize(
    ("inside", "source", "expected", "remarks"),
    [
        ("labels/nuclei", {"image": "../../"}, "", 0),
        ("labels/nuclei", {}, "", 0),
        ("labels/nuclei", None, "", 0),
        ("A/1/0/labels/nuclei", {"image": "../.."}, "A/1/0", 0),
        ("labels/nuclei", {"image": "../../other"}, "other", 0),
        ("", {"image": "../../"}, None, 0),  # opened by itself: the image is above the store
        ("labels/nuclei", {"image": "../../../elsewhere"}, None, 1),
        ("labels/nuclei", {"image": "/etc"}, None, 1),
        ("labels/nuclei", {"image": "http://169.254.169.254/latest/meta-data"}, None, 1),
        ("labels/nuclei", {"image": "..%2f..%2f"}, None, 1),
        ("labels/nuclei", {"image": "..\\..\\"}, None, 1),
        ("labels/nuclei", {"image": 3}, None, 1),
        ("labels/nuclei", {"image": ""}, None, 1),
    ],
)
def test_the_source_stays_inside_the_store(
    inside: str, source: Any, expected: str | None, remarks: int
) -> None:
    attributes = examples.label("0.5")
    block(attributes)["image-label"]["source"] = source
    image = read(attributes, inside=inside)
    assert (image.label.source, len(image.remarks)) == (expected, remarks)


def test_what_cannot_be_read_of_a_label_is_left_out_with_a_remark() -> None:
    attributes = examples.label("0.5")
    facts = block(attributes)["image-label"]
    facts["colors"] = [
        {"label-value": "1"},
        "red",
        {"label-value": 4.0, "rgba": [1, 2, 3, 4]},
        {"label-value": 5},
        {"label-value": 6, "rgba": [256, 0, 0, 0]},
    ]
    facts["properties"] = {"1": {}}
    image = read(attributes)
    assert image.label.colors == {4: "#01020304"}
    assert len(image.remarks) == 2
    block(attributes)["image-label"] = 3
    image = read(attributes)
    assert (image.is_label, image.label, len(image.remarks)) == (True, LabelFacts(), 1)


def test_of_two_entries_for_one_label_the_last_counts() -> None:
    attributes = examples.label("0.3")
    colors = block(attributes)["image-label"]["colors"]
    colors.append({"label-value": 1, "rgba": [0, 0, 0, 0]})
    assert read(attributes, "0.3").label.colors[1] == "#00000000"


@pytest.mark.parametrize("version", VERSIONS)
def test_names(version: str) -> None:
    def names(value: Any) -> tuple[str, ...]:
        return group.label_names(examples.put({"labels": value}, version), where="here")

    assert names(["nuclei", "cells/0", "nuclei"]) == ("nuclei", "cells/0")
    assert names(None) == group.label_names({}, where="here") == ()
    for value, kind in ((["../../elsewhere"], "path-outside"), ("nuclei", "labels"), ([1], "labels")):
        with pytest.raises(MetadataError) as caught:
            names(value)
        assert caught.value.kind == kind
