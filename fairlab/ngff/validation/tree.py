"""The groups and arrays of a store: what each document says must be below it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from fairlab.errors import MetadataError
from fairlab.ngff.paths import inner_path
from fairlab.ngff.validation.document import Document, read

if TYPE_CHECKING:
    from fairlab.ngff.validation.findings import Finding

Role = Literal[
    "root", "array", "parameters", "image", "labels", "label", "row", "well", "series", "numbered", "file"
]
"""What a node is there for."""

OME_XML: Final = "OME/METADATA.ome.xml"
_BY_PATH: Final = ("affine", "rotation", "displacements", "coordinates")
_BATCH: Final = 16  # images without a list are looked for in batches of this many


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A node that some metadata speaks of."""

    path: str
    """Place in the store."""
    role: Role
    """What it is there for."""
    zarr_format: Literal[2, 3] | None
    """Zarr it should be in; None: either."""
    parent: str = ""
    """Place of the group that speaks of it."""
    required: bool = True
    """Whether it has to be there."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Documents that describe it, in its store."""
        if self.role == "file":
            return (self.path,)
        v2 = {"array": (".zarray",), "root": (".zgroup", ".zattrs", ".zarray")}.get(
            self.role, (".zgroup", ".zattrs")
        )
        names = {2: v2, 3: ("zarr.json",), None: ("zarr.json", *v2)}[self.zarr_format]
        return tuple(join(self.path, name) for name in names)

    def in_other_zarr(self) -> Wanted:
        """The same, in the other zarr format."""
        return replace(self, zarr_format=2 if self.zarr_format == 3 else 3)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node as the store has it."""

    wanted: Wanted
    """Why it was looked for."""
    values: Mapping[str, Any]
    """Its documents by name (``zarr.json``, ``.zattrs`` …), as far as they are there and can be read."""
    findings: tuple[Finding, ...] = ()
    """What is odd about the documents themselves."""
    elsewhere: bool = False
    """Whether it is there in the other zarr format."""
    document: Document | None = None
    """Its metadata, when it is a group that has some."""

    @property
    def path(self) -> str:
        """Place in the store."""
        return self.wanted.path

    @property
    def zarr_format(self) -> Literal[2, 3] | None:
        """Zarr that it is in; None when nothing is there."""
        if "zarr.json" in self.values:
            return 3
        return 2 if self.values else None

    @property
    def array(self) -> Mapping[str, Any] | None:
        """The document of an array."""
        v3 = self.values.get("zarr.json")
        if isinstance(v3, dict):
            return v3 if v3.get("node_type") == "array" else None
        v2 = self.values.get(".zarray")
        return v2 if isinstance(v2, dict) else None

    @property
    def main(self) -> str:
        """Place of the document that says what the node is, or should."""
        if self.wanted.role == "file":
            return self.path
        if (self.zarr_format or self.wanted.zarr_format) == 3:
            return join(self.path, "zarr.json")
        is_array = self.wanted.role == "array" or ".zarray" in self.values
        return join(self.path, ".zarray" if is_array else ".zattrs")


def understood(
    wanted: Wanted, values: Mapping[str, Any], findings: tuple[Finding, ...], *, version: str | None = None
) -> Node:
    """A node with the metadata in its documents; ``version`` is that of the hierarchy, where it is known."""
    node = Node(wanted=wanted, values=values, findings=findings)
    attributes = values.get("zarr.json", values.get(".zattrs"))
    if attributes is None or wanted.role in ("array", "row", "parameters") or node.array is not None:
        return node
    document = read(attributes, version=version)
    if wanted.role == "series" and document.kind is None:
        return node  # the list of a collection MAY be left out
    return replace(node, document=document)


def children(node: Node) -> Iterator[Wanted]:
    """What a node's metadata says is below it; each role speaks of its own parts only, so that depth has an end."""
    block = node.document.block if node.document else {}
    below = _BELOW.get(node.wanted.role)
    for base, path, role, required in below(node, block) if below else ():
        try:
            place = join(base, inner_path(path, where=node.path))
        except MetadataError:
            continue  # it leaves the store; the rules say so
        yield Wanted(path=place, role=role, zarr_format=_format(node), parent=node.path, required=required)


def _format(node: Node) -> Literal[2, 3] | None:
    rules = node.document.rules if node.document else None
    return rules.zarr_format if rules else node.zarr_format or node.wanted.zarr_format


