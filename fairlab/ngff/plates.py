"""Plates and wells: which rows, columns, wells, acquisitions and fields a screen has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fairlab.ngff.model import Acquisition, Field, Plate, PlateWell, Well
from fairlab.ngff.paths import inner_path
from fairlab.ngff.values import broken, integer, line, scalars, shown, text

_PLACE: Final = frozenset({"path", "rowIndex", "columnIndex"})
MAX_POSITIONS: Final = 2**20
"""Rows times columns; the densest plates have 3456 wells."""
Position = tuple[int, int]


def plate(block: Mapping[str, Any], *, version: str, where: str) -> Plate:
    """The plate that a group's metadata describes; see :func:`fairlab.ngff.group.plate`."""
    stated = block.get("plate")
    if not isinstance(stated, Mapping):
        raise broken(f"plate is {shown(stated)}; expected an object", "plate", where)
    remarks: list[str] = []
    rows, columns = (_names(stated, key, remarks, where) for key in ("rows", "columns"))
    if len(rows) * len(columns) > MAX_POSITIONS:
        raise broken(
            f"{len(rows)} rows of {len(columns)} columns are more than any plate has", "plate-size", where
        )
    count = integer(stated.get("field_count"))
    return Plate(
        version=version,
        name=line(stated.get("name")),
        rows=rows,
        columns=columns,
        wells=_wells(stated, rows, columns, remarks, where),
        acquisitions=_acquisitions(stated, remarks),
        field_count=count if count is not None and count > 0 else None,
        remarks=tuple(remarks),
    )


def well(block: Mapping[str, Any], *, version: str, where: str) -> Well:
    """The well that a group's metadata describes; see :func:`fairlab.ngff.group.well`."""
    stated = block.get("well")
    images = stated.get("images") if isinstance(stated, Mapping) else None
    if not isinstance(images, list):
        raise broken(f"well.images is {shown(images)}; expected a list of fields", "well-images", where)
    remarks: list[str] = []
    fields: dict[str, Field] = {}
    for number, image in enumerate(images):
        path = image.get("path") if isinstance(image, Mapping) else None
        if not isinstance(path, str):
            raise broken(f"well.images[{number}] has no path", "path", where)
        field = Field(path=inner_path(path, where=where), acquisition=_number(image.get("acquisition")))
        if fields.setdefault(field.path, field) != field:
            raise broken(f'the field "{field.path}" stands in two acquisitions', "field-duplicate", where)
    if len(fields) < len(images):
        remarks.append(f"the well lists {len(images)} fields, but {len(fields)} different ones")
    if not fields:
        remarks.append("the well lists no fields")
    return Well(version=version, fields=tuple(fields.values()), remarks=tuple(remarks))


def _number(stated: object) -> int | None:
    """Number of an acquisition; before 0.4 it was "an unique identifier", which may be text."""
    if isinstance(stated, str) and re.fullmatch("[0-9]{1,18}", stated):
        return int(stated)
    return integer(stated)


def _names(stated: Mapping[str, Any], key: str, remarks: list[str], where: str) -> tuple[str, ...]:
    entries = stated.get(key)
    if not isinstance(entries, list) or not entries:
        raise broken(f"plate.{key} is {shown(entries)}; expected a list of names", f"plate-{key}", where)
    names = []
    for entry in entries:
        name = entry.get("name") if isinstance(entry, Mapping) else entry
        if isinstance(name, int) and not isinstance(name, bool):
            remarks.append(f"plate.{key} has the number {name} for a name")
            name = str(name)
        if text(name) is None:
            raise broken(f"plate.{key} has an entry without a name: {shown(entry)}", f"plate-{key}", where)
        names.append(str(name))
    if len(set(names)) < len(names):
        raise broken(f"plate.{key} are {shown(names)}; expected different names", f"plate-{key}", where)
    return tuple(names)


