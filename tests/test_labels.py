from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fairlab
from fairlab.errors import FairlabError, FairlabWarning, SelectionError
from fairlab.image import open_image, open_labels
from tests.bursts import Bursts
from tests.servers import FaultServer
from tests.stores import put_attributes, write_store

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
    with pytest.warns(FairlabWarning, match="labels"):
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
