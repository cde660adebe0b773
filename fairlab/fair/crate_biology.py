"""What an RO-Crate states of samples, specimens and how they were imaged, wherever its dialect puts it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.crate_graph import Crate, Entity, Node, literal, raw, reference
from fairlab.fair.values import compact_identifier, is_anatomy, plain_text, term_value

if TYPE_CHECKING:
    from collections.abc import Iterator

Told = tuple[str, Any, Any, str]
_TAXA: Final = (
    "organism_classification", "organismClassification", "taxonomicRange", "organism", "species",
)  # fmt: skip
_METHODS: Final = ("fbbi_id", "fbbiId", "acquisition_method", "acquisiton_method", "measurementMethod")
# What kind of protocol a GIDE LabProtocol is, by the term that it names (EFO).
_PROTOCOLS: Final = {
    "EFO:0003789": "specimen.growth_protocol",
    "EFO:0003969": "specimen.preparation",
    "EFO:0007573": "annotation.method",
    "EFO:0007572": "acquisition.parameters",
}
# Property of an entity, and where its words go, whatever the entity is called.
_TEXTS: Final = {
    "labEquipment": "acquisition.instrument",
    "imagingInstrumentDescription": "acquisition.instrument",
    "methodType": "annotation.type",
    "annotationMethodType": "annotation.type",
    "annotationCriteria": "annotation.criteria",
    "annotationCoverage": "annotation.coverage",
    "annotationSourceIndicator": "annotation.source",
    "annotationConfidenceLevel": "annotation.confidence",
    "fiducialsUsed": "correlation.fiducials",
    "transformationMatrix": "correlation.transform",
    "transformationDescription": "correlation.transform",
}
_DESCRIBED: Final = {
    "imageacquisitionprotocol": "acquisition.parameters",
    "specimenimagingpreparationprotocol": "specimen.preparation",
    "annotationmethod": "annotation.method",
    "imageanalysismethod": "annotation.method",
    "imagecorrelationmethod": "correlation.alignment",
}
_VARIABLES: Final = {
    "intrinsicVariableDescription": "biosample.variables.intrinsic",
    "extrinsicVariableDescription": "biosample.variables.extrinsic",
    "experimentalVariableDescription": "biosample.variables.experimental",
}
_CHANNEL: Final = {
    "label": ("channelLabel", "label", "name"),
    "content": ("channelContentDescription",),
    "contrast_mechanism": ("signalContrastMechanismDescription",),
    "biological_entity": ("channelBiologicalEntity", "associatedBiologicalEntity"),
}


class _Lists:
    """Lists that grow while a crate is walked, each with the place of its first entry."""

    def __init__(self) -> None:
        self._values: dict[str, list[Any]] = {}
        self._raw: dict[str, list[Any]] = {}
        self._pointers: dict[str, str] = {}

    def add(self, path: str, value: Any, node: Node) -> None:
        known = self._values.setdefault(path, [])
        if not value or any(_same(value, one) for one in known):
            return
        known.append(value)
        self._raw.setdefault(path, []).append(raw(node))
        self._pointers.setdefault(path, node.pointer)

    def told(self) -> Iterator[Told]:
        for path, values in self._values.items():
            if values:
                yield path, values, self._raw[path], self._pointers[path]


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, dict) and first.get("id") and second.get("id"):
        return bool(first["id"] == second["id"])
    return bool(first == second)


def biology(crate: Crate, root: Entity) -> Iterator[Told]:
    """Path, value, raw value and JSON pointer of what a crate states of samples and imaging."""
    found = _Lists()
    for entity in crate.entities:
        _organisms(found, crate, entity)
        _methods(found, crate, entity)
        _samples(found, crate, entity)
        _protocols(found, crate, entity)
        _texts(found, crate, entity)
    _about(found, crate, root)
    yield from found.told()
    part = next((one for one in crate.entities if "bia:Dataset" in one.types), None)
    if part is not None:
        yield from _component(crate, part)


def _component(crate: Crate, entity: Entity) -> Iterator[Told]:
    """The first part of a study in BIA's dialect."""
    for path, names in {"name": ("name", "title"), "description": ("description",)}.items():
        for node in entity.nodes(*names)[:1]:
            yield f"study.component.{path}", crate.text(node), None, node.pointer


def _organisms(found: _Lists, crate: Crate, entity: Entity) -> None:
    for node in entity.nodes(*_TAXA):
        found.add("biosample.organism", _term(crate, node, scheme="NCBITaxon"), node)
    if entity.is_a("taxon"):
        node = Node(dict(entity.values), entity.pointer)
        found.add("biosample.organism", _term(crate, node, scheme="NCBITaxon"), node)


