"""What licences ask of the reader, source by source: duties are listed, never merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.licenses import license as known_license

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.record import Record


def license_label(record: Record) -> str:
    """SPDX identifier of a record's licence, else its name or its own words, else "unknown"."""
    stated = record.license or record.license_as_listed
    found = known_license(stated)
    if found is None:
        return stated or "unknown"
    return found.spdx or found.name


def duties(records: Sequence[Record]) -> tuple[str, ...]:
    """One sentence for each licence and credit; with several records, it names those it is about.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> duties([Record(id="x:1", kind="image", repository="X")])
    ('licence unknown: ask the owners of the data before you reuse or share it',)
    """
    about: dict[str, list[str]] = {}
    for record in records:
        about.setdefault(_sentence(record), []).append(record.id)
    if len(records) < 2:
        return tuple(about)
    return tuple(f"{sentence} [{', '.join(ids)}]" for sentence, ids in about.items())


def _sentence(record: Record) -> str:
    stated = record.license or record.license_as_listed
    found = known_license(stated)
    if found is None:
        if stated:
            return f"{stated}: fairlab does not know this licence; read it before you reuse or share the data"
        return "licence unknown: ask the owners of the data before you reuse or share it"
    asked = []
    if found.attribution_required:
        asked.append(f"credit {_whom(record)}, link to the licence ({found.url}), and say what you changed")
    if found.non_commercial:
        asked.append("no commercial use")
    if found.share_alike:
        asked.append("share what you derive from it under the same licence")
    if found.no_derivatives:
        asked.append("do not share changed versions of it, such as derived images and labels")
    if not asked:
        asked.append("it asks for no credit; citing the source is good practice all the same")
    return f"{license_label(record)}: {'; '.join(asked)}"


def _whom(record: Record) -> str:
    return record.attribution or "; ".join(record.authors) or "the authors (unknown here: ask the repository)"
