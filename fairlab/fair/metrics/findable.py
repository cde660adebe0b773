"""F: identifiers, descriptive metadata, and whether anybody would find it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fairlab.fair.metrics import seen
from fairlab.fair.metrics.addresses import is_remote
from fairlab.fair.metrics.linked import root_of
from fairlab.fair.metrics.seen import not_said, said
from fairlab.fair.outcome import Evidence, Outcome, failed, graded, met, unknown
from fairlab.terms import identifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.bundle import Probe
    from fairlab.fair.description import Description

_NAMESPACES: Final = re.compile(r"(idr\d{4}|S-BIAD\d+|S-BSST\d+|EMPIAR-\d+|ssbd-)", re.IGNORECASE)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DESCRIPTION: Final = (50, 5000)
"""Characters: the bounds of dataset search engines."""
_OVERVIEW: Final = 1_000_000
"""Pixels of a plane that are still cheap to look at."""


def unique_identifier(probe: Probe | None, description: Description) -> Outcome:
    """F1-01: an address or identifier that means the same thing everywhere."""
    fix = "Publish the image at an address of the web, and state that address or a DOI in its metadata."
    for path in ("identity.doi", "identity.landing_page", "identity.url", "identity.listed_url"):
        value = description.get(path)
        if value and (path == "identity.doi" or is_remote(value)):
            return met(said(description, path))
    for document, crate in seen.crates(probe):
        name = str((root_of(crate) or {}).get("@id", ""))
        if is_remote(name) or name.startswith("urn:"):
            return met(
                Evidence(text=f"the crate's root is {seen.brief(name)}", document=document, pointer="@graph")
            )
    if probe and is_remote(probe.url):
        return met(Evidence(text="the address of the image", document=probe.url))
    missing = not_said(probe, description, "an identifier that is valid everywhere", fix=fix)
    if missing.status == "fail" and (place := seen.where(probe, description)):
        return failed(Evidence(text="the address is valid on one machine only", document=place), fix=fix)
    return missing


def persistent_identifier(probe: Probe | None, description: Description) -> Outcome:
    """F1-02: a DOI of the data counts in full, an archive's accession half."""
    fix = "Register a DOI for the data set (not only for the article) and state it in the metadata."
    if description.get("identity.doi"):
        return met(said(description, "identity.doi"))
    accession = description.get("identity.accession")
    if isinstance(accession, str) and _NAMESPACES.match(accession):
        if why := seen.silence(probe, description, seen.STUDY_FACTS):
            return unknown(
                f"it has the accession {accession}; whether it has a DOI is not known: {why}",
                fix=seen.ASK_AGAIN,
            )
        return graded(
            0.5,
            said(description, "identity.accession", what=f"the accession {accession}, but no DOI"),
            fix=fix,
        )
    return not_said(probe, description, "a DOI or an archive's accession", fix=fix)


def identifier_resolves(probe: Probe | None, description: Description) -> Outcome:
    """F1-03: the DOI or the landing page answers."""
    fix = "Let the DOI or the page of the data set lead somewhere again."
    for role in ("doi", "landing"):
        answer = probe.answers.get(role) if probe else None
        if answer and answer.status:
            told = Evidence(text=f"it answers with {answer.status}", document=answer.url)
            return met(told) if answer.status < 400 else failed(told, fix=fix)
    stated = [path for path in ("identity.doi", "identity.landing_page") if description.get(path)]
    if stated:
        return unknown(
            "it was not asked whether it answers", said(description, stated[0]), fix=seen.ASK_AGAIN
        )
    return not_said(
        probe,
        description,
        "a DOI or a page that could be followed",
        fix="Give the data set a page of its own, and state its address or DOI in the metadata.",
    )


