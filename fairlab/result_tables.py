"""Results as text for a terminal and as HTML for a notebook.

Titles come from repositories and are not trusted: HTML is escaped, control characters are taken out of text,
and only web addresses become links.
"""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fairlab import terms
from fairlab.foreign_text import breakable, escaped, linked, printable
from fairlab.quantities import readable_bytes
from fairlab.record import Record
from fairlab.traits import group_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from fairlab.record import Failure
    from fairlab.results import Group, Results
    from fairlab.terms import Term

MAX_ROWS = 100
"""Records drawn; the rest is counted."""
_WIDTHS = (3, 40, 20, 22, 18, 8, 12)
_HEADS = ("#", "title", "organism", "method", "OME-Zarr", "size", "licence")


def as_text(results: Results) -> str:
    """A table for a terminal, studies as headings, every line free of control characters."""
    lines = [*_head(results), ""] if results.records else _head(results)
    if results.records:
        lines.append(_line([*_HEADS, "id"]))
    number = 0
    for group, records in _grouped(results):
        if group is not None:
            lines.append(f"{group.id}  {_clip(group.title or '', 90)}  ({_of(len(records), group.total)})")
        for record in records:
            lines.append(_line([str(number), *_cells(record), record.id]))
            number += 1
    lines += _tail(results)
    return "\n".join(printable(line).rstrip() for line in lines)


# Jupyter aligns cells to the right and never breaks them unless each one says otherwise.
_CELL = "text-align:left;vertical-align:top;white-space:normal"
_SHORT = "text-align:left;vertical-align:top;white-space:nowrap"
_LONG = f"{_CELL};overflow-wrap:anywhere;min-width:11em"
_ONE_LINE = 15
"""A cell of no more characters stays on one line: ``"CC-BY-NC-SA-4.0"``."""
_FAILURE = "border-left:3px solid var(--jp-warn-color1,#f57c00);padding-left:0.5em"


def as_html(results: Results) -> str:
    """A table for a notebook, everything escaped."""
    head = "".join(f"<th style='{_SHORT}'>{escaped(name)}</th>" for name in (*_HEADS, "id"))
    body: list[str] = []
    number = 0
    for group, records in _grouped(results):
        if group is not None:
            title = f"<b>{escaped(group.id)}</b> {escaped(group.title or '')}"
            body.append(
                f"<tr><td colspan='8' style='{_CELL}'>{title} ({escaped(_of(len(records), group.total))})</td></tr>"
            )
        for record in records:
            body.append(_row(number, record))
            number += 1
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>" if body else ""
    failed = _failures(results.failures)
    around = [_paragraphs(_head(results), failed), table, _paragraphs(_tail(results))]
    return f"<div class='fairlab-results' style='text-align:left'>{''.join(around)}</div>"


def _row(number: int, record: Record) -> str:
    title, *others = _cells(record, clip=False)
    cells = [
        (_SHORT, str(number)),
        (_LONG, linked(title, record.landing_url)),
        *((_SHORT if len(cell) <= _ONE_LINE else _CELL, escaped(cell)) for cell in others),
        (_LONG, f"<code>{breakable(record.id)}</code>"),
    ]
    return "<tr>" + "".join(f"<td style='{style}'>{cell}</td>" for style, cell in cells) + "</tr>"


def around(results: Results) -> tuple[list[str], list[str]]:
    """What a reader is told above and below a table of results, a sentence each: found, asked, missing; notes.

    Examples
    --------
    >>> import fairlab
    >>> around(fairlab.search("mouse", limit=1, repositories=["sample"]))[0][0]
    '"mouse": 0 images'
    """
    return _head(results), _tail(results)


def _paragraphs(lines: Iterable[str], failed: Collection[str] = ()) -> str:
    return "".join(
        f"<p style='margin:0.2em 0;{_FAILURE if line in failed else ''}'>{escaped(line)}</p>"
        for line in lines
        if line
    )


