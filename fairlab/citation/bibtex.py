"""Citations as BibTeX: ``@misc``, which every style knows, with ``doi`` and ``url`` for those that print them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fairlab.citation.reference import UNKNOWN, people

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.citation.reference import Reference

# Braces must balance in BibTeX even behind a backslash, so they are spelled out.
_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", **{sign: f"\\{sign}" for sign in "&%_#$"},
}  # fmt: skip


_KINDS = {"dataset": "Dataset", "software": "Software", "article": "Article", "archive": "Article"}


def bibtex(references: Sequence[Reference]) -> str:
    """One entry for each reference."""
    return "\n".join(_entry(reference) for reference in references)


def escape(text: str) -> str:
    r"""Text as LaTeX prints it; letters beyond ASCII stay.

    Examples
    --------
    >>> print(escape("50% of H2B_GFP & müll"))
    50\% of H2B\_GFP \& müll
    """
    return "".join(_LATEX.get(letter, letter) for letter in text)


def _entry(reference: Reference) -> str:
    kind = _KINDS[reference.type]
    note = [f"version {reference.version}"] if reference.version else []
    note += [] if reference.address else [reference.id]
    note += reference.details if reference.type == "dataset" else []
    note += [reference.license_label] if reference.type == "software" else []
    note += [f"credit: {reference.attribution}"] if reference.attribution else []
    note += [f"described in {article}" for article in reference.articles]
    fields = {
        "author": _authors(reference) if reference.authors or reference.type == "dataset" else "",
        "title": f"{{{escape(reference.title or 'unknown title')}}}",
        "year": reference.year if reference.date or reference.type == "dataset" else "",
        "publisher": escape(reference.publisher or UNKNOWN) if reference.type == "dataset" else "",
        "howpublished": kind,
        "doi": _verbatim(reference.doi),
        "url": _verbatim(reference.address),
        "urldate": reference.accessed or "",
        "note": escape("; ".join(note)),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{reference.key},\n{lines}\n}}\n"


def _authors(reference: Reference) -> str:
    written = []
    for name in people(reference.authors) or ["unknown author"]:
        if isinstance(name, tuple):
            written.append(", ".join(escape(part) for part in name))
        elif re.fullmatch(r"et al\.?", name):
            written.append("others")
        else:  # braces keep BibTeX from taking a team for a person, or an initial for a first name
            written.append(f"{{{escape(name)}}}")
    return " and ".join(written)


def _verbatim(text: str | None) -> str:
    # doi and url are printed as they stand; only what would end the field must not stand in them.
    codes = {"{": "%7B", "}": "%7D", "\\": "%5C", " ": "%20"}
    return "".join(codes.get(letter, letter) for letter in text or "")
