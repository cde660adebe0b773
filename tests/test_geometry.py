"""Where well-known readers are silently wrong about positions, axes or absence, and fairlab must not be.

Each was seen in a released reader: no exception, no warning, another answer.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fairlab.errors import FairlabError, FairlabWarning
from fairlab.image import open_image
from tests.stores import multiscale, write_store

if TYPE_CHECKING:
    from pathlib import Path


def _with(**changes: Any) -> Any:
    return lambda attributes: multiscale(attributes).update(changes)


# ── 1: transformations of the multiscale ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_pixel_size_that_is_stated_of_the_whole_image(tmp_path: Path, version: str) -> None:
    """Peers drop it, and report 1.0 everywhere."""
    whole = [{"type": "scale", "scale": [1, 0.25, 0.1]}]
    write_store(tmp_path / "a.zarr", scale=1.0, version=version, edit=_with(coordinateTransformations=whole))
    tree = open_image(tmp_path / "a.zarr")
    assert [tree[f"scale{k}/image"].x.attrs["spacing"] for k in (0, 1)] == pytest.approx([0.1, 0.2])
    assert [tree[f"scale{k}/image"].y.attrs["spacing"] for k in (0, 1)] == pytest.approx([0.25, 0.5])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_transformations_are_composed_in_their_order(tmp_path: Path, version: str) -> None:
    """The dataset's own come first: its translation is scaled by what follows."""
    whole = [{"type": "scale", "scale": [1, 2, 2]}, {"type": "translation", "translation": [0, 0, 100]}]
    write_store(tmp_path / "a.zarr", version=version, edit=_with(coordinateTransformations=whole))
    level = open_image(tmp_path / "a.zarr")["scale1/image"]
    assert level.x.values[:2].tolist() == pytest.approx([100.5, 102.5])
    assert level.y.values[:2].tolist() == pytest.approx([0.5, 2.5])


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_levels_lie_over_one_another(tmp_path: Path, version: str) -> None:
    """Sample centres: a coarse sample lies in the middle of those it stands for, if the image says so."""
    write_store(tmp_path / "a.zarr", version=version, levels=3, shape=(1, 64, 64))
    tree = open_image(tmp_path / "a.zarr")
    for k in (1, 2):
        fine = tree["scale0/image"].x.values.reshape(-1, 2**k).mean(axis=1)
        np.testing.assert_allclose(tree[f"scale{k}/image"].x.values, fine)
        assert tree[f"scale{k}/image"].x.attrs["units"] == "micrometer"


# ── 2: pyramids before 0.4 ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_scales_of_old_pyramids_follow_from_their_shapes(tmp_path: Path, version: str) -> None:
    """Peers give 1.0 to every level, or 2 on z although z was not made smaller."""
    write_store(
        tmp_path / "a.zarr",
        axes="tczyx",
        shape=(1, 2, 3, 40, 60),
        version=version,
        levels=3,
        labels=("cells",),
    )
    tree = open_image(tmp_path / "a.zarr")
    for path in ("scale{}/image", "labels/cells/scale{}/labels"):
        for k in range(3):
            level = tree[path.format(k)]
            spacing = {str(d): level[d].attrs["spacing"] for d in ("t", "z", "y", "x")}
            assert spacing == {"t": 1.0, "z": 1.0, "y": 2.0**k, "x": 2.0**k}
            assert level.x.values[0] == 0.0
            assert "units" not in level.x.attrs  # nobody stated any


# ── 4: axes of 0.6 ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("axes", ["zcyx", "czyx", "xyc", "tyx"])
def test_axes_are_as_stated_and_never_guessed(tmp_path: Path, axes: str) -> None:
    """Peers swap c and z, or report five axes for four."""
    sizes = {"t": 2, "c": 3, "z": 4, "y": 20, "x": 30}
    full = write_store(tmp_path / "a.zarr", axes=axes, shape=tuple(sizes[a] for a in axes), version="0.6")
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    assert image.dims == tuple(axes)
    assert image.x.attrs["units"] == "micrometer"
    np.testing.assert_array_equal(image.values, full)


@pytest.mark.parametrize("version", ["0.4", "0.6"])
def test_what_coordinates_cannot_say_is_kept_and_told(tmp_path: Path, version: str) -> None:
    rotation = {"type": "rotation", "rotation": [[1, 0, 0], [0, 0, -1], [0, 1, 0]]}

    def turn(attributes: dict[str, Any]) -> None:
        entry = multiscale(attributes)
        if version == "0.6":
            entry["coordinateSystems"].append({**entry["coordinateSystems"][0], "name": "turned"})
            ends = {"input": {"name": "physical"}, "output": {"name": "turned"}}
            entry["coordinateTransformations"] = [{**rotation, **ends}]
        else:
            for dataset in entry["datasets"]:
                dataset["coordinateTransformations"].append(rotation)

    write_store(tmp_path / "a.zarr", version=version, edit=turn, labels=("cells",))
    with pytest.warns(FairlabWarning):
        tree = open_image(tmp_path / "a.zarr")
    kept = json.loads(tree["scale1/image"].attrs["coordinate_transformations_kept"])
    assert "rotation" in json.dumps(kept)
    assert tree["scale0/image"].x.attrs["spacing"] == 0.5
    assert "coordinate_transformations_kept" not in tree["labels/cells/scale0/labels"].attrs


