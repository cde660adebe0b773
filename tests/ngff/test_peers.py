"""Whole groups as other implementations open them: labels, plates, collections, geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fairlab.image import open_image, open_labels
from fairlab.plate import open_plate
from tests.second_readers import by_ngff_zarr, by_ome_zarr, by_tensorstore, by_zarr
from tests.stores import VERSIONS, write_collection, write_plate, write_several, write_store

if TYPE_CHECKING:
    from pathlib import Path

    from xarray import DataArray

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs


@pytest.mark.parametrize("version", VERSIONS)
def test_labels(tmp_path: Path, version: str) -> None:
    axes = "tczyx" if version < "0.3" else "czyx"
    shape = (2, 2, 3, 33, 50)[-len(axes) :]
    facts = {"colors": [{"label-value": 7, "rgba": [1, 2, 3, 255]}]}
    write_store(
        tmp_path, version=version, axes=axes, shape=shape, labels=("cells", "nuclei"), label_facts=facts
    )
    tree = open_image(tmp_path)
    for name in ("cells", "nuclei"):
        place = tmp_path / "labels" / name
        alone = open_labels(tmp_path, name=name)
        for level in (0, 1):
            expected = by_zarr(place, str(level))
            for found in (tree[f"labels/{name}"], alone):
                np.testing.assert_array_equal(found[f"scale{level}/labels"].values, expected)
            np.testing.assert_array_equal(by_tensorstore(place, str(level)), expected)
            if version < "0.6":  # the newest that the one for Python 3.11 opens
                np.testing.assert_array_equal(by_ome_zarr(place, level), expected)
            if version > "0.3":  # before, it takes the channels that these label images have for time
                np.testing.assert_array_equal(by_ngff_zarr(place, level), expected)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sparse_plate(tmp_path: Path, version: str) -> None:
    axes, shape = ("tczyx", (1, 2, 1, 20, 30)) if version < "0.3" else ("cyx", (2, 20, 30))
    wells = [(0, 0), (0, 2), (1, 1)]
    write_plate(
        tmp_path, rows="AB", columns="123", wells=wells, version=version, axes=axes, shape=shape, levels=2
    )
    plate = open_plate(tmp_path)
    for level in (0, 1):
        image = plate[f"scale{level}/image"]
        for row, column in wells:
            for field in (0, 1):
                place = tmp_path / "AB"[row] / "123"[column] / str(field)
                got = image.isel(row=row, column=column, field=field).values
                np.testing.assert_array_equal(got, by_zarr(place, str(level)))
                np.testing.assert_array_equal(got, by_tensorstore(place, str(level)))
        if version < "0.6":
            np.testing.assert_array_equal(_mosaic(image), by_ome_zarr(tmp_path, level))


def _mosaic(image: DataArray) -> np.ndarray:
    """The first field of each well beside the others, as ome-zarr-py shows a plate; nothing is black there."""
    first = image.isel(field=0).fillna(0)
    laid = first.transpose(..., "row", "y", "column", "x")
    *around, rows, height, columns, width = laid.shape
    return np.asarray(laid.values.reshape(*around, rows * height, columns * width))


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_the_wells_of_a_plate(tmp_path: Path, version: str) -> None:
    import ngff_zarr

    write_plate(
        tmp_path, rows="AB", columns="12", wells=[(0, 1), (1, 0)], acquisitions=(3, 5), version=version
    )
    theirs = ngff_zarr.from_hcs_zarr(str(tmp_path))
    image = open_plate(tmp_path)["scale0/image"]
    assert [row.name for row in theirs.rows] == image["row"].values.tolist()
    assert [column.name for column in theirs.columns] == image["column"].values.tolist()
    stated = {(w.rowIndex, w.columnIndex) for w in theirs.wells}
    assert stated == set(zip(*np.nonzero(image["present"].values.any(axis=-1)), strict=True))
    for row, column in stated:
        well = theirs.get_well_by_indices(row, column)
        assert well is not None
        for field, stated_field in enumerate(well.images):
            got = image.isel(row=row, column=column, field=field)
            found = well.get_image(field)
            assert found is not None
            np.testing.assert_array_equal(got.values, np.asarray(found.images[0].data))
            assert stated_field.acquisition == int(got["acquisition"])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_the_images_of_a_collection(tmp_path: Path, version: str) -> None:
    write_collection(tmp_path, ["scan", "macro"], version=version)
    for number in (0, 1):
        place, tree = tmp_path / str(number), open_image(tmp_path, series=number)
        for level in (0, 1):
            got = tree[f"scale{level}/image"].values
            np.testing.assert_array_equal(got, by_zarr(place, str(level)))
            np.testing.assert_array_equal(got, by_tensorstore(place, str(level)))
            np.testing.assert_array_equal(got, by_ngff_zarr(place, level))


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_several_multiscales_of_a_group(tmp_path: Path, version: str) -> None:
    write_several(tmp_path, ["first", "second"], version=version)
    for number, prefix in enumerate(["", "second/"]):
        for level in (0, 1):
            got = open_image(tmp_path, series=number)[f"scale{level}/image"].values
            expected = by_zarr(tmp_path, f"{prefix}{level}")
            np.testing.assert_array_equal(got, expected)
            np.testing.assert_array_equal(by_tensorstore(tmp_path, f"{prefix}{level}"), expected)


@pytest.mark.parametrize("axes", ["yx", "zyx", "cyx", "tzcyx", "yxc", "xyz", "tczyx"])
@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_where_the_samples_lie(tmp_path: Path, version: str, axes: str) -> None:
    import ngff_zarr

    lengths = {"t": 2, "c": 3, "z": 2, "y": 21, "x": 34}
    write_store(tmp_path, version=version, axes=axes, shape=tuple(lengths[a] for a in axes), scale=0.25)
    tree = open_image(tmp_path)
    for level, theirs in enumerate(ngff_zarr.from_ome_zarr(str(tmp_path)).images):
        image = tree[f"scale{level}/image"]
        assert set(image.dims) == set(theirs.dims)
        np.testing.assert_array_equal(image.transpose(*theirs.dims).values, np.asarray(theirs.data))
        for axis in set(axes) - {"c"}:
            step = theirs.translation[axis] + theirs.scale[axis] * np.arange(image.sizes[axis])
            np.testing.assert_allclose(image[axis].values, step)
            assert image[axis].attrs.get("units") == (theirs.axes_units or {})[axis]
