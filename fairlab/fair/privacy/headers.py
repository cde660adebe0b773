"""Audit of DICOM headers by the basic confidentiality profile, nested sequences and private elements included.

Headers come as :class:`Element`, from pydicom (:mod:`fairlab.fair.privacy.dicom`) or from the DICOM JSON model,
which needs no library. Paths are tags, as the standard writes them: ``(0040,0560)[0].(0040,0551)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fairlab.fair.privacy import profile
from fairlab.fair.privacy.patterns import of_field, says_nothing

if TYPE_CHECKING:
    from fairlab.fair.privacy.places import Notes

MAX_DEPTH: Final = 100
"""Sequences in one another; slides need about 8."""
_TAG: Final = re.compile(r"[0-9A-Fa-f]{8}")
_TEXT: Final = frozenset({"LO", "LT", "SH", "ST", "UT", "UC", "UR", "CS", "AE", "PN", "UN", "OB"})
_TIME: Final = frozenset({"DA", "DT"})
_DIRECT: Final = frozenset({"person", "patient", "specimen", "contact"})
_REMOVED, _METHODS, _CODE = "00120062", "00120064", "00080100"
_BURNED, _FACES, _KIND = "00280301", "00280302", "00080008"
_CONCEPT, _MEANING = "0040A043", "00080104"


class Element(NamedTuple):
    """One data element, as far as an audit needs it."""

    tag: str
    """Eight hexadecimal digits, upper case."""
    vr: str
    """Value representation; ``"UN"`` when unknown."""
    text: str
    """The values as text, separated by backslashes; a placeholder where they are binary."""
    items: tuple[Iterable[Element], ...] = ()
    """Of a sequence: its items."""

    @property
    def is_private(self) -> bool:
        """Whether the group is odd."""
        return self.tag[3] in "13579BDF"


def audit_header(elements: Iterable[Element], notes: Notes) -> None:
    """Note what a DICOM header holds that the profile removes or replaces, and what else identifies.

    Parameters
    ----------
    elements : iterable of Element
        The header, pixels left out.
    notes : Notes
        Where places are noted; it is also told what the header says of its own de-identification.

    Examples
    --------
    >>> from fairlab.fair.privacy.places import Notes
    >>> notes = Notes()
    >>> item = {"00400551": {"vr": "LO", "Value": ["S19-1"]}}
    >>> audit_header(elements_of({"00400560": {"vr": "SQ", "Value": [item]}}), notes)
    >>> [(rule, place.path, place.field) for (rule, _), place in notes.places.items()]
    [('specimen', '(0040,0560)[0].(0040,0551)', 'SpecimenIdentifier')]
    """
    whole = list(elements)
    _own_words(whole, notes)
    _pictures(whole, notes)
    _walk(whole, "", notes)


def _own_words(elements: Iterable[Element], notes: Notes) -> None:
    """What a header says of its own de-identification: a flag, and codes of methods."""
    for element in elements:
        if element.tag == _REMOVED and element.text.strip() in ("YES", "NO"):
            notes.deidentified = element.text.strip() == "YES"
        if element.tag == _METHODS:
            stated = [e.text.strip() for item in element.items for e in item if e.tag == _CODE]
            notes.method_codes = tuple(code for code in dict.fromkeys(stated) if code in profile.METHODS)


def _pictures(elements: Iterable[Element], notes: Notes) -> None:
    """What a header says of the pixels: writing or faces in them, and the label of a slide."""
    for element in elements:
        values = element.text.upper().split("\\")
        if element.tag in (_BURNED, _FACES) and values[0].strip() == "YES":
            name = "BurnedInAnnotation" if element.tag == _BURNED else "RecognizableVisualFeatures"
            notes.add("burned-in", _shown(element.tag), field=name)
        if element.tag == _KIND and {"LABEL", "OVERVIEW"} & {value.strip() for value in values}:
            notes.add("slide-label", _shown(element.tag), field="ImageType")


def _walk(elements: Iterable[Element], base: str, notes: Notes) -> None:
    todo = [(element, base, "") for element in elements]
    todo.reverse()
    while todo:
        element, place, concept = todo.pop()
        path = f"{place}{_shown(element.tag)}"
        if element.is_private:
            _private(element, path, notes)
        else:
            _public(element, path, notes, concept)
        if element.items and path.count(".") >= MAX_DEPTH:
            notes.overflown = True
            continue
        for number, item in reversed(list(enumerate(element.items))):
            inside = list(item)
            meaning = _concept(inside)
            todo += [(one, f"{path}[{number}].", meaning) for one in reversed(inside)]


def _concept(item: Iterable[Element]) -> str:
    """What a content item is about, in the words of its code: its value stands in an element of no name."""
    for element in item:
        if element.tag == _CONCEPT:
            return next((e.text for coded in element.items for e in coded if e.tag == _MEANING), "")
    return ""


def _public(element: Element, path: str, notes: Notes, concept: str) -> None:
    entry = profile.entry(element.tag)
    text = "" if says_nothing(element.text) else element.text
    if entry is not None and (text or element.items):
        rule = "person" if element.vr == "PN" else profile.rule_of(entry.keyword)
        if not _is_replaced(entry, notes) and not profile.is_kept(rule, entry.keyword, notes.method_codes):
            _by_profile(element, entry, rule, path, notes)
        return
    if not text or element.items:
        return
    spoken = of_field(concept) if concept and element.vr in _TEXT - {"CS"} else None
    if element.vr == "PN" or spoken:
        notes.add(spoken or "person", path, field=None, value=text)
    elif element.vr in _TIME and not profile.is_kept("date", "", notes.method_codes):
        notes.add("date", path)
    elif element.vr in _TEXT - {"CS"}:
        notes.text(text, path)


def _is_replaced(entry: profile.Entry, notes: Notes) -> bool:
    """Whether identifiers can be taken as new ones: only where the header says that identity was removed."""
    return "U" in entry.action and "X" not in entry.action and notes.deidentified is True


def _by_profile(element: Element, entry: profile.Entry, rule: str, path: str, notes: Notes) -> None:
    advice = f"PS3.15 basic profile, {entry.action}: {profile.told(entry.action)}"
    severe = rule in _DIRECT
    if notes.deidentified and not entry.action.startswith("X"):
        advice += (
            "; identity was removed, says the file, so this may be a dummy: compare it with the original"
        )
    notes.add(
        rule,
        path,
        field=entry.keyword or None,
        advice=advice,
        severity="block" if severe else "review",
        value=element.text,
    )


def _private(element: Element, path: str, notes: Notes) -> None:
    if element.tag[4:6] == "00":  # a private creator: the name of a block, not a value
        return
    if element.items or not says_nothing(element.text):
        if not profile.is_kept("private", "", notes.method_codes):
            # Every element of a private block is one finding: vendors have hundreds of them.
            notes.add("private", path)
        if not element.items:
            notes.text(element.text, path)


def _shown(tag: str) -> str:
    return f"({tag[:4]},{tag[4:]})"


def is_header(value: Any) -> bool:
    """Whether plain values are one header in the DICOM JSON model.

    Examples
    --------
    >>> is_header({"00100010": {"vr": "PN"}}), is_header({"multiscales": []})
    (True, False)
    """
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(key, str) and _TAG.fullmatch(key) for key in value)
        and all(isinstance(element, Mapping) for element in value.values())
    )


def elements_of(header: Mapping[str, Any]) -> Iterator[Element]:
    """The elements of a header in the DICOM JSON model (PS3.18, F.2)."""
    for tag, element in header.items():
        if not (isinstance(element, Mapping) and _TAG.fullmatch(str(tag))) or str(tag).upper() == "7FE00010":
            continue
        values = element.get("Value")
        values = values if isinstance(values, list) else [] if values is None else [values]
        vr = str(element.get("vr", "UN"))
        headers = [one for one in values if isinstance(one, Mapping) and vr != "PN"]
        binary = "?" if "InlineBinary" in element or "BulkDataURI" in element else ""
        yield Element(
            tag=str(tag).upper(),
            vr=vr,
            text="\\".join(_spoken(one) for one in values if one not in headers) or binary,
            items=tuple(elements_of(one) for one in headers),
        )


def _spoken(value: Any) -> str:
    if isinstance(value, Mapping):  # a person's name, in up to three writings
        return "=".join(str(part) for part in value.values() if part)
    return "" if value is None else str(value)
