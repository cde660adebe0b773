"""Licences of several data sets taken together: what may be done with the whole, and who forbids the rest.

Facts about the licences, no legal advice: exceptions for research and for text and data mining differ by country.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlab.foreign_text import escaped
from fairlab.licenses import NO_DERIVATIVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.citation.reference import Reference

_UNSTATED = (
    "nobody states a licence that fairlab knows: ask the owners before you pass on anything made from it"
)


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What the licences of several data sets ask of something that is made from all of them."""

    license: str | None
    """Licence that what is made from all may carry: SPDX identifier; None when no single one fits."""
    commercial: bool | None
    """Whether the whole may be used commercially; None: a licence is unknown."""
    share: bool | None
    """Whether something made from the whole may be passed on; None: a licence is unknown."""
    duties: tuple[str, ...]
    """What must be done, one sentence each, with the data sets that ask for it."""
    conflicts: tuple[str, ...]
    """What cannot be reconciled, one sentence each, with the data sets that cause it."""

    def __str__(self) -> str:
        told = {None: "unknown", True: "yes", False: "no"}
        lines = [
            f"commercial use: {told[self.commercial]}",
            f"sharing what is made from it: {told[self.share]}"
            + (f", under {self.license}" if self.license else ""),
        ]
        lines += [f"- {duty}" for duty in self.duties]
        lines += [f"- conflict: {conflict}" for conflict in self.conflicts]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return "".join(f"<div>{escaped(line)}</div>" for line in str(self).split("\n"))


def pool(references: Iterable[Reference]) -> Pool:
    """The licences of data sets taken together.

    Attribution is owed to every source that asks; one non-commercial source makes the whole non-commercial; a
    share-alike source decides the licence of the whole; one source that forbids sharing changed versions forbids
    sharing the whole, and so does, until its owners are asked, one without a known licence.

    Examples
    --------
    >>> from fairlab.citation.reference import data_references
    >>> from fairlab.record import Record
    >>> records = [Record(id=f"x:{text}", kind="image", repository="X", license=text)
    ...            for text in ("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0")]
    >>> both = pool(data_references(records))
    >>> both.license, both.commercial, both.share
    ('CC-BY-NC-4.0', False, True)
    >>> pool(data_references([records[1], Record(id="x:1", kind="image", repository="X")])).share is None
    True
    """
    data = list(references)
    unknown = [one for one in data if one.license is None]
    closed = [one for one in data if one.license and one.license.non_commercial]
    fixed = [one for one in data if one.license and one.license.no_derivatives]
    alike = _by_license(one for one in data if one.license and one.license.share_alike)
    conflicts = _conflicts(alike, closed)
    share = False if fixed or conflicts else None if unknown else True
    return Pool(
        license=_license(data, alike, closed) if share else None,
        commercial=False if closed else None if unknown else True,
        share=share,
        duties=_duties(data, alike, closed, fixed, unknown),
        conflicts=conflicts,
    )


def _by_license(references: Iterable[Reference]) -> dict[str, list[Reference]]:
    found: dict[str, list[Reference]] = {}
    for one in references:
        found.setdefault(one.license_label, []).append(one)
    return found


def _conflicts(alike: Mapping[str, list[Reference]], closed: Sequence[Reference]) -> tuple[str, ...]:
    found = []
    codes = {one.license.code for group in alike.values() for one in group if one.license}
    asked = " and ".join(f"{label} ({_names(group)})" for label, group in alike.items())
    if len(codes) > 1:
        found.append(f"{asked} each ask that what is made from them carries their own licence")
    elif len(alike) > 1:
        found.append(
            f"{asked} are versions of one share-alike licence; whether a later one may stand for both is said in their "
            "text: read it before you share"
        )
    free = [
        label for label, group in alike.items() if group[0].license and not group[0].license.non_commercial
    ]
    others = [one for one in closed if one.license and one.license.code not in codes]
    if free and others:
        found.append(
            f"{' and '.join(free)} ask for a licence that allows commercial use, which {_names(others)} forbids"
        )
    return tuple(found)


def _license(
    data: Sequence[Reference], alike: Mapping[str, list[Reference]], closed: Sequence[Reference]
) -> str | None:
    """The strictest of the licences, which fits the whole when nothing conflicts."""
    ranked = [group[0] for group in alike.values()] or list(closed)
    ranked = ranked or [one for one in data if one.license and one.license.attribution_required] or list(data)
    labels = {one.license_label for one in ranked}
    return next(iter(sorted(labels, reverse=True)), None)


def _duties(
    data: Sequence[Reference],
    alike: Mapping[str, list[Reference]],
    closed: Sequence[Reference],
    fixed: Sequence[Reference],
    unknown: Sequence[Reference],
) -> tuple[str, ...]:
    credited = [one for one in data if one.license and one.license.attribution_required]
    told = [
        ("credit the authors, link to the licence and say what you changed", credited),
        ("no commercial use of the whole", closed),
        *((f"share what you make from it under {label}", group) for label, group in alike.items()),
        (NO_DERIVATIVES, fixed),
        (_UNSTATED, unknown),
    ]
    return tuple(f"{sentence} [{_names(group)}]" for sentence, group in told if group)


def _names(references: Iterable[Reference]) -> str:
    return ", ".join(dict.fromkeys(one.id for one in references))
