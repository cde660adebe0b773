"""Audit of JSON: attributes of OME-Zarr (consolidated copies too), RO-Crates, records, and text inside text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from fairlab.errors import FormatError
from fairlab.fair.privacy.markup import audit_xml
from fairlab.fair.privacy.patterns import is_slide_label, of_field, of_number, of_text, says_nothing
from fairlab.fair.privacy.places import Notes, is_format_word

MAX_DEPTH: Final = 200
"""Containers in one another, text inside text included."""
_MAX_TEXT: Final = 8 * 1024 * 1024  # text inside text that is looked into as a document of its own
_ABOUT: Final = frozenset({"person", "patient", "specimen"})
_NUMBERED: Final = frozenset({"patient", "specimen", "device"})  # a number of operators is no operator
_KINDS: Final = frozenset({"@type", "@context", "@id", "type", "schema"})
_CREDITED: Final = frozenset({"Person", "Organization", "Organisation", "ContactPoint"})
_NAMES: Final = ("name", "key", "K", "Key", "Name")
_VALUES: Final = frozenset({"value", "values", "V", "Value"})
_COPIES: Final = "the same stands in the group it was consolidated from: change both, or consolidate anew"


class _Node(NamedTuple):
    """A value on its way through the audit."""

    value: Any
    path: str
    name: str
    """The key it stands under; of an item, the key of its list."""
    about: str | None
    """The rule that a key above it falls under: all that is said of a patient is."""
    credited: bool
    """Whether it belongs to somebody whom a crate gives credit."""
    depth: int


def audit_json(value: Any, notes: Notes, *, base: str = "") -> None:
    """Note what a JSON document holds that identifies somebody.

    Parameters
    ----------
    value : Any
        The document as plain values.
    notes : Notes
        Where places are noted.
    base : str
        Path of the document, where it stands inside another.

    Examples
    --------
    >>> from fairlab.fair.privacy.places import Notes
    >>> notes = Notes()
    >>> audit_json({"omero": {"name": "scan_2019-06-04"}, "operator": {"Jane Roe": 1}}, notes)
    >>> sorted((rule, place.path) for (rule, _), place in notes.places.items())
    [('date', '/omero/name'), ('person', '/operator/{1}')]
    """
    todo = [_Node(value, base, "", None, False, base.count("/"))]
    while todo:
        node = todo.pop()
        if node.depth > MAX_DEPTH:
            notes.overflown = True
        elif isinstance(node.value, Mapping):
            _slide(node, notes)
            todo += reversed(list(_members(node, notes)))
        elif isinstance(node.value, list | tuple):
            todo += [
                node._replace(value=item, path=f"{node.path}/{n}", depth=node.depth + 1)
                for n, item in reversed(list(enumerate(node.value)))
            ]
        else:
            _leaf(node, notes)


def _members(node: _Node, notes: Notes) -> Iterator[_Node]:
    credited = node.credited or bool(_CREDITED & set(_texts(node.value.get("@type"))))
    named = next((node.value[key] for key in _NAMES if isinstance(node.value.get(key), str)), None)
    for number, (key, value) in enumerate(node.value.items(), start=1):
        name = str(key)
        path = f"{node.path}/{name.replace('~', '~0').replace('/', '~1') if is_format_word(name) else f'{{{number}}}'}"
        notes.text(name, path)  # a key can hold an address or a date as a value can
        about = None if name in _KINDS else of_field(name) or (node.about if node.about in _ABOUT else None)
        if node.about in _ABOUT and not is_format_word(name):
            notes.add(node.about, path, value=name)
        if named is not None and name in _VALUES:  # {"name": "Operator", "value": "…"}
            about, name = of_field(named) or about, named
        yield _Node(value, path, name, about, credited, node.depth + 1)


def _leaf(node: _Node, notes: Notes) -> None:
    value, advice = (
        node.value,
        _COPIES if "consolidated_metadata" in node.path or ".zattrs/" in node.path else None,
    )
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = {of_number(value, node.name), node.about if node.about in _NUMBERED else None}
        for rule in found - {None}:
            notes.add(str(rule), node.path, advice=advice, value=str(value))
        return
    if not isinstance(value, str) or says_nothing(value) or inside(value, notes, node.path):
        return
    rules = list(of_text(value[:_MAX_TEXT], node.name))
    if node.about and node.about != "contact":
        rules.insert(0, node.about)
    elif node.about:
        rules.append("contact")
    if node.credited:  # who is credited is named on purpose; only contact data need not travel
        rules = [
            "contact" if rule in ("email", "contact", "location") else rule
            for rule in rules
            if rule != "person"
        ]
    for rule in dict.fromkeys(rules):
        notes.add(rule, node.path, advice=advice, value=value)


def inside(text: str, notes: Notes, path: str) -> bool:
    """Look into a text that is a document itself (JSON or XML); False when it is none."""
    text = text.lstrip("\ufeff \t\r\n")
    if len(text) > _MAX_TEXT or text[:1] not in ("{", "[", "<") or path.count("/") > MAX_DEPTH:
        return False
    if text[0] == "<":
        return _markup(text, notes, path)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if isinstance(value, dict | list):
        audit_json(value, notes, base=path)
    return isinstance(value, dict | list)


def _markup(text: str, notes: Notes, path: str) -> bool:
    found = Notes()
    try:
        audit_xml(text.encode("utf-8", "replace"), found, inside=inside, base=path)
    except FormatError:
        return False  # it only looked like markup, and is looked at as text
    notes.take(found)
    return True


def _slide(node: _Node, notes: Notes) -> None:
    """Images whose name says that they show a slide's label."""
    images = node.value.get("multiscales")
    if "image-label" in node.value or not isinstance(images, list):
        return
    for number, image in enumerate(images):
        name = image.get("name") if isinstance(image, Mapping) else None
        if isinstance(name, str) and is_slide_label(name):
            notes.add("slide-label", f"{node.path}/multiscales/{number}/name")


def _texts(value: Any) -> Iterator[str]:
    return (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