def _head(results: Results) -> list[str]:
    lines = [f"{results.query.describe()}: {_found(results)}"]
    asked = ", ".join(map(partial(_with_total, results.totals), results.asked)) or "nobody"
    lines.append(f"asked: {asked}")
    if results.not_asked:
        lines[-1] += f" · not asked: {', '.join(results.not_asked)}"
    lines += _failures(results.failures)
    lines += [
        f"{name} cannot apply {', '.join(f.replace('_', ' ') for f in filters)}: its records may not meet this"
        for name, filters in results.unapplied.items()
    ]
    if results.relaxed:
        missing = ", ".join(f'"{term}"' for term in results.relaxed)
        lines.append(f"nothing has all terms; these come closest and lack: {missing}")
    return lines


def _found(results: Results) -> str:
    whole = len(results.records) == results.total and results.total_exact
    shown = "" if whole else f"{len(results.records):,} of {'' if results.total_exact else 'at least '}"
    if results.query.kind == "study":
        return shown + _counted(results.total, "study", "studies")
    found = shown + _counted(results.total, "image", "images")
    sources = _counted(results.total_groups, "study or source", "studies or sources")
    return f"{found} from {sources}" if results.total else found


def _with_total(totals: Mapping[str, int], name: str) -> str:
    return f"{name} ({totals[name]:,})" if name in totals else name


def _failures(failures: Sequence[Failure]) -> list[str]:
    """A line for each reason: a network that is away is one reason for all; ``failures`` has every detail."""
    by_reason: dict[tuple[str, str, str], list[str]] = {}
    for one in failures:
        what = (one.message.splitlines() or [""])[0]
        by_reason.setdefault((one.kind, what, one.advice), []).append(one.repository)
    return [
        f"no answer from {', '.join(names)} ({kind}): {what}; {advice}".removesuffix("; ")
        for (kind, what, advice), names in by_reason.items()
    ]


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _tail(results: Results) -> list[str]:
    hidden = len(results.records) - MAX_ROWS
    return [*([f"… and {hidden:,} more"] if hidden > 0 else []), *results.notes]


def _grouped(results: Results) -> list[tuple[Group | None, Sequence[Record]]]:
    records = results.records[:MAX_ROWS]
    if results.query.kind == "study" or results.query.group_by == "image":
        return [(None, records)] if records else []
    known = {group.id: group for group in results.groups}
    return [(known.get(key), tuple(found)) for key, found in groupby(records, key=group_of)]


def _cells(record: Record, *, clip: bool = True) -> list[str]:
    form = (
        " ".join(filter(None, (record.ngff_version, record.layout)))
        if record.kind == "image"
        else record.repository
    )
    known = terms.license(record.license)
    cells = [
        record.title or "untitled",
        _labels(record.organism),
        _labels(record.imaging_method),
        form or "unknown",
        readable_bytes(record.bytes),
        (known.spdx or known.name) if known else record.license or "unknown",
    ]
    return [_clip(cell, width) for cell, width in zip(cells, _WIDTHS[1:], strict=True)] if clip else cells


def _labels(found: Iterable[Term]) -> str:
    return ", ".join(term.label for term in found) or "unknown"


def _of(shown: int, total: int) -> str:
    return f"{total:,}" if shown == total else f"{shown:,} of {total:,}"


def _line(cells: Sequence[str]) -> str:
    fixed = "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False))
    return f"{fixed}  {cells[-1]}"


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def as_row(record: Record) -> dict[str, Any]:
    """A record as plain values, one for each column; several values of a field are joined with "; "."""
    return {
        "id": record.id,
        "kind": record.kind,
        "repository": record.repository,
        "accession": record.accession,
        "title": record.title,
        "organism": "; ".join(term.label for term in record.organism),
        "organism_id": "; ".join(term.id or "" for term in record.organism),
        "imaging_method": "; ".join(term.label for term in record.imaging_method),
        "imaging_method_id": "; ".join(term.id or "" for term in record.imaging_method),
        "license": record.license,
        "ngff_version": record.ngff_version,
        "layout": record.layout,
        "axes": ",".join(record.axes),
        "shape": ",".join(map(str, record.shape)),
        "bytes": record.bytes,
        "n_images": record.n_images,
        "authors": "; ".join(record.authors),
        "attribution": record.attribution,
        "doi": record.doi,
        "release_date": record.release_date,
        "url": record.url,
        "landing_url": record.landing_url,
        "channels": "; ".join(record.channels),
        "found_by": "; ".join(record.found_by),
        "note": record.note,
    }


COLUMNS = tuple(as_row(Record(id="", kind="image", repository="")))
"""Of a table of records, in order."""
