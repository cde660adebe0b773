"""The rules of the audit: what each looks for, how grave it is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fairlab.fair.privacy.findings import Severity


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a rule looks for, how grave it is, and what to do."""

    about: str
    """What it finds."""
    severity: Severity
    """``"block"`` or ``"review"``."""
    advice: str
    """What to do, as one sentence."""


RULES: Final[dict[str, Rule]] = {
    "person": Rule(
        about="the name or account of a person",
        severity="block",
        advice="empty the field; who made published data is named in the citation, not in instrument metadata",
    ),
    "patient": Rule(
        about="a fact about a patient, donor or participant",
        severity="block",
        advice="remove it, or replace it by a study number whose key stays with the data owner",
    ),
    "specimen": Rule(
        about="a number of a specimen, slide, container or case as a clinic gives it",
        severity="block",
        advice="replace it by a number of the study, in every copy (nested sequences, labels, file names)",
    ),
    "email": Rule(
        about="an e-mail address",
        severity="block",
        advice="remove the address; an ORCID identifies without it",
    ),
    "contact": Rule(
        about="contact data of somebody who is credited",
        severity="review",
        advice="published contact data need not travel along: keep name and ORCID, drop the address",
    ),
    "secret": Rule(
        about="a password or signature inside an address",
        severity="block",
        advice="withdraw it where it was issued, then remove it",
    ),
    "burned-in": Rule(
        about="text or a face in the pixels themselves",
        severity="block",
        advice="clean the pixels; metadata alone does not help",
    ),
    "slide-label": Rule(
        about="a picture of a slide's label, or of the whole slide with it",
        severity="block",
        advice="leave this image out of what is shared, or black out the label",
    ),
    "institution": Rule(
        about="a hospital, department or institute",
        severity="review",
        advice="empty it where few people could be meant; a publisher or affiliation may stay",
    ),
    "device": Rule(
        about="a serial number, station or title of one device",
        severity="review",
        advice="keep the model, drop the number: one device leads to one place and its schedule",
    ),
    "host": Rule(
        about="a computer or its network address",
        severity="review",
        advice="remove it; it says nothing about the image",
    ),
    "path": Rule(
        about="a path on somebody's computer",
        severity="review",
        advice="keep the file's name at most; folders carry user names, projects and dates",
    ),
    "file-name": Rule(
        about="the name of the original file",
        severity="review",
        advice="look at it: such names often hold dates, initials and specimen numbers",
    ),
    "date": Rule(
        about="a date or time of acquisition",
        severity="review",
        advice="shorten it to the year, or shift all dates of a person by the same number of days",
    ),
    "location": Rule(
        about="a place on the map, or a postal address",
        severity="review",
        advice="remove it, or keep the country only",
    ),
    "link": Rule(
        about="an identifier that leads from one file to another",
        severity="review",
        advice="replace it by a new one, the same in all files that belong together",
    ),
    "text": Rule(
        about="free text that a profile asks to remove or clean",
        severity="review",
        advice="read it; remove names, dates and numbers",
    ),
    "private": Rule(
        about="elements that only a vendor can read",
        severity="review",
        advice="remove them, or keep those that the vendor declares safe",
    ),
    "profile": Rule(
        about="another element that the DICOM basic confidentiality profile removes or replaces",
        severity="review",
        advice="treat it as the profile says",
    ),
}
"""Name of each rule to what it is."""
