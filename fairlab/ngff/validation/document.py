"""One document of metadata: what it is, which version it follows, and whether it keeps that version's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.ngff.validation.drafts import in_words_of_the_candidate
from fairlab.ngff.validation.findings import Finding, Findings, Place, error, hint, shown, warning, within
from fairlab.ngff.validation.versions import KINDS, RULES, Rules, guess, rules_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fairlab.errors import FormatError
    from fairlab.ngff.documents import Remark


@dataclass(frozen=True, kw_only=True)
class Document:
    """A group's metadata, found in its document."""

    version: str | None = None
    """Version as stated, or as guessed; None when there is no metadata at all."""
    stated: bool = False
    """Whether the version is stated here."""
    rules: Rules | None = None
    """Rules of that version, where it is known."""
    kind: str | None = None
    """``image``, ``label``, ``plate``, ``well``, ``scene``, ``bioformats2raw``, ``labels`` or ``series``."""
    block: Mapping[str, Any]
    """The blocks of metadata by key."""
    place: Place
    """Where they are in the document."""
    findings: tuple[Finding, ...]
    """What is wrong before any block is looked at."""

    def judged(self) -> Findings:
        """Everything that is wrong with the metadata."""
        yield from self.findings
        if self.rules is None:
            return
        block = in_words_of_the_candidate(self.block, self.version or "")
        for name, shape in self.rules.blocks.items():
            if name in block:
                yield from within(name, shape.check(block[name], (*self.place, name)))
        # Under "ome", where the version has a place of its own, others are leftovers.
        level = warning if self.rules.namespaced else error
        for place, version in _stated(self.block, self.place):
            if version != self.version:
                text = f"the version here is {shown(version)}, but the rest is {shown(self.version)}"
                yield from within("document", iter([level("version", place, text)]))

    def alone(self) -> Findings:
        """Blocks that stand without the ones they need: right by themselves, but no whole group."""
        if "image-label" in self.block and "multiscales" not in self.block:
            text = 'a label image MUST have "multiscales" too; only its "image-label" is here'
            yield from within("image-label", iter([error("alone", self.place, text)]))


_ODDITIES = {
    "duplicate-key": warning,
    "not-a-number": error,
    "number-too-large": hint,
    "encoding": error,
    "byte-order-mark": warning,
}


def odd(remarks: Iterable[Remark]) -> Findings:
    """What reading the JSON remarked."""
    return within("document", (_ODDITIES[remark.kind](remark.kind, (), remark.message) for remark in remarks))


def unread(exc: FormatError) -> Findings:
    """That a document is no JSON."""
    return within("document", iter([error("not-json", (), exc.message.splitlines()[0])]))


def nothing() -> Findings:
    """That there is no document at all."""
    text = "there is no zarr here; give the address of the OME-Zarr itself, often ending in .zarr"
    return within("document", iter([error("no-metadata", (), text)]))


