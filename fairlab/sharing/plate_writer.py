"""Writing a plate: every field an image of its own, the metadata that makes them a plate last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.fair.conditions import check_leaving
from fairlab.sharing import attributes, manifest
from fairlab.sharing.beside import write_beside_then_rename
from fairlab.sharing.companions import write_companions
from fairlab.sharing.writer import make_group, write_image

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from fairlab.record import Record


def write_plate(
    path: str | os.PathLike[str],
    data: NDArray[Any],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    wells: Mapping[tuple[int, int], Mapping[str, str | int | float]],
    channels: Sequence[Mapping[str, Any]],
    record: Record,
    version: str = "0.5",
    files: Mapping[str, tuple[bytes, str]] | None = None,
    allow: Sequence[str] = (),
    **geometry: Any,
) -> Path:
    """Write the fields of a plate, its RO-Crate and its checksums as one OME-Zarr folder.

    Parameters
    ----------
    path : path-like
        Folder to make.
    data : numpy.ndarray
        Pixels ``(row, column, field, *axes)``, with the axis ``c`` first among the axes.
    rows, columns : sequence of str
        Their names.
    wells : mapping of (int, int) to mapping
        Row and column of the wells to write, and what is stated of each.
    channels : sequence of mapping
        See :func:`fairlab.sharing.writer.write_image`; all fields get the same contrast window.
    record : Record
        What is known of the plate.
    version : {"0.5", "0.4"}
        OME-Zarr version.
    files : mapping of str to (bytes, str), optional
        Other files to lay into the folder: content, and one line on what it is.
    allow : sequence of str, optional
        Conditions of use that are met; see :func:`fairlab.sharing.writer.write_image`.
    **geometry
        ``axes``, ``scale``, ``units``, ``translation``, ``chunks`` and ``levels`` of every field; see
        :func:`fairlab.sharing.writer.write_image`.

    Returns
    -------
    pathlib.Path
        The finished folder.

    Raises
    ------
    OutputError, MetadataError, UnsupportedVersionError, UseConditionError, MissingExtraError
        See :func:`fairlab.sharing.writer.write_image`.
    """
    check_leaving(record, action="export", allow=allow)
    shown = list(_with_windows(channels, data, wells))
    fields = data.shape[2]

    def fill(folder: Path) -> None:
        write_companions(folder, files or {}, record)
        for row, column in wells:
            place = folder / rows[row] / columns[column]
            for number in range(fields):
                image = write_image(
                    place / str(number),
                    data[row, column, number],
                    channels=shown,
                    version=version,
                    name=f"{rows[row]}/{columns[column]}/{number}",
                    **geometry,
                )
                (image / manifest.FILE_NAME).unlink()  # the plate's own lists everything
            make_group(place, version, attributes.well(version, fields=fields))
        for row in {row for row, _ in wells}:
            make_group(folder / rows[row], version, {})
        name = record.title or Path(path).name.split(".")[0]
        about = attributes.plate(version, name=name, rows=rows, columns=columns, wells=wells, fields=fields)
        make_group(folder, version, about)
        manifest.write(folder)

    return write_beside_then_rename(Path(path), fill)


def _with_windows(
    channels: Sequence[Mapping[str, Any]], data: NDArray[Any], wells: Mapping[tuple[int, int], Any]
) -> Iterator[dict[str, Any]]:
    """Channels with one contrast window for the whole plate: wells are there to be compared."""
    there = np.stack([data[position] for position in wells])
    for position, channel in enumerate(channels):
        start, end = np.percentile(there[:, :, position], (0.1, 99.9))
        yield {"window": (float(start), float(end)), **channel}