def image_identifier(probe: Probe | None, description: Description) -> Outcome:
    """F1-04: the image has an identifier of its own inside its study."""
    fix = "Give every image an identifier of its own (a UUID in the OME-XML, or an id of the archive) and state it."
    for path in ("identity.uid", "identity.image_id"):
        best = description.best(path)
        if best and best.source.basis == "asserted":
            return met(said(description, path))
    place = seen.where(probe, description) or ""
    path = urlsplit(place).path
    if found := _UUID.search(path):
        return met(Evidence(text=f"the UUID {found[0]} in the address", document=place))
    if "idr" in place.lower() and (number := re.search(r"/(\d+)\.(?:ome\.)?zarr", path)):
        return met(Evidence(text=f"the image number {number[1]} of IDR in the address", document=place))
    xml = probe.answers.get("ome-xml") if probe else None
    if xml and xml.text and (found := _UUID.search(xml.text[:100_000])):
        return met(Evidence(text="a UUID in the OME-XML", document=xml.url))
    return not_said(
        probe, description, "an identifier of the image", by=("user", "api", "crate", "ome-xml"), fix=fix
    )


def citation_core(probe: Probe | None, description: Description) -> Outcome:
    """F2-01: creators, title, identifier, publisher, date and kind of resource."""
    get = description.get
    url = seen.where(probe, description)
    parts: dict[str, Any] = {
        "creators": get("citation.creators") or get("citation.attribution"),
        "title": get("citation.title") or get("study.title"),
        "identifier": get("identity.doi") or get("identity.accession") or is_remote(url),
        "publisher": get("citation.publisher") or get("identity.repository"),
        "date of publication": get("citation.date_published"),
        "kind of resource": get("identity.object_type") or seen.crates(probe),
    }
    return _parts(probe, description, parts, "State what is missing in the metadata: {}.")


def description_and_keywords(probe: Probe | None, description: Description) -> Outcome:
    """F2-02: a description of useful length, and at least one keyword; half each."""
    texts = [description.get(path) for path in ("citation.description", "study.description")]
    length = max((len(text) for text in texts if isinstance(text, str)), default=0)
    few, many = _DESCRIPTION
    parts = {
        f"a description of {few} to {many} characters": few <= length <= many,
        "keywords": description.get("citation.keywords"),
    }
    return _parts(
        probe,
        description,
        parts,
        "Add {}.",
        told=(Evidence(text=f"the description has {length} characters"),),
    )


def organism(probe: Probe | None, description: Description) -> Outcome:
    """F2-03: every organism has an identifier of the NCBI taxonomy."""
    fix = "Name the organism with its NCBI taxon, for example NCBITaxon:9606."
    found = _terms(description, "biosample.organism")
    if not found:
        return not_said(probe, description, "an organism", fix=fix)
    good = [one for one in found if (identifier(one.get("id", "")) or "").startswith("NCBITaxon:")]
    return graded(float(len(good) == len(found)), said(description, "biosample.organism"), fix=fix)


def imaging_method(probe: Probe | None, description: Description) -> Outcome:
    """F2-04: at least one imaging method has an identifier of FBbi."""
    fix = "Name the imaging method with its FBbi term, for example FBbi:00000251 for confocal microscopy."
    found = _terms(description, "acquisition.method")
    if not found:
        return not_said(probe, description, "an imaging method", fix=fix)
    good = any((identifier(one.get("id", "")) or "").startswith("FBbi:") for one in found)
    return graded(float(good), said(description, "acquisition.method"), fix=fix)


def overview(probe: Probe | None, description: Description) -> Outcome:
    """F2-06: a thumbnail, or a level of the pyramid that is small."""
    fix = "Add smaller levels to the pyramid until a plane has less than a million pixels, or state a thumbnail."
    if description.get("identity.thumbnail"):
        return met(said(description, "identity.thumbnail"))
    last = seen.array(probe, "last")
    if last is not None:
        pixels = _plane(last.shape)
        told = Evidence(
            text=f"a plane of the smallest level has {pixels:,} pixels",
            document=seen.address(probe, "array:last"),
        )
        return graded(float(pixels < _OVERVIEW), told, fix=fix)
    return not_said(
        probe, description, "a thumbnail or a small level", by=(*seen.STUDY_FACTS, "array"), fix=fix
    )


def metadata_name_data(probe: Probe | None, description: Description) -> Outcome:
    """F3-01: a record of the data holds their address."""
    fix = "State the address of the OME-Zarr in the record of the data set (hasPart, distribution or url)."
    for one in description.statements_of("identity.url"):
        if one.kind in ("api", "catalogue", "study-crate", "user") and one.source.basis == "asserted":
            return met(
                Evidence(
                    text="the record names the address",
                    document=one.source.document,
                    pointer=one.source.pointer,
                )
            )
    place = seen.where(probe, description)
    for document, crate in seen.crates(probe):
        root = str((root_of(crate) or {}).get("@id", ""))
        if root in (".", "./") and probe and document == seen.address(probe, "crate:0"):
            return met(Evidence(text="the crate lies in the image that it describes", document=document))
        if place and any(_leads(one, place) for one in _addresses(crate)):
            return met(Evidence(text="the crate names the address", document=document))
    return not_said(probe, description, "the address of the data", fix=fix)