def read(value: Any, *, version: str | None = None) -> Document:
    """What a document describes.

    Parameters
    ----------
    value : JSON value
        Attributes of a group (``.zattrs``, or ``attributes`` of ``zarr.json``), or a whole ``zarr.json``.
    version : str, optional
        Version of the hierarchy it is in, for a document that states none and need not.

    Examples
    --------
    >>> document = read({"ome": {"version": "0.5", "well": {"images": [{"path": "0"}, {"path": "0"}]}}})
    >>> document.kind, [finding.text for finding in document.judged()]
    ('well', ['the path repeats the one at 0; each MUST be unique'])
    """
    attributes, place, findings = _attributes(value)
    block = attributes.get("ome", attributes)
    namespaced = "ome" in attributes
    if namespaced:
        place = (*place, "ome")
        if not isinstance(block, dict):
            findings.append(error("wrong-type", place, f"it is {shown(block)}; expected an object"))
            block = {}
    stated = _stated_version(block, place, namespaced=namespaced)
    if not findings:
        inherited = _inherited(version, namespaced=namespaced)
        version = next((v for v in (stated, inherited) if v is not None), guess(block, namespaced=namespaced))
        rules = rules_for(version)
        if rules is None:
            text = f"the version {shown(version)} is not known; expected one of {', '.join(RULES)}"
            findings.append(error("version", place, text))
        known = KINDS if rules is None else {key: kind for key, kind in KINDS.items() if key in rules.blocks}
        kind = next((kind for key, kind in known.items() if key in block), None)
        if rules is not None and (kind or namespaced):
            findings += _home(version, rules, namespaced=namespaced, whole=value is not attributes)
        if kind is None:
            text = f"there is no metadata of OME-Zarr here; expected one of {', '.join(known)}"
            findings.append(error("no-metadata", place, text))
        if namespaced and stated is None:
            findings.append(_no_version(block, place, labels_05=(version, kind) == ("0.5", "labels")))
    else:
        version, rules, kind = None, None, None
    return Document(
        version=version if kind or namespaced else None,
        stated=stated is not None,
        rules=rules,
        kind=kind,
        block=block,
        place=place,
        findings=tuple(within("document", iter(findings))),
    )


def _attributes(value: Any) -> tuple[Mapping[str, Any], Place, list[Finding]]:
    """The attributes in a document that may be a whole ``zarr.json``."""
    if not isinstance(value, dict):
        return {}, (), [error("wrong-type", (), f"it is {shown(value)}; expected an object")]
    if "zarr_format" not in value and not ("attributes" in value and not value.keys() & {"ome", *KINDS}):
        return value, (), []
    if value.get("node_type") == "array" or "shape" in value:
        return {}, (), [error("array", (), "it is the document of an array; expected that of a group")]
    attributes = value.get("attributes", {})
    if not isinstance(attributes, dict):
        return (
            {},
            (),
            [error("wrong-type", ("attributes",), f"it is {shown(attributes)}; expected an object")],
        )
    return attributes, ("attributes",), []


def _stated_version(block: Mapping[str, Any], place: Place, *, namespaced: bool) -> str | None:
    if not namespaced:
        return next((version for _, version in _stated(block, place)), None)
    return block["version"] if isinstance(block.get("version"), str) else None


def _inherited(version: str | None, *, namespaced: bool) -> str | None:
    """The version of a hierarchy, where metadata may lie as it does here."""
    rules = rules_for(version) if version is not None else None
    return version if rules is not None and rules.namespaced == namespaced else None


def _no_version(block: Mapping[str, Any], place: Place, *, labels_05: bool) -> Finding:
    where = (*place, "version") if "version" in block else place
    found = f"it is {shown(block['version'])}; expected text" if "version" in block else "it is missing"
    # In 0.5 only the schemas say MUST, and there is none for the list of labels; those of IDR have no version.
    if labels_05 and "version" not in block:
        return warning(
            "missing-version", where, f'the "version" SHOULD be stated beside the metadata; {found}'
        )
    return error("missing-version", where, f'the "version" MUST be stated beside the metadata; {found}')


def _stated(block: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, str]]:
    """Versions that single blocks state."""
    images = block.get("multiscales")
    entries: list[tuple[Place, Any]] = [
        ((*place, "multiscales", number), image)
        for number, image in enumerate(images if isinstance(images, list) else [])
    ]
    entries += [((*place, key), block.get(key)) for key in ("plate", "well", "image-label")]
    for where, entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("version"), str):
            yield (*where, "version"), entry["version"]


def _home(version: str, rules: Rules, *, namespaced: bool, whole: bool) -> Findings:
    """Whether the metadata lies where its version keeps it."""
    if rules.namespaced != namespaced:
        home = 'under the key "ome"' if rules.namespaced else "in the attributes themselves, not under a key"
        yield error("namespace", (), f"metadata of OME-Zarr {version} MUST be {home}")
    if whole and rules.zarr_format == 2:
        yield error("zarr-format", (), f"OME-Zarr {version} lies in zarr v2; this is a document of zarr v3")
