"""The columns of a list of images, and what their cells may hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fairlab import terms
from fairlab.errors import SelectionError
from fairlab.ngff.versions import READ
from fairlab.quantities import quantity_bytes, quantity_um
from fairlab.query import LAYOUTS
from fairlab.repositories import answer_values as values
from fairlab.terms import Term

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.terms import Vocabulary

ONE_ADDRESS = re.compile(r"(?:https?|s3|gs|az|file)://.+")
"""What can be opened, besides paths."""


class UnfitCell(ValueError):
    """A cell is not what its column expects; the text says what it expects."""


def _word(cell: str) -> str:
    return cell


def several(cell: str) -> tuple[str, ...]:
    """The values of one cell, each once."""
    return tuple(dict.fromkeys(value.strip() for value in cell.split(";") if value.strip()))


def _address(cell: str) -> str:
    if "://" in cell and not ONE_ADDRESS.fullmatch(cell):
        raise UnfitCell("an address that opens: https://, s3://, gs://, az://, file:// or a path")
    return cell


def _study(cell: str) -> str:
    if re.search(r"[\\/:\s]", cell):
        raise UnfitCell("a short name for the study, without spaces, slashes and colons")
    return cell


def _page(cell: str) -> str:
    if not re.fullmatch(r"https?://\S+", cell):
        raise UnfitCell("the address of a page (https://…)")
    return cell


def _license(cell: str) -> str:
    url, _ = values.license_of(cell)
    if url is None:
        raise UnfitCell('a licence that is known, like "CC-BY-4.0" or "CC0", or the address of one')
    return url


def _date(cell: str) -> str:
    found = values.date(cell)
    if found is None or len(cell) > 25:
        raise UnfitCell("a date like 2024-05-31, or a year")
    return found


def _doi(cell: str) -> str:
    found = values.doi(cell)
    if found is None:
        raise UnfitCell("a DOI like 10.6019/S-BIAD634")
    return found


def _among(choices: tuple[str, ...]) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if cell.casefold().removeprefix("v") not in choices:
            raise UnfitCell(f"one of: {', '.join(choices)}")
        return cell.casefold().removeprefix("v")

    return read


def _flag(cell: str) -> bool:
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if cell.casefold() not in known:
        raise UnfitCell("yes or no")
    return known[cell.casefold()]


def _bytes(cell: str) -> int:
    try:
        return quantity_bytes(int(cell) if cell.isdigit() else cell)
    except SelectionError as exc:
        raise UnfitCell("a size like 1500000 or 1.5 MB") from exc


def _pixel_size(cell: str) -> dict[str, float]:
    try:
        size = quantity_um(float(cell) if re.fullmatch(r"[\d.]+", cell) else cell)
    except (SelectionError, ValueError) as exc:
        raise UnfitCell("a length like 0.325 (micrometer) or 325 nm") from exc
    return {"y": size, "x": size}


def _terms(vocabulary: Callable[[], Vocabulary]) -> Callable[[str], tuple[Term, ...]]:
    def read(cell: str) -> tuple[Term, ...]:
        return tuple(term for value in several(cell) for term in _known(value, vocabulary()))

    return read


def _known(value: str, vocabulary: Vocabulary) -> tuple[Term, ...]:
    found = vocabulary.find(value)
    if found:
        return found
    near = terms.nearest(value, vocabulary.names(), n=1)
    # A word that is close to a known one is a slip of the pen; one that is like none is a new word.
    if near:
        raise UnfitCell(f'known; did you mean "{near[0]}"?')
    return (Term(label=value),)


COLUMNS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "url": ("url", _address),
    "title": ("title", _word),
    "description": ("description", _word),
    "study": ("study", _study),
    "repository": ("repository", _word),
    "organism": ("organism", _terms(terms.organisms)),
    "imaging_method": ("imaging_method", _terms(terms.imaging_methods)),
    "license": ("license", _license),
    "authors": ("authors", several),
    "attribution": ("attribution", _word),
    "doi": ("doi", _doi),
    "publications": ("publications", several),
    "release_date": ("release_date", _date),
    "keywords": ("keywords", several),
    "landing_url": ("landing_url", _page),
    "thumbnail_url": ("thumbnail_url", _page),
    "ngff_version": ("ngff_version", _among(READ)),
    "layout": ("layout", _among(LAYOUTS)),
    "channels": ("channels", several),
    "pixel_size": ("pixel_size", _pixel_size),
    "has_labels": ("has_labels", _flag),
    "bytes": ("bytes", _bytes),
    "note": ("note", _word),
}
"""Columns of a list, each with the record's field and how its cells are read."""
