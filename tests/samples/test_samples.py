"""Samples: true facts, honest truth, made once and whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaozarrs
import zarr
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops

from fairlab import samples, terms
from fairlab.errors import MissingExtraError, NotFoundError, OutputError, UnsupportedVersionError
from fairlab.options import set_options
from fairlab.samples import micrographs, recipes, scenes, store
from fairlab.sharing import manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("nuclei", "cells2d", "plate", "ihc", "cell", "retina", "microaneurysms")
PHOTOGRAPHS = NAMES[3:]


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder of its own, and a process that has checked nothing yet."""
    monkeypatch.setattr(store, "_checked", set())
    with set_options(cache_dir=tmp_path):
        yield tmp_path


def attributes(path: Path) -> dict[str, Any]:
    found = zarr.open_group(path, mode="r").attrs.asdict()
    return found.get("ome", found)


def pixels(path: Path, place: str = "s0") -> np.ndarray:
    return np.asarray(zarr.open_array(path / place, mode="r")[...])


# -- facts ------------------------------------------------------------------------------------------------


def test_names() -> None:
    assert tuple(samples.names()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_record_says_whose_it_is_and_where_that_was_read(name: str) -> None:
    record = samples.record(name)
    assert (record.id, record.url, record.repository, record.kind) == (
        f"sample:{name}",
        f"sample:{name}",
        "sample",
        "image",
    )
    assert record.license.startswith("https://creativecommons.org/publicdomain/")
    assert record.title and record.description and record.attribution
    assert record.source("license").document


@pytest.mark.parametrize("name", NAMES)
def test_terms_exist_in_their_vocabulary(name: str) -> None:
    record = samples.record(name)
    for found, vocabulary in (
        (record.organism, terms.organisms()),
        (record.imaging_method, terms.imaging_methods()),
    ):
        for term in found:
            if term.id:
                assert vocabulary.entries[vocabulary.key(term)].term == term
    for term in record.other_terms:
        assert terms.imaging_methods().key(term) == term.id


@pytest.mark.parametrize("name", ["nuclei", "cells2d"])
def test_a_scene_says_that_it_is_synthetic(name: str) -> None:
    record = samples.record(name)
    assert "synthetic" in record.title.lower()
    assert "synthetic" in record.attribution
    assert record.authors == ("fairlab",)
    assert record.organism == ()


def test_what_is_concluded_is_not_passed_off_as_stated() -> None:
    assert samples.record("ihc").source("license").basis == "inferred"
    assert samples.record("ihc").license_as_listed == "No known copyright restrictions"
    assert samples.record("cell").source("authors").basis == "inferred"
    assert samples.record("cell").source("license").basis == "asserted"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFoundError) as caught:
        samples.record("nucleii")
    assert caught.value.kind == "sample-unknown"
    assert caught.value.context["nearest"] == ["nuclei"]
    with pytest.raises(UnsupportedVersionError):
        samples.record("nuclei@0.3")


