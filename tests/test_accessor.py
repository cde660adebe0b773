from __future__ import annotations

import asyncio
import contextlib
import json
import pickle
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fairlab.errors import FairlabWarning, QueryError, SelectionError
from fairlab.fair.fact import Fact
from fairlab.image import open_image
from fairlab.plate import open_plate
from fairlab.record import Record
from fairlab.sharing.writer import write_image
from tests.analysis.images import image, tree
from tests.servers import FaultServer
from tests.stores import write_collection, write_plate, write_store

Serve = Callable[[Path], FaultServer]


def test_every_object_has_it_and_it_keeps_nothing() -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.5}))
    level = pyramid["scale1"].to_dataset()
    for obj in (pyramid, pyramid["scale0"], level, level["image"]):
        assert set(obj.fair.pixel_size) == {"y", "x"}
    assert pyramid.fair.pixel_size == {"y": 0.5, "x": 0.5}
    assert level.fair.pixel_size == level["image"].fair.pixel_size == {"y": 1.0, "x": 1.0}
    assert level["image"].isel(x=slice(None, None, 2)).fair.pixel_size["x"] == 2.0
    assert vars(level.fair) == {"_obj": level}


# ── which level, which part ──────────────────────────────────────────────────────────────────────────


def test_levels_by_what_they_serve() -> None:
    pyramid = tree(image(np.zeros((16, 24), "uint8"), scale={"y": 0.5, "x": 0.5}))

    def name(**wish: Any) -> str:
        found = pyramid.fair.level(**wish)
        return next(n for n in pyramid.children if pyramid[n].dataset["image"].sizes == found.sizes)

    assert name() == name(level=0) == name(level="scale0") == "scale0"
    assert name(pixel_size="1 um") == name(shape=(8, 12)) == name(level=1) == "scale1"
    assert name(max_bytes="0.3 kB") == name(level=-1) == "scale2"
    with pytest.raises(SelectionError) as caught:
        pyramid.fair.level(1, pixel_size=1)
    assert caught.value.kind == "level-unknown"
    with pytest.warns(FairlabWarning, match="finest there are"):
        pyramid.fair.level(pixel_size=0.1)


def test_parts_of_a_level_or_of_the_tree() -> None:
    pyramid = tree(image(np.arange(16 * 24).reshape(16, 24), scale={"y": 0.5, "x": 0.5}))
    coarse = pyramid.fair.crop(center=(4, 6), width="4 um", pixel_size=1.0)
    assert coarse.sizes == {"y": 4, "x": 4}
    assert coarse.equals(pyramid["scale1"].fair.crop(center={"x": 6, "y": 4}, width=4))
    assert pyramid.fair.at(x=1.1, y="0.6 um").item() == 24 + 2
    assert pyramid.fair.at(x=1.1, y=0.6, level=-1).item() == pyramid["scale2/image"].values[0, 0]
    with pytest.raises(SelectionError) as caught:
        pyramid["scale0/image"].fair.crop(center=(4, 6), width=4, level=1)
    assert caught.value.kind == "level-unknown"


def test_a_crop_of_what_may_not_be_passed_on_warns_and_stays_stamped(tmp_path: Path) -> None:
    crate = {"@graph": [{"@id": "./", "license": "https://creativecommons.org/licenses/by-nd/4.0/"}]}
    place = write_image(tmp_path / "a.zarr", np.zeros((16, 24), "uint8"), axes="yx")
    (place / "ro-crate-metadata.json").write_text(json.dumps(crate))
    tree = open_image(place)
    with pytest.warns(FairlabWarning, match="own use.*permission"):
        crop = tree.fair.crop(center=(4, 6), width={"y": 4, "x": 4})
    crop.to_netcdf(tmp_path / "crop.nc", engine="netcdf4")
    with xr.open_dataarray(tmp_path / "crop.nc") as again:
        assert "permission" in again.attrs["license_restriction"]


