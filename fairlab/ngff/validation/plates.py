"""Plates and wells."""

from __future__ import annotations

from typing import Any

from fairlab.ngff.validation.findings import Findings, Place, error, hint, shown, warning
from fairlab.ngff.validation.paths import BELOW
from fairlab.ngff.validation.shapes import (
    Anything,
    Fields,
    ListOf,
    Number,
    Text,
    better,
    may,
    must,
    repeated,
    should,
)

_COUNT = Number(integer=True, above=0)
_INDEX = Number(integer=True, least=0)
_ALPHANUMERIC = Text(pattern="[A-Za-z0-9]+", expected="letters and digits only")


def _unique_names(lines: list[dict[str, Any]], place: Place) -> Findings:
    names = [line["name"] for line in lines]
    yield from repeated(names, place, "the name")
    if len({name.casefold() for name in names}) < len(set(names)):
        yield warning(
            "case", place, "two names differ by case only; collisions on some file systems SHOULD be avoided"
        )


def _unique_ids(acquisitions: list[dict[str, Any]], place: Place) -> Findings:
    yield from repeated([acquisition["id"] for acquisition in acquisitions], place, "the id")


def _unique_paths(entries: list[dict[str, Any]], place: Place) -> Findings:
    yield from repeated([entry["path"] for entry in entries], place, "the path")


def _wells_on_the_grid(plate: dict[str, Any], place: Place) -> Findings:
    """Path, rowIndex and columnIndex of a well MUST be the same row and column of the plate."""
    rows = {row["name"]: number for number, row in enumerate(plate["rows"])}
    columns = {column["name"]: number for number, column in enumerate(plate["columns"])}
    for number, well in enumerate(plate["wells"]):
        where = (*place, "wells", number)
        row, _, column = well["path"].partition("/")
        if row not in rows or column not in columns:
            swapped = " (here the column stands before the row)" if column in rows and row in columns else ""
            yield error(
                "well-path",
                (*where, "path"),
                f"{shown(well['path'])} is no row and column of the plate{swapped}; expected row/column",
            )
            continue
        for key, expected, name in (("rowIndex", rows[row], row), ("columnIndex", columns[column], column)):
            if well[key] != expected:
                yield error(
                    "well-index",
                    (*where, key),
                    f"it is {shown(well[key])}; {shown(name)} of the path is number {expected}",
                )


def _some_acquisitions(well: dict[str, Any], place: Place) -> Findings:
    stated = ["acquisition" in image for image in well["images"]]
    if any(stated) and not all(stated):
        yield warning("acquisition", (*place, "images"), "some fields name their acquisition and some do not")


def _asks_for_its_version(plate: dict[str, Any], place: Place) -> Findings:
    if "version" not in plate:
        yield hint(
            "missing-version",
            place,
            "the text of 0.5 asks for a version here; its schema and examples do without",
        )


_LINE = Fields(keys={"name": must(Text())})


def _early_plate(number: Number, time: Number) -> Fields:
    acquisition = Fields(
        keys={
            "id": must(number),
            "name": should(Text()),
            "maximumfieldcount": should(number),
            "description": may(Text()),
            "starttime": may(time),
            "endtime": may(time),
        }
    )
    return Fields(
        keys={
            "version": must(Text()),
            "columns": must(ListOf(item=_LINE, least=1, unique=True)),
            "rows": must(ListOf(item=_LINE, least=1, unique=True)),
            "wells": must(ListOf(item=Fields(keys={"path": must(BELOW)}), least=1, unique=True)),
            "name": may(Text()),
            "field_count": may(Anything()),
            "acquisitions": may(ListOf(item=acquisition, least=1, also=(_unique_ids,))),
        },
        section="plate",
    )


PLATE_01 = _early_plate(Number(), Number())
"""0.1: wells are anywhere below the plate."""
PLATE_02 = _early_plate(Number(integer=True), _INDEX)
"""0.2 and 0.3: the schema asks for whole numbers, and for seconds since 1970."""

_NAMES = ListOf(item=Fields(keys={"name": must(_ALPHANUMERIC)}), least=1, also=(_unique_names,))
_PLATE_KEYS = {
    "columns": must(_NAMES),
    "rows": must(_NAMES),
    "wells": must(
        ListOf(
            item=Fields(
                keys={
                    "path": must(
                        Text(pattern="[A-Za-z0-9]+/[A-Za-z0-9]+", expected="a row, a slash and a column")
                    ),
                    "rowIndex": must(_INDEX),
                    "columnIndex": must(_INDEX),
                }
            ),
            least=1,
            also=(_unique_paths,),
        )
    ),
    "name": should(Text()),
    "field_count": better(_COUNT),
    "acquisitions": may(
        ListOf(
            item=Fields(
                keys={
                    "id": must(_INDEX),
                    "name": should(Text()),
                    "maximumfieldcount": should(_COUNT),
                    "description": may(Text()),
                    "starttime": may(_INDEX),
                    "endtime": may(_INDEX),
                }
            ),
            also=(_unique_ids,),
        )
    ),
}
PLATE_04 = Fields(
    keys={**_PLATE_KEYS, "version": should(Text())}, section="plate", also=(_wells_on_the_grid,)
)
"""0.4: wells lie on the grid of rows and columns."""
PLATE_05 = Fields(
    keys={**_PLATE_KEYS, "version": may(Text())},
    section="plate",
    also=(_wells_on_the_grid, _asks_for_its_version),
)
"""0.5: as before; the version has moved up."""
PLATE_06 = Fields(keys=_PLATE_KEYS, section="plate", also=(_wells_on_the_grid,))
"""0.6."""


def _well(path: Text, *, version: bool) -> Fields:
    image = Fields(keys={"path": must(path), "acquisition": may(Number(integer=True))})
    keys = {"images": must(ListOf(item=image, least=1, also=(_unique_paths,)))}
    if version:
        keys["version"] = should(Text())
    return Fields(keys=keys, section="well", also=(_some_acquisitions,))


WELL_04 = _well(_ALPHANUMERIC, version=True)
"""Up to 0.4."""
WELL_05 = _well(_ALPHANUMERIC, version=False)
"""0.5: the version has moved up."""
WELL_06 = _well(
    Text(
        pattern=r"(?!\.+$)(?!__)[A-Za-z0-9_.-]+",
        expected="a zarr node name: letters, digits, - _ and ., not only dots, not beginning with __",
    ),
    version=False,
)
"""0.6: any portable name of a zarr node."""
