"""What other tools write and state is what we read: axes, units, scales, translations, plates, wells, labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fairlab.ngff import group
from tests.ngff import examples

if TYPE_CHECKING:
    from pathlib import Path

    from fairlab.ngff.model import Image


def _attributes(folder: Path) -> tuple[dict[str, Any], int]:
    if (folder / "zarr.json").exists():
        return json.loads((folder / "zarr.json").read_text())["attributes"], 3
    return json.loads((folder / ".zattrs").read_text()), 2


def _image(folder: Path) -> Image:
    attributes, zarr_format = _attributes(folder)
    return group.image(attributes, zarr_format=zarr_format, where="here")


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
@pytest.mark.filterwarnings("ignore")  # theirs
def test_ngff_zarr(tmp_path: Path, version: str) -> None:
    import ngff_zarr

    written = ngff_zarr.to_ngff_image(
        np.zeros((2, 3, 16, 20), "uint8"),
        dims=("c", "z", "y", "x"),
        scale={"z": 2.0, "y": 0.5, "x": 0.25},
        translation={"z": 1.0, "y": 10.0, "x": -3.0},
        axes_units={"z": "micrometer", "y": "micrometer", "x": "nanometer"},
    )
    # Of its methods the one that compiles nothing.
    method = ngff_zarr.Methods.DASK_BIN_SHRINK
    pyramid = ngff_zarr.to_multiscales(written, scale_factors=[2], chunks=16, method=method)
    ngff_zarr.to_ngff_zarr(str(tmp_path), pyramid, version=version)
    image = _image(tmp_path)
    assert (image.version, image.remarks) == (version, ())
    theirs = ngff_zarr.from_ngff_zarr(str(tmp_path)).images
    assert len(image.levels) == len(theirs) == 2
    for level, their in zip(image.levels, theirs, strict=True):
        names = [axis.name for axis in image.axes]
        assert names == list(their.dims)
        assert dict(zip(names, level.scale, strict=True)) == their.scale
        assert dict(zip(names, level.translation, strict=True)) == their.translation
        assert {axis.name: axis.unit for axis in image.axes} == their.axes_units


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5"])
@pytest.mark.filterwarnings("ignore")  # theirs
def test_ome_zarr(tmp_path: Path, version: str) -> None:
    import zarr
    from ome_zarr.format import format_from_version
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader
    from ome_zarr.writer import write_multiscale, write_plate_metadata, write_well_metadata

    form = format_from_version(version)
    root = zarr.open_group(str(tmp_path), mode="w", zarr_format=form.zarr_format)
    data = np.zeros((1, 2, 1, 16, 20) if version < "0.3" else (2, 16, 20), "uint8")
    stated: dict[str, Any] = {
        "axes": list("cyx") if version == "0.3" else None if version < "0.3" else examples.AXES
    }
    if version >= "0.4":
        stated["coordinate_transformations"] = [examples.steps(0), examples.steps(1)]
    write_multiscale([data, data[..., ::2, ::2]], root, fmt=form, **stated)
    acquisitions = [{"id": 3, "name": "a"}]
    write_plate_metadata(
        root.create_group("plate"),
        ["A", "B"],
        ["1", "2"],
        ["A/1", "B/2"],
        fmt=form,
        acquisitions=acquisitions,
    )
    write_well_metadata(root.create_group("well"), [{"path": "0", "acquisition": 3}, "1"], fmt=form)

    image = _image(tmp_path)
    (theirs, *_) = [node.metadata for node in Reader(parse_url(str(tmp_path)))()]
    assert (image.version, image.remarks) == (version, ())
    assert [(axis.name, axis.type) for axis in image.axes] == [(a["name"], a["type"]) for a in theirs["axes"]]
    if version >= "0.4":
        for level, steps in zip(image.levels, theirs["coordinateTransformations"], strict=True):
            assert [list(level.scale), list(level.translation)] == [s[s["type"]] for s in steps]
    attributes, zarr_format = _attributes(tmp_path / "plate")
    plate = group.plate(attributes, zarr_format=zarr_format, where="here")
    assert [(w.path, w.row, w.column) for w in plate.wells] == [("A/1", 0, 0), ("B/2", 1, 1)]
    assert [(a.id, a.name) for a in plate.acquisitions] == [(3, "a")] and not plate.remarks
    attributes, zarr_format = _attributes(tmp_path / "well")
    well = group.well(attributes, zarr_format=zarr_format, where="here")
    assert [(f.path, f.acquisition) for f in well.fields] == [("0", 3), ("1", None)]


def _theirs(attributes: dict[str, Any]) -> Any:
    import yaozarrs

    found = yaozarrs.validate_ome_object(attributes)
    return getattr(found, "ome", found)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_yaozarrs_agrees_on_our_examples(version: str) -> None:
    """Another model of the same specification accepts the examples, and states the same facts."""
    image = group.image(examples.label(version), zarr_format=examples.zarr_format(version), where="here")
    theirs = _theirs(examples.label(version))
    (entry,) = theirs.multiscales
    assert [(a.name, a.type, a.unit) for a in image.axes] == [(a.name, a.type, a.unit) for a in entry.axes]
    for level, dataset in zip(image.levels, entry.datasets, strict=True):
        scale, translation = dataset.coordinateTransformations
        assert (level.path, level.scale) == (dataset.path, tuple(scale.scale))
        assert level.translation == tuple(translation.translation)
    stated = {c.label_value: "#" + "".join(f"{v:02X}" for v in c.rgba) for c in theirs.image_label.colors}
    assert image.label.colors == stated

    plate = group.plate(examples.plate(version), zarr_format=examples.zarr_format(version), where="here")
    their_plate = _theirs(examples.plate(version)).plate
    assert plate.rows == tuple(row.name for row in their_plate.rows)
    assert [(w.path, w.row, w.column) for w in plate.wells] == [
        (w.path, w.rowIndex, w.columnIndex) for w in their_plate.wells
    ]
    well = group.well(examples.well(version), zarr_format=examples.zarr_format(version), where="here")
    their_well = _theirs(examples.well(version)).well
    assert [(f.path, f.acquisition) for f in well.fields] == [
        (f.path, f.acquisition) for f in their_well.images
    ]
