"""Whether the groups and arrays that metadata speaks of are there, and agree with it and with one another."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fairlab.ngff.validation.arrays import ArrayFacts, agree, axis_names, facts
from fairlab.ngff.validation.findings import Finding, Findings, error, shown, warning
from fairlab.ngff.validation.tree import OME_XML, Node, join, paths

if TYPE_CHECKING:
    from fairlab.ngff.validation.document import Document

Tree = Mapping[str, Node]
"""Nodes by place in the store."""
Located = Iterator[tuple[str, Finding]]
"""Findings, with the document each is about."""

_NOUNS = {
    "array": "array",
    "parameters": "array or image of parameters",
    "row": "group of a row",
    "well": "well",
    "image": "image",
    "numbered": "image",
    "label": "label image",
    "root": "group",
}
_NEEDED = {"well": "well", "image": "multiscales", "numbered": "multiscales", "label": "multiscales"}


def judged(tree: Tree) -> Located:
    """What is wrong with a hierarchy; metadata of single documents is not looked at here."""
    root = tree[""]
    for node in tree.values():
        found = ((node.main, f) for f in (*_there(node), *_of_its_kind(node), *_same_version(node, root)))
        between = (rule(node, node.document, tree) for rule in _RULES if node.document is not None)
        for document, finding in itertools.chain(found, *between):
            yield document, replace(finding, section="hierarchy")


def _there(node: Node) -> Findings:
    wanted = node.wanted
    asked = f"; {shown(wanted.parent or 'the root')} speaks of it"
    if node.elsewhere:
        text = f"it lies in another zarr; this version MUST lie in zarr v{wanted.zarr_format}"
        yield error("zarr-format", (), text + asked)
    elif not node.values and wanted.required and wanted.role != "root":
        names = " or ".join(key.rpartition("/")[2] for key in wanted.keys)
        noun = _NOUNS.get(wanted.role, "node")
        yield error("missing", (), f"there is no {noun} (no {names}){asked}")
    elif not node.values and wanted.role == "file":
        yield warning("ome-xml", (), f"there is no {OME_XML}; it SHOULD describe the whole collection")
    elif (
        ".zattrs" in node.values
        and ".zgroup" not in node.values
        and node.array is None
        and wanted.role != "file"
    ):
        yield error("group", (), "there are attributes but no .zgroup: it is no group of zarr v2")


def _of_its_kind(node: Node) -> Findings:
    role, document = node.wanted.role, node.document
    if not node.values or role in ("file", "parameters"):
        return
    if role == "array":
        if node.array is None and any(finding.code == "not-json" for finding in node.findings):
            yield error("array", (), "its document cannot be read")
        elif node.array is None:
            yield error("array", (), "it is a group; expected an array")
        elif facts(node.array) is None:
            yield error("array", (), "its shape, chunks or data type cannot be understood")
        return
    if node.array is not None:
        yield error("group", (), "it is an array; expected a group")
        return
    needed = _NEEDED.get(role)
    if needed and (document is None or needed not in document.block):
        yield error("metadata", (), f'there is no "{needed}" in its metadata; expected a {_NOUNS[role]}')
    elif role == "label" and document is not None and _lacks_display(document):
        yield warning("image-label", document.place, '"image-label" is missing; it SHOULD be there')


def _lacks_display(label: Document) -> bool:
    """Whether a label image has nothing that says it is one; before 0.5 the text does not ask for it."""
    return "image-label" not in label.block and label.rules is not None and label.rules.namespaced


def _same_version(node: Node, root: Node) -> Findings:
    mine, whole = node.document, root.document
    if mine is None or whole is None or not (mine.stated and whole.stated) or mine.version == whole.version:
        return
    # Drafts of one version have the same rules: to mix them is untidy, but leaves nothing in doubt.
    one_rule = mine.rules is whole.rules
    level = error if whole.rules is not None and whole.rules.namespaced and not one_rule else warning
    text = (
        f"its version is {shown(mine.version)}, but {shown(whole.version)} at the root; a hierarchy has one"
    )
    yield level("version", (), text)


# ── rules between documents ──────────────────────────────────────────────────────────────────────────


def _arrays(node: Node, document: Document, tree: Tree) -> Located:
    """Arrays of an image fit its axes and one another."""
    label = node.wanted.role == "label" or "image-label" in document.block
    for image in _entries(document.block.get("multiscales")):
        places = [join(node.path, path) for path in paths(image, "datasets")]
        found = [_facts(tree.get(place)) for place in places]
        names = axis_names(image, document.version or "")
        for number, findings in agree(found, names, version=document.version or "", label=label):
            yield from ((tree[places[number]].main, finding) for finding in findings)
        yield from _channels(node, document, names, found)


def _channels(
    node: Node, document: Document, names: list[list[str]], found: list[ArrayFacts | None]
) -> Located:
    omero = document.block.get("omero")
    channels = omero.get("channels") if isinstance(omero, dict) else None
    first = found[0] if found else None
    axis = names[0].index("c") if names and "c" in names[0] else None
    if isinstance(channels, list) and first and axis is not None and axis < len(first.shape):
        count = first.shape[axis]
        if len(channels) != count:
            text = f"omero describes {len(channels)} channels, but the axis c has {count}"
            yield node.main, warning("channels", (*document.place, "omero", "channels"), text)


def _labels(node: Node, document: Document, tree: Tree) -> Located:
    """A label image has as many levels as its image, and along each axis its length, or 1."""
    group = tree.get(join(node.path, "labels"))
    if group is None or group.document is None:
        return
    mine, axes = _pyramid(node, tree)
    for name in _strings(group.document.block.get("labels")):
        label = tree.get(join(group.path, name))
        if label is None or label.document is None or not mine:
            continue
        theirs, their_axes = _pyramid(label, tree)
        if theirs and len(theirs) != len(mine):
            text = f"it has {len(theirs)} levels, but its image has {len(mine)}; they MUST be as many"
            yield label.main, error("label-levels", (*label.document.place, "multiscales"), text)
        if theirs and theirs[0] and mine[0]:
            lengths = dict(zip(axes, mine[0].shape, strict=False))
            for axis, length in zip(their_axes, theirs[0].shape, strict=False):
                if length not in (1, lengths.get(axis, length)):
                    text = (
                        f"along {axis} it is {length}, but its image {lengths[axis]}; it SHOULD be that, or 1"
                    )
                    yield label.main, warning("label-shape", label.document.place, text)


def _plate(node: Node, document: Document, tree: Tree) -> Located:
    """Wells keep what the plate says of acquisitions and numbers of fields."""
    plate = document.block.get("plate")
    if not isinstance(plate, dict):
        return
    known = {a["id"]: a for a in _entries(plate.get("acquisitions")) if isinstance(a.get("id"), int)}
    for path in paths(plate, "wells"):
        well = tree.get(join(node.path, path))
        if well is None or well.document is None:
            continue
        block = well.document.block.get("well")
        images = _entries(block.get("images")) if isinstance(block, dict) else []
        place = (*well.document.place, "well", "images")
        for number, image in enumerate(images):
            stated = image.get("acquisition")
            if stated is None and len(known) > 1:
                yield (
                    well.main,
                    error(
                        "acquisition",
                        (*place, number),
                        f"it names no acquisition; the plate has {len(known)}",
                    ),
                )
            elif isinstance(stated, int) and known and stated not in known:
                text = f"there is no acquisition {shown(stated)} in the plate"
                yield well.main, error("acquisition", (*place, number, "acquisition"), text)
        yield from (
            (well.main, warning("field-count", place, text)) for text in _too_many(images, plate, known)
        )


def _too_many(
    images: list[dict[str, Any]], plate: dict[str, Any], known: dict[int, dict[str, Any]]
) -> Iterator[str]:
    count = plate.get("field_count")
    if isinstance(count, int) and len(images) > count:
        yield f"there are {len(images)} fields; the plate says at most {count} (field_count)"
    by_acquisition = Counter(
        image["acquisition"] for image in images if isinstance(image.get("acquisition"), int)
    )
    for acquisition, fields in by_acquisition.items():
        most = known.get(acquisition, {}).get("maximumfieldcount")
        if isinstance(most, int) and fields > most:
            yield f"there are {fields} fields of acquisition {acquisition}; the plate says at most {most}"


def _numbered(node: Node, document: Document, tree: Tree) -> Located:
    """Images of a collection without a list MUST be numbered consecutively from 0."""
    if "bioformats2raw.layout" not in document.block:
        return
    there = [bool(image.values) for image in tree.values() if image.wanted.role == "numbered"]
    gap = there.index(False) if False in there else len(there)
    if any(there[gap:]):
        yield node.main, error("numbers", (), f"images are not numbered consecutively: {gap} is missing")


def _label_alone(node: Node, document: Document, tree: Tree) -> Located:
    return ((node.main, finding) for finding in document.alone() if node.wanted.role != "label")


def _scene(node: Node, document: Document, tree: Tree) -> Located:
    """Coordinate systems that a scene names MUST be in the images it names."""
    scene = document.block.get("scene")
    steps = _entries(scene.get("coordinateTransformations")) if isinstance(scene, dict) else []
    for number, step in enumerate(steps):
        for end in ("input", "output"):
            reference = step.get(end)
            path = reference.get("path") if isinstance(reference, dict) else None
            image = tree.get(join(node.path, path)) if isinstance(path, str) else None
            if image is None or image.document is None or not isinstance(reference, dict):
                continue
            names = [
                s.get("name")
                for m in _entries(image.document.block.get("multiscales"))
                for s in _entries(m.get("coordinateSystems"))
            ]
            if reference.get("name") not in names:
                place = (*document.place, "scene", "coordinateTransformations", number, end)
                yield (
                    node.main,
                    error(
                        "coordinate-system",
                        place,
                        f"{shown(path)} has no coordinate system {shown(reference.get('name'))}",
                    ),
                )


_RULES: tuple[Callable[[Node, Document, Tree], Located], ...] = (
    _arrays,
    _labels,
    _plate,
    _numbered,
    _label_alone,
    _scene,
)


def _entries(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _strings(value: Any) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _facts(node: Node | None) -> ArrayFacts | None:
    return facts(node.array) if node is not None and node.array is not None else None


def _pyramid(node: Node, tree: Tree) -> tuple[list[ArrayFacts | None], list[str]]:
    """Arrays of the first image of a group, and the names of its axes."""
    images = _entries(node.document.block.get("multiscales")) if node.document else []
    if not images or node.document is None:
        return [], []
    names = axis_names(images[0], node.document.version or "")
    return [_facts(tree.get(join(node.path, path))) for path in paths(images[0], "datasets")], names[
        0
    ] if names else []
