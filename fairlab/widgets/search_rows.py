"""Records as the search panel shows them: one row of plain texts each, facets to choose from, and code to copy."""

from __future__ import annotations

import contextlib
import csv
import html
import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlab.errors import FairlabError, QueryError
from fairlab.quantities import readable_bytes
from fairlab.repositories import base
from fairlab.runs.credentials import holds_secret
from fairlab.traits import group_of, traits_of
from fairlab.widgets.discretion import discreet, public_link, shown_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.record import Record
    from fairlab.results import Group
    from fairlab.terms import Term

    Row = dict[str, Any]

FACETS = {
    "organism": "Organism",
    "imaging_method": "Method",
    "license": "Licence",
    "repository": "Repository",
}
"""Facets to choose from: the filter that each is, and its heading."""
SIZES = {
    10_000_000: "up to 10 MB",
    100_000_000: "up to 100 MB",
    1_000_000_000: "up to 1 GB",
    10**10: "up to 10 GB",
}
"""Choices of the facet of size, by bytes."""
_SPACE = ("x", "y", "z")
_LENGTHS = ((1e4, 1e4, "cm"), (1e3, 1e3, "mm"), (1.0, 1.0, "µm"), (0.0, 1e-3, "nm"))


class Facet(NamedTuple):
    """One facet, as it is offered."""

    values: Mapping[str, int]
    """Value to how many have it, most frequent first."""
    chosen: tuple[str, ...] = ()
    """Those that were chosen."""


def row_of(record: Record, key: str, *, heading: str = "") -> Row:
    """One record as texts.

    Parameters
    ----------
    record : Record
        What is shown.
    key : str
        Name under which the front-end speaks of it; its address stays in Python.
    heading : str
        Title of the study that it begins.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> row = row_of(Record(id="x:1", kind="image", repository="X", axes=("c", "y", "x"), shape=(2, 600, 800),
    ...                     pixel_size={"y": 0.5, "x": 0.5}, bytes=1_900_000), "r0")
    >>> row["pixels"], row["extent"], row["bytes"], row["licence"]
    ('800 × 600 px · c 2', '400 × 300 µm', '1.9 MB', 'unknown')
    """
    traits = traits_of(record)
    return {
        "key": key,
        "id": shown_id(record),
        "title": discreet(record.title or "untitled"),
        "heading": heading,
        "about": " · ".join(filter(None, (_labels(record.organism), _labels(record.imaging_method)))),
        "pixels": _pixels(record),
        "extent": _extent(record),
        "bytes": readable_bytes(record.bytes),
        "licence": traits.license,
        "licence_url": public_link(record.license),
        "source": record.repository,
        "page": public_link(record.landing_url),
        "form": "study" if record.kind == "study" else record.layout or "",
        "opens": traits.openable,
    }


def rows_of(records: Sequence[Record], groups: Iterable[Group], keys: Sequence[str]) -> list[Row]:
    """Records in order, under their keys, with a heading where another study begins."""
    titles = {group.id: f"{group.title} ({group.total:,})" for group in groups if group.title}
    rows, before = [], None
    for record, key in zip(records, keys, strict=True):
        study = group_of(record)
        heading = titles.get(study, "") if study != before and record.kind == "image" else ""
        rows.append(row_of(record, key, heading=discreet(heading)))
        before = study
    return rows


_CELL = "text-align:left;vertical-align:top;white-space:normal"
_COLUMNS = ("title", "about", "pixels", "extent", "bytes", "licence", "source")


