"""PageTab, the form in which BioStudies keeps a study: sections within sections, each with attributes.

Lists may hold lists, values may be missing, and a value may point at another section.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.repositories.answers import at, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section, its attributes by name."""

    kind: str
    """Folded: ``"study component"``, ``"author"``."""
    key: str | None
    """What other sections call it."""
    attributes: dict[str, tuple[str, ...]]
    """Folded name to values, in order."""
    references: dict[str, tuple[str, ...]]
    """Folded name to keys of the sections that stand for the values."""
    terms: dict[str, tuple[tuple[str, str | None], ...]]
    """Folded name to values with the identifiers of their terms, where they are ontology terms."""
    parent: str
    """Kind of the section around it."""
    raw: dict[str, Any]
    """As it came."""

    def one(self, *names: str) -> str | None:
        """The first value of the first of these attributes that has one."""
        return next(iter(self.all(*names)), None)

    def all(self, *names: str) -> tuple[str, ...]:
        """The values of the first of these attributes that has any."""
        return next((found for name in names if (found := self.attributes.get(name))), ())


def sections(study: Any) -> list[Section]:
    """The study itself, its main section, and all below, outer ones first.

    Examples
    --------
    >>> study = {"accno": "S-1", "attributes": [{"name": "Title", "value": "Cells"}],
    ...          "section": {"type": "Study", "subsections": [[{"type": "Author"}], {"type": "Organism"}]}}
    >>> [(one.kind, one.parent) for one in sections(study)]
    [('submission', ''), ('study', 'submission'), ('author', 'study'), ('organism', 'study')]
    """
    return list(_walk(study, "submission", ""))


def _walk(whole: Any, kind: str, around: str) -> Iterator[Section]:
    waiting: list[tuple[Any, str]] = [(whole, around)]
    while waiting:
        one, parent = waiting.pop(0)
        if not isinstance(one, dict):
            continue
        own = kind if one is whole else (text(one.get("type")) or "").casefold()
        yield _section(one, own, parent)
        below = [*objects(one.get("section")), *objects(one.get("subsections"))]
        waiting[:0] = [(child, own) for child in below]


def _section(one: dict[str, Any], kind: str, parent: str) -> Section:
    attributes: dict[str, tuple[str, ...]] = {}
    references: dict[str, tuple[str, ...]] = {}
    found: dict[str, tuple[tuple[str, str | None], ...]] = {}
    for attribute in objects(one.get("attributes")):
        name, value = (text(attribute.get("name")) or "").casefold(), text(attribute.get("value"))
        if not name or value is None:
            continue
        if attribute.get("reference") is True:
            references[name] = (*references.get(name, ()), value)
            continue
        attributes[name] = (*attributes.get(name, ()), value)
        qualified = {text(q.get("name")): text(q.get("value")) for q in objects(attribute.get("valqual"))}
        found[name] = (*found.get(name, ()), (value, qualified.get("TermId")))
    return Section(
        kind=kind,
        key=text(one.get("accno")),
        attributes=attributes,
        references=references,
        terms=found,
        parent=parent,
        raw=one,
    )


def files(place: Any) -> Iterator[tuple[str, int | None]]:
    """Paths and sizes of the files in a file list, or of a section.

    Examples
    --------
    >>> list(files([[{"path": "a/b.tif", "size": 3, "type": "file"}], {"size": 1}]))
    [('a/b.tif', 3)]
    """
    for one in objects(at(place, "files") if isinstance(place, dict) else place):
        path, size = text(one.get("path")) or text(one.get("filePath")), one.get("size")
        if path and text(one.get("type")) != "directory":
            yield path, size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None
