"""Images and scenes of 0.6: coordinate systems, and the transformations that join them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.ngff.validation import axes
from fairlab.ngff.validation.findings import Findings, Place, error, shown, warning
from fairlab.ngff.validation.multiscales import NAME_KEYS, coarser, metadata_is_an_object, unique_paths
from fairlab.ngff.validation.paths import BELOW
from fairlab.ngff.validation.shapes import Fields, ListOf, Shape, Text, may, must, repeated
from fairlab.ngff.validation.transformations import TRANSFORMATION, sizes

if TYPE_CHECKING:
    from collections.abc import Iterable

Node = tuple[str | None, str]
"""A coordinate system: path of the group it is in (None: this one) and its name."""

_NOT_EMPTY = Text(pattern="(?s).+", expected="a name that is not empty")


class _Both:
    """A value of two shapes at once."""

    def __init__(self, *shapes: Shape):
        self._shapes = shapes

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`~fairlab.ngff.validation.shapes.Shape`."""
        for shape in self._shapes:
            yield from shape.check(value, place)


class _PathOrNull:
    """A path below this group, or null for the group itself."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`~fairlab.ngff.validation.shapes.Shape`."""
        return iter(()) if value is None else BELOW.check(value, place)


_REFERENCE = Fields(keys={"name": must(_NOT_EMPTY), "path": may(_PathOrNull())})
_FROM_ARRAY = Fields(keys={"path": must(BELOW), "name": may(Text())})


def _systems(axes_of_each: ListOf, *, least: int) -> ListOf:
    system = Fields(keys={"name": must(_NOT_EMPTY), "axes": must(axes_of_each)})

    def unique_names(systems: list[dict[str, Any]], place: Place) -> Findings:
        yield from repeated([entry["name"] for entry in systems], place, "the name")

    return ListOf(item=system, least=least, section="coordinateSystems", also=(unique_names,))


_JOINING = ListOf(
    item=_Both(Fields(keys={"input": must(_REFERENCE), "output": must(_REFERENCE)}), TRANSFORMATION),
    least=1,
    section="coordinateTransformations",
)


def _places_a_level(transformations: list[dict[str, Any]], place: Place) -> Findings:
    """A level MUST have one scale, or identity, or sequence of scale and translation."""
    only = transformations[0]
    steps = [step["type"] for step in only.get("transformations", ())]
    if only["type"] not in ("scale", "identity") and (only["type"], steps) != (
        "sequence",
        ["scale", "translation"],
    ):
        found = f"a sequence of {', '.join(steps)}" if only["type"] == "sequence" else only["type"]
        yield error(
            "type",
            (*place, 0),
            f"found {found}; expected scale, identity, or a sequence of scale and translation",
        )
    for end, key in (("input", "name"), ("output", "path")):
        if only[end].get(key) is not None:
            yield warning(end, (*place, 0, end, key), f"the {key} of the {end} SHOULD be left out here")


_LEVEL = ListOf(
    item=_Both(Fields(keys={"input": must(_FROM_ARRAY), "output": must(_REFERENCE)}), TRANSFORMATION),
    least=1,
    most=1,
    section="coordinateTransformations",
    also=(_places_a_level,),
)


def _starts_at_its_array(dataset: dict[str, Any], place: Place) -> Findings:
    stated = dataset["coordinateTransformations"][0]["input"]["path"]
    if stated != dataset["path"]:
        where = (*place, "coordinateTransformations", 0, "input", "path")
        yield error(
            "input", where, f"it is {shown(stated)}; expected the path of the level, {shown(dataset['path'])}"
        )


def _joined(entry: dict[str, Any], place: Place) -> Findings:
    """Levels MUST all lead to one system, the intrinsic one, and every other system MUST be linked to it."""
    systems = {system["name"]: len(system["axes"]) for system in entry["coordinateSystems"]}
    levels = [dataset["coordinateTransformations"][0] for dataset in entry["datasets"]]
    intrinsic = levels[0]["output"]["name"]
    for number, level in enumerate(levels):
        where = (*place, "datasets", number, "coordinateTransformations", 0)
        name = level["output"]["name"]
        if name != intrinsic:
            yield error(
                "intrinsic",
                where,
                f"it leads to {shown(name)}, but the first level to {shown(intrinsic)}; all MUST lead to one",
            )
        elif name not in systems:
            yield error("output", where, f"there is no coordinate system {shown(name)} in this image")
        else:
            yield from sizes(level, systems[name], systems[name], where)
    yield from _further(entry, intrinsic, systems, place)
    yield from _ordered(entry, levels, intrinsic, place)


