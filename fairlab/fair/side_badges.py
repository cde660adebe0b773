"""Badges beside the score: privacy, credit and fitness for machine learning. They never change a number."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from fairlab.errors import FormatError
from fairlab.fair.metrics import seen
from fairlab.fair.privacy.files import audit_body
from fairlab.fair.privacy.places import Notes, findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fairlab.fair.bundle import Probe
    from fairlab.fair.description import Description
    from fairlab.fair.privacy.findings import Finding

Group = Literal["privacy", "credit", "ai"]
State = Literal["good", "look", "stop", "unknown"]
_NAMED: Final = 3
_HUMAN: Final = "NCBITaxon:9606"
_LINES: Final = ("CLO:", "BTO:", "CVCL")


@dataclass(frozen=True, kw_only=True)
class Badge:
    """One check that is shown, never counted."""

    id: str
    """``"P-01"``."""
    group: Group
    """What it is about."""
    state: State
    """Good; worth a look; stop before you pass it on; could not be told."""
    title: str
    """What is checked."""
    text: str
    """What was found; never a value that the privacy audit found, only its place."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def badges(probe: Probe | None, description: Description) -> tuple[Badge, ...]:
    """Every badge that can be told from the documents at hand."""
    return (*_privacy(probe, description), *_credit(description), *_ai(probe, description))


def _privacy(probe: Probe | None, description: Description) -> Iterator[Badge]:
    yield _human(description)
    if probe is not None and seen.was_probed(probe):
        yield from _identifying(probe)
    yield _conditions(description)


_TITLES: Final = {
    "P-02": "what names people",
    "P-03": "what may lead to people",
    "P-04": "pictures of slide labels",
}


def _identifying(probe: Probe) -> Iterator[Badge]:
    """What the audit finds in the documents, as places; the values stay where they are."""
    notes, unread = [], []
    for role, answer in sorted(probe.answers.items()):
        if role in seen.RESOLUTION:
            continue
        audited = None if answer.text is None else _audited(role, answer.text)
        if audited is not None:
            notes.append(audited)
        elif answer.text is not None or answer.error is not None:
            unread.append(role)
    found: dict[str, list[Finding]] = {id_: [] for id_ in _TITLES}
    for one in findings(notes, {}):
        id_ = "P-04" if one.rule == "slide-label" else "P-02" if one.severity == "block" else "P-03"
        found[id_].append(one)
    for id_, title in _TITLES.items():
        mine = found[id_]
        places = ", ".join(f"{one.rule} at {one.document} {one.path}" for one in mine[:_NAMED])
        more = f" and {len(mine) - _NAMED} more" if len(mine) > _NAMED else ""
        state: State = ("look" if id_ == "P-03" else "stop") if mine else "unknown" if unread else "good"
        text = f"{places}{more}" if mine else f"nothing in {len(notes)} documents"
        if unread:  # a document that cannot be read is not one in which nobody is named
            text += f"; not looked into: {', '.join(unread)}"
        yield Badge(id=id_, group="privacy", state=state, title=title, text=text)
    claims = [one.deidentified for one in notes if one.deidentified is not None]
    if claims:
        state = "good" if all(claims) else "look"
        text = "stated" if all(claims) else "denied"
        yield Badge(id="P-05", group="privacy", state=state, title="de-identification", text=text)


def _audited(role: str, text: str) -> Notes | None:
    """What the audit notes of one document; None where it cannot be read."""
    notes = Notes(document=(role,))
    try:
        audit_body(text.encode("utf-8", "replace"), "xml" if role == "ome-xml" else "json", "", notes)
    except FormatError:
        return None
    return notes


