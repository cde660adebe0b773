"""The Basic Application Level Confidentiality Profile of DICOM, as a table: PS3.15 (2024b), Table E.1-1.

Actions: D replace by a dummy, Z empty or dummy, X remove, U replace by a new identifier that is used consistently;
several are a choice by the type of the element.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from fairlab.terms import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Entry(NamedTuple):
    """One attribute of the table."""

    keyword: str
    """``"SpecimenIdentifier"``; empty for repeating groups."""
    action: str
    """``"X"``, ``"Z/D"`` …"""


METHODS: Final[Mapping[str, str]] = {
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data",
    "113102": "Clean Recognizable Visual Features",
    "113103": "Clean Graphics",
    "113104": "Clean Structured Content",
    "113105": "Clean Descriptors",
    "113106": "Retain Longitudinal Temporal Information Full Dates",
    "113107": "Retain Longitudinal Temporal Information Modified Dates",
    "113108": "Retain Patient Characteristics",
    "113109": "Retain Device Identity",
    "113110": "Retain UIDs",
    "113111": "Retain Safe Private",
    "113112": "Retain Institution Identity",
}
"""Codes of CID 7050 by which a file says how it was de-identified."""

_ACTIONS: Final = {
    "D": "replace it by a dummy",
    "Z": "empty it",
    "X": "remove it",
    "U": "replace it by a new UID",
}
_KEPT_BY: Final = {
    "date": {"113106", "113107"},
    "device": {"113109"},
    "institution": {"113112"},
    "link": {"113110"},
    "private": {"113111"},
}
# What an attribute of the table is about, by its keyword; the first that fits.
_KINDS: Final = tuple(
    (rule, re.compile(pattern))
    for rule, pattern in (
        (
            "link",
            r"UIDs?$|UIDList$|UIDTrial$|UIDInFile$|^Source(Image|Instance)Sequence|^Referenced.*Sequence|TrackingID",
        ),
        ("contact", r"Address|Telephone|Telecom|PhoneNumber"),
        (
            "patient",
            r"^(OtherPatient|Patient|IssuerOfPatient|ResponsiblePerson|PersonIdentification|MedicalRecord|Military"
            r"|Ethnic|Religious|CountryOfResidence|RegionOfResidence|Occupation|Smoking|Pregnancy|LastMenstrual"
            r"|Insurance|ClinicalTrialSubject|IssuerOfClinicalTrialSubject|AdditionalPatient)",
        ),
        ("location", r"^GPS|GeographicLocation"),
        ("date", r"(Date|Time|DateTime|DateTrial|TimeTrial|Timestamp)$|^(Date|Time|DateTime)Of|Timezone"),
        (
            "specimen",
            r"Specimen|Container|Barcode|LabelText|Accession|^SlideIdentifier|PlacerOrder|FillerOrder|AdmissionID"
            r"|StudyID|ServiceEpisode",
        ),
        ("institution", r"Institution|Department|ClinicalTrial(Site|Sponsor|Coordinating)|Organization"),
        (
            "device",
            r"Device|Station|Serial|Detector|Gantry|Cassette|PlateID|AETitle|NetworkID|UDI|^Lens|TreatmentMachine"
            r"|GeneratorID|ModifyingSystem|AE$",
        ),
        (
            "person",
            r"Physician|Operator|Performer|Observer|Author|PersonName|Reviewer|Verifying|Transcriber|Recorder"
            r"|Interpreter|Approver|OwnerName|ContentCreator|NamesOf|CertificateOfSigner|^Originator|EnteredBy"
            r"|ROICreator|Participant",
        ),
        (
            "text",
            r"Comment|Description|Text|History|Impressions|Reason|Note|Allergies|Alerts|Diagnos|Narrative|Needs"
            r"|Results|Name$|Label$",
        ),
    )
)


@functools.cache
def _table() -> dict[str, Entry]:
    return {row["tag"]: Entry(row["keyword"], row["action"]) for row in read_table("dicom_profile.csv.gz")}


def keywords() -> Iterable[str]:
    """All keywords of the table."""
    return (entry.keyword for entry in _table().values())


def entry(tag: str) -> Entry | None:
    """What the profile says of a tag; None: nothing.

    Parameters
    ----------
    tag : str
        Eight hexadecimal digits, upper case.

    Examples
    --------
    >>> entry("00400551"), entry("60020010"), entry("60043000").action
    (Entry(keyword='SpecimenIdentifier', action='D'), None, 'X')
    """
    found = _table().get(tag)
    if found is None and tag[:2] in (
        "50",
        "60",
    ):  # curves and overlays repeat in groups 5000 to 50FF, 6000 to 60FF
        found = _table().get(f"{tag[:2]}xx{tag[4:]}") or _table().get(f"{tag[:2]}xxxxxx")
    return found


@functools.lru_cache(maxsize=1024)
def rule_of(keyword: str) -> str:
    """The rule that an attribute of the table falls under.

    Examples
    --------
    >>> rule_of("SpecimenIdentifier"), rule_of("PatientBirthDate"), rule_of("StudyDate"), rule_of("StudyInstanceUID")
    ('specimen', 'patient', 'date', 'link')
    """
    return next((rule for rule, pattern in _KINDS if pattern.search(keyword)), "profile")


def is_kept(rule: str, keyword: str, codes: Iterable[str]) -> bool:
    """Whether the methods that a file names let an attribute stay.

    Examples
    --------
    >>> is_kept("date", "StudyDate", ["113100", "113107"]), is_kept("patient", "PatientAge", ["113108"])
    (True, True)
    """
    stated = set(codes)
    characteristic = re.match(
        r"Patient(Sex|Age|Size|Weight)|EthnicGroup|SmokingStatus|PregnancyStatus", keyword
    )
    return bool(_KEPT_BY.get(rule, set()) & stated) or bool(characteristic and "113108" in stated)


def told(action: str) -> str:
    """An action of the table in words.

    Examples
    --------
    >>> told("X/Z/D")
    'remove it, else empty it, else replace it by a dummy'
    """
    return ", else ".join(_ACTIONS[part] for part in action.replace("*", "").split("/"))
