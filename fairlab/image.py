"""Open one OME-Zarr image as a lazy, labelled tree that knows where it comes from."""

from __future__ import annotations

import dataclasses
import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

import fairlab.accessor  # noqa: F401  (what is opened has .fair)
from fairlab import provenance
from fairlab.errors import FairlabError, FairlabWarning, NotFoundError, QueryError
from fairlab.fair.crate import facts
from fairlab.lazy import block_shape, chunked, lazily, note_missing_in
from fairlab.net.image_group import CRATE, read_group
from fairlab.net.store import open_store
from fairlab.record import Record, Source
from fairlab.repositories import base

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from typing import Literal

    from fairlab.net.image_group import Group
    from fairlab.net.store import Store
    from fairlab.ngff.model import Image, Level

    Chunks = Literal["auto"] | Mapping[Hashable, int] | None


def open_image(source: str | os.PathLike[str] | Record, *, chunks: Chunks = None) -> xr.DataTree:
    """Open one OME-Zarr image; nothing but metadata is read.

    Parameters
    ----------
    source : str, path-like or Record
        ``http(s)://``, ``s3://bucket/key`` (anonymous), ``gs://``, ``file://``, a folder, a ``.zip`` or
        ``.ozx`` of one, an identifier such as ``"sample:nuclei"``, or a record that search returned.
    chunks : "auto", mapping or None
        None (default): xarray's own lazy indexing. ``"auto"``: dask arrays in blocks of many whole
        stored chunks; a mapping of dimension to block length sets some of them.

    Returns
    -------
    xarray.DataTree
        ``scale0`` (finest) to ``scaleN``, each with the variable ``image``: dimensions from the axes,
        e.g. ``(t, c, z, y, x)``; positions of sample centres as coordinates with ``units`` (NGFF names)
        and ``spacing``; channel names on ``c``, with ``color``, ``window_start``, ``window_end`` and
        ``active`` where the image states them; and the scalar coordinate ``image_id``. Label images are
        at ``labels/<name>/scale0`` … with the variable ``labels``. Attributes on the root and on every
        variable name licence, credit, organism and source; ``fairlab_record`` is the whole record.

    Raises
    ------
    NotFoundError
        Nothing is there, or the identifier is unknown.
    FormatError
        Something is there, but it is no OME-Zarr image (kinds ``"no-zarr"``, ``"html-page"``,
        ``"no-multiscales"``, ``"plate"``, ``"bioformats2raw"`` …) or a version that is not read.
    AccessError, Unavailable
        The server refuses, or does not answer within the option ``timeout_s``.

    Warns
    -----
    FairlabWarning
        The metadata is odd but readable: no version, an unknown unit, channels with the same name.

    Examples
    --------
    >>> import fairlab
    >>> tree = fairlab.open_image("sample:nuclei")
    >>> tree["scale0/image"].dims
    ('t', 'c', 'z', 'y', 'x')
    >>> tree["scale0/image"].x.attrs["units"]
    'micrometer'
    """
    record, location = _resolve(source)
    store = open_store(location)
    group = read_group(store)
    for remark in group.image.remarks:
        warnings.warn(f"{remark}\n  at {store.location}", FairlabWarning, stacklevel=2)
    record = _completed(record, group, store)
    attrs = provenance.attributes(record, retrieved_at=provenance.now())
    nodes = {"/": xr.Dataset(attrs=attrs), **_levels("/", "image", group, record.id, attrs)}
    for name, labels in group.labels.items():
        nodes |= _levels(f"/labels/{name}/", "labels", labels, record.id, attrs)
    if chunks is not None:
        nodes = chunked(nodes, chunks)
    tree = xr.DataTree.from_dict(nodes)  # unnamed: titles hold slashes, which names may not
    note_missing_in(tree)
    return tree


def _resolve(source: str | os.PathLike[str] | Record) -> tuple[Record | None, str]:
    """The record of a source, where one is known, and the address that opens now."""
    if isinstance(source, Record):
        location = base.locate(source)
        if location is None:
            raise NotFoundError(
                f'the {source.kind} "{source.id}" resolves to no pixels\n'
                "  its repository lists no OME-Zarr for it"
                + ('; fairlab.search("…", openable=True) finds what opens' if source.kind == "study" else ""),
                kind="no-pixels",
                record=source.id,
            )
        return source, location
    if not isinstance(source, str | os.PathLike):
        raise QueryError(
            f"cannot open a {type(source).__name__}\n  give an address, a path, an identifier or a record",
            kind="source-type",
        )
    text = os.fspath(source).strip()
    if not text:
        raise QueryError("nothing to open: the address is empty", kind="source-empty")
    if base.scheme(text) is not None:
        return _resolve(base.lookup(text))
    return _known(text), text