def table_of(rows: Iterable[Row], lines: Iterable[str]) -> str:
    """The rows as plain HTML, everything escaped: what a saved notebook shows where nothing runs."""
    said = "".join(f"<p style='margin:0.2em 0'>{html.escape(line)}</p>" for line in lines)
    heads = ("title", "sample and method", "pixels", "size", "bytes", "licence", "source", "id")
    head = "".join(f"<th style='{_CELL}'>{name}</th>" for name in heads)
    body = "".join(
        "<tr>"
        + "".join(f"<td style='{_CELL}'>{html.escape(row[name])}</td>" for name in _COLUMNS)
        + f"<td style='{_CELL}'><code>{html.escape(row['id'])}</code></td></tr>"
        for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""
    return f"<div class='fairlab-results' style='text-align:left'>{said}{table}</div>"


def facets_of(facets: Mapping[str, Facet], max_bytes: int | None) -> list[dict[str, Any]]:
    """Facets as the panel offers them; values that were chosen stay on offer whatever was found."""
    offered: list[dict[str, Any]] = []
    for name, heading in FACETS.items():
        facet = facets.get(name, Facet({}))
        counts = {**{value: 0 for value in facet.chosen if value not in facet.values}, **facet.values}
        values = [[value, f"{number:,}", value in facet.chosen] for value, number in counts.items()]
        offered.append({"name": name, "heading": heading, "values": values})
    sizes = [[str(size), text, size == max_bytes] for size, text in SIZES.items()]
    return [*offered, {"name": "max_bytes", "heading": "Size", "values": sizes}]


def code_of(record: Record) -> str:
    """Lines of Python that open a record.

    Raises
    ------
    QueryError
        kind ``"secret"``: its address holds a password, token or signature.

    Examples
    --------
    >>> import fairlab
    >>> print(code_of(fairlab.lookup("sample:nuclei")))
    import fairlab
    <BLANKLINE>
    tree = fairlab.open_image("sample:nuclei")
    fairlab.view(tree)
    """
    if record.kind == "study":
        lines = [f"images = fairlab.lookup({_quoted(record.id)}).images()", "images"]
    else:
        verb = "open_plate" if record.layout == "plate" else "open_image"
        lines = [f"tree = fairlab.{verb}({_quoted(place_of(record))})", "fairlab.view(tree)"]
    return "\n".join(["import fairlab", "", *lines])


def csv_of(records: Sequence[Record]) -> str:
    """A table of one column, ``url``, with a line for each record: what a notebook is run over.

    Raises
    ------
    QueryError
        kind ``"secret"``, or ``"no-pixels"``: a record resolves to none.
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["url"])
    lines.writerows([place_of(record)] for record in records)
    return text.getvalue()


def place_of(record: Record) -> str:
    """What opens a record again: its identifier where a catalogue knows it, else its address."""
    with contextlib.suppress(FairlabError):  # not known by name: by address, then
        if base.scheme(record.id) is not None and base.lookup(record.id).url == record.url:
            return record.id
    if not record.url:
        raise QueryError(
            f"{record.id} resolves to no pixels, so that nothing can be run over it\n"
            "  record.images() has the images of a study that open",
            kind="no-pixels",
            record=record.id,
        )
    if holds_secret(record.url):
        raise QueryError(
            f"the address of {shown_id(record)} holds a password, token or signature\n"
            "  it is not written down; browser.selected[0].open() opens it",
            kind="secret",
        )
    return record.url


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _labels(found: Iterable[Term]) -> str:
    return ", ".join(term.label for term in found)


def _pixels(record: Record) -> str:
    if not record.shape:
        return "size unknown"
    if len(record.axes) != len(record.shape):
        return " × ".join(f"{n:,}" for n in record.shape)
    sizes = dict(zip(record.axes, record.shape, strict=True))
    plane = " × ".join(f"{sizes[axis]:,}" for axis in ("x", "y") if axis in sizes)
    others = [f"{axis} {n:,}" for axis, n in sizes.items() if axis not in ("x", "y") and n > 1]
    return " · ".join([*([f"{plane} px"] if plane else []), *others])


def _extent(record: Record) -> str:
    """Size of the whole in one unit, as far as the record states it."""
    if len(record.axes) != len(record.shape):
        return ""
    sizes = dict(zip(record.axes, record.shape, strict=True))
    lengths = [sizes[a] * record.pixel_size[a] for a in _SPACE if a in sizes and record.pixel_size.get(a)]
    if not lengths or "x" not in record.pixel_size or "y" not in record.pixel_size:
        return ""
    _, factor, unit = next(one for one in _LENGTHS if max(lengths) >= one[0])
    return " × ".join(f"{length / factor:.3g}" for length in lengths) + f" {unit}"