def _human(description: Description) -> Badge:
    organisms = [one for one in description.get("biosample.organism") or [] if isinstance(one, dict)]
    title = "human origin"
    if not organisms:
        return Badge(id="P-01", group="privacy", state="unknown", title=title, text="no organism is stated")
    if not any(one.get("id") == _HUMAN for one in organisms):
        return Badge(
            id="P-01", group="privacy", state="good", title=title, text="no human material is stated"
        )
    lines = [
        one
        for path in ("biosample.cell_line", "biosample.biological_entity")
        for one in description.get(path) or []
        if isinstance(one, dict) and str(one.get("id", "")).startswith(_LINES)
    ]
    text = (
        f"human, of a cell line: {seen.brief(lines)}"
        if lines
        else "human: take it for a patient's until told otherwise"
    )
    return Badge(id="P-01", group="privacy", state="good" if lines else "look", title=title, text=text)


def _conditions(description: Description) -> Badge:
    stated = {
        "access level": description.get("access.level"),
        "use conditions": description.get("access.conditions"),
        "where it is stored": description.get("access.residency"),
    }
    known = [f"{name} {seen.brief(value)}" for name, value in stated.items() if value]
    closed = description.get("access.level") == "restricted"
    return Badge(
        id="P-06",
        group="privacy",
        state="look" if closed else "good" if known else "unknown",
        title="use conditions and residency",
        text="; ".join(known) or "none is stated",
    )


def _credit(description: Description) -> Iterator[Badge]:
    get = description.get
    parts = {
        "creators": get("citation.creators") or get("citation.attribution"),
        "year": get("citation.date_published"),
        "title": get("citation.title") or get("study.title"),
        "publisher": get("citation.publisher") or get("identity.repository"),
        "identifier": get("identity.doi") or get("identity.accession"),
    }
    yield _complete("C-01", "credit", "citable", parts, whole="a full citation can be made")
    doi = get("identity.doi")
    articles = {one.get("doi") for one in get("citation.publications") or [] if isinstance(one, dict)}
    state: State = "look" if not doi or doi in articles else "good"
    text = (
        "the data have no DOI of their own"
        if state == "look"
        else f"the data have a DOI of their own: {seen.brief(doi)}"
    )
    yield Badge(id="C-02", group="credit", state=state, title="citable apart from the article", text=text)


def _ai(probe: Probe | None, description: Description) -> Iterator[Badge]:
    get = description.get
    parts = {
        "name": get("citation.title") or get("study.title"),
        "description": get("citation.description") or get("study.description"),
        "license": get("citation.license"),
        "url": get("identity.landing_page") or get("identity.url") or get("identity.doi"),
        "creator": get("citation.creators"),
        "datePublished": get("citation.date_published"),
        "distribution": seen.where(probe, description),
    }
    yield _complete("AI-01", "ai", "a Croissant card can be made", parts, whole="all that it needs is stated")
    if get("annotation.type") or get("image.has_labels"):
        told = get("annotation.type") and get("annotation.labels")
        text = seen.brief(get("annotation.type")) if told else "there are labels, but not what they mean"
        yield Badge(
            id="AI-02", group="ai", state="good" if told else "look", title="labels explained", text=text
        )
    if annotated := [
        path for path in ("annotation.method", "annotation.criteria", "annotation.annotators") if get(path)
    ]:
        text = f"stated: {', '.join(path.partition('.')[2] for path in annotated)}"
        yield Badge(id="AI-03", group="ai", state="good", title="annotation explained", text=text)
    pinned = get("identity.content_hash") or get("identity.version")
    text = f"pinned by {seen.brief(pinned)}" if pinned else "neither a version nor a checksum is stated"
    yield Badge(id="AI-05", group="ai", state="good" if pinned else "look", title="version pinned", text=text)


def _complete(id: str, group: Group, title: str, parts: Mapping[str, Any], *, whole: str) -> Badge:
    """A badge for what takes several values: good with all of them, else it names those that are missing."""
    missing = [name for name, value in parts.items() if not value]
    text = f"missing: {', '.join(missing)}" if missing else whole
    return Badge(id=id, group=group, state="look" if missing else "good", title=title, text=text)
