"""Ontology terms, judged offline: registered, existing, labelled right, specific, and true to the text.

A term that fairlab does not carry is unknown, never wrong: ontologies grow, and only FBbi and the taxa of public
studies are embedded. Everything here is a pure function of a description.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.promised import dicts, text
from fairlab.fair.term_report import TermFinding, TermReport
from fairlab.fair.term_suggestions import METHOD, MOST, retired, suggest
from fairlab.fair.term_text import contradicted, mentions
from fairlab.terms import Term, Vocabulary, fold, identifier, imaging_methods, organisms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fairlab.fair.description import Description

REGISTERED: Final = frozenset(
    {
        "NCBITaxon", "FBbi", "EFO", "OBI", "UBERON", "CL", "CLO", "BTO", "GO", "CHEBI", "CMPO", "EDAM", "MONDO",
        "DUO", "SPDX", "BAO", "FMA", "HGNC", "DOID", "HP", "MP", "PATO", "SO", "PR", "NCIT", "MI", "FBCV", "FBBT",
        "ZFA", "ZFS", "MA", "WBBT", "PO", "HANCESTRO", "CVCL", "ORPHA", "UO", "RRID",
    }
)  # fmt: skip
"""Prefixes of registered ontologies and identifier schemes met in bioimaging; compared without case."""
_PREFIXES: Final = frozenset(prefix.casefold() for prefix in REGISTERED)
BROAD: Final = frozenset(
    {
        "FBbi:00000000", "FBbi:00000222", "FBbi:00000240", "FBbi:00000241", "FBbi:00000265", "FBbi:00000343",
        "FBbi:00000345",
    }
)  # fmt: skip
"""Imaging methods that say nothing: imaging method, macroscopy, microscopy, recorded image, light microscopy."""
TERM_PATHS: Final = (
    "study.type",
    "study.about",
    "biosample.organism",
    "biosample.biological_entity",
    "biosample.cell_line",
    "biosample.strain",
    "acquisition.method",
)
"""Paths of a description whose values are terms."""
_CARRIED: Final = re.compile(r"\W*(?:obo:)?(?:FBbi|NCBITaxon)", re.IGNORECASE)
_WELL_FORMED: Final = re.compile(r"FBbi:\d{8}|NCBITaxon:[1-9]\d*")
_LONGEST: Final = 500
_RELEASE: Final = "the release of 2019-03-07 with later ids seen in archives"


def judged(description: Description, *, source: str = "") -> TermReport:
    """All checks on all terms of a description.

    Parameters
    ----------
    description : Description
        What is known.
    source : str
        What it is called in the answer.

    Examples
    --------
    >>> from fairlab.fair import Description
    >>> from fairlab.record import Record
    >>> record = Record(id="a:1", kind="image", repository="a", title="Light sheet images of a brain",
    ...                 imaging_method=(Term(label="confocal microscopy", id="FBbi:00000251"),))
    >>> report = judged(Description.of(record))
    >>> report.of("exists")[0].status, report.of("text")[0].suggestions[0].id
    ('pass', 'FBbi:00000369')
    """
    return TermReport(source=source, findings=tuple(_findings(description)))


def _findings(description: Description) -> Iterator[TermFinding]:
    for path in TERM_PATHS:
        for value in dicts(description, path):
            yield from term_findings(path, value)
    methods = dicts(description, METHOD)
    texts = [text(description, path) for path in ("citation.title", "citation.description", "study.title")]
    written = list(filter(None, texts))
    yield from _specific(methods, written)
    yield from _true_to_text(methods, written)


def term_findings(path: str, value: Mapping[str, str]) -> Iterator[TermFinding]:
    """What can be said of one term by itself: registered, existing, labelled right.

    Examples
    --------
    >>> [str(one.status) for one in term_findings("acquisition.method", {"label": "SPIM", "id": "FBbi:00000369"})]
    ['pass', 'pass', 'pass']
    """
    label = _bounded(value.get("label"))
    stated = _bounded(value.get("id"))
    compact = identifier(stated) if stated else None
    common: dict[str, Any] = {"path": path, "label": label, "id": compact or stated}
    if stated is None:
        yield TermFinding(
            check="exists",
            status="unknown",
            message=f'"{_short(label)}" has no identifier',
            suggestions=suggest(label or "", path=path),
            **common,
        )
        return
    prefix = (compact or stated).partition(":")[0]
    registered = prefix.casefold() in _PREFIXES
    yield TermFinding(
        check="registered",
        status="pass" if registered else "fail",
        message=f"{_short(compact or stated)} is of {'a registered' if registered else 'no registered'} ontology",
        **common,
        suggestions=() if registered else suggest(label or "", path=path),
    )
    yield from _exists(stated, compact, label, common)
    vocabulary = _vocabulary(compact)
    if compact and vocabulary and compact in vocabulary.entries and label and identifier(label) is None:
        yield _labelled(compact, label, vocabulary, common)


# ── exists ───────────────────────────────────────────────────────────────────────────────────────────


def _vocabulary(compact: str | None) -> Vocabulary | None:
    match (compact or "").partition(":")[0]:
        case "FBbi":
            return imaging_methods()
        case "NCBITaxon":
            return organisms()
    return None


def _exists(
    stated: str, compact: str | None, label: str | None, common: dict[str, Any]
) -> Iterator[TermFinding]:
    path = str(common["path"])
    # Its scheme is carried here, its form is not that of any term: "FBbi:123456789", "NCBITaxon:mouse".
    if _CARRIED.match(stated) and not _WELL_FORMED.fullmatch(compact or ""):
        yield TermFinding(
            check="exists",
            status="fail",
            message=f"{_short(stated)} is no identifier of any term",
            suggestions=suggest(label or "", path=path),
            **common,
        )
        return
    if compact is None:
        return
    if gone := retired().get(compact):
        instead = gone.instead or suggest(label or gone.label, path=path)
        yield TermFinding(
            check="exists", status="fail", message=f'{compact} "{gone.label}" is deprecated', suggestions=instead,
            **common,
        )  # fmt: skip
        return
    vocabulary = _vocabulary(compact)
    if vocabulary is None:
        return
    known = compact in vocabulary.entries
    what = (
        f"FBbi here is {_RELEASE}" if compact.startswith("FBbi") else "only taxa of public studies are here"
    )
    yield TermFinding(
        check="exists",
        status="pass" if known else "unknown",
        message=f"{compact} exists" if known else f"{compact} is not known here ({what})",
        **common,
        suggestions=() if known else suggest(label or "", path=path),
    )


# ── label ────────────────────────────────────────────────────────────────────────────────────────────


def _labelled(compact: str, label: str, vocabulary: Vocabulary, common: dict[str, Any]) -> TermFinding:
    entry = vocabulary.entries[compact]
    names = {fold(name) for name in (entry.term.label, *entry.synonyms)} - {()}
    bare = fold(re.sub(r"\s*\([^)]*\)", "", label))
    inside = {fold(part) for part in re.findall(r"\(([^)]*)\)", label)}
    if names & {fold(label), bare, *inside}:
        return TermFinding(
            check="label", status="pass", message=f'{compact} is "{entry.term.label}"', **common
        )
    others = [
        term for term in vocabulary.find(label) or vocabulary.find(" ".join(bare)) if term.id != compact
    ]
    message = f'{compact} is "{entry.term.label}", not "{_short(label)}"'
    return TermFinding(
        check="label",
        status="fail",
        message=message,
        suggestions=(*others[:MOST], entry.term),
        **common,
    )


# ── specific ─────────────────────────────────────────────────────────────────────────────────────────


def too_broad(value: Mapping[str, str]) -> bool:
    """Whether a method says no more than that there is an image.

    Examples
    --------
    >>> too_broad({"label": "light microscopy"}), too_broad({"label": "x", "id": "FBbi:00000251"})
    (True, False)
    """
    return imaging_methods().key(_term(value)) in BROAD


def _specific(methods: list[dict[str, str]], texts: list[str]) -> Iterator[TermFinding]:
    broad = [value for value in methods if too_broad(value)]
    enough = len(broad) < len(methods)
    for value in methods:
        if enough and value in broad:
            continue  # one specific method is enough
        label, key = value.get("label"), identifier(value.get("id") or "") or value.get("id")
        yield TermFinding(
            check="specific",
            status="pass" if enough else "fail",
            path=METHOD,
            label=label,
            id=key,
            message=f'"{_short(label)}" says how the image was made'
            if enough
            else f'"{_short(label)}" is too broad: it says only that there is an image',
            suggestions=() if enough else _narrower(texts),
        )


def _narrower(texts: list[str]) -> tuple[Term, ...]:
    known = imaging_methods().entries
    named = [one.principle for text in texts for one in mentions(text)]
    return tuple(known[key].term for key in dict.fromkeys(named))[:MOST]


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────


def _true_to_text(methods: list[dict[str, str]], texts: list[str]) -> Iterator[TermFinding]:
    vocabulary = imaging_methods()
    keys = {vocabulary.key(_term(value)): value for value in methods}
    known = [key for key in keys if key]
    # A title says what the images are; a description may speak of other work, so it is asked where a title is mute.
    asked = next((one for one in texts if mentions(one)), "")
    named = mentions(asked)
    if not known or not named:
        return
    wrong = contradicted(asked, known)
    value = keys[known[0]]
    written = ", ".join(f'"{one.written}"' for one in named)
    stated = ", ".join(vocabulary.entries[key].term.label for key in known)
    yield TermFinding(
        check="text",
        status="fail" if wrong else "pass",
        path=METHOD,
        label=value.get("label"),
        id=vocabulary.entries[known[0]].term.id,
        message=f"the text says {written}, the term {stated}" + ("" if wrong else ": they agree"),
        suggestions=tuple(vocabulary.entries[one.principle].term for one in named)[:MOST] if wrong else (),
    )


def _bounded(value: Any) -> str | None:
    # A crate may hold anything; what is longer than this names no term, and patterns take the square of its length.
    return str(value or "")[:_LONGEST].strip() or None


def _term(value: Mapping[str, Any]) -> Term:
    return Term(label=_bounded(value.get("label")) or "", id=_bounded(value.get("id")))


def _short(text: str | None) -> str:
    return (text or "")[:60]
