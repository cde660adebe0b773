"""Citations as CSL-JSON, which Zotero, pandoc and citeproc read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fairlab.citation.reference import UNKNOWN, people

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.citation.reference import Reference


_TYPES = {"dataset": "dataset", "software": "software"}


def csl_json(references: Sequence[Reference]) -> str:
    """A JSON list of items."""
    return json.dumps([item(reference) for reference in references], ensure_ascii=False, indent=1)


def item(reference: Reference) -> dict[str, Any]:
    """One CSL item; the licence stands in ``note``, for CSL has no place of its own for it."""
    author = people(reference.authors) or (["unknown author"] if reference.type == "dataset" else [])
    fields = {
        "id": reference.key,
        "type": _TYPES.get(reference.type, "article-journal"),
        "title": reference.title or "unknown title",
        "author": [_name(name) for name in author],
        "issued": {"date-parts": [list(reference.date)]} if reference.date else None,
        "publisher": reference.publisher,
        "number": reference.image or reference.accession or (None if reference.address else reference.id),
        "version": reference.version,
        "DOI": reference.doi,
        "URL": reference.address,
        "accessed": _day(reference.accessed) if reference.accessed else None,
        "note": "; ".join(reference.notes),
    }
    if reference.type == "dataset":
        fields["issued"] = fields["issued"] or {"literal": UNKNOWN}
        fields["publisher"] = fields["publisher"] or UNKNOWN
    return {name: value for name, value in fields.items() if value}


def _name(name: tuple[str, str] | str) -> dict[str, str]:
    return {"literal": name} if isinstance(name, str) else {"family": name[0], "given": name[1]}


def _day(text: str) -> dict[str, Any]:
    return {"date-parts": [[int(part) for part in text.split("-")]]}