_Below = Iterator[tuple[str, str, Role, bool]]


def _of_root(node: Node, block: Mapping[str, Any]) -> _Below:
    yield from _of_image(node, block)
    yield from _of_labels(node, block)
    yield from _of_well(node, block)
    wells = [path for path in paths(block.get("plate"), "wells") if "/" in path]
    yield from (
        (node.path, row, "row", True) for row in dict.fromkeys(well.rpartition("/")[0] for well in wells)
    )
    yield from ((node.path, well, "well", True) for well in wells)
    yield from _of_steps(node, block.get("scene"))
    yield from ((node.path, path, "image", True) for path in _scene_paths(block.get("scene")))
    if "bioformats2raw.layout" in block and "plate" not in block:
        yield node.path, "OME", "series", False
        yield node.path, OME_XML, "file", False


def _of_well(node: Node, block: Mapping[str, Any]) -> _Below:
    return ((node.path, path, "image", True) for path in paths(block.get("well"), "images"))


def _of_image(node: Node, block: Mapping[str, Any]) -> _Below:
    yield from _of_label(node, block)
    if "multiscales" in block:
        yield node.path, "labels", "labels", False


def _of_labels(node: Node, block: Mapping[str, Any]) -> _Below:
    return ((node.path, path, "label", True) for path in texts(block.get("labels")))


def _of_label(node: Node, block: Mapping[str, Any]) -> _Below:
    images = block.get("multiscales")
    for image in images if isinstance(images, list) else ():
        yield from _of_steps(node, image)
    yield from ((node.path, level, "array", True) for level in levels(block))


def _of_steps(node: Node, holder: Any) -> _Below:
    """Arrays and images that hold the parameters of transformations; what they are besides counts for more."""
    steps = holder.get("coordinateTransformations") if isinstance(holder, dict) else None
    return ((node.path, path, "parameters", True) for path in _parameters(steps))


def _of_series(node: Node, block: Mapping[str, Any]) -> _Below:
    """Images of a collection: as listed beside the OME-XML, or numbered from 0."""
    if "series" in block:
        return ((node.wanted.parent, path, "image", True) for path in texts(block["series"]))
    return ((node.wanted.parent, str(number), "numbered", number == 0) for number in range(_BATCH))


def _of_numbered(node: Node, block: Mapping[str, Any]) -> _Below:
    yield from _of_image(node, block)
    base, _, name = node.path.rpartition("/")
    following = int(name) + 1
    if node.values and following % _BATCH == 0:
        yield from ((base, str(number), "numbered", False) for number in range(following, following + _BATCH))


_BELOW: Final[dict[Role, Callable[[Node, Mapping[str, Any]], _Below]]] = {
    "root": _of_root,
    "well": _of_well,
    "image": _of_image,
    "numbered": _of_numbered,
    "labels": _of_labels,
    "label": _of_label,
    "series": _of_series,
}


def levels(block: Mapping[str, Any]) -> Iterator[str]:
    """Paths of all arrays of an image group."""
    images = block.get("multiscales")
    for image in images if isinstance(images, list) else ():
        yield from paths(image, "datasets")


def paths(block: Any, key: str) -> Iterator[str]:
    """The ``path`` of each entry of a list, as far as it is one."""
    entries = block.get(key) if isinstance(block, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("path"), str):
            yield entry["path"]


def texts(value: Any) -> Iterator[str]:
    """The strings in a list, as far as it is one."""
    return (text for text in (value if isinstance(value, list) else ()) if isinstance(text, str))


def _parameters(steps: Any) -> Iterator[str]:
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, dict):
            continue
        if step.get("type") in _BY_PATH and isinstance(step.get("path"), str):
            yield step["path"]
        yield from _parameters(step.get("transformations"))
        yield from _parameters([step.get(part) for part in ("transformation", "forward", "inverse")])


def _scene_paths(scene: Any) -> Iterator[str]:
    steps = scene.get("coordinateTransformations") if isinstance(scene, dict) else None
    for step in steps if isinstance(steps, list) else ():
        for end in ("input", "output"):
            reference = step.get(end) if isinstance(step, dict) else None
            if isinstance(reference, dict) and isinstance(reference.get("path"), str):
                yield reference["path"]


def join(path: str, name: str) -> str:
    """A place below a place."""
    return posixpath.normpath(f"{path}/{name}") if path else name
