"""Citations as RIS, which EndNote, Mendeley and libraries read: one tag a line, each reference closed by ``ER``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.citation.reference import UNKNOWN, people

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fairlab.citation.reference import Reference

_TYPES = {"dataset": "DATA", "software": "COMP", "article": "JOUR", "archive": "JOUR"}


def ris(references: Sequence[Reference]) -> str:
    """All references, one after the other."""
    return "\n".join("\n".join(f"{tag}  - {text}" for tag, text in _lines(one)) + "\n" for one in references)


def _lines(reference: Reference) -> Iterator[tuple[str, str]]:
    dataset = reference.type == "dataset"
    yield "TY", _TYPES[reference.type]
    yield "ID", reference.key
    for name in people(reference.authors) or (["unknown author"] if dataset else []):
        yield "AU", name if isinstance(name, str) else ", ".join(name)
    yield "TI", reference.title or "unknown title"
    if reference.date:
        yield "PY", reference.year
        yield "DA", "/".join(f"{part:02d}" for part in reference.date)
    elif dataset:
        yield "PY", UNKNOWN
    told = (
        ("PB", reference.publisher or (UNKNOWN if dataset else None)),
        ("AN", reference.image or reference.accession),
        ("ET", reference.version),
        ("DO", reference.doi),
        ("UR", reference.address),
        ("L1", reference.data_address),
        ("Y2", reference.accessed and reference.accessed.replace("-", "/")),
        *(("N1", note) for note in reference.notes),
    )
    yield from ((tag, text) for tag, text in told if text)
    yield "ER", ""
