"""The values in answers of archives: dates, sizes, licences, people, articles and terms, in whatever form they come.

Every reader takes any JSON value and gives the one form that records have, or None.
"""

from __future__ import annotations

import datetime
import math
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from fairlab import terms
from fairlab.repositories.answers import text
from fairlab.terms import Term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fairlab.record import Creator
    from fairlab.terms import Vocabulary

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?![\d-])")
_SIZE = re.compile(r"([\d.,]+)\s*([kmgtpe]?)(i?)b(?:ytes?)?", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>]+")
_ORCID = re.compile(r"(?:^|/)(\d{4}-\d{4}-\d{4}-\d{3}[\dX])/?$", re.IGNORECASE)
_ROR = re.compile(r"(?:^|ror\.org/)(0[a-z0-9]{6}\d{2})/?$", re.IGNORECASE)
_LONGEST_PIXEL_M: Final = 1e-4  # 72 dots per inch read as a pixel size, or 1 for "none": BIA states both


# ── dates, numbers, licences ─────────────────────────────────────────────────────────────────────


def date(value: Any) -> str | None:
    """An ISO 8601 date, as exact as it is stated; milliseconds since 1970 are read, too.

    Examples
    --------
    >>> date({"@value": "2019-06-17"}), date("2019-06-17T10:00:00Z"), date("2019"), date(1242086400000)
    ('2019-06-17', '2019-06-17', '2019', '2009-05-12')
    >>> date("2019-13-40"), date("soon")
    (None, None)
    """
    if isinstance(value, int) and not isinstance(value, bool) and 10**11 <= value < 10**13:
        return datetime.datetime.fromtimestamp(value / 1000, datetime.UTC).date().isoformat()
    found = _DATE.match(text(value) or "")
    if not found:
        return None
    year, month, day = found.groups()
    try:
        datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return "-".join(part for part in (year, month, day) if part)


def count(value: Any) -> int | None:
    """A whole number that is not negative, also when written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return int(number) if math.isfinite(number) and number >= 0 and number == int(number) else None


def size(value: Any) -> int | None:
    """Bytes of a size with a unit: thousands for ``GB``, 1024s for ``GiB``.

    Examples
    --------
    >>> size("165.4 GB"), size("1.9 TiB"), size(104154098), size("large")
    (165400000000, 2089072092774, 104154098, None)
    """
    if (plain := count(value)) is not None:
        return plain
    found = _SIZE.fullmatch((text(value) or "").strip())
    if not found:
        return None
    try:
        number = float(found[1].replace(",", ""))
    except ValueError:
        return None
    unit: int = (1024 if found[3] else 1000) ** " kmgtpe".index(found[2].lower() or " ")
    return round(number * unit)


def license_of(value: Any) -> tuple[str | None, str | None]:
    """Address of a licence, and the archive's own words where they say it otherwise.

    Examples
    --------
    >>> license_of("CC BY 4.0 https://creativecommons.org/licenses/by/4.0/")[0]
    'https://creativecommons.org/licenses/by/4.0/'
    >>> license_of("for reviewers only")
    (None, 'for reviewers only')
    """
    stated = text(value.get("@id", value.get("id", value)) if isinstance(value, dict) else value)
    if stated is None:
        return None, None
    known = terms.license(stated)
    url = known.url if known else stated if re.fullmatch(r"https?://\S+", stated) else None
    return url, stated if stated != url else None


def pixel_size(value: Any, *, metre: float = 1.0) -> float | None:
    """Micrometers between pixels; None for what no microscope does (zero, or more than 0.1 mm).

    Parameters
    ----------
    value : object
        The number stated.
    metre : float
        Its unit: 1e-10 for ångström.

    Examples
    --------
    >>> pixel_size(1.1e-07), pixel_size(0.00035277), pixel_size(1.0), pixel_size("0.543", metre=1e-10)
    (0.11, None, None, 5.43e-05)
    """
    try:
        metres = float(value) * metre if isinstance(value, int | float | str) else math.nan
    except ValueError:
        return None
    if isinstance(value, bool) or not 0 < metres <= _LONGEST_PIXEL_M:
        return None
    return float(f"{metres * 1e6:.7g}")


# ── people, articles ─────────────────────────────────────────────────────────────────────────────


def doi(value: Any) -> str | None:
    """A DOI without resolver, lower case.

    Examples
    --------
    >>> doi("https://doi.org/10.6019/S-BIAD1."), doi("doi:10.1/x")
    ('10.6019/s-biad1', None)
    """
    found = _DOI.search(unquote(text(value) or ""))
    return found[0].rstrip(".,;)").lower() if found else None


def publication(*, doi: str | None, pmid: str | None) -> str | None:
    """The address of an article."""
    if doi:
        return f"https://doi.org/{doi}"
    return f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else None


def pmid(value: Any) -> str | None:
    """A PubMed number, also from its address."""
    found = re.search(r"(?:^|pubmed[^\d]*)(\d{4,9})/?$", text(value) or "")
    return found[1] if found else None


def orcid(value: Any) -> str | None:
    """An ORCID whose check digit is right, without resolver.

    Examples
    --------
    >>> orcid("https://orcid.org/0000-0002-1825-0097"), orcid("0000-0002-1825-0098"), orcid("#auth-001")
    ('0000-0002-1825-0097', None, None)
    """
    found = _ORCID.search(text(value) or "")
    if not found:
        return None
    digits, total = found[1].upper().replace("-", ""), 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    return found[1].upper() if "0123456789X"[(12 - total % 11) % 11] == digits[-1] else None


def ror(value: Any) -> str | None:
    """A ROR identifier as its address."""
    found = _ROR.search(text(value) or "")
    return f"https://ror.org/{found[1].lower()}" if found else None


def creators(people: Iterable[Creator | None]) -> tuple[Creator, ...]:
    """People, each once, in order."""
    return tuple(dict.fromkeys(person for person in people if person and person.name))


# ── terms ────────────────────────────────────────────────────────────


def terms_of(named: Iterable[tuple[Any, Any]], vocabulary: Vocabulary) -> tuple[tuple[Term, ...], bool]:
    """Terms from pairs of name and identifier, and whether any identifier was concluded from a name.

    Examples
    --------
    >>> terms_of([("Homo sapiens (human)", None), ("mouse", "NCBI:txid10090")], terms.organisms())[0]
    (Term(label='Homo sapiens', id='NCBITaxon:9606'), Term(label='Mus musculus', id='NCBITaxon:10090'))
    """
    found: dict[str, Term] = {}
    concluded = False
    for name, key in named:
        label = text(name)
        stated = terms.identifier(text(key) or "", scheme=vocabulary.scheme)
        known = _known(label, stated, vocabulary)
        if known is not None:
            concluded = concluded or stated is None
            found.setdefault(known.id or known.label, known)
        elif label or stated:
            found.setdefault(stated or label or "", Term(label=label or stated or "", id=stated))
    return tuple(found.values()), concluded


def _known(label: str | None, stated: str | None, vocabulary: Vocabulary) -> Term | None:
    if stated is not None:
        return vocabulary.entries[stated].term if stated in vocabulary.entries else None
    # "Homo sapiens (human)", "Mus musculus [mouse]": the name before the bracket is the term's.
    for spelling in (label or "", re.split(r"\s[(\[]", label or "")[0]):
        if len(found := vocabulary.find(spelling)) == 1 and found[0].id:
            return found[0]
    return None
