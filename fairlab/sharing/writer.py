"""Writing OME-Zarr: the one door to the ome-zarr package.

What is written here cannot look whole when it is not: everything goes into a temporary sibling, pixels
first, the metadata that makes them an image last, and one rename at the end gives it its name. Every chunk
carries a checksum, and chunks that hold only zeros are written too, so that a chunk that is not there was
lost.
"""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.errors import OutputError, UnsupportedVersionError, missing_extra
from fairlab.fair.conditions import check_leaving
from fairlab.fair.crate_terms import part_id
from fairlab.sharing import attributes, manifest, pyramid
from fairlab.sharing.beside import write_beside_then_rename
from fairlab.sharing.companions import write_companions
from fairlab.sharing.grid import Grid, check_channels, check_labels, check_pixels, grid

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from fairlab.record import Record

ZARR_FORMATS = {"0.4": 2, "0.5": 3}
"""OME-Zarr versions that can be written, and the Zarr format of each."""

_DEFAULT_CHUNK = {"t": 1, "c": 1, "z": 8, "y": 256, "x": 256}
_MOST_LABEL_COLORS = 1000


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Everything that is decided before the first byte is written."""

    data: NDArray[Any]
    grid: Grid
    chunks: Mapping[str, int]
    factors: Sequence[pyramid.Factors]
    name: str
    version: str
    channels: Sequence[Mapping[str, Any]] | None = None
    labels: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    record: Record | None = None
    files: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)


def write_image(
    path: str | os.PathLike[str],
    data: NDArray[Any],
    *,
    axes: Sequence[str],
    scale: Mapping[str, float] | None = None,
    units: Mapping[str, str] | None = None,
    translation: Mapping[str, float] | None = None,
    channels: Sequence[Mapping[str, Any]] | None = None,
    labels: Mapping[str, NDArray[Any]] | None = None,
    record: Record | None = None,
    version: str = "0.5",
    chunks: Mapping[str, int] | None = None,
    levels: int | None = None,
    name: str | None = None,
    files: Mapping[str, tuple[bytes, str]] | None = None,
    overwrite: bool = False,
    allow: Sequence[str] = (),
) -> Path:
    """Write an image, its smaller levels, labels and RO-Crate as one OME-Zarr folder.

    Parameters
    ----------
    path : path-like
        Folder to make, by custom ``….ome.zarr``.
    data : numpy.ndarray
        Pixels, whole numbers or floats, one dimension per axis.
    axes : sequence of str
        Some of ``t c z y x`` in this order; ``y`` and ``x`` are always there.
    scale : mapping of str to float, optional
        Pixel spacing in ``units``; 1 where it is left out.
    units : mapping of str to str, optional
        NGFF names such as ``"micrometer"`` and ``"second"``; no unit where it is left out.
    translation : mapping of str to float, optional
        Centre of the first sample, in ``units``.
    channels : sequence of mapping, optional
        One per channel: ``name``, ``color`` (``"00FF00"``), ``window`` (start, end; measured when left
        out). Without it no rendering settings are written.
    labels : mapping of str to numpy.ndarray, optional
        Label images by name: whole numbers in the shape of ``data`` without ``c``.
    record : Record, optional
        Title, licence, creator, organism and method for the RO-Crate; without one there is no crate.
    version : {"0.5", "0.4"}
        OME-Zarr version.
    chunks : mapping of str to int, optional
        Chunk length along some axes; others keep the default (1 for t and c, 8 for z, 256 for y and x).
    levels : int, optional
        How many levels at most; by default until a plane is no longer than 128 pixels.
    name : str, optional
        Name of the image; by default the record's title, or the folder's name.
    files : mapping of str to (bytes, str), optional
        Other files to lay into the folder: content, and one line on what it is.
    overwrite : bool
        Replace an OME-Zarr that lies at ``path``; anything else there is never replaced.
    allow : sequence of str, optional
        Conditions of use that the record states and that are met, by name: ``("DUO:0000021", "embargo")``.

    Returns
    -------
    pathlib.Path
        The finished folder.

    Raises
    ------
    MetadataError
        The result would break a MUST of the specification (kinds ``"axes"``, ``"scale-value"``,
        ``"unit-unknown"``, ``"channel"``, ``"labels"``, ``"dtype"``).
    UnsupportedVersionError
        There is no such version to write.
    UseConditionError
        The record states a condition that forbids a copy, and ``allow`` does not name it; see
        :func:`fairlab.fair.conditions.check_leaving`.
    OutputError
        kind ``"output-exists"``, ``"output-unwritable"`` or ``"checksum-missing"``.
    MissingExtraError
        ome-zarr is not installed.

    Warns
    -----
    FairlabWarning
        The licence of the record forbids to share changed versions; the crate says so too (``usageInfo``).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = write_image(f"{folder}/a.ome.zarr", np.zeros((64, 64), dtype="uint8"), axes="yx",
    ...                           scale={"y": 0.5, "x": 0.5}, units={"y": "micrometer", "x": "micrometer"})
    ...     sorted(entry.name for entry in written.iterdir())
    ['manifest-sha256.txt', 's0', 'zarr.json']
    """
    target = Path(path)
    if version not in ZARR_FORMATS:
        raise UnsupportedVersionError(
            f'fairlab does not write OME-Zarr "{version}"; it writes {" and ".join(ZARR_FORMATS)}',
            version=version,
        )
    for name_of_file in files or {}:
        part_id(name_of_file)  # refused before anything is written
    if record is not None:
        check_leaving(record, action="export", allow=allow)
    where = grid(axes, scale=scale, units=units, translation=translation)
    check_pixels(data, where)
    check_labels(labels or {}, data, where)
    check_channels(channels, data, where)
    sizes = dict(zip(where.axes, data.shape, strict=True))
    plan = _Plan(
        data=data,
        grid=where,
        chunks={**_DEFAULT_CHUNK, **(chunks or {})},
        factors=pyramid.plan(sizes, scale=where.scale, levels=levels),
        name=name or (record and record.title) or target.name.split(".")[0],
        version=version,
        channels=channels,
        labels=labels or {},
        record=record,
        files=files or {},
    )
    return write_beside_then_rename(target, lambda folder: _fill(folder, plan), overwrite=overwrite)


def _fill(folder: Path, plan: _Plan) -> None:
    write_companions(folder, plan.files, plan.record)
    for name, values in plan.labels.items():
        _write_labels(folder / "labels" / name, name, values, plan)
    if plan.labels:
        make_group(folder / "labels", plan.version, attributes.label_list(plan.version, plan.labels))
    _write_pixels(folder, plan)
    manifest.write(folder)


def _write_labels(folder: Path, name: str, values: NDArray[Any], plan: _Plan) -> None:
    where = plan.grid.without("c")
    paths = _write_levels(folder, values, where, pyramid.block_pick, plan)
    described = attributes.multiscale(
        where, name=name, paths=paths, factors=plan.factors, how="nearest sample"
    )
    present = np.unique(values)
    colored = [int(value) for value in present if value] if present.size <= _MOST_LABEL_COLORS else []
    make_group(
        folder, plan.version, attributes.label_image(plan.version, multiscale=described, values=colored)
    )


def _write_pixels(folder: Path, plan: _Plan) -> None:
    paths = _write_levels(folder, plan.data, plan.grid, pyramid.block_mean, plan)
    described = attributes.multiscale(
        plan.grid, name=plan.name, paths=paths, factors=plan.factors, how="mean of blocks"
    )
    settings = None
    if plan.channels is not None:
        planes = plan.data.shape[plan.grid.axes.index("z")] if "z" in plan.grid.axes else 1
        settings = attributes.omero(list(_channels(plan)), name=plan.name, planes=planes)
    make_group(folder, plan.version, attributes.image(plan.version, multiscale=described, omero=settings))


def _channels(plan: _Plan) -> Iterator[attributes.Json]:
    for position, wanted in enumerate(plan.channels or ()):
        pixels = plan.data
        if "c" in plan.grid.axes:
            pixels = pixels.take(position, axis=plan.grid.axes.index("c"))
        start, end = (float(value) for value in np.percentile(pixels, (0.1, 99.9)))
        limits = (float(pixels.min()), float(pixels.max()))
        if pixels.dtype.kind in "iu":
            limits = (float(np.iinfo(pixels.dtype).min), float(np.iinfo(pixels.dtype).max))
        yield attributes.channel(
            position, wanted, limits=limits, measured=(start, end if end > start else start + 1.0)
        )


def _write_levels(
    folder: Path,
    data: NDArray[Any],
    where: Grid,
    reduce: Callable[[NDArray[Any], Sequence[int]], NDArray[Any]],
    plan: _Plan,
) -> list[str]:
    """Write all levels of one multiscale image through ome-zarr; their paths inside ``folder``."""
    write_multiscale, formats = _ome_zarr()
    import dask

    levels = [reduce(data, [factors[axis] for axis in where.axes]) for factors in plan.factors]
    # ome-zarr (0.18 to 0.21) writes attributes of its own: without origin and omero, and with the half-pixel shift
    # of smaller levels in pixels. Only its arrays are kept; the attributes are ours, and come last.
    scratch = folder / ".levels"
    group = make_group(scratch, plan.version, {})
    # Threads of this process: a dask cluster that the user works with does not see this folder.
    with dask.config.set(scheduler="threads"):
        write_multiscale(
            levels,
            group,
            fmt=formats(plan.version),
            axes=attributes.axes(where),
            scale={axis: where.scale[axis] for axis in where.axes},
            storage_options=[_storage(level, where, plan) for level in levels],
            name=plan.name,
        )
    written = group.attrs.asdict()
    paths = [entry["path"] for entry in written.get("ome", written)["multiscales"][0]["datasets"]]
    _require_checksums(group, paths)
    for path in paths:
        (scratch / path).rename(folder / path)
    shutil.rmtree(scratch)
    return paths


def _storage(level: NDArray[Any], where: Grid, plan: _Plan) -> dict[str, Any]:
    chunk = tuple(min(size, plan.chunks[axis]) for axis, size in zip(where.axes, level.shape, strict=True))
    options: dict[str, Any] = {"chunks": chunk, "config": {"write_empty_chunks": True}}
    if plan.version == "0.4":
        # The only codec that every Zarr 2 reader knows and that notices any damage: gzip ends in a CRC-32.
        return {**options, "compressor": {"id": "gzip", "level": 5}}
    from zarr.codecs import ZstdCodec

    return {**options, "compressors": [ZstdCodec(level=3, checksum=True)]}


def _require_checksums(group: Any, paths: Sequence[str]) -> None:
    # With dask before 2026.3, ome-zarr silently writes Zarr 3 with a codec of its own choice.
    for path in paths:
        codecs = group[path].compressors
        if not any(getattr(c, "checksum", False) or getattr(c, "codec_id", "") == "gzip" for c in codecs):
            raise OutputError(
                f"chunks written by ome-zarr carry no checksum (codecs: {codecs})\n"
                '  the installed dask is too old: pip install "dask>=2026.3"',
                kind="checksum-missing",
            )


def make_group(folder: Path, version: str, values: attributes.Json) -> Any:
    """A Zarr group with attributes, in the Zarr format of an OME-Zarr version."""
    import zarr

    return zarr.create_group(folder, zarr_format=2 if version == "0.4" else 3, attributes=values)


def _ome_zarr() -> tuple[Callable[..., Any], Callable[[str], Any]]:
    """ome-zarr's writer of arrays, and its formats by version."""
    try:
        with warnings.catch_warnings():
            # ome-zarr 0.18 calls its own deprecated Scaler when its writer is imported; fixed in 0.21.
            warnings.filterwarnings("ignore", "Call to deprecated class Scaler", DeprecationWarning)
            from ome_zarr.writer import write_multiscale
        from ome_zarr.format import format_from_version
    except ImportError as exc:
        raise missing_extra("write", "write an OME-Zarr", exc) from exc
    return write_multiscale, format_from_version