def _further(entry: dict[str, Any], intrinsic: str, systems: dict[str, int], place: Place) -> Findings:
    edges = []
    for number, step in enumerate(entry.get("coordinateTransformations", [])):
        where = (*place, "coordinateTransformations", number)
        ends = [_node(step["input"]), _node(step["output"])]
        edges.append((ends[0], ends[1]))
        yield from _known(ends, systems, where)
        if (None, intrinsic) not in ends:
            yield error(
                "intrinsic",
                where,
                f"neither input nor output is {shown(intrinsic)}, where the levels lead; one MUST be",
            )
        if any(path is not None for path, _ in ends):
            yield from _to_labels(step, where)
        yield from sizes(step, _size(ends[0], systems), _size(ends[1], systems), where)
    nodes: list[Node] = [(None, intrinsic), *((None, name) for name in systems)]
    yield from _connected(nodes, edges, (*place, "coordinateSystems"))


def _to_labels(step: dict[str, Any], place: Place) -> Findings:
    steps = [part["type"] for part in step.get("transformations", ())]
    simple = step["type"] in ("identity", "scale", "translation") or steps == ["scale", "translation"]
    if not simple:
        yield error(
            "labels",
            place,
            f"a {step['type']} leads to a label image; expected identity, scale or translation",
        )


def _ordered(entry: dict[str, Any], levels: list[dict[str, Any]], intrinsic: str, place: Place) -> Findings:
    stated: list[dict[str, Any]] = next(
        (s["axes"] for s in entry["coordinateSystems"] if s["name"] == intrinsic), []
    )
    spatial = [number for number, axis in enumerate(stated) if axis.get("type") == "space"]
    scales = [_scale(level) for level in levels]
    if all(scale is not None and len(scale) == len(stated) for scale in scales):
        yield from coarser([scale for scale in scales if scale], spatial, (*place, "datasets"))


def _scale(level: dict[str, Any]) -> list[float] | None:
    first = level["transformations"][0] if level["type"] == "sequence" else level
    scale: list[float] | None = first.get("scale")
    return scale


_ENTRY = Fields(
    keys={
        "coordinateSystems": must(_systems(axes.IMAGE_AXES, least=1)),
        "datasets": must(
            ListOf(
                item=Fields(
                    keys={"path": must(BELOW), "coordinateTransformations": must(_LEVEL)},
                    also=(_starts_at_its_array,),
                ),
                least=1,
                also=(unique_paths,),
            )
        ),
        "coordinateTransformations": may(_JOINING),
        **NAME_KEYS,
    },
    also=(metadata_is_an_object, _joined),
)
IMAGES = ListOf(item=_ENTRY, least=1, unique=True, section="multiscales")
"""0.6: an image is levels and coordinate systems."""


def _scene_is_one(scene: dict[str, Any], place: Place) -> Findings:
    """Every system that a scene defines or names MUST be linked to every other."""
    systems = {system["name"]: len(system["axes"]) for system in scene.get("coordinateSystems", [])}
    edges = []
    for number, step in enumerate(scene["coordinateTransformations"]):
        where = (*place, "coordinateTransformations", number)
        ends = [_node(step["input"]), _node(step["output"])]
        edges.append((ends[0], ends[1]))
        yield from _known(ends, systems, where)
        yield from sizes(step, _size(ends[0], systems), _size(ends[1], systems), where)
    # The systems of one image are linked by that image's own metadata.
    nodes = [end for edge in edges for end in edge]
    own = {path: name for path, name in nodes if path is not None}
    edges += [((path, own[path]), (path, name)) for path, name in nodes if path is not None]
    yield from _connected([*nodes, *((None, name) for name in systems)], edges, place)


SCENE = Fields(
    keys={
        "coordinateTransformations": must(_JOINING),
        "coordinateSystems": may(_systems(axes.SYSTEM_AXES, least=0)),
    },
    section="scene",
    also=(_scene_is_one,),
)
"""0.6: images that share a space."""


def _node(reference: dict[str, Any]) -> Node:
    return reference.get("path"), reference["name"]


def _size(node: Node, systems: dict[str, int]) -> int | None:
    return systems.get(node[1]) if node[0] is None else None


def _known(ends: Iterable[Node], systems: dict[str, int], place: Place) -> Findings:
    for key, (path, name) in zip(("input", "output"), ends, strict=True):
        if path is None and name not in systems:
            yield error(key, (*place, key), f"there is no coordinate system {shown(name)} here")


def _connected(nodes: list[Node], edges: list[tuple[Node, Node]], place: Place) -> Findings:
    neighbours: dict[Node, set[Node]] = {node: set() for node in nodes}
    for one, other in edges:
        neighbours.setdefault(one, set()).add(other)
        neighbours.setdefault(other, set()).add(one)
    reached, waiting = {nodes[0]}, [nodes[0]]
    while waiting:
        fresh = neighbours[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    apart = [name for path, name in nodes if (path, name) not in reached]
    if apart:
        yield error(
            "apart",
            place,
            f"no chain of transformations links {shown(apart[0])} to {shown(nodes[0][1])}; all MUST be linked",
        )
