"""Who reads: fairlab and the tools beside it, each in the form that its own documentation shows.

Every peer answers the same questions. ``opened`` is what later questions take: level 0, the scale of its
pixels and the names of the channels must be in hand before it counts as open.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


class Peer:
    """A reader; what it cannot answer, it lacks."""

    open: Callable[[str], Any]
    """Opens an image."""
    level: Callable[[Any, int], Any]
    """Something of one level that gives pixels when it is indexed."""

    def read(self, opened: Any, number: int, key: tuple[Any, ...]) -> np.ndarray:
        """Pixels of one level."""
        return np.asarray(self.level(opened, number)[key])

    def tasks(self, opened: Any, number: int, key: tuple[Any, ...]) -> int:
        """Blocks that dask would read one by one; none without dask."""
        array = self.level(opened, number)[key]
        return int(getattr(getattr(array, "data", array), "npartitions", 0))


class Fairlab(Peer):
    """fairlab, lazily."""

    chunks: Any = None

    def __init__(self) -> None:
        import xarray

        import fairlab

        self.fairlab = fairlab
        _ = fairlab.open_image, fairlab.open_plate
        xarray.Dataset({"a": ("x", [0.0])})  # with its first array, xarray imports dask where there is one

    def open(self, url: str) -> Any:
        tree = self.fairlab.open_image(url, chunks=self.chunks)
        assert tree["scale0/image"].x.attrs["spacing"] and len(tree["scale0/image"].c)
        return tree

    def level(self, opened: Any, number: int) -> Any:
        return opened[f"scale{number}/image"]

    def decode(self, objects: dict[str, bytes], key: tuple[Any, ...]) -> np.ndarray:
        """A part of level 0 from objects in RAM."""
        from fairlab.net.fetch import ArrayReader

        document = "0/zarr.json" if "0/zarr.json" in objects else "0/.zarray"
        reader = ArrayReader(_Ram(objects), "0", json.loads(objects[document]))
        return reader.read((*key, *(slice(None) for _ in reader.shape[len(key) :])))

    def wells(self, url: str, level: int) -> dict[str, float]:
        """Mean of each well."""
        image = self.fairlab.open_plate(url)[f"scale{level}/image"].load()
        means = image.mean([dim for dim in image.dims if dim not in ("row", "column")])
        rows, columns = means.row.values, means.column.values
        return {f"{rows[r]}/{columns[c]}": float(mean) for (r, c), mean in np.ndenumerate(means.values)}

    def field(self, url: str, row: str, column: str) -> np.ndarray:
        """One field of a plate at its finest level."""
        plate = self.fairlab.open_plate(url)["scale0/image"]
        return np.asarray(plate.sel(row=row, column=column).isel(field=0))


class _Ram:
    """A store of objects in hand."""

    location = "memory"

    def __init__(self, objects: dict[str, bytes]):
        self._objects = objects

    def get(self, key: str, *, part: slice | None = None, **_: Any) -> bytes | None:
        body = self._objects.get(key)
        return body if body is None or part is None else body[part]


class FairlabDask(Fairlab):
    """fairlab with ``chunks="auto"``."""

    chunks = "auto"

    def __init__(self) -> None:
        super().__init__()
        import dask.array  # noqa: F401


class TensorStore(Peer):
    """tensorstore with as many requests in flight as fairlab, its arrays opened at once."""

    def __init__(self) -> None:
        import tensorstore

        self.ts = tensorstore
        self.context = tensorstore.Context({"http_request_concurrency": {"limit": 64}})

    def _spec(self, url: str, v3: bool) -> dict[str, Any]:
        return {"driver": "zarr3" if v3 else "zarr", "kvstore": {"driver": "http", "base_url": f"{url}/"}}

    def _document(self, url: str, v3: bool) -> dict[str, Any]:
        store = self.ts.KvStore.open({"driver": "http", "base_url": f"{url}/"}, context=self.context).result()
        document = json.loads(store.read("zarr.json" if v3 else ".zattrs").result().value)
        return document["attributes"] if v3 else document

    def open(self, url: str) -> Any:
        v3 = "05" in url.rpartition("/")[2]  # a real tool probes for both at once: one request more, as deep
        attributes = self._document(url, v3)
        attributes = attributes.get("ome", attributes)
        datasets = attributes["multiscales"][0]["datasets"]
        assert datasets[0]["coordinateTransformations"] and attributes["omero"]["channels"]
        opening = [
            self.ts.open(self._spec(f"{url}/{entry['path']}", v3), context=self.context) for entry in datasets
        ]
        return [opened.result() for opened in opening]

    def level(self, opened: Any, number: int) -> Any:
        return opened[number]


class Zarr(Peer):
    """zarr-python as it comes (fsspec, ten requests in flight)."""

    def __init__(self) -> None:
        import aiohttp  # noqa: F401
        import fsspec  # noqa: F401
        import zarr

        self.zarr = zarr

    def open(self, url: str) -> Any:
        group = self.zarr.open_group(url, mode="r")
        attributes = group.attrs.get("ome", group.attrs)
        datasets = attributes["multiscales"][0]["datasets"]
        assert datasets[0]["coordinateTransformations"] and attributes["omero"]["channels"]
        return [group[entry["path"]] for entry in datasets]

    def level(self, opened: Any, number: int) -> Any:
        return opened[number]

    def decode(self, objects: dict[str, bytes], key: tuple[Any, ...]) -> np.ndarray:
        """A part of level 0 from objects in RAM."""
        from zarr.core.buffer.cpu import Buffer

        store = self.zarr.storage.MemoryStore(
            {name: Buffer.from_bytes(body) for name, body in objects.items()}
        )
        return np.asarray(self.zarr.open_array(store, path="0", mode="r")[key])

    def wells(self, url: str, level: int) -> dict[str, float]:
        """A plain loop over wells and fields."""
        plate = self.zarr.open_group(url, mode="r")
        means = {}
        for entry in plate.attrs["plate"]["wells"]:
            well = plate[entry["path"]]
            fields = []
            for image in well.attrs["well"]["images"]:
                field = well[image["path"]]
                path = field.attrs["multiscales"][0]["datasets"][level]["path"]
                fields.append(field[path][...])
            means[entry["path"]] = float(np.mean(fields))
        return means


class OmeZarr(Peer):
    """ome-zarr-py's Reader, whose arrays are dask's."""

    def __init__(self) -> None:
        import dask.array  # noqa: F401
        from ome_zarr.io import parse_url
        from ome_zarr.reader import Reader

        self.parse_url, self.reader = parse_url, Reader

    def open(self, url: str) -> Any:
        node = next(iter(self.reader(self.parse_url(url))()))
        assert node.metadata["coordinateTransformations"] and node.metadata["channel_names"]
        return node.data

    def level(self, opened: Any, number: int) -> Any:
        return opened[number]


class NgffZarr(Peer):
    """ngff-zarr, whose arrays are dask's too."""

    def __init__(self) -> None:
        import dask.array  # noqa: F401
        import ngff_zarr

        self.ngff_zarr = ngff_zarr

    def open(self, url: str) -> Any:
        images = self.ngff_zarr.from_ome_zarr(url).images
        assert images[0].scale
        return [image.data for image in images]

    def level(self, opened: Any, number: int) -> Any:
        return opened[number]


class Wire(Peer):
    """No reader: the region's objects through fairlab's own transport, 64 in flight, not decoded."""

    def __init__(self) -> None:
        from fairlab.net import http

        self.http = http

    def fetch(self, urls: list[str]) -> int:
        """Bytes of all objects."""
        with ThreadPoolExecutor(64) as pool:
            return sum(pool.map(lambda url: len(self.http.get(url).body), urls))


FAIRLAB, DASK, TENSORSTORE = "fairlab", 'fairlab, chunks="auto"', "tensorstore, 64 in flight"
ZARR, OME_ZARR, NGFF_ZARR = "zarr-python, default", "ome-zarr-py", "ngff-zarr"
WIRE = "GET only, 64 in flight"
PEERS: dict[str, type[Peer]] = {
    FAIRLAB: Fairlab,
    DASK: FairlabDask,
    TENSORSTORE: TensorStore,
    ZARR: Zarr,
    OME_ZARR: OmeZarr,
    NGFF_ZARR: NgffZarr,
    WIRE: Wire,
}
