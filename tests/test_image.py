from __future__ import annotations

import contextlib
import dataclasses
import json
import pickle
import shutil
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fairlab.errors import ChunkError, FairlabError, FairlabWarning, FormatError, QueryError, SelectionError
from fairlab.image import open_image, open_labels
from fairlab.net import image_group
from fairlab.net import series as series_module
from fairlab.net.ome_xml import ome_xml
from fairlab.options import set_options
from fairlab.record import Record
from tests.bursts import Bursts
from tests.servers import Fault, FaultServer
from tests.stores import multiscale, put_attributes, write_collection, write_plate, write_several, write_store

Serve = Callable[[Path], FaultServer]
VERSIONS = ["0.4", "0.5"]
ALL_VERSIONS = ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_pixel_label_and_position_over_http(tmp_path: Path, serve: Serve, version: str) -> None:
    full = write_store(
        tmp_path / "a.zarr", axes="tczyx", shape=(2, 2, 3, 40, 60), version=version, labels=("cells",)
    )
    tree = open_image(f"{serve(tmp_path).url}/a.zarr")
    image = tree["scale0/image"]
    assert image.dims == ("t", "c", "z", "y", "x")
    np.testing.assert_array_equal(image.values, full)
    assert image.dtype == full.dtype
    np.testing.assert_allclose(image.x, 0.5 * np.arange(60))
    assert image.x.attrs == {"units": "micrometer", "spacing": 0.5}
    assert image.t.attrs["units"] == "second"
    assert image.c.values.tolist() == ["dye 0", "dye 1"]
    assert image.color.values.tolist() == ["#0000FF", "#0000FF"]
    assert image.window_end.values.tolist() == [200.0, 200.0]
    assert tree["scale1/image"].x.values[0] == pytest.approx(0.25)  # the translation is kept
    np.testing.assert_array_equal(tree["labels/cells/scale0/labels"].values, full[:, 0].astype("int32"))
    assert tree["labels/cells/scale0/labels"].dims == ("t", "z", "y", "x")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("labels", [(), ("cells", "nuclei")])
def test_opening_takes_two_trips_and_no_request_twice(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch, version: str, labels: tuple[str, ...]
) -> None:
    write_store(tmp_path / "a.zarr", version=version, levels=5, labels=labels)
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    assert bursts.of(lambda: open_image(f"{server.url}/a.zarr")) == 2
    names = {path.rpartition("/")[2] for path in server.paths()}
    assert names <= {"zarr.json", ".zattrs", ".zarray", "ro-crate-metadata.json"}
    assert sorted(server.paths()) == sorted(f"/a.zarr/{key}" for key in bursts.asked)
    assert len(server.paths()) == len(set(server.paths())) == 5 + 5 + 6 * len(labels)