def _wells(
    stated: Mapping[str, Any], rows: Sequence[str], columns: Sequence[str], remarks: list[str], where: str
) -> tuple[PlateWell, ...]:
    entries = stated.get("wells")
    if not isinstance(entries, list) or not entries:
        raise broken(f"plate.wells is {shown(entries)}; expected a list of wells", "plate-wells", where)
    wells: dict[str, PlateWell] = {}
    places: dict[Position, str] = {}
    odd: dict[str, str] = {}  # one remark for each oddity, not for each of 1536 wells
    for number, entry in enumerate(entries):
        path = entry.get("path") if isinstance(entry, Mapping) else None
        if not isinstance(path, str):
            raise broken(f"plate.wells[{number}] has no path", "path", where)
        path = inner_path(path, where=where)
        row, column = _position(path, entry, rows, columns, odd, where)
        if places.setdefault((row, column), path) != path:
            other = places[row, column]
            raise broken(f'"{other}" and "{path}" are the same well', "well-duplicate", where)
        if path in wells:
            odd.setdefault("is listed more than once", path)
            continue
        wells[path] = PlateWell(path=path, row=row, column=column, annotations=scalars(entry, but=_PLACE))
    remarks.extend(f'a well ("{path}") {what}' for what, path in odd.items())
    return tuple(wells.values())


def _position(
    path: str,
    entry: Mapping[str, Any],
    rows: Sequence[str],
    columns: Sequence[str],
    odd: dict[str, str],
    where: str,
) -> Position:
    """Row and column of a well: what its path says in words, and from 0.4 on its indices in numbers.

    Either alone will do. Where both are there they must agree: nobody can tell which of them is wrong.
    """
    by_path = _by_path(path, rows, columns, odd)
    by_index = _by_index(entry)
    if by_path is not None and by_index in (None, by_path):
        return by_path
    if by_path is not None:
        raise broken(
            f'the well "{path}" states the indices {by_index}, but its path is {by_path}; they must agree',
            "well-position",
            where,
        )
    # A path in another form ("well_17") says nothing; one of two names that the plate does not have contradicts.
    if by_index is not None and path.count("/") != 1:
        row, column = by_index
        if 0 <= row < len(rows) and 0 <= column < len(columns):
            odd.setdefault("is placed by its indices alone", path)
            return by_index
    raise broken(
        f'the well "{path}" names no row and column of the plate\n'
        f"  rows are {shown(list(rows))}, columns are {shown(list(columns))}",
        "well-unknown",
        where,
    )


def _by_path(path: str, rows: Sequence[str], columns: Sequence[str], odd: dict[str, str]) -> Position | None:
    """Place of a well whose path ends in a row and a column, or a column and a row where only that fits."""
    *above, first, second = ("", *path.split("/"))
    for oddity, row_name, column_name in (
        (None, first, second),
        ("has its column before its row in its path", second, first),
    ):
        row, column = _find(rows, row_name), _find(columns, column_name)
        if row is None or column is None:
            continue
        if oddity:
            odd.setdefault(oddity, path)
        if any(above):
            odd.setdefault("has more in its path than its row and column", path)
        if (rows[row], columns[column]) != (row_name, column_name):
            odd.setdefault("is found by its number, as leading zeros differ", path)
        return row, column
    return None


def _find(names: Sequence[str], word: str) -> int | None:
    """Number of a name; the only one that differs in leading zeros will do."""
    if word in names:
        return names.index(word)
    alike = [i for i, name in enumerate(names) if _bare(name) == _bare(word)]
    return alike[0] if len(alike) == 1 else None


def _bare(word: str) -> str:
    return word.lstrip("0") if word.isdecimal() else word


def _by_index(entry: Mapping[str, Any]) -> Position | None:
    row, column = integer(entry.get("rowIndex")), integer(entry.get("columnIndex"))
    if row is None or column is None:
        return None
    return (row, column)


def _acquisitions(stated: Mapping[str, Any], remarks: list[str]) -> tuple[Acquisition, ...]:
    entries = stated.get("acquisitions")
    if entries is None:
        return ()
    found: dict[int, Acquisition] = {}
    listed = entries if isinstance(entries, list) else [entries]
    for entry in listed:
        number = _number(entry.get("id")) if isinstance(entry, Mapping) else None
        if number is not None:
            more = scalars(entry, but=frozenset({"id", "name"}))
            found.setdefault(number, Acquisition(id=number, name=line(entry.get("name")), annotations=more))
    if len(found) < len(listed):
        remarks.append(
            f"of {len(listed)} acquisitions {len(found)} have an integer id of their own; the rest were left out"
        )
    return tuple(found.values())
