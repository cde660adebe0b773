"""Audit of OME-XML, and of any XML that stands beside an image or in its metadata.

Documents are read as they pass by, so that 50 MB take no more memory than their deepest element.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from fairlab.fair.privacy.patterns import is_slide_label, of_field, of_text, says_nothing
from fairlab.fair.privacy.places import Notes, is_format_word
from fairlab.foreign_xml import read_xml

Inside = Callable[[str, Notes, str], bool]
"""Looks into a text that is a document itself, at a path; False when it is none."""

MAX_BYTES: Final = 128 * 1024 * 1024
"""A plate of 1536 wells needs about 50 MB."""
MAX_DEPTH: Final = 200
"""Elements in one another; OME-XML needs about 12."""
_PIECE: Final = 64 * 1024  # text is looked at in pieces of this length
_OVERLAP: Final = (
    256  # what of a piece is looked at once more with the next, so that nothing hides on the edge
)
_PIXELS: Final = frozenset({"BinData", "TiffData"})

# What OME-XML (2016-06 and before) names: element, and attribute or element inside it.
_OME: Final = {
    ("Experimenter", "FirstName"): "person",
    ("Experimenter", "MiddleName"): "person",
    ("Experimenter", "LastName"): "person",
    ("Experimenter", "DisplayName"): "person",
    ("Experimenter", "OMEName"): "person",
    ("Experimenter", "UserName"): "person",
    ("Experimenter", "Email"): "email",
    ("Experimenter", "Institution"): "institution",
    ("ExperimenterGroup", "Name"): "person",
    ("Group", "Name"): "person",
    ("Image", "AcquisitionDate"): "date",
    ("Image", "AcquiredDate"): "date",
    ("Image", "CreationDate"): "date",
    ("PlateAcquisition", "StartTime"): "date",
    ("PlateAcquisition", "EndTime"): "date",
    ("TimestampAnnotation", "Value"): "date",
    ("Plate", "ExternalIdentifier"): "specimen",
    ("Screen", "ReagentSetIdentifier"): None,
    ("UUID", "FileName"): "file-name",
    ("BinaryFile", "FileName"): "file-name",
    ("BinaryOnly", "MetadataFile"): "file-name",
    ("OME", "UUID"): "link",
    ("BinaryOnly", "UUID"): "link",
}
_KEYS: Final = ("K", "Key", "Name", "name", "key")


@dataclass
class _Element:
    """An element that is open."""

    name: str
    path: str
    text: str = ""
    key: str = ""
    """What names its value, where that is another element or attribute: ``<M K="User">``, ``<Key>User</Key>``."""
    children: Counter[str] = field(default_factory=Counter)


def audit_xml(
    document: bytes,
    notes: Notes,
    *,
    inside: Inside | None = None,
    base: str = "",
    where: str = "this document",
) -> None:
    """Note what an XML document holds that identifies somebody.

    Parameters
    ----------
    document : bytes
        The file.
    notes : Notes
        Where places are noted.
    inside : callable, optional
        Looks into texts of elements that are documents themselves.
    base : str
        Path of the document, where it stands inside another.
    where : str
        Its name, for messages.

    Raises
    ------
    FormatError
        kind ``"xml-refused"``: it has a document type or entities, or is larger or deeper than any metadata;
        ``"not-xml"``.

    Examples
    --------
    >>> from fairlab.fair.privacy.places import Notes
    >>> notes = Notes()
    >>> audit_xml(b'<OME><Experimenter ID="Experimenter:1" LastName="Roe"/></OME>', notes)
    >>> [(rule, place.path) for (rule, _), place in notes.places.items()]
    [('person', '/OME/Experimenter[1]/@LastName')]
    """
    reader = _Reader(notes, inside, base)
    read_xml(document, reader, where=where, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH, comment=reader.comment)


class _Reader:
    """Looks at elements as they pass by."""

    def __init__(self, notes: Notes, inside: Inside | None, base: str) -> None:
        self.notes, self.inside = notes, inside
        self.open: list[_Element] = [_Element("", base)]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self.open[-1]
        element = _Element(name, f"{parent.path}/{self._step(parent, name)}")
        self.open.append(element)
        element.key = next((attributes[key] for key in _KEYS if key in attributes), "")
        for number, (attribute, value) in enumerate(attributes.items(), start=1):
            own = attribute.rpartition(" ")[2]
            path = f"{element.path}/@{own if is_format_word(own) else f'*[{number}]'}"
            self._value(element, own, value, path, key=element.key if own in ("Value", "value", "V") else "")

    def _step(self, parent: _Element, name: str) -> str:
        parent.children[""] += 1
        if not is_format_word(name):
            self.notes.text(name, f"{parent.path}/*[{parent.children['']}]")
            return f"*[{parent.children['']}]"
        parent.children[name] += 1
        return name if len(self.open) == 1 else f"{name}[{parent.children[name]}]"

    def _value(self, element: _Element, name: str, value: str, path: str, *, key: str = "") -> None:
        """One attribute, or the text of one element, by the name it has."""
        if says_nothing(value):
            return
        if element.name == "Image" and name == "Name" and is_slide_label(value):
            self.notes.add("slide-label", path)
        place = (element.name, name)
        rule = _OME[place] if place in _OME else of_field(key) or (None if name == "ID" else of_field(name))
        if rule:
            self.notes.add(rule, path, value=value)
        for found in of_text(value, key or name):
            if found != rule:
                self.notes.add(found, path, value=value)

    def characters(self, text: str) -> None:
        element = self.open[-1]
        if element.name in _PIXELS:
            return
        element.text += text
        if len(element.text) > _PIECE:
            self.notes.text(element.text, element.path, name=element.key or element.name)
            element.text = element.text[-_OVERLAP:]

    def end(self, _: str) -> None:
        element = self.open.pop()
        text = element.text.strip()
        if not text:
            return
        parent = self.open[-1]
        if element.name in ("Key", "key"):
            parent.key = text[:200]
            self.notes.text(text, element.path)
            return
        key = element.key or (parent.key if element.name in ("Value", "value") else "")
        if not (text[0] in "{[<" and self.inside and self.inside(text, self.notes, element.path)):
            self._value(parent, element.name, text, element.path, key=key)

    def comment(self, text: str) -> None:
        self.notes.text(text[: 2 * _PIECE], f"{self.open[-1].path}/comment()")
