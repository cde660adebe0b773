"""What documents write, in the one form that descriptions hold: licences, terms, people, articles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.contacts import without_emails
from fairlab.licenses import license as known_license
from fairlab.ngff.units import LENGTHS_M, TIMES_S
from fairlab.terms import Term, Vocabulary, identifier, imaging_methods, organisms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.record import Creator

_DOI: Final = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>]+)")
_ORCID: Final = re.compile(r"(?:^|orcid\.org/)(\d{4}-\d{4}-\d{4}-\d{3}[\dX])/?$", re.IGNORECASE)
_PMID: Final = re.compile(
    r"(?:^|pmid:\s*|pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/pubmed/)(\d{1,9})/?$", re.IGNORECASE
)
# Controls but tab and line ends; marks that turn the direction of writing; halves of surrogate pairs.
_UNSAFE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LETTERED: Final = re.compile(r"(?:obo:|\S*/)?([A-Z]{3,10})[_:]([A-Z][0-9]{3,})")
_ACCESSION: Final = re.compile(
    r"idr\d{4}[A-Z]?|S-(?:BIAD|BSST)\d+|EMPIAR-\d{4,6}|ssbd-repos-\d+", re.IGNORECASE
)
_ANATOMY: Final = re.compile(r"(?:UBERON|CL|CLO|BTO|FBbt|EMAPA|MA|PO|ZFA)[:_]")
"""Vocabularies of anatomy, cells and cell lines; the Gene Ontology has processes, too."""


def license_value(text: str) -> dict[str, Any]:
    """A licence, and what it permits where it is one that fairlab knows.

    Examples
    --------
    >>> told = license_value("CC BY-NC 4.0")
    >>> told["spdx"], told["url"], told["commercial"]
    ('CC-BY-NC-4.0', 'https://creativecommons.org/licenses/by-nc/4.0/', False)
    >>> license_value("ask the authors")
    {'name': 'ask the authors'}
    """
    known = known_license(text)
    if known is None:
        stated = text.strip()
        return {"name": stated, **({"url": stated} if re.match(r"https?://\S+$", stated) else {})}
    return {
        "name": known.name,
        "url": known.url,
        **({"spdx": known.spdx} if known.spdx else {}),
        "commercial": not known.non_commercial,
        "derivatives": not known.no_derivatives,
        "share_alike": known.share_alike,
        "attribution": known.attribution_required,
    }


def term_value(label: str | None, text: str | None = None, *, scheme: str | None = None) -> dict[str, str]:
    """A term of an ontology; a label without identifier stays one, and nothing is looked up.

    Parameters
    ----------
    label : str or None
        What the document calls it.
    text : str, optional
        Identifier in any form.
    scheme : {"NCBITaxon", "FBbi"}, optional
        What a bare number stands for.

    Examples
    --------
    >>> term_value("fruit fly", "NCBI:txid7227")
    {'label': 'fruit fly', 'id': 'NCBITaxon:7227'}
    >>> term_value(None, "obo:FBbi_246")
    {'label': 'fluorescence microscopy', 'id': 'FBbi:00000246'}
    """
    compact = compact_identifier(text, scheme=scheme) if text else None
    stated = (label or "").strip()
    shown = stated or _label_of(compact) or compact or (text or "").strip()
    found = {"label": shown} if shown else {}
    if compact:
        found["id"] = compact
    elif text and text.strip() and text.strip() != shown:
        found["id"] = text.strip()
    return found


def compact_identifier(text: str, *, scheme: str | None = None) -> str | None:
    """The compact form of an identifier, also of vocabularies whose numbers have a letter.

    Examples
    --------
    >>> compact_identifier("obo:NCIT_C182027"), compact_identifier("a fly") is None
    ('NCIT:C182027', True)
    """
    found = _LETTERED.fullmatch(text.strip())
    return f"{found[1]}:{found[2]}" if found else identifier(text, scheme=scheme)


def _label_of(compact: str | None) -> str | None:
    vocabulary: Vocabulary | None = None
    if compact and compact.startswith("NCBITaxon:"):
        vocabulary = organisms()
    elif compact and compact.startswith("FBbi:"):
        vocabulary = imaging_methods()
    entry = vocabulary.entries.get(compact) if vocabulary and compact else None
    return entry.term.label if entry else None


def term_of(value: Mapping[str, str]) -> Term:
    """The term that :func:`term_value` made a value of."""
    return Term(label=value.get("label") or value["id"], id=value.get("id"))


def doi(text: str | None) -> str | None:
    """The DOI in a text, without resolver.

    Examples
    --------
    >>> doi("https://doi.org/10.1371/journal.pbio.3000388"), doi("no DOI")
    ('10.1371/journal.pbio.3000388', None)
    """
    found = _DOI.search(text or "")
    return found[1].rstrip(".,;)") if found else None


def orcid(text: str | None) -> str | None:
    """The ORCID in an identifier, without resolver.

    Examples
    --------
    >>> orcid("https://orcid.org/0000-0002-1825-0097")
    '0000-0002-1825-0097'
    """
    found = _ORCID.search((text or "").strip())
    return found[1].upper() if found else None


def publication(text: str, *, title: str | None = None, year: str | None = None) -> dict[str, str]:
    """An article by whatever names it: DOI, PubMed number, address or plain words.

    Examples
    --------
    >>> publication("https://doi.org/10.1371/journal.pbio.3000388")
    {'doi': '10.1371/journal.pbio.3000388'}
    >>> publication("PMID: 123"), publication("https://example.org/paper", title="Cells")
    ({'pmid': '123'}, {'url': 'https://example.org/paper', 'title': 'Cells'})
    """
    stated, found = text.strip(), {}
    if known := doi(stated):
        found["doi"] = known
    elif number := _PMID.search(stated):
        found["pmid"] = number[1]
    elif re.match(r"https?://", stated):
        found["url"] = stated
    elif stated and not title:
        found["title"] = stated
    more = {"title": (title or "").strip(), "year": (year or "").strip()}
    return {**found, **{name: value for name, value in more.items() if value}}


def creator_value(creator: Creator) -> dict[str, Any]:
    """A person or group of a record."""
    place = {"name": creator.affiliation, "ror": creator.ror}
    place = {name: value for name, value in place.items() if value}
    return {
        "name": creator.name,
        **({"orcid": creator.orcid} if creator.orcid else {}),
        **({"affiliations": [place]} if place else {}),
        **({"roles": list(creator.roles)} if creator.roles else {}),
    }


def without_email(text: str) -> str:
    """A text without the e-mail addresses in it: contact data are not kept.

    Examples
    --------
    >>> without_email("Ada Lovelace <ada@example.org>")
    'Ada Lovelace'
    """
    return re.sub(r"\s*[<(\[]\s*[>)\]]|\s*$", "", without_emails(text, "")).strip()


def plain_text(value: Any) -> str | None:
    r"""A text without what must not go further; None for what says nothing, such as ``"."``.

    Examples
    --------
    >>> plain_text(" Cells\x07\n"), plain_text("ada@example.org"), plain_text("."), plain_text(7)
    ('Cells', None, None, '7')
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    text = without_email(_UNSAFE.sub("", value)).strip()
    return text if any(character.isalnum() for character in text) else None


