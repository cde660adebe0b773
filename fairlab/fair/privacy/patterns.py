"""What falls under a rule: fields by their names, and patterns in values. Pure: text in, names of rules out."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# A field's name as lower-case words: "OperatorName", "operator_name" and "operator.name" are "operator name".
_ID = r"( (id|ids|identifier|number|name|code|initials|label|barcode))"
_FIELDS: Final = (
    ("email", r"e ?mail( address)?s?"),
    (
        "patient",
        rf"(patient|donor|participant|proband)s?( s)?( (full|first|last))?({_ID[1:-1]}"
        r"| (key|sex|age|weight|size|birth date|date of birth|comments?))?"
        rf"|(subject|person)( s)?( (full|first|last))?{_ID}"
        r"|mrn|medical record( number| locator)?|nhs number|ssn|social security number|hospital number"
        r"|dob|birth ?(date|day|year|name|place)|date of birth|case (id|identifier|number)",
    ),
    (
        "specimen",
        rf"((parent )?specimen|sample|slide|block|biopsy|tissue|container|aliquot|tube){_ID}"
        r"|accession number|bar ?code( (value|text|data|id))?|label text|(patient|slide|macro) label",
    ),
    (
        "person",
        r"(.* )?(operator|experimenter|technician|technologist|pathologist|physician|surgeon|nurse|reader|observer)s?"
        r"( s)?( (full|first|last|middle|user))?( (id|ids|name|initials))?"
        r"|(acquired|scanned|created|modified|changed|saved|last saved|uploaded|imported|annotated|recorded"
        r"|performed|prepared|reviewed|approved|signed) by"
        r"|(.* )?(user|login|account|owner)s?( (id|name))?"
        r"|(first|middle|last|given|family|sur|full|display|person) ?name|logged in user|orcid",
    ),
    (
        "contact",
        r"(tele)?phone( number)?s?|fax( number)?|mobile( number)?|contact( (info|information|details))?",
    ),
    (
        "device",
        r"(.* )?(serial|lot)( (number|no|nr|num|id))s?|(.* )?serial|station name|(.* )?ae title"
        r"|(device|instrument|scanner|camera|microscope|detector|station|gantry) (id|identifier|uid|uuid|asset number)",
    ),
    (
        "host",
        r"(.* )?(host|computer|machine|workstation|pc|server|domain) ?(name|address|id)|workstation"
        r"|(.* )?ip( address)?|(.* )?mac address|network id",
    ),
    (
        "institution",
        r"institution( (name|address))?|hospital( name)?|clinic( name)?|(institutional )?department( name)?",
    ),
    (
        "location",
        r"latitude|longitude|gps.*|(street|postal|home|institution) address|post(al)? ?code|zip ?code",
    ),
)
_FIELD_PATTERNS: Final = tuple((rule, re.compile(pattern)) for rule, pattern in _FIELDS)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")
_TIME: Final = frozenset(
    {"date", "time", "datetime", "timestamp", "starttime", "endtime", "created", "acquired"}
)
# Dates that are wanted: when something was published or read, not when somebody was in a clinic.
_WANTED_DATES: Final = re.compile(
    r"date (published|created|modified|issued|released|retrieved|available|copyrighted)|sd date published"
    r"|(release|publication|issue) date|retrieved( at)?|history|embargo until|(.* )?version( .*)?"
    r"|conforms to|license|doi|software|id"
)
_NOTHING: Final = re.compile(
    r"[\W_]*|n ?/ ?a|none|null|nil|unknown|undefined|not (known|stated|available|applicable)|false|true"
    r"|anonym(ous|ized|ised)?|anon|removed|deidentified|dummy|default|x+|0+|19000101|1900-01-01|0001-01-01"
    r"|[0-9a-f]{16,}",
    re.IGNORECASE,
)

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_M, _D, _Y = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])", r"(?:19|20)\d\d"
_D1 = r"(?:0?[1-9]|[12]\d|3[01])"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
# Rule, what has to be in the value at least ("year": four digits in a row), and the pattern.
_VALUES: Final = tuple(
    (rule, hint, re.compile(pattern))
    for rule, hint, pattern in (
        ("secret", "://", r"://[^/\s:@]{1,80}:[^/\s@]{1,200}@"),
        ("secret", "=", r"[?&](?:X-Amz-Signature|X-Goog-Signature|sig|token|access_token|api_key)=\w"),
        ("email", "@", r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}"),
        ("path", "\\", r"(?<![A-Za-z])[A-Za-z]:\\{1,2}[^\\\s]|\\\\[\w.$-]+\\{1,2}[\w.$-]"),
        ("path", "/", r"(?<![A-Za-z])[A-Za-z]:/[^/\s]|file:///?[^\s/]"),
        (
            "path",
            "/",
            r"(?<![\w.:/])/(?:home|Users|root|mnt|media|Volumes|nfs\d*|scratch|data|srv|net|export|lab|group)s?/[^\s/]",
        ),
        ("host", ".", rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?![\w.])"),
        ("host", ":", r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])"),
        ("specimen", "-", r"(?<![A-Za-z0-9])(?:S\d{2}-\d+|[A-Z]{1,2}\d{2}-\d{4,7})"),
        ("specimen", "TCGA", r"(?<![A-Za-z0-9])TCGA-[A-Z0-9]{2}-[A-Z0-9]{4}"),
        (
            "patient",
            "year",
            r"(?i)\b(?:mrn|patient|pat ?id|nhs|case (?:no|number))[\W_]{0,4}"
            r"(?:(?:id|no|number|name)[\W_]{1,4})?\d{4,12}\b",
        ),
        ("date", "year", rf"(?<!\d){_Y}([-/.:]){_M}\1{_D}(?!\d)|(?<![\d.]){_Y}{_M}{_D}(?![\d.])"),
        ("date", "year", rf"(?<!\d){_D1}([./-]){_D1}\1{_Y}(?!\d)|\b{_D1}[. ]+{_MONTH}[ ,]+{_Y}"),
        ("date", "year", rf"\b{_MONTH} +\d{{1,2}},? +(?:[\d:]{{5,8}} +)?(?:[A-Z]{{3,4}} +)?{_Y}"),
        (
            "file-name",
            ".",
            r"(?i)\.(?:czi|lif|lsm|nd2|svs|ndpi|mrxs|scn|vsi|oib|oif|oir|ims|zvi|stk|dcm|dicom|bif|qptiff|sld|tiff?)"
            r"(?![a-z0-9])",
        ),
    )
)
_SUSPECT: Final = re.compile(r"[@\\\d]|[./:]\S")
_FOUR_DIGITS: Final = re.compile(r"\d{4}")
_ADDRESS: Final = re.compile(r"https?://|urn:|doi:|10\.\d{4,9}/")
_OF_CONTENT: Final = frozenset({"file-name", "path", "host", "secret"})
_SLIDE: Final = re.compile(r"((slide|patient) )?(label|macro|overview|thumbnail)( image)?")


def words(name: str) -> str:
    """A field's name as lower-case words.

    Examples
    --------
    >>> words("OperatorName"), words("last_saved-by"), words("IPAddress")
    ('operator name', 'last saved by', 'ip address')
    """
    return " ".join(_WORD.findall(name)).lower()


@functools.lru_cache(maxsize=4096)
def of_field(name: str) -> str | None:
    """The rule that a field's name alone falls under.

    Examples
    --------
    >>> of_field("SpecimenIdentifier"), of_field("userName"), of_field("channel")
    ('specimen', 'person', None)
    """
    spoken = words(name[:120])
    return next((rule for rule, pattern in _FIELD_PATTERNS if pattern.fullmatch(spoken)), None)


@functools.lru_cache(maxsize=4096)
def _dated(name: str) -> bool | None:
    """Whether a field's name speaks of a time; None: dates are wanted there."""
    spoken = words(name[:120])
    return None if _WANTED_DATES.fullmatch(spoken) else bool(_TIME & set(spoken.split()))


