"""I3: articles, people, institutions, funders, and labels that know their image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.fair.metrics import seen
from fairlab.fair.metrics.seen import not_said, said
from fairlab.fair.outcome import Evidence, Outcome, failed, graded, met, not_applicable, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.bundle import Probe
    from fairlab.fair.description import Description


def publication(probe: Probe | None, description: Description) -> Outcome:
    """I3-01: an article by DOI or PubMed number; one that is named in words counts half."""
    fix = "State the DOI or the PubMed number of the article in the metadata."
    articles = _entries(description, "citation.publications")
    if not articles:
        return not_said(probe, description, "an article", fix=fix)
    known = any(article.get("doi") or article.get("pmid") for article in articles)
    return graded(1.0 if known else 0.5, said(description, "citation.publications"), fix=fix)


def people(probe: Probe | None, description: Description) -> Outcome:
    """I3-02: an ORCID of a creator, and a ROR of an institution; half each."""
    creators = [one for told in description.statements_of("citation.creators") for one in _list(told.value)]
    places = [place for one in creators for place in _list(one.get("affiliations"))]
    parts = {
        "the ORCID of at least one creator": any(one.get("orcid") for one in creators),
        "the ROR of at least one institution": any(place.get("ror") for place in places),
    }
    missing = [name for name, there in parts.items() if not there]
    fix = f"State {' and '.join(missing)}."
    if missing and (why := seen.silence(probe, description, seen.STUDY_FACTS)):
        return unknown(f"{' and '.join(missing)} may be stated elsewhere: {why}", fix=seen.ASK_AGAIN)
    told = said(description, "citation.creators", what=f"missing: {', '.join(missing)}" if missing else None)
    return graded(1 - len(missing) / len(parts), told, fix=fix)


def funders(probe: Probe | None, description: Description) -> Outcome:
    """I3-04: a grant or funder with an identifier."""
    fix = "State the grant: its funder and its number, or the funder's ROR."
    entries = _entries(description, "citation.funding")
    if not entries:
        return not_said(probe, description, "a funder", fix=fix)
    return graded(
        float(any(one.get("id") for one in entries)), said(description, "citation.funding"), fix=fix
    )


def labels(probe: Probe | None, description: Description) -> Outcome:
    """I3-03: a label image names the image that it labels."""
    fix = 'State the image in the labels: "image-label": {"source": {"image": "../../"}}.'
    block = seen.ome(probe).get("image-label")
    if isinstance(block, dict):
        document = seen.address(probe, seen.root_role(probe) or "")
        source = block.get("source")
        image = source.get("image") if isinstance(source, dict) else None
        if isinstance(image, str) and image:
            return met(
                Evidence(
                    text=f"the labels are of {seen.brief(image)}", document=document, pointer="image-label"
                )
            )
        return failed(
            Evidence(text="the labels do not say of what", document=document, pointer="image-label"), fix=fix
        )
    named = description.get("annotation.source")
    if named:
        return met(said(description, "annotation.source"))
    if description.get("image.has_labels"):
        return unknown(
            "its label images were not looked at",
            said(description, "image.has_labels"),
            fix="Assess the label images.",
        )
    return not_applicable("it has no labels that are known")


def _entries(description: Description, path: str) -> list[Mapping[str, Any]]:
    """Entries of a list, of every document that states one: one source may know the title, another the DOI."""
    return [one for told in description.statements_of(path) for one in _list(told.value)]


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