def test_labels_with_levels_of_other_names_take_one_trip_more(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells",), levels=2)
    label = tmp_path / "a.zarr" / "labels" / "cells"
    (label / "1").rename(label / "half")
    document = json.loads((label / "zarr.json").read_text())
    multiscale(document["attributes"])["datasets"][1]["path"] = "half"
    (label / "zarr.json").write_text(json.dumps(document))
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    tree = open_image(f"{server.url}/a.zarr")
    assert bursts.documents[2:] == [["labels/cells/half/zarr.json"]]
    assert len(server.paths()) == len(set(server.paths()))
    assert tree["labels/cells/scale1/labels"].shape == (20, 30)


def test_the_first_picture_takes_three_trips(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = write_store(tmp_path / "a.zarr", levels=3)
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    picture = open_image(f"{server.url}/a.zarr")["scale1/image"].isel(c=0).values
    np.testing.assert_array_equal(picture, full[0, ::2, ::2])
    assert bursts.trips == 3


def test_a_plane_reads_its_own_chunks_only(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "a.zarr", version="0.4")
    server = serve(tmp_path)
    tree = open_image(f"{server.url}/a.zarr")
    before = len(server.requests)
    np.testing.assert_array_equal(tree["scale0/image"][1, :16, 16:32], full[1, :16, 16:32])
    assert server.paths()[before:] == ["/a.zarr/0/1/0/1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_multiscale_transformations_are_composed_after_the_datasets(tmp_path: Path, version: str) -> None:
    def whole(attributes: dict[str, Any]) -> None:
        multiscale(attributes)["coordinateTransformations"] = [
            {"type": "scale", "scale": [1, 0.2, 0.1]},
            {"type": "translation", "translation": [0, 7, 0]},
        ]

    write_store(tmp_path / "a.zarr", scale=1.0, version=version, edit=whole)
    level = open_image(tmp_path / "a.zarr")["scale1/image"]
    assert level.y.attrs["spacing"] == pytest.approx(0.4)
    assert level.y.values[0] == pytest.approx(0.5 * 0.2 + 7)
    assert level.x.values[:2].tolist() == pytest.approx([0.05, 0.25])


def test_sharded_images_and_parts_of_shards(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "a.zarr", shape=(2, 70, 90), shards=2)
    tree = open_image(f"{serve(tmp_path).url}/a.zarr")
    np.testing.assert_array_equal(tree["scale0/image"].values, full)
    np.testing.assert_array_equal(tree["scale0/image"][0, 3:20, 40:41], full[0, 3:20, 40:41])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", ">u2", "int32", "float32", "float64"])
def test_dtypes(tmp_path: Path, dtype: str) -> None:
    full = write_store(tmp_path / "a.zarr", version="0.4", dtype=dtype)
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    np.testing.assert_array_equal(image.values, full)
    assert image.dtype == np.dtype(dtype).newbyteorder("=")


@pytest.mark.parametrize("axes", ["yx", "zyx", "cyx", "tyx", "tzcyx", "yxc"])
def test_any_axes_in_any_order(tmp_path: Path, axes: str) -> None:
    sizes = {"t": 2, "c": 3, "z": 4, "y": 20, "x": 30}
    full = write_store(tmp_path / "a.zarr", axes=axes, shape=tuple(sizes[a] for a in axes))
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    assert image.dims == tuple(axes)
    np.testing.assert_array_equal(image.values, full)


def test_agrees_with_a_second_reader(tmp_path: Path) -> None:
    import tensorstore

    write_store(tmp_path / "a.zarr", version="0.5", shards=2)
    spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(tmp_path / "a.zarr" / "0")}}
    other = tensorstore.open(spec).result().read().result()
    np.testing.assert_array_equal(open_image(tmp_path / "a.zarr")["scale0/image"].values, other)


def test_zip_local_and_over_http(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "a.zarr")
    shutil.make_archive(str(tmp_path / "flat"), "zip", tmp_path / "a.zarr")
    with zipfile.ZipFile(tmp_path / "nested.ozx", "w") as file:
        for path in (tmp_path / "a.zarr").rglob("*"):
            file.write(path, path.relative_to(tmp_path))
    for place in (tmp_path / "flat.zip", tmp_path / "nested.ozx", f"{serve(tmp_path).url}/flat.zip"):
        np.testing.assert_array_equal(open_image(place)["scale0/image"].values, full)


def test_what_is_in_memory(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr", labels=("cells",))
    files = [path for path in (tmp_path / "a.zarr").rglob("*") if path.is_file()]
    objects = {path.relative_to(tmp_path / "a.zarr").as_posix(): path.read_bytes() for path in files}
    tree = pickle.loads(pickle.dumps(open_image(objects)))
    np.testing.assert_array_equal(tree["scale0/image"].values, full)
    assert list(tree["labels"]) == ["cells"]


def test_s3_with_an_endpoint_of_its_own(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = write_store(tmp_path / "bucket" / "deep" / "a.zarr")
    server = serve(tmp_path)
    with set_options(s3_endpoint=server.url):
        np.testing.assert_array_equal(open_image("s3://bucket/deep/a.zarr")["scale0/image"].values, full)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    assert open_image("s3://bucket/deep/a.zarr")["scale0/image"].sizes["c"] == 2


def test_a_real_s3_service(tmp_path: Path, s3_service: tuple[str, Any]) -> None:
    full = write_store(tmp_path / "a.zarr", version="0.4")
    endpoint, client = s3_service
    client.create_bucket(Bucket="images", ACL="public-read")
    for path in (tmp_path / "a.zarr").rglob("*"):
        if path.is_file():
            key = str(path.relative_to(tmp_path))
            client.put_object(Bucket="images", Key=key, Body=path.read_bytes(), ACL="public-read")
    with set_options(s3_endpoint=endpoint):
        np.testing.assert_array_equal(open_image("s3://images/a.zarr")["scale0/image"].values, full)


# ── what travels with the object ─────────────────────────────────────────────────────────────────────


def test_attributes_are_flat_and_everywhere(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells",))
    record = Record(
        id="x:1", kind="image", repository="X", url=str(tmp_path / "a.zarr"), license="https://l/"
    )
    tree = open_image(record)
    for obj in (tree, tree["scale1/image"], tree["labels/cells/scale0/labels"]):
        assert all(type(value) in (str, int, float) for value in obj.attrs.values())
        assert obj.attrs["license"] == "https://l/"
        back = Record.from_json(obj.attrs["fairlab_record"])
        assert (back.id, back.ngff_version, back.shape) == ("x:1", "0.5", (2, 40, 60))
        assert back.source("shape") is not None
    assert {str(tree[f"scale{i}"].image_id.values) for i in (0, 1)} == {"x:1"}


@pytest.mark.parametrize(
    "title", ["dataset/raw/1.tif", "<script>alert(1)</script>", "Σ ‑ 'quoted' \"twice\"", "/"]
)
def test_any_title_will_do(tmp_path: Path, title: str) -> None:
    write_store(tmp_path / "a.zarr", edit=lambda a: multiscale(a).update(name=title))
    tree = open_image(tmp_path / "a.zarr")
    assert tree.attrs["title"] == title
    assert "<script>" not in tree._repr_html_() and "<script>" not in tree["scale0/image"]._repr_html_()


def test_netcdf_zarr_and_pickle_keep_it(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr")
    tree = open_image(tmp_path / "a.zarr")
    again = pickle.loads(pickle.dumps(tree))
    np.testing.assert_array_equal(again["scale0/image"].values, full)
    dataset = tree["scale0"].to_dataset()
    dataset.to_netcdf(tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc") as back:
        np.testing.assert_array_equal(back.image.values, full)
        assert back.image.attrs["fairlab_record"] == tree.attrs["fairlab_record"]


def test_assigning_to_a_lazy_image_keeps_the_store(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr")
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    image[0, 0, 0] = 9999
    np.testing.assert_array_equal(open_image(tmp_path / "a.zarr")["scale0/image"].values, full)


def test_dask_blocks_hold_many_chunks(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr")
    image = open_image(tmp_path / "a.zarr", chunks="auto")["scale0/image"]
    assert image.chunks is not None and max(map(len, image.chunks)) <= 2
    np.testing.assert_array_equal(image.compute(scheduler="threads").values, full)
    assert open_image(tmp_path / "a.zarr", chunks={"x": 30})["scale0/image"].chunks[2] == (30, 30)


def test_the_crate_beside_an_image_is_read(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    crate = {
        "@graph": [
            {"@id": "ro-crate-metadata.json", "about": {"@id": "./"}},
            {"@id": "./", "name": "A fly", "license": "https://creativecommons.org/licenses/by/4.0/"},
            {"@id": "#b", "organism_classification": {"@id": "NCBI:txid7227"}},
        ]
    }
    (tmp_path / "a.zarr" / "ro-crate-metadata.json").write_text(json.dumps(crate))
    tree = open_image(tmp_path / "a.zarr")
    assert tree.attrs["license"].endswith("/by/4.0/")
    assert tree.attrs["title"] == "A fly"
    assert tree.attrs["organism_id"] == "NCBITaxon:7227"


def test_odd_but_readable_metadata_warns(tmp_path: Path) -> None:
    def odd(attributes: dict[str, Any]) -> None:
        multiscale(attributes)["axes"][1]["unit"] = "um"
        attributes["omero"]["channels"] = [{"label": "a"}, {"label": "a"}]
        del multiscale(attributes)["version"]

    write_store(tmp_path / "a.zarr", version="0.4", edit=odd)
    with pytest.warns(FairlabWarning) as caught:
        image = open_image(tmp_path / "a.zarr")["scale0/image"]
    assert image.y.attrs["units"] == "micrometer"
    assert image.c.values.tolist() == ["a", "a (2)"]
    assert image.channel_label.values.tolist() == ["a", "a"]
    assert len(caught) == 3
    assert {Path(warning.filename) for warning in caught} == {Path(__file__)}


def test_a_unitless_image_has_no_units(tmp_path: Path) -> None:
    def unitless(attributes: dict[str, Any]) -> None:
        for axis in multiscale(attributes)["axes"]:
            axis.pop("unit", None)

    write_store(tmp_path / "a.zarr", edit=unitless)
    assert "units" not in open_image(tmp_path / "a.zarr")["scale0/image"].x.attrs


def test_a_broken_label_does_not_hide_the_image(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr", labels=("good", "bad"))
    put_attributes(tmp_path / "a.zarr" / "labels" / "bad", {"multiscales": []}, "0.5")
    with pytest.warns(FairlabWarning, match="bad"):
        tree = open_image(tmp_path / "a.zarr")
    assert list(tree["labels"]) == ["good"]
    np.testing.assert_array_equal(tree["scale0/image"].values, full)


_BROKEN = {"cut": b'{"a": ', "empty": b"", "a list": b"[]", "a text": b'"x"', "binary": b"\x00\xff\xfe"}


@pytest.mark.parametrize("content", _BROKEN.values(), ids=_BROKEN)
@pytest.mark.parametrize("version", VERSIONS)
def test_broken_documents_beside_an_image_do_not_hide_it(
    tmp_path: Path, version: str, content: bytes
) -> None:
    full = write_store(tmp_path / "a.zarr", version=version, labels=("cells",))
    of_labels, of_others = (".zattrs", "zarr.json") if version == "0.4" else ("zarr.json", ".zattrs")
    for name in ("ro-crate-metadata.json", f"labels/{of_labels}", f"labels/{of_others}", of_others):
        (tmp_path / "a.zarr" / name).write_bytes(content)
    with pytest.warns(FairlabWarning) as warned:
        tree = open_image(tmp_path / "a.zarr")
    np.testing.assert_array_equal(tree["scale0/image"].values, full)
    assert "labels" not in tree
    told = "".join(str(warning.message) for warning in warned)
    # The other format's list of labels is nobody's business.
    assert all(name in told for name in ("ro-crate-metadata.json", f"labels/{of_labels}", f"/{of_others}"))
    assert f"labels/{of_others}" not in told
    assert str(tmp_path) not in told and "at …/a.zarr/labels" in told


@pytest.mark.parametrize("version", VERSIONS)
def test_a_broken_document_of_the_image_itself_is_an_error(tmp_path: Path, version: str) -> None:
    write_store(tmp_path / "a.zarr", version=version)
    own, other = (".zattrs", "zarr.json") if version == "0.4" else ("zarr.json", ".zattrs")
    (tmp_path / "a.zarr" / own).write_bytes(b"{")
    (tmp_path / "a.zarr" / other).write_bytes(b"{}")
    with pytest.raises(FormatError) as caught:
        open_image(tmp_path / "a.zarr")
    assert caught.value.kind == "not-json" and own in str(caught.value)


def test_a_document_that_says_nothing_does_not_hide_the_image(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr", version="0.4")
    # zarr leaves one when it creates a group where another version has one.
    (tmp_path / "a.zarr" / "zarr.json").write_text(
        '{"zarr_format": 3, "node_type": "group", "attributes": {}}'
    )
    np.testing.assert_array_equal(open_image(tmp_path / "a.zarr")["scale0/image"].values, full)


@pytest.mark.parametrize("axes", ["yx", "cyx"])
def test_an_axis_longer_than_memory_has_no_positions(tmp_path: Path, axes: str) -> None:
    full = write_store(tmp_path / "a.zarr", axes=axes, shape=(2, 40, 60)[-len(axes) :], levels=1)
    path = tmp_path / "a.zarr" / "0" / "zarr.json"
    document = json.loads(path.read_text())
    document["shape"][0] = 10**12
    path.write_text(json.dumps(document))
    with warnings.catch_warnings(record=True, action="always") as caught:
        image = open_image(tmp_path / "a.zarr")["scale0/image"]
        np.testing.assert_array_equal(image[: len(full)].values, full)
    assert any("1,000,000,000,000 samples" in str(warning.message) for warning in caught)
    assert axes[0] not in image.coords and image.x.size == 60


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_the_first_level_is_the_finest_however_they_are_listed(tmp_path: Path, version: str) -> None:
    def turn(attributes: dict[str, Any]) -> None:
        attributes.get("ome", attributes)["multiscales"][0]["datasets"].reverse()

    full = write_store(tmp_path / "a.zarr", version=version, levels=3, edit=turn)
    with pytest.warns(FairlabWarning, match="finest"):
        tree = open_image(tmp_path / "a.zarr")
    np.testing.assert_array_equal(tree["scale0/image"].values, full)
    assert [tree[f"scale{n}"].sizes["x"] for n in range(3)] == [60, 30, 15]
    assert tree.fair.level(pixel_size=1.0).sizes["x"] == 30


@pytest.mark.parametrize("name", ["image", "image_id"])
def test_an_axis_named_like_its_pixels_or_identity_is_an_error(tmp_path: Path, name: str) -> None:
    def rename(attributes: dict[str, Any]) -> None:
        attributes["ome"]["multiscales"][0]["axes"][0]["name"] = name

    write_store(tmp_path / "a.zarr", edit=rename)
    with pytest.raises(FormatError) as caught:
        open_image(tmp_path / "a.zarr")
    assert caught.value.kind == "axes"


def test_a_catalogue_that_fails_is_not_in_the_way(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(identifier: str) -> Record:
        raise FormatError("damaged", kind="table-damaged")

    full = write_store(tmp_path / "a.zarr")
    monkeypatch.setattr("fairlab.repositories.base.lookup", fail)
    with pytest.warns(FairlabWarning, match="damaged"):
        tree = open_image(f"{serve(tmp_path).url}/a.zarr")
    np.testing.assert_array_equal(tree["scale0/image"].values, full)


def test_an_address_in_the_catalogue_brings_its_record(tmp_path: Path) -> None:
    from fairlab.opening import resolve
    from fairlab.repositories import base

    listed = base.repositories()["catalogue"].lookup("idr:idr0062/6001240.zarr")
    assert listed is not None and listed.url is not None
    assert resolve(listed.url) == (listed, listed.url)
    write_store(tmp_path / "a.zarr")
    tree = open_image(dataclasses.replace(listed, url=str(tmp_path / "a.zarr")))
    assert (tree.attrs["id"], tree.attrs["license"]) == (listed.id, listed.license)


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        (["", "GFP"], ["channel 0", "GFP"]),
        (["GFP", "GFP"], ["GFP", "GFP (2)"]),
        (["channel 1", ""], ["channel 1", "channel 1 (2)"]),
    ],
)
def test_channel_names_become_unique_and_the_originals_are_kept(
    tmp_path: Path, stated: list[str], names: list[str]
) -> None:
    def rename(attributes: dict[str, Any]) -> None:
        attributes["ome"]["omero"]["channels"] = [{"label": name} for name in stated]

    write_store(tmp_path / "a.zarr", edit=rename)
    with pytest.warns(FairlabWarning, match="named"):
        image = open_image(tmp_path / "a.zarr")["scale0/image"]
    assert image.c.values.tolist() == names
    assert image.channel_label.values.tolist() == stated


def test_channels_that_do_not_fit_the_image_are_not_its_names(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", edit=lambda a: a["ome"]["omero"]["channels"].append({"label": "third"}))
    with pytest.warns(FairlabWarning, match="describes 3 channels and has 2"):
        image = open_image(tmp_path / "a.zarr")["scale0/image"]
    assert image.c.values.tolist() == ["channel 0", "channel 1"]
    assert "color" not in image.coords


def test_where_it_was_opened_is_noted(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells",))
    tree = open_image(tmp_path / "a.zarr")
    for node in ("scale0", "scale1", "labels/cells/scale0"):
        assert tree[node].encoding["source"] == str(tmp_path / "a.zarr")
        (variable,) = tree[node].data_vars.values()
        assert variable.encoding["source"] == str(tmp_path / "a.zarr")
    assert tree.encoding["source"] == str(tmp_path / "a.zarr")


# ── every version and layout ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", ALL_VERSIONS)
@pytest.mark.parametrize(
    "storage", [{}, {"order": "F"}, {"separator": "."}, {"dtype": ">i4"}, {"dtype": "bool"}]
)
def test_every_version_and_storage(tmp_path: Path, version: str, storage: dict[str, Any]) -> None:
    full = write_store(
        tmp_path / "a.zarr",
        axes="tczyx",
        shape=(2, 2, 2, 40, 60),
        version=version,
        labels=("cells",),
        **storage,
    )
    tree = open_image(tmp_path / "a.zarr")
    assert tree["scale0/image"].dims == ("t", "c", "z", "y", "x")
    np.testing.assert_array_equal(tree["scale0/image"].values, full)
    np.testing.assert_array_equal(tree["scale1/image"].values, full[..., ::2, ::2])
    assert tree.attrs["ngff_version"] == version
    assert tree["scale1/image"].x.attrs["spacing"] == (1.0 if version >= "0.4" else 2.0)
    np.testing.assert_array_equal(
        np.ravel(tree["labels/cells/scale0/labels"].values), np.ravel(full[:, 0].astype("int32"))
    )


@pytest.mark.parametrize("version", ["0.3", "0.4", "0.5", "0.6"])
@pytest.mark.parametrize("axes", ["yx", "zyx", "cyx", "tyx", "tzcyx"])
def test_two_to_five_dimensions_in_any_order(tmp_path: Path, version: str, axes: str) -> None:
    sizes = {"t": 2, "c": 3, "z": 4, "y": 20, "x": 30}
    full = write_store(tmp_path / "a.zarr", axes=axes, shape=tuple(sizes[a] for a in axes), version=version)
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    assert image.dims == tuple(axes)
    np.testing.assert_array_equal(image.values, full)


def test_a_colour_image(tmp_path: Path) -> None:
    def colours(attributes: dict[str, Any]) -> None:
        attributes["ome"]["omero"]["channels"] = [
            {"label": label, "color": color, "window": {"start": 0, "end": 255, "min": 0, "max": 255}}
            for label, color in (("Red", "FF0000"), ("Green", "00FF00"), ("Blue", "0000FF"))
        ]
        attributes["ome"]["omero"]["channels"][1]["active"] = False

    full = write_store(tmp_path / "a.zarr", axes="yxc", shape=(40, 60, 3), dtype="uint8", edit=colours)
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    assert image.color.values.tolist() == ["#FF0000", "#00FF00", "#0000FF"]
    assert image.active.values.tolist() == [True, False, True]
    np.testing.assert_array_equal(image.sel(c="Green").values, full[..., 1])


def test_levels_of_one_image_agree(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", version="0.4")
    path = tmp_path / "a.zarr" / "1" / ".zarray"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "dtype": "<f4"}))
    with pytest.raises(FormatError) as caught:
        open_image(tmp_path / "a.zarr")
    assert caught.value.kind == "level-mismatch" and '"1" is float32' in str(caught.value)
    path.write_text(
        json.dumps({**document, "shape": document["shape"][1:], "chunks": document["chunks"][1:]})
    )
    with pytest.raises(FormatError) as caught:
        open_image(tmp_path / "a.zarr")
    assert caught.value.kind == "axes-mismatch"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_group_of_several_images(tmp_path: Path, version: str) -> None:
    images = write_several(tmp_path / "a.zarr", ["overview", "detail"], version=version)
    with pytest.warns(FairlabWarning, match=r'2 images \(0 "overview", 1 "detail"\)'):
        first = open_image(tmp_path / "a.zarr")
    np.testing.assert_array_equal(first["scale0/image"].values, images[0])
    for series in (1, np.int64(1), "detail"):
        tree = open_image(tmp_path / "a.zarr", series=series)
        np.testing.assert_array_equal(tree["scale0/image"].values, images[1])
        assert str(tree["scale0"].image_id.values).endswith("a.zarr/detail")
    for series in (2, -1, "nothing", True):
        with pytest.raises(SelectionError) as caught:
            open_image(tmp_path / "a.zarr", series=series)
        assert caught.value.kind == "series-unknown"


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_broken_image_beside_others_is_in_nobodys_way(tmp_path: Path, version: str) -> None:
    images = write_several(tmp_path / "a.zarr", ["overview", "detail", "label"], version=version)
    document = tmp_path / "a.zarr" / (".zattrs" if version == "0.4" else "zarr.json")
    stated = json.loads(document.read_text())
    block = stated if version == "0.4" else stated["attributes"]["ome"]
    del block["multiscales"][0]["datasets"]
    document.write_text(json.dumps(stated))
    with pytest.warns(FairlabWarning, match="the image 0 beside it cannot be read") as caught:
        tree = open_image(tmp_path / "a.zarr", series="detail")
    assert len(caught) == 1 and str(tmp_path) not in str(caught[0].message)
    np.testing.assert_array_equal(tree["scale0/image"].values, images[1])
    with pytest.raises(FormatError) as wrong:
        open_image(tmp_path / "a.zarr", series="overview")
    assert wrong.value.kind == "datasets"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("listed", "xml"), [(True, True), (True, False), (False, True), (False, False)])
def test_a_collection_says_which_images_it_holds(
    tmp_path: Path, serve: Serve, version: str, listed: bool, xml: bool
) -> None:
    images = write_collection(tmp_path / "a.zarr", ["scan", "macro"], version=version, listed=listed, xml=xml)
    address = f"{serve(tmp_path).url}/a.zarr"
    with pytest.raises(FormatError) as caught:
        open_image(address)
    assert caught.value.kind == "bioformats2raw"
    assert 'series=1: "1"' in str(caught.value) and ("macro" in str(caught.value)) == xml
    for series in (1, "1", *(["macro"] if xml else [])):
        tree = open_image(address, series=series)
        np.testing.assert_array_equal(tree["scale0/image"].values, images[1])
    assert str(tree["scale0"].image_id.values) == f"{address}/1"
    for series in (2, -1, True):
        with pytest.raises(SelectionError, match=f"series {series}"):
            open_image(address, series=series)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_collection_of_one_opens(tmp_path: Path, serve: Serve, version: str) -> None:
    (image,) = write_collection(tmp_path / "a.zarr", ["scan"], version=version)
    server = serve(tmp_path)
    np.testing.assert_array_equal(open_image(f"{server.url}/a.zarr")["scale0/image"].values, image)
    assert not [path for path in server.paths() if "METADATA" in path]


def test_a_collection_of_many_is_found_by_trying(tmp_path: Path) -> None:
    write_collection(tmp_path / "a.zarr", [""] * 33, listed=False, xml=False, shape=(1, 4, 4), levels=1)
    with pytest.raises(FormatError, match="33 images") as caught:
        open_image(tmp_path / "a.zarr")
    assert "… and 21 more" in str(caught.value)


def test_an_empty_collection(tmp_path: Path) -> None:
    put_attributes(tmp_path / "a.zarr", {"bioformats2raw.layout": 3}, "0.5")
    with pytest.raises(FormatError, match="empty") as caught:
        open_image(tmp_path / "a.zarr")
    assert caught.value.kind == "bioformats2raw"


def test_a_server_that_answers_every_address_has_no_endless_collection(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(tmp_path)
    attributes = {"ome": {"version": "0.5", "bioformats2raw.layout": 3}}
    document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    server.fault("zarr.json", Fault(body=json.dumps(document).encode()))
    monkeypatch.setattr(series_module, "_MOST_PROBED", 40)
    with pytest.raises(FormatError) as caught:
        open_image(f"{server.url}/a.zarr")
    assert caught.value.kind == "bioformats2raw"
    assert len(server.requests) < 100


def test_of_very_many_labels_the_first_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells", "nuclei", "tissue"))
    monkeypatch.setattr(image_group, "_MOST_LABELS", 2)
    with pytest.warns(FairlabWarning, match="3 label images are listed; the first 2"):
        tree = open_image(tmp_path / "a.zarr")
    assert list(tree["labels"].children) == ["cells", "nuclei"]
    assert "scale0" in open_labels(tmp_path / "a.zarr" / "labels" / "tissue").children


def test_levels_without_end_are_refused(tmp_path: Path) -> None:
    def repeat(attributes: dict[str, Any]) -> None:
        entry = attributes["ome"]["multiscales"][0]
        entry["datasets"] = [{**entry["datasets"][0], "path": str(number)} for number in range(1001)]

    write_store(tmp_path / "a.zarr", edit=repeat)
    with pytest.raises(FormatError, match="1,001 levels") as caught:
        open_image(tmp_path / "a.zarr")
    assert caught.value.kind == "datasets"


def test_series_that_leave_the_collection_are_refused(tmp_path: Path) -> None:
    write_collection(tmp_path / "a.zarr", ["scan", "macro"])
    put_attributes(tmp_path / "a.zarr" / "OME", {"series": ["../b.zarr", "1"]}, "0.4")
    with pytest.raises(FairlabError) as caught:
        open_image(tmp_path / "a.zarr", series=0)
    assert caught.value.kind == "path-outside"


def test_the_ome_xml_beside_an_image(tmp_path: Path, serve: Serve) -> None:
    write_collection(tmp_path / "a.zarr", ["scan", "macro"])
    write_store(tmp_path / "b.zarr")
    server = serve(tmp_path)
    for base in (tmp_path, server.url):
        for place in ("a.zarr", "a.zarr/1", "a.zarr/1/0"):
            found = ome_xml(f"{base}/{place}")
            assert found is not None and [image.name for image in found.images] == ["scan", "macro"]
        assert ome_xml(f"{base}/b.zarr") is None
    assert not [path for path in server.paths() if ".." in path]
    (tmp_path / "a.zarr" / "OME" / "METADATA.ome.xml").write_text("<!DOCTYPE a><a/>")
    assert ome_xml(tmp_path / "a.zarr") is None


def test_nothing_is_read_of_the_ome_xml_on_opening(tmp_path: Path, serve: Serve) -> None:
    write_collection(tmp_path / "a.zarr", ["scan", "macro"])
    server = serve(tmp_path)
    open_image(f"{server.url}/a.zarr/0")
    open_image(f"{server.url}/a.zarr", series=0)
    assert not [path for path in server.paths() if "METADATA" in path]


def test_what_is_not_an_image_says_what_it_is(tmp_path: Path) -> None:
    write_plate(tmp_path / "p.zarr", rows="A", columns="1", version="0.4")
    write_store(tmp_path / "a.zarr", labels=("cells",))
    expected = {
        "p.zarr": ("plate", "fairlab.open_plate("),
        "p.zarr/A/1": ("well", "p.zarr/A/1/1"),
        "a.zarr/labels": ("labels", "a.zarr/labels/cells"),
    }
    for place, (kind, advice) in expected.items():
        with pytest.raises(FormatError) as caught:
            open_image(tmp_path / place)
        assert caught.value.kind == kind and advice in str(caught.value)
    assert open_image(tmp_path / "a.zarr/labels/cells")["scale0/image"].dtype == "int32"


@pytest.mark.parametrize("missing", ["warn", "error", "fill"])
def test_missing_chunks(tmp_path: Path, missing: Any) -> None:
    full = write_store(tmp_path / "a.zarr", version="0.4", levels=1)
    (tmp_path / "a.zarr" / "0" / "0" / "0" / "0").unlink()
    image = open_image(tmp_path / "a.zarr", missing=missing)["scale0/image"]
    if missing == "error":
        with pytest.raises(ChunkError) as caught:
            image.load()
        assert caught.value.kind == "chunk-missing"
        return
    with pytest.warns(FairlabWarning) if missing == "warn" else contextlib.nullcontext() as warned:
        read = image.values
    if warned is not None:  # what a notebook keeps, which may be passed on
        assert str(warned[0].message).endswith("fill value: 0/0/0/0\n  at …/a.zarr")
    assert not read[0, :16, :16].any()
    np.testing.assert_array_equal(read[:, 16:], full[:, 16:])


def test_keywords_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(QueryError) as caught:
        open_image(tmp_path, missing="ignore")  # type: ignore[arg-type]
    assert caught.value.kind == "option-value"


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────


def _edit(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(attributes: dict[str, Any]) -> None:
        target: Any = multiscale(attributes)
        *steps, last = path.split(".")
        for step in steps:
            target = target[int(step)] if step.isdigit() else target[step]
        if value is None:
            del target[last]
        else:
            target[last] = value

    return edit


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        ("datasets", [], "datasets"),
        ("datasets.0.path", None, "path"),
        ("datasets.0.path", "../0", "path-outside"),
        ("datasets.0.path", "%2e%2e/0", "path-outside"),
        ("datasets.0.path", "/etc", "path-outside"),
        ("datasets.0.path", "http://elsewhere/0", "path-outside"),
        ("datasets.0.path", "9", "level-missing"),
        ("datasets.0.coordinateTransformations", None, "scale-missing"),
        (
            "datasets.0.coordinateTransformations",
            [{"type": "translation", "translation": [0, 0, 0]}],
            "scale-missing",
        ),
        (
            "datasets.0.coordinateTransformations",
            [{"type": "scale", "scale": [1, 1]}],
            "transformation-length",
        ),
        (
            "datasets.0.coordinateTransformations",
            [{"type": "scale", "scale": [1, 0, 1]}],
            "transformation-value",
        ),
        (
            "coordinateTransformations",
            [{"type": "affine"}, {"type": "scale", "scale": [1, 2, 2]}],
            "transformation-unknown",
        ),
        ("axes", None, "axes"),
        ("axes", [{"name": "y"}, {"name": "y"}], "axes"),
        ("axes", [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}], "transformation-length"),
    ],
)
def test_broken_metadata_is_named(tmp_path: Path, version: str, path: str, value: Any, kind: str) -> None:
    write_store(tmp_path / "a.zarr", version=version, edit=_edit(path, value))
    with pytest.raises(FairlabError) as caught:
        open_image(tmp_path / "a.zarr")
    assert caught.value.kind == kind


def test_not_an_image(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "future.zarr", edit=lambda a: a["ome"].update(version="7.0"))
    write_store(tmp_path / "none.zarr", edit=lambda a: a["ome"].pop("multiscales"))
    write_store(tmp_path / "plate.zarr", version="0.4", edit=lambda a: a.clear() or a.update(plate={}))
    write_store(
        tmp_path / "raw.zarr",
        version="0.4",
        edit=lambda a: a.clear() or a.update({"bioformats2raw.layout": 3}),
    )
    (tmp_path / "text.zip").write_text("not a zip")
    (tmp_path / "empty").mkdir()
    server = serve(tmp_path)
    server.fault("page/zarr.json", Fault(body=b"<html>", headers={"Content-Type": "text/html"}))
    expected = {
        f"{server.url}/nothing.zarr": "no-zarr",
        f"{server.url}/future.zarr": "version-unsupported",
        f"{server.url}/none.zarr": "no-multiscales",
        f"{server.url}/plate.zarr": "plate",
        f"{server.url}/raw.zarr": "bioformats2raw",
        f"{server.url}/future.zarr/0": "array",
        f"{server.url}/page": "html-page",
        "http://127.0.0.1:9/a.zarr": "connection",
        str(tmp_path / "text.zip"): "not-a-zip",
        str(tmp_path / "absent"): "path-missing",
        str(tmp_path / "empty"): "no-zarr",
        "ftp://host/a": "location",
        "http://[bad": "location",
        "http://": "location",
        "s3://": "location",
        "a\x00b": "location",
        "": "source-empty",
        "nosuch:thing": "identifier-unknown",
    }
    with set_options(timeout_s=0.5):
        for source, kind in expected.items():
            with pytest.raises(FairlabError) as caught:
                open_image(source)
            assert caught.value.kind == kind, source


def test_code_and_objects_are_refused_before_opening(tmp_path: Path) -> None:
    def refuse(edit: Callable[[dict[str, Any]], None], kind: str) -> None:
        write_store(tmp_path / "a.zarr", version="0.4")
        path = tmp_path / "a.zarr" / "0" / ".zarray"
        document = json.loads(path.read_text())
        edit(document)
        path.write_text(json.dumps(document))
        with pytest.raises(FairlabError) as caught:
            open_image(tmp_path / "a.zarr")
        assert caught.value.kind == kind

    refuse(lambda d: d.update(filters=[{"id": "pickle"}]), "codec-refused")
    refuse(lambda d: d.update(filters=[{"id": "delta", "dtype": "<u2"}, {"id": "pickle"}]), "codec-refused")
    refuse(lambda d: d.update(dtype="|S5", fill_value=None), "dtype-refused")
    refuse(lambda d: d.update(chunks=[2**20, 2**20, 2**20]), "chunk-too-large")


def test_a_read_over_the_limit_is_refused_with_a_hint(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    with set_options(max_read_bytes=1000), pytest.raises(FairlabError) as caught:
        image.load()
    assert caught.value.kind == "read-too-large"
