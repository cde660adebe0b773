from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fairlab
from fairlab.errors import ChunkError, FairlabError, FairlabWarning, SelectionError
from fairlab.image import open_image, open_labels
from tests.bursts import Bursts
from tests.servers import FaultServer
from tests.stores import put_attributes, write_collection, write_store

Serve = Callable[[Path], FaultServer]
FACTS = {
    "colors": [{"label-value": 1, "rgba": [255, 0, 0, 255]}, {"label-value": 7, "rgba": [0, 128, 0, 64]}],
    "properties": [
        {"label-value": 1, "class": "nucleus", "area": 12.5, "count": 3},
        {"label-value": 4, "class": "membrane", "area": 3},
    ],
    "source": {"image": "../../"},
}


@pytest.mark.parametrize("version", ["0.2", "0.3", "0.4", "0.5", "0.6"])
def test_every_label_of_an_image_or_by_its_own_address(tmp_path: Path, version: str) -> None:
    full = write_store(
        tmp_path / "a.zarr", axes="tczyx", shape=(1, 2, 1, 40, 60), version=version, labels=("cells",)
    )
    for tree in (open_labels(tmp_path / "a.zarr"), open_labels(tmp_path / "a.zarr" / "labels" / "cells")):
        assert [str(name) for name in tree.children] == ["scale0", "scale1"]
        labels = tree["scale0/labels"]
        np.testing.assert_array_equal(np.ravel(labels.values), np.ravel(full[:, 0].astype("int32")))
        if version >= "0.4":
            assert labels.x.attrs == {"units": "micrometer", "spacing": 0.5}
        assert "fairlab_record" in labels.attrs