@pytest.mark.filterwarnings("ignore:JSON has no")
@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
@pytest.mark.parametrize("scale", [[1, 0, 1], [1, -0.0, 0.5], [1, 1e400, 1], [1, "0.5", 1]])
def test_a_scale_that_is_none_is_refused(tmp_path: Path, version: str, scale: list[Any]) -> None:
    def spoil(attributes: dict[str, Any]) -> None:
        (transformation, *_) = multiscale(attributes)["datasets"][0]["coordinateTransformations"]
        (transformation.get("transformations") or [transformation])[0]["scale"] = scale

    write_store(tmp_path / "a.zarr", version=version, edit=spoil)
    with pytest.raises(FairlabError, match="finite numbers but zero") as caught:
        open_image(tmp_path / "a.zarr")
    assert caught.value.kind == "transformation-value"


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_positions_fall_where_a_scale_below_zero_says_so(tmp_path: Path, version: str) -> None:
    """Some turn an image by its metadata: no specification has it, but there is only one way to read it."""

    def turn(attributes: dict[str, Any]) -> None:
        for dataset in multiscale(attributes)["datasets"]:
            (step, *_) = dataset["coordinateTransformations"]
            (step.get("transformations") or [step])[0]["scale"][-1] *= -1

    full = write_store(tmp_path / "a.zarr", version=version, levels=3, edit=turn)
    with pytest.warns(FairlabWarning, match="fall along x"):
        tree = open_image(tmp_path / "a.zarr")
    assert tree["scale0/image"].x.values[:3].tolist() == [0.0, -0.5, -1.0]
    assert [tree[f"scale{k}"].sizes["x"] for k in range(3)] == [60, 30, 15]
    assert tree.fair.pixel_size == {"y": 0.5, "x": 0.5}
    np.testing.assert_array_equal(tree.fair.at(x=-1.0, y=0.5).values, full[:, 1, 2])
    assert tree.fair.level(pixel_size=1.0).sizes["x"] == 30


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_old_levels_that_are_listed_from_the_coarsest(tmp_path: Path, version: str) -> None:
    """Nothing but the shapes tells which is the finest."""
    full = write_store(
        tmp_path / "a.zarr",
        axes="tczyx",
        shape=(1, 2, 2, 40, 60),
        version=version,
        levels=3,
        edit=lambda attributes: multiscale(attributes)["datasets"].reverse(),
    )
    with pytest.warns(FairlabWarning, match="finest"):
        tree = open_image(tmp_path / "a.zarr")
    for k in range(3):
        np.testing.assert_array_equal(tree[f"scale{k}/image"].values, full[..., :: 2**k, :: 2**k])
        assert tree[f"scale{k}/image"].x.attrs["spacing"] == 2.0**k


def test_axes_that_the_arrays_name_in_another_order_are_told(tmp_path: Path) -> None:
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "xyz"]
    write_store(tmp_path / "a.zarr", axes="zyx", shape=(4, 20, 30), edit=_with(axes=axes))
    with pytest.warns(FairlabWarning, match=r"dimensions z, y, x; the axes x, y, z"):
        tree = open_image(tmp_path / "a.zarr")
    assert tree["scale0/image"].dims == ("x", "y", "z")


@pytest.mark.parametrize("version", ["0.4", "0.6"])
def test_what_else_axes_say_of_themselves_is_kept(tmp_path: Path, version: str) -> None:
    def orient(attributes: dict[str, Any]) -> None:
        entry = multiscale(attributes)
        axes = entry["axes"] if version == "0.4" else entry["coordinateSystems"][0]["axes"]
        axes[2] |= {
            "orientation": {"type": "anatomical", "value": "left-to-right"},
            "longName": "across the head",
        }
        axes[1] |= {"orientation": "left", "longName": 3}

    write_store(tmp_path / "a.zarr", version=version, edit=orient)
    image = open_image(tmp_path / "a.zarr")["scale1/image"]
    assert image.x.attrs["orientation"] == "left-to-right"
    assert image.x.attrs["long_name"] == "across the head"
    assert set(image.y.attrs) == {"spacing", "units"}


def test_geometry_that_a_group_states_beside_its_image_is_kept(tmp_path: Path) -> None:
    scene = {"coordinateTransformations": [{"type": "affine", "path": "matrix"}]}

    def place(attributes: dict[str, Any]) -> None:
        attributes["ome"]["scene"] = scene

    write_store(tmp_path / "a.zarr", version="0.6", edit=place)
    with pytest.warns(FairlabWarning, match="not applied"):
        image = open_image(tmp_path / "a.zarr")["scale0/image"]
    assert json.loads(image.attrs["coordinate_transformations_kept"]) == {"group/scene": scene}


# 3, 5, 6 and 7 (odd field names, missing chunks, collections, absent wells) are in test_plate and test_image.