def data_name_metadata(probe: Probe | None, description: Description) -> Outcome:
    """F3-02: the OME-Zarr leads to its record: a crate beside it, an identifier in its attributes, or OME-XML."""
    fix = (
        "Put a ro-crate-metadata.json into the OME-Zarr, or the DOI or page of its study into its attributes."
    )
    for document, _ in seen.crates(probe):
        return met(Evidence(text="an RO-Crate lies beside the image", document=document))
    role = seen.root_role(probe)
    text = str(seen.attributes(probe))
    named = [
        description.get(path) for path in ("identity.doi", "identity.accession", "identity.landing_page")
    ]
    if role and any(isinstance(name, str) and name and name in text for name in named):
        return met(Evidence(text="the attributes name the record", document=seen.address(probe, role)))
    xml = probe.answers.get("ome-xml") if probe else None
    if xml and xml.status == 200:
        return met(Evidence(text="OME-XML lies beside the image", document=xml.url))
    return not_said(
        probe, description, "a way from the image to its record", by=("crate", "ome-xml", "ngff"), fix=fix
    )


def indexed(probe: Probe | None, description: Description) -> Outcome:
    """F4-01: a catalogue or the search of an archive knows it."""
    fix = "Deposit the data set in an archive whose search covers it, such as IDR, the BioImage Archive or SSBD."
    if (one := seen.kept_elsewhere(description)) is not None:
        place = one.source.pointer or None
        return met(Evidence(text="it is in a searchable record", document=one.source.document, pointer=place))
    known = [path for path in ("identity.doi", "identity.accession") if description.get(path)]
    if known:
        return unknown(
            "no index was found to have it, and not all were asked",
            said(description, known[0]),
            fix=seen.ASK_AGAIN,
        )
    return not_said(probe, description, "an identifier under which an index could know it", fix=fix)


def _parts(
    probe: Probe | None,
    description: Description,
    parts: Mapping[str, Any],
    fix: str,
    *,
    told: tuple[Evidence, ...] = (),
) -> Outcome:
    """The share of parts that are there; what is missing is a fault only if the documents were read."""
    missing = [name for name, value in parts.items() if not value]
    there = [name for name, value in parts.items() if value]
    found = Evidence(
        text=f"stated: {', '.join(there) or 'nothing'}"
        + (f"; missing: {', '.join(missing)}" if missing else "")
    )
    if missing and (why := seen.silence(probe, description, seen.STUDY_FACTS)):
        return unknown(
            f"{', '.join(missing)} may be stated elsewhere: {why}", found, *told, fix=seen.ASK_AGAIN
        )
    return graded(len(there) / len(parts), found, *told, fix=fix.format(", ".join(missing)))


def _terms(description: Description, path: str) -> list[Mapping[str, str]]:
    value = description.get(path)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _plane(shape: tuple[int, ...]) -> int:
    pixels = 1
    for length in shape[-2:]:
        pixels *= length
    return pixels


def _addresses(crate: Mapping[str, Any]) -> list[str]:
    """Addresses that a crate gives as places of files: ``@id``, ``url`` and ``contentUrl``."""
    graph = crate.get("@graph")
    found = []
    for entity in graph if isinstance(graph, list) else []:
        if isinstance(entity, dict):
            for key in ("@id", "url", "contentUrl"):
                value = entity.get(key)
                found += [
                    one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)
                ]
    return found


def _leads(address: str, place: str) -> bool:
    """Whether an address is the place or a folder above it; a whole host is none."""
    mine, theirs = urlsplit(address.rstrip("/")), urlsplit(place.rstrip("/"))
    if not mine.scheme or mine.netloc != theirs.netloc or not mine.path.strip("/"):
        return False
    return theirs.path == mine.path or theirs.path.startswith(mine.path + "/")