def test_two_trips(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells", "nuclei"))
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    assert bursts.of(lambda: open_labels(f"{server.url}/a.zarr", name="nuclei")) == 2
    assert len(server.paths()) == len(set(server.paths()))


def test_which_one_must_be_said(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells", "nuclei"))
    write_store(tmp_path / "b.zarr")
    assert open_labels(tmp_path / "a.zarr", name="nuclei").encoding["source"] == str(tmp_path / "a.zarr")
    for place, name in (("a.zarr", None), ("a.zarr", "mitochondria"), ("b.zarr", None), ("b.zarr", "cells")):
        with pytest.raises(SelectionError) as caught:
            open_labels(tmp_path / place, name=name)
        assert caught.value.kind == "labels-unknown"
        assert caught.value.context["names"] == (["cells", "nuclei"] if place == "a.zarr" else [])
        assert ('"cells", "nuclei"' in str(caught.value)) == (place == "a.zarr")


@pytest.mark.parametrize("version", ["0.3", "0.4", "0.5", "0.6"])
def test_colours_and_properties(tmp_path: Path, version: str) -> None:
    write_store(tmp_path / "a.zarr", version=version, labels=("cells",), label_facts=FACTS)
    for table in (
        open_labels(tmp_path / "a.zarr")["properties"],
        open_image(tmp_path / "a.zarr")["labels/cells/properties"],
    ):
        assert table.label.values.tolist() == [1, 4, 7]
        assert table.color.values.tolist() == ["#FF0000FF", "", "#00800040"]
        assert table["class"].values.tolist() == ["nucleus", "membrane", ""]
        np.testing.assert_array_equal(table.area, [12.5, 3.0, np.nan])
        np.testing.assert_array_equal(table["count"], [3, np.nan, np.nan])
        assert "fairlab_record" in table.attrs


def test_properties_may_have_any_name(tmp_path: Path) -> None:
    stated = {"area/volume": 2, "area|volume": 3, "color": "red", "label": "x", ".": True, "..": 5}
    facts = {"properties": [{"label-value": 1, **stated}]}
    write_store(tmp_path / "a.zarr", labels=("cells",), label_facts=facts)
    table = open_labels(tmp_path / "a.zarr")["properties"]
    assert {str(name): table[name].item() for name in table.data_vars} == {
        "area|volume": 2, "area|volume (2)": 3, "color (2)": "red", "label (2)": "x", "unnamed": True,
        "unnamed (2)": 5,
    }  # fmt: skip


@pytest.mark.parametrize("dtype", ["uint64", "int64", "uint8"])
def test_labels_of_any_size(tmp_path: Path, dtype: str) -> None:
    largest = int(np.iinfo(dtype).max)
    facts = {"colors": [{"label-value": value, "rgba": [1, 2, 3, 4]} for value in (1, largest)]}
    place = tmp_path / "a.zarr" / "labels" / "cells"
    write_store(tmp_path / "a.zarr", axes="yx", shape=(40, 60), labels=("cells",))
    full = write_store(place, axes="yx", shape=(40, 60), dtype=dtype, levels=4)
    block = json.loads((place / "zarr.json").read_text())["attributes"]["ome"]
    put_attributes(place, {**block, "image-label": facts}, "0.5")
    tree = open_labels(tmp_path / "a.zarr")
    assert [str(name) for name in tree.children] == [*(f"scale{k}" for k in range(4)), "properties"]
    np.testing.assert_array_equal(tree["scale0/labels"].values, full)
    assert tree["scale3/labels"].dtype == dtype
    assert [int(value) for value in tree["properties"].label.values] == [1, largest]


def test_labels_that_no_integer_can_hold_together(tmp_path: Path) -> None:
    facts = {"colors": [{"label-value": value, "rgba": [1, 2, 3, 4]} for value in (-1, 5, 2**64 - 1)]}
    write_store(tmp_path / "a.zarr", labels=("cells",), label_facts=facts)
    with pytest.warns(FairlabWarning, match="below zero"):
        table = open_labels(tmp_path / "a.zarr")["properties"]
    assert table.label.values.tolist() == [5, 2**64 - 1]


def test_labels_may_lie_in_folders_but_not_in_each_others_levels(tmp_path: Path) -> None:
    names = ["cells", "cells/scale0", "cells/nuclei", "a.b"]
    write_store(tmp_path / "a.zarr", labels=tuple(names))
    put_attributes(tmp_path / "a.zarr" / "labels", {"labels": names[::-1]}, "0.5")
    with pytest.warns(FairlabWarning, match='"cells/scale0" lies inside a level'):
        tree = open_image(tmp_path / "a.zarr")
    levels = [node.path for node in tree["labels"].subtree if node.data_vars]
    assert sorted(levels) == [
        f"/labels/{name}/scale{k}" for name in ("a.b", "cells/nuclei", "cells") for k in (0, 1)
    ]


@pytest.mark.parametrize("missing", ["error", "fill"])
def test_missing_chunks_of_labels(tmp_path: Path, missing: Any) -> None:
    write_store(tmp_path / "a.zarr", version="0.4", labels=("cells",))
    (tmp_path / "a.zarr" / "labels" / "cells" / "0" / "0" / "0").unlink()
    for labels in (
        open_labels(tmp_path / "a.zarr", missing=missing)["scale0/labels"],
        open_image(tmp_path / "a.zarr", missing=missing)["labels/cells/scale0/labels"],
    ):
        if missing == "error":
            with pytest.raises(ChunkError):
                labels.load()
        else:
            assert labels.compute().attrs["missing_chunks"] == "labels/cells/0/0/0"


def test_labels_of_one_image_of_a_collection(tmp_path: Path) -> None:
    (_, full) = write_collection(tmp_path / "a.zarr", ["scan", "macro"], labels=("cells",))
    tree = open_labels(tmp_path / "a.zarr", series=1, name="cells")
    np.testing.assert_array_equal(tree["scale0/labels"].values, full[0].astype("int32"))
    assert tree.attrs["id"] == tree.attrs["source_image"] == str(tmp_path / "a.zarr" / "1")


def test_the_labelled_image_is_named_and_never_fetched(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells",), label_facts=FACTS)
    server = serve(tmp_path)
    tree = open_image(f"{server.url}/a.zarr")
    assert tree["labels/cells/scale1/labels"].attrs["source_image"] == f"{server.url}/a.zarr"
    assert "source_image" not in tree["scale0/image"].attrs
    before = len(server.requests)
    alone = open_labels(f"{server.url}/a.zarr/labels/cells")
    assert all(path.startswith("/a.zarr/labels/cells/") for path in server.paths()[before:])
    assert "source_image" not in alone.attrs  # it lies above what was opened


@pytest.mark.parametrize(
    "source", ["../../../b.zarr", "http://127.0.0.1:9/a", "/etc", "..%2f..%2f..%2fb.zarr"]
)
def test_a_source_elsewhere_is_refused(tmp_path: Path, serve: Serve, source: str) -> None:
    write_store(tmp_path / "b.zarr")
    write_store(tmp_path / "a.zarr", labels=("cells",), label_facts={"source": {"image": source}})
    server = serve(tmp_path)
    with pytest.warns(FairlabWarning, match="outside"):
        tree = open_image(f"{server.url}/a.zarr")
    assert "source_image" not in tree["labels/cells/scale0/labels"].attrs
    assert all(path.startswith("/a.zarr/") for path in server.paths())


@pytest.mark.parametrize(
    "name", ["../../b.zarr", "/etc", "%2e%2e/%2e%2e/b.zarr", "..\\b", "http://127.0.0.1:9/x"]
)
def test_labels_elsewhere_are_refused_and_the_image_opens(tmp_path: Path, serve: Serve, name: str) -> None:
    full = write_store(tmp_path / "a.zarr", labels=("cells",))
    write_store(tmp_path / "b.zarr")
    put_attributes(tmp_path / "a.zarr" / "labels", {"labels": [name]}, "0.5")
    server = serve(tmp_path)
    with pytest.warns(FairlabWarning, match="list of label images"):
        tree = open_image(f"{server.url}/a.zarr")
    np.testing.assert_array_equal(tree["scale0/image"].values, full)
    assert "labels" not in tree.children
    assert all(path.startswith("/a.zarr/") for path in server.paths())


def test_a_label_without_its_arrays_does_not_hide_the_image(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells", "half"))
    (tmp_path / "a.zarr" / "labels" / "half" / "1" / "zarr.json").unlink()
    with pytest.warns(FairlabWarning, match='"half" cannot be read'):
        assert list(open_image(tmp_path / "a.zarr")["labels"]) == ["cells"]


def test_what_is_written_beside_pixels_stays_out_of_dask(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells",), label_facts=FACTS)
    tree = open_labels(tmp_path / "a.zarr", chunks="auto")
    assert tree["scale0/labels"].chunks is not None and tree["properties/color"].chunks is None


def test_at_the_front_door() -> None:
    assert fairlab.open_labels is open_labels


@pytest.mark.parametrize("source", ["", 3])
def test_bad_sources(source: Any) -> None:
    with pytest.raises(FairlabError):
        open_labels(source)
