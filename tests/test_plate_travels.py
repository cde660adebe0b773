"""A plate from any store, in any thread and process, to any file; and the memory that it takes."""

from __future__ import annotations

import asyncio
import gc
import json
import pickle
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fairlab.errors import FairlabWarning, FormatError, QueryError
from fairlab.net import batch
from fairlab.options import set_options
from fairlab.plate import open_plate
from tests.servers import FaultServer
from tests.stores import multiscale, write_plate

Serve = Callable[[Path], FaultServer]
SPARSE = [(0, 0), (0, 3), (1, 1), (2, 2)]


def _objects(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


# ── from where ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("check", ["lazy", "all"])
@pytest.mark.parametrize("place", ["memory", "zip", "zip on the web", "s3"])
def test_a_plate_wherever_it_lies(tmp_path: Path, serve: Serve, place: str, check: Any) -> None:
    full = write_plate(tmp_path / "p.zarr", wells=SPARSE, version="0.4")
    objects = _objects(tmp_path / "p.zarr")
    with zipfile.ZipFile(tmp_path / "p.zarr.zip", "w") as archive:
        for key, body in objects.items():
            archive.writestr(key, body)
    server = serve(tmp_path)
    source: Any = {
        "memory": objects,
        "zip": tmp_path / "p.zarr.zip",
        "zip on the web": f"{server.url}/p.zarr.zip",
        "s3": f"s3://{tmp_path.name}/p.zarr",
    }[place]
    with set_options(s3_endpoint=serve(tmp_path.parent).url):
        plate = pickle.loads(pickle.dumps(open_plate(source, check=check)))
        np.testing.assert_array_equal(plate["scale0/image"].values, full)


def test_wells_may_be_listed_in_any_order(tmp_path: Path, serve: Serve) -> None:
    def turn(attributes: dict[str, Any]) -> None:
        attributes["ome"]["plate"]["wells"].reverse()

    full = write_plate(tmp_path / "p.zarr", wells=SPARSE, edit=turn)
    server = serve(tmp_path)
    plate = open_plate(f"{server.url}/p.zarr")
    assert (
        "/p.zarr/A/1/0/zarr.json" in server.paths()
    )  # the first well is the first of the plate, not of the list
    np.testing.assert_array_equal(plate["scale0/image"].values, full)


def test_its_record_says_what_it_is(tmp_path: Path) -> None:
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    crate = {"@graph": [{"@id": "./", "license": "https://creativecommons.org/licenses/by/4.0/"}]}
    (tmp_path / "p.zarr/ro-crate-metadata.json").write_text(json.dumps(crate))
    plate = open_plate(tmp_path / "p.zarr")
    record = plate["scale1/image"].isel(row=0).fair.record
    assert (record.title, record.layout, record.n_images) == ("a test plate", "plate", 2 * len(SPARSE))
    assert (record.axes, record.shape) == (("row", "column", "field", "c", "y", "x"), (3, 4, 2, 2, 32, 48))
    assert record.license is not None and plate.attrs["license"].endswith("/by/4.0/")


def test_what_is_odd_about_a_plate_is_told(tmp_path: Path) -> None:
    def twice(attributes: dict[str, Any]) -> None:
        attributes["ome"]["plate"]["wells"] += attributes["ome"]["plate"]["wells"][:1]

    full = write_plate(tmp_path / "p.zarr", edit=twice)
    with pytest.warns(FairlabWarning, match=r'a well \("A/1"\) is listed more than once'):
        plate = open_plate(tmp_path / "p.zarr")
    np.testing.assert_array_equal(plate["scale1/image"].values, full[..., ::2, ::2])


def test_axes_that_are_named_as_a_plates_own_are_refused(tmp_path: Path) -> None:
    def rename(row: int, column: int, field: int, attributes: dict[str, Any]) -> None:
        multiscale(attributes)["axes"][1]["name"] = "row"

    write_plate(tmp_path / "p.zarr", edit_field=rename)
    with pytest.raises(FormatError, match="open its fields one by one") as caught:
        open_plate(tmp_path / "p.zarr")
    assert caught.value.kind == "axes"


@pytest.mark.parametrize(
    "wrong", [{"missing": "ignore"}, {"verify": "always"}, {"check": None}, {"join": "left"}]
)
def test_words_that_it_does_not_know(tmp_path: Path, wrong: dict[str, Any]) -> None:
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    with pytest.raises(QueryError):
        open_plate(tmp_path / "p.zarr", **wrong)


# ── in threads, in a running loop, in workers ────────────────────────────────────────────────────────


def test_threads_share_a_plate_and_ask_nothing_twice(tmp_path: Path, serve: Serve) -> None:
    full = write_plate(tmp_path / "p.zarr")
    server = serve(tmp_path)
    image = open_plate(f"{server.url}/p.zarr")["scale1/image"]
    cells = [(row, column) for row in range(3) for column in range(4)]
    with ThreadPoolExecutor(12) as threads:
        wells = list(threads.map(lambda cell: image.isel(row=cell[0], column=cell[1]).values, cells))
    np.testing.assert_array_equal(wells, full[..., ::2, ::2].reshape(12, *full.shape[2:4], 16, 24))
    assert len(server.paths()) == len(set(server.paths()))


def test_a_running_loop_goes_on_while_a_plate_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = write_plate(tmp_path / "p.zarr")
    readers, read = [], batch.read
    monkeypatch.setattr(
        batch, "read", lambda *given: (readers.append(threading.get_ident()), read(*given))[1]
    )

    async def cell() -> xr.DataArray:
        image = open_plate(tmp_path / "p.zarr")["scale0/image"]
        return await image.sel(row="B").load_async()

    np.testing.assert_array_equal(asyncio.run(cell()).values, full[1])
    assert readers and threading.get_ident() not in readers


def test_missing_chunks_are_named_by_dask_as_well(tmp_path: Path) -> None:
    write_plate(tmp_path / "p.zarr", version="0.4")
    (tmp_path / "p.zarr/B/2/1/0/1/0/0").unlink()
    image = open_plate(tmp_path / "p.zarr", chunks="auto", missing="fill")["scale0/image"]
    assert image.compute(scheduler="threads").attrs["missing_chunks"] == "B/2/1/0/1/0/0"


# ── to files ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning")
@pytest.mark.parametrize("form", ["netcdf", "zarr"])
def test_a_whole_plate_through_files(tmp_path: Path, form: str) -> None:
    def annotate(attributes: dict[str, Any]) -> None:
        for number, well in enumerate(attributes["ome"]["plate"]["wells"]):
            well |= {"gene": f"g{number}", "dose": number / 2}

    full = write_plate(tmp_path / "p.zarr", wells=SPARSE, acquisitions=(1, 2), edit=annotate)
    plate = open_plate(tmp_path / "p.zarr")
    if form == "netcdf":
        plate.to_netcdf(tmp_path / "copy.nc")
        back = xr.open_datatree(tmp_path / "copy.nc")
    else:
        plate.to_zarr(tmp_path / "copy.zarr", consolidated=False)
        back = xr.open_datatree(tmp_path / "copy.zarr", engine="zarr", consolidated=False)
    with back:
        for name in ("scale0", "scale1"):
            xr.testing.assert_identical(back[name].to_dataset(), plate[name].to_dataset())
        np.testing.assert_array_equal(back.fair.well("b02")["scale0/image"].values, full[1, 1])
        assert back["scale0/image"].fair.record == plate.fair.record


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────


def test_memory_stays_flat_however_many_wells_there_are_and_were_read(tmp_path: Path) -> None:
    rows, columns = "ABCDEFGHIJKLMNOP", [str(n + 1) for n in range(24)]
    small: dict[str, Any] = {"shape": (1, 16, 16), "levels": 1, "fields": 1}
    write_plate(tmp_path / "p.zarr", rows=rows, columns=columns, **small)
    open_plate(tmp_path / "p.zarr")["scale0/image"][0, 0].load()  # what is imported at first use
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        image = open_plate(tmp_path / "p.zarr")["scale0/image"]
        image[15, 23, 0].load()
        assert tracemalloc.get_traced_memory()[1] - before < 2_000_000
        gc.collect()
        opened = tracemalloc.get_traced_memory()[0]
        for column in range(24):
            image[3, column].load()
        gc.collect()
        assert (
            tracemalloc.get_traced_memory()[0] - opened < 24 * 2_000
        )  # names of what is there, and no documents
    finally:
        tracemalloc.stop()