def test_asking_what_there_is_imports_nothing_heavy() -> None:
    code = """
import sys
from fairlab import samples
from fairlab.samples.repository import SampleRepository
samples.names(), samples.record("ihc"), SampleRepository().lookup("sample:nuclei@0.4")
print({"numpy", "skimage", "ome_zarr", "zarr", "pandas", "xarray", "dask"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# -- pixels -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", recipes.VERSIONS)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "plate"])
def test_a_sample_is_what_its_record_says(name: str, version: str) -> None:
    path = samples.path(name, version=version)
    record = samples.record(f"{name}@{version}")
    yaozarrs.validate_zarr_store(path)
    found = attributes(path)
    entry = found["multiscales"][0]
    assert tuple(axis["name"] for axis in entry["axes"]) == record.axes
    assert pixels(path).shape == record.shape
    scale = entry["datasets"][0]["coordinateTransformations"][0]["scale"]
    sizes = dict(zip(record.axes, scale, strict=True))
    units = {axis["name"] for axis in entry["axes"] if axis.get("unit") == "micrometer"}
    assert {name: size for name, size in sizes.items() if name in units} == record.pixel_size
    assert (found.get("version") or entry["version"]) == record.ngff_version == version
    assert entry["name"] == record.title
    assert manifest.problems(path) == []
    root = json.loads((path / "ro-crate-metadata.json").read_text())["@graph"][1]
    assert root["license"] == {"@id": record.license}
    assert root["identifier"] == record.id


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs_are_the_pixels_that_scikit_image_brings(name: str) -> None:
    from skimage import data

    original = getattr(data, {"ihc": "immunohistochemistry"}.get(name, name))()
    expected = np.moveaxis(original, -1, 0) if original.ndim == 3 else original
    assert np.array_equal(pixels(samples.path(name)), expected)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_no_pixel_size_is_invented(name: str) -> None:
    entry = attributes(samples.path(name))["multiscales"][0]
    units = {axis["name"]: axis["unit"] for axis in entry["axes"] if "unit" in axis}
    scale = entry["datasets"][0]["coordinateTransformations"][0]["scale"]
    if name == "cell":
        assert (units, scale) == ({"y": "micrometer", "x": "micrometer"}, [0.107, 0.107])
    else:
        assert (units, set(scale)) == ({}, {1.0})


@pytest.mark.parametrize("name", ["ihc", "retina"])
def test_colour_images_have_three_channels(name: str) -> None:
    channels = attributes(samples.path(name))["omero"]["channels"]
    assert [(c["label"], c["color"]) for c in channels] == [
        ("Red", "FF0000"),
        ("Green", "00FF00"),
        ("Blue", "0000FF"),
    ]


def test_nuclei_lie_where_a_reader_must_look_for_them() -> None:
    entry = attributes(samples.path("nuclei"))["multiscales"][0]
    assert len(entry["datasets"]) == 4
    transformations = entry["datasets"][0]["coordinateTransformations"]
    assert transformations[0]["scale"] == [30.0, 1.0, 1.0, 0.25, 0.25]
    assert transformations[1]["translation"] == [0.0, 0.0, 2.0, 120.0, 340.0]
    assert [axis.get("unit") for axis in entry["axes"]] == ["second", None, *["micrometer"] * 3]
    assert [entry["datasets"][3]["coordinateTransformations"][0]["scale"][a] for a in (2, 3)] == [2.0, 2.0]


def test_a_picture_of_another_content_is_not_given_these_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(micrographs._FILES, "cell", ("cell.png", "0" * 64))
    with pytest.raises(NotFoundError) as caught:
        micrographs.cell()
    assert caught.value.kind == "sample-source"
    monkeypatch.setitem(micrographs._FILES, "cell", ("not-there.png", "0" * 64))
    with pytest.raises(NotFoundError):
        micrographs.cell()


@pytest.mark.parametrize(("name", "module"), [("cell", "skimage.io"), ("cells2d", "scipy.ndimage")])
def test_without_scikit_image_the_extra_is_named(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"fairlab\[analysis\]"):
        samples.path(name)
    assert list(store.folder().iterdir()) == []


# -- truth ------------------------------------------------------------------------------------------------


def test_truth_of_cells2d_is_that_of_its_labels() -> None:
    table = samples.truth("cells2d")
    drawn = pixels(samples.path("cells2d"), "labels/nuclei/s0")
    regions = regionprops(drawn, spacing=(0.325, 0.325))
    assert [r.label for r in regions] == table["label"].tolist() == list(range(1, 53))
    assert np.allclose([r.area for r in regions], table["area_um2"], rtol=1e-4)
    centroids = table[["centroid_y_um", "centroid_x_um"]]
    assert np.allclose([r.centroid for r in regions], centroids, atol=1e-4)
    assert (table["area_um2"] / table["ellipse_area_um2"] - 1).abs().max() < 0.02
    assert table["area_um2"].sum() == pytest.approx(5899.79, abs=0.01)
    assert table.attrs["image_id"] == "sample:cells2d"


def test_truth_of_nuclei_is_that_of_its_labels() -> None:
    table = samples.truth("nuclei")
    drawn = pixels(samples.path("nuclei", version="0.4"), "labels/nuclei/s0")
    for t, expected in table.groupby("t"):
        regions = regionprops(drawn[t], spacing=(1.0, 0.25, 0.25))
        assert [r.label for r in regions] == expected["label"].tolist() == list(range(1, 25))
        assert np.allclose([r.area for r in regions], expected["volume_um3"], rtol=1e-4)
        centroids = expected[["centroid_z_um", "centroid_y_um", "centroid_x_um"]] - [2.0, 120.0, 340.0]
        assert np.allclose([r.centroid for r in regions], centroids, atol=1e-4)
    assert (table["volume_um3"] / table["ellipsoid_volume_um3"] - 1).abs().max() < 0.05


def test_four_pairs_touch_in_2d_and_none_in_3d() -> None:
    drawn = pixels(samples.path("cells2d"), "labels/nuclei/s0")
    assert len(touching(drawn)) == 4
    assert label(drawn > 0).max() == 48
    for volume in pixels(samples.path("nuclei"), "labels/nuclei/s0"):
        assert touching(volume) == set()


def test_where_two_outlines_overlap_the_border_runs_between_them() -> None:
    spots = [
        scenes.Nucleus(
            centre=np.array([10.0, x]),
            radii=np.array([6.0, 6.0]),
            angle=0.0,
            photons=(1.0, 1.0),
            positive=True,
        )
        for x in (8.0, 17.0)
    ]
    areas = np.bincount(scenes._draw(spots, (21, 26), np.ones(2)).ravel())
    assert areas[1] == areas[2]


def touching(drawn: np.ndarray) -> set[tuple[int, int]]:
    pairs = set()
    for axis in range(drawn.ndim):
        low, high = (
            np.take(drawn, range(drawn.shape[axis] - 1), axis),
            np.take(drawn, range(1, drawn.shape[axis]), axis),
        )
        meet = (low != high) & (low > 0) & (high > 0)
        pairs |= {tuple(sorted(pair)) for pair in zip(low[meet].tolist(), high[meet].tolist(), strict=True)}
    return pairs


def test_light_comes_from_where_the_truth_says() -> None:
    """Otsu's threshold on DAPI alone finds the truth: the picture and its labels belong together."""
    flat = pixels(samples.path("cells2d"))[0]
    found = label(flat > threshold_otsu(flat))
    assert found.max() == 48
    assert np.count_nonzero(found) * 0.325**2 == pytest.approx(
        samples.truth("cells2d")["area_um2"].sum(), rel=0.01
    )
    volumes = samples.truth("nuclei").groupby("t")["volume_um3"].sum()
    for t, volume in enumerate(pixels(samples.path("nuclei"))[:, 0]):
        found = label(volume > threshold_otsu(volume))
        assert found.max() == 24
        assert np.count_nonzero(found) * 0.0625 == pytest.approx(volumes[t], rel=0.03)


