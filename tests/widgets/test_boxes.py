"""Boxes: from the screen to xarray and to code, and back; nothing private in the code."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import SelectionError
from fairlab.widgets.boxes import box_of
from fairlab.widgets.rulers import Ruler, rulers
from fairlab.widgets.scene import scene_of
from fairlab.widgets.viewer import view
from tests.widgets.images import Counted, image, stack, tree

pytest.importorskip("PIL.Image")


def test_a_box_selects_the_samples_inside_lazily():
    full = stack(64)
    counted = Counted(full.values)
    viewer = view(counted.lazy(full), z=4, t=1)
    viewer.roi = {"x": (4.75, 9.25), "y": (-0.25, 2.25)}
    read = counted.read
    selection = viewer.selection
    assert counted.read == read
    assert selection.x.values.tolist() == [5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0]
    assert selection.y.values.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert (float(selection.z), float(selection.t)) == (14.0, 30.0)
    assert selection.identical(full.isel(t=1, z=4).sel(x=slice(4.75, 9.25), y=slice(-0.25, 2.25)))


def test_full_resolution_whatever_is_on_screen():
    viewer = view(tree(stack(256)), max_pixels=64, channels="actin")
    assert viewer.state.level == "scale2"
    assert viewer.selection.sizes == {"c": 1, "y": 256, "x": 256}
    assert viewer.selection.c.values.tolist() == ["actin"]


@pytest.mark.parametrize("falling", [False, True])
def test_the_code_makes_the_selection_again(falling):
    full = stack(64)
    full = full.isel(y=slice(None, None, -1)) if falling else full
    viewer = view(full, z=3, channels="DAPI")
    viewer.roi = {"x": (4.75, 9.25), "y": ("3 um", "7000 nm")}
    code = viewer.copy_code().splitlines()
    made: dict[str, xr.DataArray] = {"image": full}
    exec(code[-1], made)
    assert made["selection"].identical(viewer.selection)
    assert made["selection"].sizes["y"] == 9


def test_axes_without_numbers_are_selected_by_number():
    plain = xr.DataArray(np.arange(600).reshape(3, 10, 20), dims=("frame", "y", "x"))
    viewer = view(plain, frame=2)
    viewer.roi = {"x": (4.5, 7.5)}
    made: dict[str, xr.DataArray] = {"image": plain}
    exec(viewer.copy_code().splitlines()[-1], made)
    assert made["selection"].identical(viewer.selection)
    assert made["selection"].sizes == {"y": 10, "x": 3}


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("https://example.org/a.zarr", True),
        ("https://example.org/a.zarr?X-Amz-Signature=abc", False),
        ("https://me:pw@example.org/a.zarr", False),
        ("/home/someone/a.zarr", False),
        ("file:///home/someone/a.zarr", False),
        ("http://127.0.0.1:1234/a.zarr", False),
    ],
)
def test_code_names_only_what_anybody_may_see(address, is_public):
    full = stack(32).drop_vars("image_id").assign_attrs(id="", source_url=address)
    assert (address in view(full).copy_code()) == is_public
    assert "a.zarr" not in view(full).copy_code() or is_public


def test_an_identifier_opens_it_again():
    assert "fairlab.open_image('sample:two')" in view(stack(32)).copy_code()


@pytest.mark.parametrize(
    "wrong",
    [
        {"z": (1, 2)}, {"x": (1,)}, {"x": (5, 5)}, {"x": (900, 901)}, {"x": 5}, 5, "x", {"x": (1, "2 s")},
        {"x": ("a", 3)},
    ],
)  # fmt: skip
def test_no_box(wrong):
    viewer = view(stack(32))
    with pytest.raises(SelectionError):
        viewer.roi = wrong
    assert viewer.roi is None


def test_the_picture_shows_what_the_screen_shows():
    full = tree(stack(256))
    viewer = view(full, max_pixels=64)
    assert viewer.view == {"y": [-0.25, 127.75], "x": [-0.25, 127.75]}
    whole = viewer.png()
    viewer.view = {"x": (10, 20), "y": (10, 20)}
    assert viewer.state.level == "scale0", "there is room for a finer level"
    assert viewer.png() != whole
    assert viewer.state.at == {"t": 0, "z": 2}
    viewer.view = None
    assert viewer.png() == whole


@given(
    first=st.floats(-1e4, 1e4), step=st.floats(0.01, 100), size=st.integers(1, 500), sign=st.sampled_from([1, -1]),
    ends=st.tuples(st.floats(-2, 2), st.floats(-2, 2)),
)  # fmt: skip
def test_samples_of_a_stretch(first, step, size, sign, ends):
    ruler = Ruler(first=first, step=sign * step, size=size)
    low, high = sorted(first + end * step * size for end in ends)
    centres = first + sign * step * np.arange(size)
    inside, touching = ruler.inside(low, high), ruler.touching(low, high)
    slack = 1e-5 * step
    assert set(np.flatnonzero((centres > low + slack) & (centres < high - slack))) <= set(range(size)[inside])
    assert set(range(size)[inside]) <= set(np.flatnonzero((centres > low - slack) & (centres < high + slack)))
    assert 0 <= touching.start < touching.stop <= size


def test_levels_without_positions_span_the_same_field():
    full = image(np.zeros((8, 8)))
    half = xr.DataArray(np.zeros((4, 4)), dims=("y", "x"))
    finest, coarse = rulers([full, half], "x")
    assert finest.edges == coarse.edges == (-0.25, 3.75)
    other = image(np.zeros((4, 4)), step=1000.0, unit="nanometer")
    assert rulers([full, other], "x")[1].step == 1.0
    bare, bare_half = rulers([half, half[::2, ::2]], "y")
    assert bare.is_counted and bare.edges == bare_half.edges == (-0.5, 3.5)


def test_a_dimension_left_out_is_whole():
    scene, _ = scene_of(stack(32))
    box = box_of({"x": (1, 2)}, scene)
    assert box and box.y == (-0.25, 15.75)
    assert box_of({"x": (2, 1)}, scene).x == (1, 2)