def creator_name(stated: str | None, given: str | None, family: str | None) -> str | None:
    """The name of a person as stated, else of its parts."""
    return stated or " ".join(filter(None, (given, family))) or None


def iso_date(value: Any) -> str | None:
    """The date in ISO 8601; None for what is none.

    Examples
    --------
    >>> iso_date("2024-02-12T10:00:00Z"), iso_date("2024"), iso_date("12 May 2024")
    ('2024-02-12', '2024', None)
    """
    found = re.match(r"\d{4}(?:-\d\d(?:-\d\d)?)?(?![\d-])", str(value).strip())
    return found[0] if found else None


def accession(text: str) -> str | None:
    """The number of a study, where a text is one of an archive that fairlab knows.

    Examples
    --------
    >>> accession("S-BIAD634"), accession("sample:nuclei")
    ('S-BIAD634', None)
    """
    return text.strip() if _ACCESSION.fullmatch(text.strip()) else None


def address(text: str | None) -> str | None:
    """A web address, or None."""
    stated = (text or "").strip()
    return stated if re.match(r"https?://[^\s\"<>]+$", stated) else None


def ror(text: str | None) -> str | None:
    """The ROR identifier of an institution, as an address.

    Examples
    --------
    >>> ror("ror.org/02catss52")
    'https://ror.org/02catss52'
    """
    found = re.search(r"ror\.org/(0[a-z0-9]{8})/?$", (text or "").strip().lower())
    return f"https://ror.org/{found[1]}" if found else None


def whole_number(value: Any) -> int | None:
    """A count, from a number or its digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,18}\s*", value):
        return int(value)
    return (
        int(value) if isinstance(value, int | float) and 0 <= value < 2**63 and value == int(value) else None
    )


def is_anatomy(identifier: str) -> bool:
    """Whether a term is of a vocabulary of anatomy, cells or cell lines.

    Examples
    --------
    >>> is_anatomy("CLO:0007156"), is_anatomy("EFO:0003789")
    (True, False)
    """
    return _ANATOMY.match(identifier) is not None


def quantity(value: float, unit: str | None) -> dict[str, Any] | None:
    """A distance or duration in micrometer or second; in no unit where none is stated.

    Examples
    --------
    >>> quantity(250, "nanometer"), quantity(2, "minute"), quantity(7.5, None)
    ({'value': 0.25, 'unit': 'micrometer'}, {'value': 120.0, 'unit': 'second'}, {'value': 7.5})
    """
    if unit in LENGTHS_M:
        return {"value": _rounded(value * LENGTHS_M[unit] / 1e-6), "unit": "micrometer"}
    if unit in TIMES_S:
        return {"value": _rounded(value * TIMES_S[unit]), "unit": "second"}
    return {"value": float(value)}


def _rounded(value: float) -> float:
    return float(f"{value:.12g}")  # 0.25, not 0.24999999999999997, of 250 nm
