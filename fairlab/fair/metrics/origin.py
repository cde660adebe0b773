"""R1.2 and R1.3: where the data come from, what made the files, and which profile the record follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.metrics import seen
from fairlab.fair.metrics.linked import root_of
from fairlab.fair.metrics.seen import not_said, said
from fairlab.fair.outcome import Evidence, Outcome, failed, graded, met, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.bundle import Probe
    from fairlab.fair.description import Description
    from fairlab.fair.statement import Statement

_CHALLENGE: Final = ("resultOf", "fbbi_id", "organism_classification")
_GIDE: Final = (
    "name",
    "description",
    "datePublished",
    "license",
    "author",
    "publisher",
    "about",
    "measurementMethod",
)
_CONVERTED_BY: Final = (*seen.BESIDE, "ngff")


def provenance(probe: Probe | None, description: Description) -> Outcome:
    """R1.2-01: who made it, when, and who publishes it; a third each."""
    get = description.get
    parts: dict[str, Any] = {
        "creators": get("citation.creators") or get("citation.attribution"),
        "a date": get("citation.date_published") or get("acquisition.date"),
        "the archive": get("identity.repository") or get("citation.publisher"),
    }
    missing = [name for name, value in parts.items() if not value]
    if missing and (why := seen.silence(probe, description, (*seen.STUDY_FACTS, "ome-xml"))):
        return unknown(f"{', '.join(missing)} may be stated elsewhere: {why}", fix=seen.ASK_AGAIN)
    told = said(description, "citation.creators", what=f"missing: {', '.join(missing) or 'nothing'}")
    return graded(1 - len(missing) / len(parts), told, fix=f"State {', '.join(missing)} in the metadata.")


def conversion(probe: Probe | None, description: Description) -> Outcome:
    """R1.2-02: the program that wrote it (half), and the file or data that it was made from (the other half)."""
    fix = "Let the converter write its name, its version and the name of the original file into the metadata."
    tool = said(description, "processing") if description.get("processing") else _writer(probe)
    if tool is None:
        return not_said(probe, description, "the program that wrote it", by=_CONVERTED_BY, fix=fix)
    source = _origin(probe, description)
    if source is not None:
        return met(tool, source)
    if why := seen.silence(probe, description, _CONVERTED_BY):
        return unknown(f"what it was made from may be stated elsewhere: {why}", tool, fix=seen.ASK_AGAIN)
    return graded(
        0.5, tool, fix="State the original file, too (isBasedOn in the crate, or UUID FileName in OME-XML)."
    )


def _writer(probe: Probe | None) -> Evidence | None:
    role, entry = seen.image_role(probe), seen.multiscale(probe) or {}
    document = seen.address(probe, role) if role else None
    metadata = entry.get("metadata")
    if isinstance(metadata, dict) and (name := metadata.get("method") or metadata.get("version")):
        return Evidence(
            text=f"written by {seen.brief(name)}", document=document, pointer="multiscales/0/metadata"
        )
    if "bioformats2raw.layout" in seen.ome(probe):
        return Evidence(text="written by bioformats2raw", document=document, pointer="bioformats2raw.layout")
    return None


def _origin(probe: Probe | None, description: Description) -> Evidence | None:
    for one in description.get("relations") or []:
        if isinstance(one, dict) and str(one.get("type", "")).lower() in (
            "isbasedon",
            "isderivedfrom",
            "wasderivedfrom",
        ):
            return said(description, "relations")
    xml = probe.answers.get("ome-xml") if probe else None
    if xml and xml.text and "FileName=" in xml.text:
        return Evidence(text="the original file is named", document=xml.url, pointer="UUID/@FileName")
    return None


def per_value(probe: Probe | None, description: Description) -> Outcome:
    """R1.2-03: the share of values whose document and place in it are known."""
    told = description.statements
    if not told:
        return unknown("there are no values", fix=seen.ASK_AGAIN)
    known = sum(bool(one.source.document) and _is_placed(one) for one in told)
    return graded(
        known / len(told),
        Evidence(text=f"of {len(told)} values, {known} name their document and the place in it"),
        fix="Ask whoever made the record for the documents behind it.",
    )


def _is_placed(one: Statement) -> bool:
    """Whether the place is known: stated, the column of a row, or concluded of a whole document."""
    return (
        bool(one.source.pointer)
        or one.kind == "catalogue"
        or one.source.basis == "inferred"
        or (one.value == one.source.document)
    )


def profile(probe: Probe | None, description: Description) -> Outcome:
    """R1.3-01: a profile of the community; that of the NGFF challenge counts half."""
    fix = "Write the record after the GIDE profile, which IDR, the BioImage Archive and SSBD share."
    best: tuple[float, Evidence] | None = None
    for document, crate in seen.crates(probe):
        score, name = _profile_of(crate)
        if score and (best is None or score > best[0]):
            best = score, Evidence(text=f"the crate follows {name}", document=document)
    if best and best[0] == 1:
        return met(best[1])
    for one in description.statements:
        if one.kind == "study-crate":
            return met(
                Evidence(text="the study has a crate of the GIDE profile", document=one.source.document)
            )
    if isinstance(seen.attributes(probe).get("dca"), dict):
        role = seen.root_role(probe) or ""
        return graded(
            0.5,
            Evidence(text="a DCA block", document=seen.address(probe, role), pointer="attributes/dca"),
            fix=fix,
        )
    if best:
        return graded(best[0], best[1], fix=fix)
    for document, _ in seen.crates(probe):
        return failed(Evidence(text="a crate of no profile that is known", document=document), fix=fix)
    return not_said(probe, description, "a record of a known profile", by=("study-crate", "crate"), fix=fix)


def _profile_of(crate: Mapping[str, Any]) -> tuple[float, str]:
    """How much a crate's profile counts, and its name; by what it holds, since few name their profile."""
    graph = crate.get("@graph")
    entities = [one for one in (graph if isinstance(graph, list) else []) if isinstance(one, dict)]
    root = root_of(crate) or {}
    if all(root.get(name) for name in _GIDE):
        return 1.0, "the GIDE profile"
    kinds = [kind for one in entities for kind in _list(one.get("@type")) if isinstance(kind, str)]
    if any(kind.startswith("bia:") for kind in kinds):
        return 1.0, "the BioImage Archive's submission profile"
    if any(name in one for one in entities for name in _CHALLENGE):
        return 0.5, "the profile of the NGFF challenge"
    return 0.0, ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
