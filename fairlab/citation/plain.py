"""Citations as plain text, in the form that DataCite recommends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.citation.reference import Reference


def text(references: Sequence[Reference]) -> str:
    """One line for each reference."""
    return "\n".join(line(reference) for reference in shown(references))


def shown(references: Sequence[Reference]) -> list[Reference]:
    """The references that have a line of their own: articles about data stand in the line of the data."""
    return [reference for reference in references if reference.type != "article"]


def line(reference: Reference) -> str:
    """One reference: creators (year): title. publisher. type. identifier (details). articles."""
    authors = "; ".join(reference.authors) or "unknown author"
    if reference.type == "software":
        return (
            f"{authors}: {reference.title}, version {reference.version}. Software. "
            f"{reference.address} ({reference.license_label})"
        )
    if reference.type == "archive":
        return f"{authors} ({reference.year}): {reference.title}. {reference.address}"
    year = reference.year if reference.date else "unknown year"
    title = (reference.title or "unknown title").rstrip(".")
    publisher = reference.publisher or "unknown publisher"
    where = reference.address or reference.id
    articles = f". Described in: {', '.join(reference.articles)}" if reference.articles else ""
    return f"{authors} ({year}): {title}. {publisher}. Dataset. {where} ({', '.join(reference.details)}){articles}"
