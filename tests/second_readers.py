"""The second implementations: what zarr-python, tensorstore, ome-zarr and ngff-zarr read of the same bytes."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorstore
import zarr

if TYPE_CHECKING:
    from pathlib import Path


def by_zarr(store: Any, level: str) -> np.ndarray:
    """What zarr-python reads of a folder, or of a store of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own codecs' standing
        return np.asarray(zarr.open_group(store, mode="r")[level][...])


def by_tensorstore(path: Path, level: str) -> np.ndarray | None:
    """Pixels, or None when tensorstore does not know a codec or a type."""
    zarr_format = 3 if (path / level / "zarr.json").exists() else 2
    try:
        return by_tensorstore_at({"driver": "file", "path": f"{path / level}/"}, zarr_format)
    except (ValueError, NotImplementedError):  # what it raises for a codec or a type that it lacks
        return None


def by_tensorstore_at(place: dict[str, Any], zarr_format: int) -> np.ndarray:
    """What tensorstore reads of an array in any store of its own."""
    spec = {"driver": "zarr3" if zarr_format == 3 else "zarr", "kvstore": place}
    return np.asarray(tensorstore.open(spec).result().read().result())


def by_ome_zarr(path: Path, level: int) -> np.ndarray:
    """What ome-zarr-py's reader of whole groups reads; a plate is one mosaic of its first fields."""
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    location = parse_url(path)
    assert location is not None
    return np.asarray(next(iter(Reader(location)())).data[level])


def by_ngff_zarr(path: Path, level: int) -> np.ndarray:
    """What ngff-zarr reads of a folder or a zip."""
    import ngff_zarr

    return np.asarray(ngff_zarr.from_ome_zarr(str(path)).images[level].data)
