from __future__ import annotations

from typing import Any

import pytest

from fairlab.errors import MetadataError, UnsupportedVersionError
from fairlab.ngff import group, plates
from fairlab.ngff.model import Field, Plate, Well
from tests.ngff import examples
from tests.ngff.examples import VERSIONS, block, zarr_format


def read(attributes: dict[str, Any], version: str = "0.5") -> Plate:
    return group.plate(attributes, zarr_format=zarr_format(version), where="here")


def well(images: Any, version: str = "0.5") -> Well:
    attributes = examples.put({"well": {"images": images}}, version)
    return group.well(attributes, zarr_format=zarr_format(version), where="here")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plate_of_every_version(version: str) -> None:
    plate = read(examples.plate(version), version)
    assert (plate.version, plate.name, plate.field_count) == (version, "a screen", 2)
    assert (plate.rows, plate.columns, plate.remarks) == (("A", "B"), ("1", "2", "3"), ())
    assert [(w.path, w.row, w.column) for w in plate.wells] == [("A/1", 0, 0), ("B/3", 1, 2)]
    assert plate.wells[1].annotations == {"gene": "TP53", "dose": 0.5}
    (acquisition,) = plate.acquisitions
    assert (acquisition.id, acquisition.name) == (1, "first")
    assert acquisition.annotations == {"starttime": 1343731272000, "maximumfieldcount": 2}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_well_of_every_version(version: str) -> None:
    found = group.well(examples.well(version), zarr_format=zarr_format(version), where="here")
    assert found.version == version
    assert found.fields == (Field(path="0", acquisition=1), Field(path="1"))


def test_an_unknown_version_is_refused() -> None:
    attributes = examples.plate("0.5")
    attributes["ome"]["version"] = "7.0"
    with pytest.raises(UnsupportedVersionError):
        read(attributes)


def test_a_version_may_be_missing() -> None:
    attributes = examples.plate("0.4")
    del attributes["plate"]["version"]
    assert read(attributes, "0.4").wells == read(examples.plate("0.4"), "0.4").wells


@pytest.mark.parametrize(
    ("path", "indices", "place", "remark"),
    [
        ("B/3", (1, 2), (1, 2), None),
        ("B/3", None, (1, 2), None),
        ("B/3/", None, (1, 2), None),
        ("3/B", None, (1, 2), "column before its row"),
        ("3/B", (1, 2), (1, 2), "column before its row"),
        ("2020-10-10/B/3", None, (1, 2), "more in its path"),
        ("B/03", None, (1, 2), "leading zeros"),
        ("well_17", (1, 2), (1, 2), "its indices alone"),
        ("B3", None, None, "well-unknown"),
        ("C/3", None, None, "well-unknown"),
        ("C/3", (1, 2), None, "well-unknown"),
        ("B/4", None, None, "well-unknown"),
        ("well_17", (2, 2), None, "well-unknown"),
        ("well_17", (-1, 2), None, "well-unknown"),
        ("B/3", (0, 2), None, "well-position"),
        ("B/3", (9, 9), None, "well-position"),
    ],
)
def test_where_a_well_lies(
    path: str, indices: tuple[int, int] | None, place: tuple[int, int] | None, remark: str | None
) -> None:
    attributes = examples.plate("0.5")
    entry: dict[str, Any] = {"path": path}
    if indices:
        entry |= {"rowIndex": indices[0], "columnIndex": indices[1]}
    block(attributes)["plate"]["wells"] = [entry]
    if place is None:
        with pytest.raises(MetadataError) as caught:
            read(attributes)
        assert caught.value.kind == remark
        assert path in caught.value.message
        return
    plate = read(attributes)
    (found,) = plate.wells
    assert (found.row, found.column) == place
    assert len(plate.remarks) == (remark is not None)
    assert remark is None or remark in plate.remarks[0]


def test_leading_zeros_keep_columns_apart() -> None:
    attributes = examples.plate("0.5")
    plate = block(attributes)["plate"]
    plate["columns"] = [{"name": "03"}, {"name": "3"}, {"name": "5"}]
    plate["wells"] = [{"path": "A/3"}, {"path": "A/03"}]
    assert [w.column for w in read(attributes).wells] == [1, 0]
    plate["wells"] = [{"path": "A/003"}]
    with pytest.raises(MetadataError):
        read(attributes)


def test_a_well_listed_twice() -> None:
    attributes = examples.plate("0.5")
    block(attributes)["plate"]["wells"] *= 2
    plate = read(attributes)
    assert (len(plate.wells), len(plate.remarks)) == (2, 1)
    block(attributes)["plate"]["wells"].append({"path": "1/A"})
    with pytest.raises(MetadataError) as caught:
        read(attributes)
    assert caught.value.kind == "well-duplicate"


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("rows", None, "plate-rows"),
        ("rows", [], "plate-rows"),
        ("rows", [{"name": "A"}, {"name": "A"}], "plate-rows"),
        ("rows", [{}], "plate-rows"),
        ("columns", [{"name": ""}], "plate-columns"),
        ("columns", {"1": 1}, "plate-columns"),
        ("rows", [{"name": f"R{n}"} for n in range(100)], "plate-size"),
        ("wells", [], "plate-wells"),
        ("wells", None, "plate-wells"),
        ("wells", [{}], "path"),
        ("wells", ["A/1"], "path"),
        ("wells", [{"path": "../A/1"}], "path-outside"),
        ("wells", [{"path": "A/%2e%2e/%2e%2e/1"}], "path-outside"),
        ("wells", [{"path": "C:\\A\\1"}], "path-outside"),
    ],
)
def test_broken_plates(key: str, value: Any, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plates, "MAX_POSITIONS", 200)
    attributes = examples.plate("0.4")
    attributes["plate"][key] = value
    with pytest.raises(MetadataError) as caught:
        read(attributes, "0.4")
    assert caught.value.kind == kind


def test_odd_acquisitions_are_left_out() -> None:
    attributes = examples.plate("0.5")
    stated = [{"id": 1}, {"id": 1}, {"id": "2"}, {"id": "two"}, "3", {"name": "no id"}]
    block(attributes)["plate"] |= {"acquisitions": stated, "field_count": -1}
    plate = read(attributes)
    assert [a.id for a in plate.acquisitions] == [1, 2]
    assert plate.field_count is None
    assert "of 6 acquisitions 2" in plate.remarks[0]


@pytest.mark.parametrize(
    ("images", "kind"),
    [
        (None, "well-images"),
        ({}, "well-images"),
        ([{}], "path"),
        (["0"], "path"),
        ([{"path": "/0"}], "path-outside"),
        ([{"path": "0", "acquisition": 0}, {"path": "0", "acquisition": 1}], "field-duplicate"),
    ],
)
def test_broken_wells(images: Any, kind: str) -> None:
    with pytest.raises(MetadataError) as caught:
        well(images)
    assert caught.value.kind == kind


def test_odd_wells() -> None:
    assert well([{"path": "0", "acquisition": "4"}]).fields[0].acquisition == 4
    assert well([]).remarks == ("the well lists no fields",)
    found = well([{"path": "field_7"}, {"path": "field_7"}])
    assert found.fields == (Field(path="field_7"),) and found.remarks