# ── cost before, traffic after ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    "select",
    [
        lambda i: i, lambda i: i.isel(c=0), lambda i: i.isel(y=slice(10, 20), x=slice(None, None, 20)), lambda i: i.T,
        lambda i: i.isel(x=[59, 0, 0]), lambda i: i.sel(c="dye 1").isel(y=-1), lambda i: i.isel(x=slice(0, 0)),
        lambda i: i[:, ::-1, 7], lambda i: i.isel({d: xr.DataArray([1, 2, 39], dims="p") for d in "yx"}),
        lambda i: i.fair.crop(center={"x": 5.0}, width=3),
    ],
)  # fmt: skip
def test_the_estimate_is_what_the_server_counts(
    tmp_path: Path, serve: Serve, version: str, select: Callable[[xr.DataArray], xr.DataArray]
) -> None:
    write_store(tmp_path / "a.zarr", version=version, compressor=None)
    server = serve(tmp_path)
    opened = open_image(f"{server.url}/a.zarr")
    before = len(server.requests)
    part = select(opened["scale0/image"])
    cost = part.fair.estimate()
    assert opened.fair.estimate(part) == cost
    assert len(server.requests) == before
    assert part.load().nbytes == cost.result_bytes
    assert (len(server.requests) - before, True) == (cost.requests, cost.exact)
    assert part.fair.estimate().requests == 0  # it is in memory now


def test_the_estimate_of_shards_and_dask_is_an_upper_bound(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "a.zarr", shape=(2, 64, 96), shards=2)
    server = serve(tmp_path)
    for chunks in (None, {"y": 32, "x": 32}):
        part = open_image(f"{server.url}/a.zarr", chunks=chunks)["scale0/image"][0, 5:40, 3:30]
        cost, before = part.fair.estimate(), len(server.requests)
        assert not cost.exact and cost.result_bytes == part.nbytes
        assert str(cost).startswith("at most ")
        part.values  # noqa: B018  (reading is the point)
        assert 0 < len(server.requests) - before <= cost.requests


