"""What licences ask of the reader, source by source: duties are listed, never merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.citation.reference import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.citation.reference import Reference


def duties(references: Sequence[Reference]) -> tuple[str, ...]:
    """One sentence for each licence and credit; with several data sets, it names those it is about.

    Examples
    --------
    >>> from fairlab.citation.reference import Reference
    >>> duties([Reference(key="x", id="x:1")])
    ('licence unknown: ask the owners of the data before you reuse or share it',)
    """
    about: dict[str, list[str]] = {}
    for reference in references:
        about.setdefault(_sentence(reference), []).append(reference.id)
    if len(references) < 2:
        return tuple(about)
    return tuple(f"{sentence} [{', '.join(ids)}]" for sentence, ids in about.items())


def _sentence(reference: Reference) -> str:
    found, label = reference.license, reference.license_label
    if found is None:
        if label != UNKNOWN:
            return f"{label}: fairlab does not know this licence; read it before you reuse or share the data"
        return "licence unknown: ask the owners of the data before you reuse or share it"
    asked = []
    if found.attribution_required:
        whom = reference.credit or "the authors (unknown here: ask the repository)"
        asked.append(f"credit {whom}, link to the licence ({found.url}), and say what you changed")
    if found.non_commercial:
        asked.append("no commercial use")
    if found.share_alike:
        asked.append("share what you derive from it under the same licence")
    if found.no_derivatives:
        asked.append(
            "do not share changed versions of it, such as derived images and labels, without permission (making them "
            "for yourself is permitted)"
        )
    if not asked:
        asked.append("it asks for no credit; citing the source is good practice all the same")
    return f"{label}: {'; '.join(asked)}"
