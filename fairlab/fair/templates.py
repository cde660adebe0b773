"""Checklists to fill in: one line per field, with what belongs there, an example and the words to choose from."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import QueryError
from fairlab.fair import miti_fields, rembi_fields
from fairlab.fair.checklist import Field, by_module, chosen_modules
from fairlab.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fairlab.fair.coverage import Coverage

FORMATS: Final = ("csv", "tsv", "json")
STANDARDS: Final = ("rembi", "miti")
_WORDS_SHOWN: Final = 45
_MOST_ITEMS: Final = 10_000


def template(
    standard: str,
    *,
    format: str = "csv",
    modules: Sequence[str] | None = None,
    items: int = 1,
    gaps: Coverage | None = None,
) -> str:
    """A checklist to fill in; filled in, :func:`fairlab.fair.rembi` or :func:`fairlab.fair.miti` reads it.

    Only the column ``value`` is to be filled in. A field that may have several values takes more lines of the same
    field; what is about channels, files or other items is counted in the column ``item``.

    Parameters
    ----------
    standard : {"rembi", "miti"}
        Which checklist.
    format : {"csv", "tsv", "json"}
        Form of the text.
    modules : sequence of str, optional
        Only these modules: ``["Biosample"]``, ``["Channel"]``.
    items : int
        How often the fields that are counted come: the number of channels, for ``modules=["Channel"]``.
    gaps : Coverage, optional
        What :func:`fairlab.fair.rembi` or :func:`fairlab.fair.miti` answered: only what it lacks is asked for.

    Returns
    -------
    str
        To be written to a file as UTF-8.

    Raises
    ------
    QueryError
        kind ``"standard-unknown"``, ``"format-unknown"``, ``"module-unknown"`` or ``"items"``; ``"gaps"``: an
        answer about the other checklist, or nothing is missing.

    Examples
    --------
    >>> print(template("rembi", modules=["Biosample"]).splitlines()[3][:62])
    Biosample,organism,,,core,NCBITaxon,"Species, with NCBITaxon i
    >>> import json
    >>> [row["field"] for row in json.loads(template("miti", format="json", modules=["Channel"]))["fields"]][:2]
    ['Channel ID', 'Channel Name']
    """
    name = _chosen(standard, STANDARDS, "standard")
    form = _chosen(format, FORMATS, "format")
    if not (isinstance(items, int) and 1 <= items <= _MOST_ITEMS):
        raise QueryError(f"items={items!r} is not a number from 1 to {_MOST_ITEMS}", kind="items")
    rows = list(_rembi_rows(modules, items) if name == "rembi" else _miti_rows(modules, items))
    if gaps is not None:
        rows = _gaps(rows, gaps, name)
    if form == "json":
        return json.dumps({"template": name, "fields": rows}, ensure_ascii=False, indent=1) + "\n"
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter="," if form == "csv" else "\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _gaps(rows: Sequence[dict[str, Any]], gaps: Coverage, name: str) -> list[dict[str, Any]]:
    if gaps.standard.lower() != name:
        raise QueryError(
            f"gaps is an answer about {gaps.standard}, the template is one of {name.upper()}", kind="gaps"
        )
    missing = {(one.module, one.field) for one in gaps.missing()}
    left = [row for row in rows if (row["module"], row["field"]) in missing]
    if not left:
        raise QueryError(f"nothing of {gaps.standard} is missing in {gaps.source}", kind="gaps")
    return left


def _chosen(text: str, choices: Sequence[str], what: str) -> str:
    found = str(text).strip().lower()
    if found not in choices:
        near = nearest(found, choices)
        raise QueryError(
            f'there is no {what} "{str(text)[:60]}"; there are {", ".join(choices)}'
            + (f"; did you mean {near[0]}?" if near else ""),
            kind=f"{what}-unknown",
        )
    return found


def _row(module: str, field: str, item: int | None, **more: Any) -> dict[str, Any]:
    return {"module": module, "field": field, "item": "" if item is None else item, "value": "", **more}


def _fields_of(fields: Sequence[Field], modules: Sequence[str] | None, standard: str) -> list[Field]:
    asked = chosen_modules(modules, by_module(fields), standard=standard)
    return [field for field in fields if not asked or field.module in asked]


def _rembi_rows(modules: Sequence[str] | None, items: int) -> Iterator[dict[str, Any]]:
    for field in _fields_of(rembi_fields.fields(), modules, "REMBI"):
        counted = field.form in ("channels", "wavelengths")
        for item in range(1, items + 1) if counted else (None,):
            yield _row(
                field.module,
                field.name,
                item,
                requirement="core" if field.core else "recommended",
                vocabulary=" | ".join(field.values) or field.vocabulary,
                description=field.description + (" More than one line is fine." if field.several else ""),
                example=field.example,
            )


def _miti_rows(modules: Sequence[str] | None, items: int) -> Iterator[dict[str, Any]]:
    chosen = _fields_of(miti_fields.fields(), modules, "MITI")
    for module in dict.fromkeys(field.module for field in chosen):
        for item in range(1, items + 1):
            for field in chosen:
                if field.module == module:
                    yield _miti_row(field, item)


def _miti_row(field: miti_fields.MitiField, item: int) -> dict[str, Any]:
    return _row(
        field.module,
        field.name,
        item,
        requirement=field.level
        + (f" ({_CONDITIONS.get(field.condition, field.condition)})" if field.condition else ""),
        vocabulary=_words(field) or field.type,
        description=field.description,
        example=field.example,
    )


_CONDITIONS: Final = {
    "unless n/a": "n/a where it does not apply",
    "label fluorophore": "where the assay labels with fluorophores",
    "label metal": "where the assay labels with metals",
    "label oligo": "where the assay labels with oligos",
}


def _words(field: miti_fields.MitiField) -> str:
    words = (*field.allowed, *field.also)
    more = (
        f" | … ({len(words)} words: fairlab.fair.miti_words({field.name!r}))"
        if len(words) > _WORDS_SHOWN
        else ""
    )
    return " | ".join(words[:3] if more else words) + more