def test_the_estimate_of_dask_follows_the_graph(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", shape=(2, 64, 96))
    image = open_image(tmp_path / "a.zarr", chunks={"c": 1, "y": 32, "x": 32})["scale0/image"]
    assert image.fair.estimate().requests == 2 * 4 * 6
    assert (image.isel(c=0, y=slice(0, 20)).astype(float) + 1).mean("x").fair.estimate().requests == 2 * 6
    inline = open_image(tmp_path / "a.zarr")["scale0/image"].chunk({"x": 48}, inline_array=True)
    assert inline.isel(x=0).fair.estimate().requests == 2 * 4 * 3
    with pytest.raises(SelectionError) as caught:
        image.persist().fair.estimate()
    assert caught.value.kind == "cost-unknown"


def test_the_estimate_of_positions_levels_and_the_whole(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells",))  # 40 × 60 and 20 × 30 in chunks of 16 × 16
    opened = open_image(tmp_path / "a.zarr")
    assert opened.fair.estimate(c="dye 0").requests == 12
    assert opened.fair.estimate({"c": "dye 0", "x": slice(0, "3 um")}, level=1).requests == 2
    assert opened.fair.estimate(pixel_size=1.0).requests == 8
    assert opened.fair.estimate().requests == 24 + 8 + 12 + 4
    assert opened["scale1"].fair.estimate().requests == 8
    with pytest.raises(SelectionError) as caught:
        opened.fair.estimate(x=1e6)
    assert caught.value.kind == "outside"
    with pytest.raises(QueryError) as wrong:
        opened.fair.estimate(opened["scale0/image"], x=1)
    assert wrong.value.kind == "estimate"


def test_objects_say_what_they_cost(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    level = open_image(tmp_path / "a.zarr")["scale0"].to_dataset()
    assert "≤ 12.3 kB in 24 requests" in repr(level)
    assert "≤ 12.3 kB in 24 requests" in level._repr_html_()
    assert "≤ 512 B in 1 request\n" in repr(level.isel(c=0, y=0, x=0))
    assert repr(level["image"].fair.estimate()) == "24 requests, at most 12.3 kB"
    level["image"][0, 0, 0] = 1
    assert "in memory" in repr(level)


def test_an_array_says_what_it_costs_where_xarray_lets_it(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "a.zarr")
    server = serve(tmp_path)
    image = open_image(f"{server.url}/a.zarr")["scale0/image"]
    before = len(server.requests)
    part = image.isel(c=0, x=slice(0, 20))
    page = part._repr_html_()
    # Unfolded, as it is shown at first, and folded.
    assert "<pre>800 values with dtype=uint16: ≤ 3.1 kB in 6 requests</pre>" in page
    assert "<span>≤ 3.1 kB in 6 requests</span>" in page
    with xr.set_options(display_expand_data=False):
        assert "≤ 3.1 kB in 6 requests" in repr(part)
    # As text, unfolded, xarray has words of its own for whatever is lazy; .fair.estimate() has the numbers.
    assert "[800 values with dtype=uint16]" in repr(part)
    assert len(server.requests) == before
    part[0, 0] = 1
    assert "in memory" in part._repr_html_()


def test_an_image_of_a_million_million_chunks_says_so_at_once(tmp_path: Path) -> None:
    import json

    write_store(tmp_path / "a.zarr", axes="yx", shape=(4, 4), levels=1)
    document = tmp_path / "a.zarr" / "0" / "zarr.json"
    metadata = json.loads(document.read_text())
    metadata["shape"] = [10**6, 10**6]
    metadata["chunk_grid"]["configuration"]["chunk_shape"] = [1, 1]
    document.write_text(json.dumps(metadata))
    opened = open_image(tmp_path / "a.zarr")
    assert "1,000,000,000,000 requests" in repr(opened)
    assert opened["scale0/image"].T.fair.estimate(x=slice(0, 10)).requests == 21 * 10**6
    assert opened["scale0/image"][5, 7].fair.estimate().requests == 1


def test_traffic_is_what_the_server_counts(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "a.zarr", version="0.4")
    (tmp_path / "a.zarr" / "0" / "0" / "1" / "2").unlink()
    server = serve(tmp_path)
    opened = open_image(f"{server.url}/a.zarr")
    image = opened["scale0/image"]
    with pytest.warns(FairlabWarning, match="not in the store"):
        image.isel(c=0).load()
    for obj in (opened, opened["scale0"], opened["scale1"].to_dataset(), image, image.isel(c=1)):
        traffic = obj.fair.traffic()
        assert (traffic.requests, traffic.missing_chunks) == (len(server.requests), ("0/0/1/2",))
        assert traffic.bytes > 0 and traffic.seconds > 0
    with pytest.raises(SelectionError) as caught:
        xr.DataArray(1).fair.traffic()
    assert caught.value.kind == "source-unknown"


def test_missing_chunks_are_noted_on_the_variable_that_was_opened(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", version="0.4")
    (tmp_path / "a.zarr" / "0" / "0" / "1" / "2").unlink()
    opened = open_image(tmp_path / "a.zarr")
    with pytest.warns(FairlabWarning, match="not in the store"):
        opened["scale0/image"].isel(c=0, y=20).values  # noqa: B018  (reading is the point)
    assert opened["scale0/image"].attrs["missing_chunks"] == "0/0/1/2"
    assert "missing_chunks" not in opened["scale1/image"].attrs
    assert opened["scale0/image"].isel(c=1).attrs["missing_chunks"] == "0/0/1/2"
    with pytest.warns(FairlabWarning):
        blocks = open_image(tmp_path / "a.zarr", chunks="auto")
        blocks["scale0/image"].compute(scheduler="threads")
    assert blocks["scale0/image"].attrs["missing_chunks"] == "0/0/1/2"


READ: dict[str, Callable[[xr.DataTree], xr.DataArray]] = {
    "compute": lambda t: t["scale0/image"].compute(),
    "load of a part": lambda t: t["scale0/image"].isel(c=0, y=slice(16, None)).load(),
    "load by name": lambda t: t["scale0/image"].sel(c="dye 0").T.load(),
    "points": lambda t: (
        t["scale0/image"].isel(y=xr.DataArray([0, 20], dims="p"), x=xr.DataArray([0, 40], dims="p")).load()
    ),
    "dataset": lambda t: t["scale0"].to_dataset().isel(c=0).compute()["image"],
    "tree": lambda t: t.compute()["scale0/image"],
    "async": lambda t: asyncio.run(t["scale0/image"].isel(c=0).load_async()),
    "pickle": lambda t: pickle.loads(pickle.dumps(t["scale0/image"].isel(c=0))).compute(),
    "mean": lambda t: t["scale0/image"].isel(c=0).mean("x"),
    "arithmetic": lambda t: t["scale0/image"].isel(c=0) + 1,
    "dask": lambda t: t["scale0/image"].chunk({"x": 16}).isel(c=0).compute(),
}


@pytest.mark.parametrize("missing", ["warn", "fill"])
@pytest.mark.parametrize("how", READ)
def test_missing_chunks_are_noted_on_what_was_read(tmp_path: Path, how: str, missing: Any) -> None:
    write_store(tmp_path / "a.zarr", version="0.4")
    (tmp_path / "a.zarr" / "0" / "0" / "1" / "2").unlink()
    opened = open_image(tmp_path / "a.zarr", missing=missing)
    with pytest.warns(FairlabWarning) if missing == "warn" else contextlib.nullcontext():
        read = READ[how](opened)
    assert read.attrs["missing_chunks"] == "0/0/1/2"
    assert type(pickle.loads(pickle.dumps(read)).variable) is xr.Variable  # which needs no fairlab
    read.to_netcdf(tmp_path / "read.nc")
    with xr.open_dataarray(tmp_path / "read.nc") as back:
        assert back.attrs["missing_chunks"] == "0/0/1/2"


def test_what_is_whole_says_nothing_of_missing_chunks(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", version="0.4")
    chunk = tmp_path / "a.zarr" / "0" / "0" / "1" / "2"
    body = chunk.read_bytes()
    chunk.unlink()
    opened = open_image(tmp_path / "a.zarr", missing="fill")
    image = opened["scale0/image"]
    assert image.isel(c=0).compute().attrs["missing_chunks"] == image.attrs["missing_chunks"] == "0/0/1/2"
    for part in (image.isel(c=1), image[0, :16], image.isel(x=slice(0, 0))):
        assert "missing_chunks" in part.attrs  # copied from what was opened, which has misses,
        assert "missing_chunks" not in part.compute().attrs  # but this part of it has none
    chunk.write_bytes(body)
    assert "missing_chunks" not in image.compute().attrs


def test_threads_hear_of_their_own_missing_chunks(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", version="0.4", shape=(8, 40, 60))
    for channel in range(0, 8, 2):
        (tmp_path / "a.zarr" / "0" / str(channel) / "1" / "2").unlink()
    image = open_image(tmp_path / "a.zarr", missing="fill")["scale0/image"]
    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda channel: image.isel(c=channel).compute(), range(8)))
    assert [part.attrs.get("missing_chunks") for part in read] == [
        None if channel % 2 else f"0/{channel}/1/2" for channel in range(8)
    ]


# ── where it comes from ──────────────────────────────────────────────────────────────────────────────


def test_every_value_has_a_source_or_is_unknown(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    opened = open_image(tmp_path / "a.zarr")
    part = pickle.loads(pickle.dumps(opened["scale1/image"].isel(c=0)))
    assert part.fair.record == opened.fair.record == opened["scale0"].to_dataset().fair.record
    fact = part.fair.provenance("shape")
    assert (fact.value, fact.document, fact.basis) == ((2, 40, 60), str(tmp_path / "a.zarr"), "asserted")
    assert fact.pointer and fact.retrieved_at == opened.attrs["retrieved_at"]
    assert part.fair.provenance("organism") == Fact(field="organism", value=None)
    assert str(part.fair.provenance("organism")) == "organism: unknown"
    assert str(tmp_path) in str(fact)
    with pytest.raises(QueryError) as caught:
        part.fair.provenance("species")
    assert caught.value.kind == "field-unknown"


def test_several_records_are_cited_together() -> None:
    other = Record(id="test:other", kind="image", repository="BIA", title="Other")
    pair = {"a": image(np.zeros((4, 4))), "b": image(np.ones((4, 4)), record=other)}
    both = xr.Dataset({name: array.drop_vars("image_id") for name, array in pair.items()})
    assert [record.id for record in both.fair.cite().records] == ["test:discs", "test:other"]
    with pytest.raises(QueryError, match="2 images") as caught:
        both.fair.record  # noqa: B018  (raising is the point)
    assert caught.value.kind == "records"


# ── plates, and what lies beside an image ────────────────────────────────────────────────────────────


def test_one_well_of_a_plate(tmp_path: Path, serve: Serve) -> None:
    write_plate(tmp_path / "p.zarr")
    server = serve(tmp_path)
    plate = open_plate(f"{server.url}/p.zarr")
    well = plate.fair.well("b3")
    expected = plate["scale0/image"].sel(row="B", column="3")
    assert well["scale0/image"].dims == expected.dims == plate["scale0/image"].fair.well("B03").dims
    assert str(well["scale1/image"].well.values) == "B03"
    before = len(server.requests)
    cost = well["scale0/image"].isel(field=0).fair.estimate()
    np.testing.assert_array_equal(well["scale0/image"].isel(field=0).values, expected.isel(field=0).values)
    assert cost.requests > 0 and len(server.requests) > before
    assert well.fair.traffic().requests == len(server.requests)
    for name, kind in (("Z9", "well-unknown"), (7, "well-unknown")):
        with pytest.raises(SelectionError) as caught:
            plate.fair.well(str(name))
        assert caught.value.kind == kind
    with pytest.raises(SelectionError, match="no plate"):
        tree(image(np.zeros((4, 4)))).fair.well("B3")


def test_a_well_that_is_not_there_is_not_a_black_one(tmp_path: Path) -> None:
    write_plate(tmp_path / "p.zarr")
    plate = open_plate(tmp_path / "p.zarr")
    level = plate["scale0"].to_dataset()
    level["present"] = xr.zeros_like(level.present)
    with pytest.raises(SelectionError) as caught:
        level.fair.well("B3")
    assert caught.value.kind == "well-absent"


def test_ome_xml_is_read_when_asked(tmp_path: Path, serve: Serve) -> None:
    write_collection(tmp_path / "c.zarr", ["first", "second"])
    write_store(tmp_path / "a.zarr")
    server = serve(tmp_path)
    assert open_image(f"{server.url}/c.zarr/0").fair.ome_xml() is not None
    assert open_image(f"{server.url}/a.zarr")["scale0/image"].isel(c=0).fair.ome_xml() is None


def test_ome_xml_of_what_is_in_memory(tmp_path: Path) -> None:
    write_collection(tmp_path / "c.zarr", ["first", "second"])
    root = tmp_path / "c.zarr"
    objects = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    for chunks in (None, "auto"):
        opened = open_image(objects, series=1, chunks=chunks)
        for obj in (opened, opened["scale0"], opened["scale0/image"].isel(c=0)):
            found = obj.fair.ome_xml()
            assert found is not None and [one.name for one in found.images] == ["first", "second"]
    del objects["OME/METADATA.ome.xml"]
    assert open_image(objects, series=1).fair.ome_xml() is None


@pytest.mark.parametrize("wrong", [np.zeros(2), "scale0", 1, ["z"]])
def test_estimate_of_what_is_no_selection_says_what_to_give(wrong: Any) -> None:
    pyramid = tree(image(np.zeros((16, 24))))
    with pytest.raises(QueryError, match=r"estimate\(image.isel\(z=0\)\)") as caught:
        pyramid.fair.estimate(wrong)
    assert caught.value.kind == "estimate"


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda fair: fair.level(shape=16), "shape"),
        (lambda fair: fair.crop(center=3, width=2), "quantity"),
        (lambda fair: fair.well(("B", 3)), "well-unknown"),
    ],
)
def test_a_value_of_another_kind_is_a_selection_error(ask: Callable[[Any], Any], kind: str) -> None:
    plate = xr.DataArray(
        np.zeros((1, 1, 4, 4)), {"row": ["B"], "column": ["3"], "y": np.arange(4.0), "x": np.arange(4.0)},
        ("row", "column", "y", "x"), name="image",
    )  # fmt: skip
    with pytest.raises(SelectionError) as caught:
        ask(xr.DataTree.from_dict({"scale0": plate.to_dataset()}).fair)
    assert caught.value.kind == kind


def test_numbers_of_numpy_choose_levels_as_numbers_do() -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.5}))
    assert pyramid.fair.level(np.int64(-1)).identical(pyramid.fair.level(-1))
    assert pyramid.fair.level(shape=np.array([8, 8])).identical(pyramid.fair.level(shape=(8, 8)))


def test_a_misspelt_field_is_named() -> None:
    with pytest.raises(QueryError, match='did you mean "license"'):
        open_image("sample:nuclei").fair.provenance("licence")


def test_a_notebook_shows_what_it_offers() -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.5}))
    assert {"level", "crop", "estimate", "provenance"} <= set(re.findall(r"\w+", repr(pyramid.fair)))
    assert "level" not in repr(pyramid["scale0/image"].fair)