@pytest.mark.parametrize("name", ["nuclei", "cells2d"])
def test_gfp_is_bright_in_positive_nuclei_only(name: str) -> None:
    table, path = samples.truth(name), samples.path(name)
    gfp = pixels(path)[0, 1] if name == "nuclei" else pixels(path)[1]
    drawn = pixels(path, "labels/nuclei/s0")[0] if name == "nuclei" else pixels(path, "labels/nuclei/s0")
    first = table[table["t"] == 0] if "t" in table else table
    means = np.array([gfp[drawn == number].mean() for number in first["label"]])
    positive = first["gfp_positive"].to_numpy()
    assert 3 <= positive.sum() <= len(positive) - 3
    assert means[positive].min() > 2 * means[~positive].max()


def test_scenes_are_the_same_every_time() -> None:
    assert np.array_equal(scenes.cells2d().data, scenes.cells2d().data)
    first, again = scenes.nuclei(), scenes.nuclei()
    assert np.array_equal(first.data, again.data)
    assert np.array_equal(first.labels["nuclei"], pixels(samples.path("nuclei"), "labels/nuclei/s0"))


def test_nobody_knows_the_truth_of_a_photograph() -> None:
    with pytest.raises(NotFoundError) as caught:
        samples.truth("ihc")
    assert caught.value.kind == "truth-unknown"


# -- the cache --------------------------------------------------------------------------------------------


def test_a_sample_is_made_once(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = samples.path("microaneurysms")
    monkeypatch.setattr(recipes.Sample, "pixels", forbidden)
    assert samples.path("sample:microaneurysms") == first
    store._checked.clear()  # as another process would
    assert samples.path("microaneurysms") == first
    assert first.is_relative_to(fresh)


def forbidden(self: object) -> None:
    raise AssertionError("made again")


@pytest.mark.parametrize("damage", ["flip", "delete", "empty", "all"])
def test_a_damaged_sample_is_made_again(fresh: Path, damage: str) -> None:
    path = samples.path("microaneurysms")
    before, chunk = pixels(path), path / "s0/c/0/0"
    if damage == "flip":
        content = bytearray(chunk.read_bytes())
        content[50] ^= 1
        chunk.write_bytes(content)
    elif damage == "delete":
        chunk.unlink()
    elif damage == "empty":
        (path / manifest.FILE_NAME).write_text("")
    else:
        for file in path.rglob("*"):
            if file.is_file():
                file.unlink()
    store._checked.clear()
    assert np.array_equal(pixels(samples.path("microaneurysms")), before)
    assert manifest.problems(path) == []
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_another_recipe_makes_another_sample(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = samples.path("microaneurysms")
    monkeypatch.setattr(recipes, "edition", lambda: "other")
    second = samples.path("microaneurysms")
    assert first != second
    assert first.exists() and second.exists()


def test_leftovers_of_killed_makers_go_away(fresh: Path) -> None:
    old, new = store.made_folder() / ".making-old", store.made_folder() / ".making-new"
    for folder in (old, new):
        folder.mkdir()
    os.utime(old, (0, 0))
    samples.path("microaneurysms")
    assert (old.exists(), new.exists()) == (False, True)


def test_several_processes_may_make_one_sample_at_once(tmp_path: Path) -> None:
    code = "from fairlab import samples; print(samples.path('cell'))"
    environment = {**os.environ, "FAIRLAB_CACHE_DIR": str(tmp_path)}
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = {process.communicate(timeout=120)[0] for process in started}
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(answers) == 1
    with set_options(cache_dir=tmp_path):
        assert manifest.problems(store.folder() / "cell.ome.zarr") == []
        assert [p.name for p in store.folder().iterdir()] == ["cell.ome.zarr"]


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_checked", set())
    (tmp_path / "file").write_text("")
    with set_options(cache_dir=tmp_path / "file"), pytest.raises(OutputError) as caught:
        samples.path("cell")
    assert caught.value.kind == "output-unwritable"


def test_nothing_is_printed(fresh: Path, capfd: pytest.CaptureFixture[str]) -> None:
    samples.path("cell")
    assert capfd.readouterr() == ("", "")