def _known(location: str) -> Record | None:
    """What the catalogues know about an address: its licence and organism, without a request."""
    if "://" not in location:
        return None
    try:
        return base.lookup(location)
    except NotFoundError:
        return None
    except FairlabError as exc:
        # What lists an image must not be in the way of reading it.
        warnings.warn(
            f"the catalogues could not be asked about {location}: {exc}", FairlabWarning, stacklevel=4
        )
        return None


def _completed(record: Record | None, group: Group, store: Store) -> Record:
    """The record with what only the image can say, and what the crate beside it says of unknown fields."""
    now = provenance.now()
    own = Source(document=store.location, pointer="multiscales/0", retrieved_at=now)
    crate = Source(document=f"{store.location}/{CRATE}", retrieved_at=now)
    if record is None:
        record = Record(id=store.location, kind="image", repository="unlisted", url=store.location)
    stated: dict[str, tuple[Any, Source]] = facts(group.crate, source=crate) if group.crate else {}
    if group.image.name:
        stated.setdefault("title", (group.image.name, own))
    stated = {name: pair for name, pair in stated.items() if not getattr(record, name)}
    stated["ngff_version"] = (group.image.version, own)
    stated["axes"] = (tuple(axis.name for axis in group.image.axes), own)
    stated["shape"] = (group.readers[0].shape, own)
    values = {name: value for name, (value, _) in stated.items()}
    sources = {**record.sources, **{name: source for name, (_, source) in stated.items()}}
    return dataclasses.replace(record, **values, sources=sources)


def _levels(
    prefix: str, variable: str, group: Group, image_id: str, attrs: Mapping[str, Any]
) -> dict[str, xr.Dataset]:
    """One dataset for each level of an image or label image, by its place in the tree."""
    image = group.image
    dims = [axis.name for axis in image.axes]
    shared: dict[str, Any] = {"image_id": image_id, **_channel_coords(image, group.readers[0].shape)}
    datasets = {}
    for number, (level, reader) in enumerate(zip(image.levels, group.readers, strict=True)):
        coords = {**shared, **_positions(image, level, reader.shape)}
        array = xr.Variable(dims, lazily(reader), attrs=dict(attrs))
        blocks = block_shape(reader.shape, reader.chunks, reader.dtype)
        array.encoding = {
            "preferred_chunks": dict(zip(dims, blocks, strict=True)),
            "source": group.readers[0].store.location,
        }
        datasets[f"{prefix}scale{number}"] = xr.Dataset({variable: array}, coords=coords, attrs=dict(attrs))
    return datasets


def _positions(image: Image, level: Level, shape: Sequence[int]) -> dict[str, xr.Variable]:
    """Positions of sample centres on every axis but the channels'."""
    positions = {}
    for number, axis in enumerate(image.axes):
        if axis.type != "channel":
            scale, translation = level.scale[number], level.translation[number]
            attrs: dict[str, Any] = {"spacing": scale, **({"units": axis.unit} if axis.unit else {})}
            values = translation + scale * np.arange(shape[number], dtype=np.float64)
            positions[axis.name] = xr.Variable(axis.name, values, attrs)
    return positions


def _channel_coords(image: Image, shape: Sequence[int]) -> dict[str, xr.Variable]:
    """Names, colours and windows along the channel axis, where there is one."""
    number, axis = next(((n, a) for n, a in enumerate(image.axes) if a.type == "channel"), (0, None))
    if axis is None:
        return {}
    stated = image.channels if len(image.channels) == shape[number] else ()
    labels = [channel.label for channel in stated] or [None] * shape[number]
    names = _unique([label or f"channel {i}" for i, label in enumerate(labels)])
    coords = {axis.name: xr.Variable(axis.name, np.array(names, dtype="U"))}
    if any(channel.color for channel in stated):
        coords["color"] = xr.Variable(axis.name, [channel.color or "#FFFFFF" for channel in stated])
    if stated and all(channel.window for channel in stated):
        windows = np.array([channel.window for channel in stated], dtype=np.float64)
        coords["window_start"] = xr.Variable(axis.name, windows[:, 0])
        coords["window_end"] = xr.Variable(axis.name, windows[:, 1])
    if stated:
        coords["active"] = xr.Variable(axis.name, [channel.active for channel in stated])
    return coords


def _unique(names: Sequence[str]) -> list[str]:
    """Names made different, so that ``.sel(c=…)`` finds one channel."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    if unique != list(names):
        warnings.warn(
            f"channels share a name and were numbered: {', '.join(unique)}", FairlabWarning, stacklevel=5
        )
    return unique