def says_nothing(value: str) -> bool:
    """Whether a value is empty, a placeholder or a hash: nobody is found by it.

    Examples
    --------
    >>> says_nothing("ANONYMIZED"), says_nothing(" "), says_nothing("Roe^Jane")
    (True, True, False)
    """
    return bool(_NOTHING.fullmatch(value.strip()))


def of_text(value: str, field: str = "") -> Iterator[str]:
    """The rules that patterns in a value fall under, each once.

    Parameters
    ----------
    value : str
        The value; it is looked at and not kept.
    field : str
        Name of its field: dates of publishing are wanted, and a version is no network address.

    Examples
    --------
    >>> list(of_text("scanned 2019-06-04 by roe@example.org"))
    ['email', 'date']
    """
    if not _SUSPECT.search(value):
        return
    dated, address = _dated(field), bool(_ADDRESS.match(value))
    seen = set()
    has_year = bool(_FOUR_DIGITS.search(value))
    for rule, hint, pattern in _VALUES:
        if rule in seen or not (has_year if hint == "year" else hint in value):
            continue
        if (dated is None and rule in ("date", "host")) or (
            address and rule in ("date", "path", "file-name", "host")
        ):
            continue
        if pattern.search(value):
            seen.add(rule)
            yield rule


def of_number(value: float, field: str) -> str | None:
    """``"date"`` for seconds or milliseconds since 1970 in a field that speaks of a time.

    Examples
    --------
    >>> of_number(1343749391000, "starttime"), of_number(1343749391000, "bytes")
    ('date', None)
    """
    return "date" if _dated(field) and (1e8 <= value < 4e9 or 1e11 <= value < 4e12) else None


def of_name(name: str) -> Iterator[str]:
    """The rules that the name of a file or folder falls under.

    Examples
    --------
    >>> list(of_name("S19-123_2019-06-04.svs"))
    ['specimen', 'date']
    """
    return (rule for rule in of_text(name) if rule not in _OF_CONTENT)


def is_slide_label(name: str) -> bool:
    """Whether an image's name says that it shows a slide's label, or the whole slide with it.

    Examples
    --------
    >>> is_slide_label("label image"), is_slide_label("labels"), is_slide_label("Macro")
    (True, False, True)
    """
    return bool(_SLIDE.fullmatch(words(name[:120])))