def _methods(found: _Lists, crate: Crate, entity: Entity) -> None:
    for node in entity.nodes(*_METHODS):
        target = crate.entity(node)
        if target is not None and target.is_a("labprotocol", "imageacquisitionprotocol"):
            continue  # a protocol is no method; the terms that it uses come by themselves
        term = _term(crate, node, scheme="FBbi")
        if target is not None and not term.get("id", "").startswith("FBbi:"):
            of_type = next((name for name in target.types if compact_identifier(name)), None)
            if of_type:
                term, node = term_value(None, of_type), Node(of_type, f"{target.pointer}/@type")
        found.add("acquisition.method", term, node)
    for node in entity.nodes("measurementTechnique", "imagingTechnique"):
        term = _term(crate, node, scheme="FBbi")
        if term.get("id", "").startswith("FBbi:"):  # protocols of growth and analysis are EFO terms
            found.add("acquisition.method", term, node)
    if not entity.nodes("fbbiId"):  # BIA: names without identifiers
        for node in entity.nodes("imagingMethodName"):
            found.add("acquisition.method", _term(crate, node, scheme="FBbi"), node)


def _samples(found: _Lists, crate: Crate, entity: Entity) -> None:
    for node in entity.nodes("hasCellLine", "cellLine"):
        term = _term(crate, node)
        found.add("biosample.cell_line", term, node)
        found.add("biosample.biological_entity", term, node)
    for node in entity.nodes("biologicalEntityDescription"):
        found.add("biosample.biological_entity", term_value(plain_text(literal(node))), node)
    for name, path in _VARIABLES.items():
        for node in entity.nodes(name):
            text = crate.text(node)
            found.add(path, {"value": text} if text else None, node)
    for node in entity.nodes("growthProtocol"):
        found.add("specimen.growth_protocol", _words(crate, node), node)
    if entity.is_a("biosample"):
        for node in entity.nodes("name", "title")[:1]:
            found.add("biosample.id", crate.text(node), node)
        for node in entity.nodes("description")[:1]:
            text = crate.text(node)
            found.add("biosample.description", text, node)
            found.add("biosample.biological_entity", {"label": text} if text else None, node)


def _protocols(found: _Lists, crate: Crate, entity: Entity) -> None:
    for name, path in _DESCRIBED.items():
        if entity.is_a(name):
            for node in entity.nodes("protocolDescription", "description")[:1]:
                found.add(path, crate.text(node), node)
    for node in entity.nodes("preparation_method", "imagingPreparationProtocol"):
        found.add("specimen.preparation", _words(crate, node), node)
    for node in entity.nodes("signalChannelInformation"):
        channel = crate.entity(node)
        if channel is not None:
            told = {key: crate.first_text(channel, *names) for key, names in _CHANNEL.items()}
            found.add("specimen.channels", {key: text for key, text in told.items() if text}, node)
    if entity.is_a("labprotocol"):
        used = [compact_identifier(reference(node) or "") for node in entity.nodes("measurementTechnique")]
        others = any((term or "").startswith("EFO:") for term in used)
        usual = None if others else "acquisition.parameters"
        place = next((_PROTOCOLS[term] for term in used if term in _PROTOCOLS), usual)
        for node in entity.nodes("description")[:1]:
            text = crate.text(node)
            if place and text != crate.first_text(entity, "name"):  # a name said twice describes nothing
                found.add(place, text, node)


def _texts(found: _Lists, crate: Crate, entity: Entity) -> None:
    for name, path in _TEXTS.items():
        for node in entity.nodes(name):
            found.add(path, crate.text(node), node)


def _about(found: _Lists, crate: Crate, root: Entity) -> None:
    for node in root.nodes("about"):
        target = crate.entity(node)
        if target is not None and target.is_a("biosample", "specimen"):
            continue
        term = _term(crate, node)
        key = term.get("id", "")
        if key.startswith("NCBITaxon:"):
            found.add("biosample.organism", term, node)
        elif key.startswith("FBbi:"):
            found.add("acquisition.method", term, node)
        elif is_anatomy(key):
            found.add("biosample.biological_entity", term, node)
        else:
            found.add("study.about", term, node)


def _term(crate: Crate, node: Node, *, scheme: str | None = None) -> dict[str, str]:
    """The term that a value names: by what it refers to, by itself, or by its words."""
    target = crate.entity(node)
    stated = reference(node) or plain_text(literal(node)) or ""
    label = crate.text(node) if target is not None else None
    if (
        target is None
        and not compact_identifier(stated, scheme=scheme)
        and not re.match(r"https?://|#|_:", stated)
    ):
        return term_value(plain_text(stated))
    ids = [stated]
    if target is not None:
        more = (reference(one) for one in target.nodes("identifier", "termCode", "sameAs"))
        ids += [text for text in more if text]
    known = next((one for one in ids if compact_identifier(one, scheme=scheme)), None)
    if known is None and re.match(r"#|_:|$", stated):  # a name that means something inside the crate only
        return term_value(label) if label else {}
    return term_value(label, known or stated, scheme=scheme)


def _words(crate: Crate, node: Node) -> str | None:
    """What a protocol says, else what it is called."""
    target = crate.entity(node)
    if target is None:
        return plain_text(literal(node))
    return crate.first_text(target, "protocolDescription", "description", "name", "title")
