"""Boxes on the plane: what the screen shows, what the reader drew, and the pixels inside as xarray and as code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import SelectionError
from fairlab.net.address import redact
from fairlab.quantities import position

if TYPE_CHECKING:
    import xarray as xr

    from fairlab.widgets.scene import Scene
    from fairlab.widgets.state import ViewState

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle of the plane, by its edges, in the units of the coordinates."""

    y: Span
    """Lower and upper edge along the rows' dimension."""
    x: Span
    """Lower and upper edge along the columns' dimension."""


def box_of(wanted: Any, scene: Scene) -> Box | None:
    """The box that a caller means.

    Parameters
    ----------
    wanted : mapping or None
        Dimension to its two edges, numbers in the coordinate's unit or text such as ``"12 um"``:
        ``{"x": (340, 360), "y": (120, 140)}``. A dimension left out is taken whole.
    scene : Scene
        Says which dimensions the plane has.

    Raises
    ------
    SelectionError
        kind ``"box"``: no such dimension, no two edges, nothing between them, or outside the image;
        ``"quantity"``, ``"unitless"``.
    """
    if wanted is None:
        return None
    dims = scene.layout.y, scene.layout.x
    if not isinstance(wanted, Mapping) or set(wanted) - set(dims):
        raise _no_box(wanted, scene)
    spans = []
    for dim, rulers in zip(dims, (scene.rows, scene.columns), strict=True):
        low, high = rulers[0].edges
        try:
            ends = [position(end, unit=rulers[0].unit, dim=dim) for end in wanted.get(dim, (low, high))]
        except TypeError as exc:
            raise _no_box(wanted, scene) from exc
        if len(ends) != 2 or ends[0] == ends[1] or max(ends) <= low or min(ends) >= high:
            raise _no_box(wanted, scene)
        spans.append((min(ends), max(ends)))
    return Box(y=spans[0], x=spans[1])


def whole(scene: Scene) -> Box:
    """All of the plane."""
    return Box(y=scene.rows[0].edges, x=scene.columns[0].edges)


def as_mapping(box: Box | None, scene: Scene) -> dict[str, list[float]] | None:
    """The box as plain data: dimension to its two edges."""
    return None if box is None else {scene.layout.y: list(box.y), scene.layout.x: list(box.x)}


def _no_box(wanted: object, scene: Scene) -> SelectionError:
    ranges = (
        (scene.layout.y, scene.rows[0]),
        (scene.layout.x, scene.columns[0]),
    )
    example = ", ".join(f'"{dim}": ({ruler.edges[0]:g}, {ruler.edges[1]:g})' for dim, ruler in ranges)
    return SelectionError(
        f"{wanted!r} is no box on this image\n  expected two edges for each dimension, within {{{example}}}",
        kind="box",
    )


def selected(scene: Scene, state: ViewState, box: Box | None) -> xr.DataArray:
    """The pixels of a box at full resolution, lazily: the channels and the plane shown, or all of the plane."""
    return scene.finest.isel(_indexers(scene, state, box))


def _indexers(scene: Scene, state: ViewState, box: Box | None) -> dict[str, Any]:
    layout = scene.layout
    wanted: dict[str, Any] = scene.finest_places(state)
    active = [number for number, channel in enumerate(state.channels) if channel.active]
    if layout.channel is not None and len(active) < len(state.channels):
        wanted[layout.channel] = active
    if box is not None:
        wanted[layout.y] = scene.rows[0].inside(*box.y)
        wanted[layout.x] = scene.columns[0].inside(*box.x)
    return wanted


def code(scene: Scene, state: ViewState, box: Box | None) -> str:
    """Python that selects the same pixels again; what is no public address is left for the reader to fill in."""
    source, name = _source(scene), next(iter(scene.levels))
    given = (
        f'image = fairlab.open_image({source!r})["{name}/image"]'
        if source
        else "# image: what you gave to fairlab.view, at full resolution"
    )
    by_position: list[str] = []
    by_number: list[str] = []
    for dim, place in _indexers(scene, state, box).items():
        argument = _argument(scene.finest, dim, place)
        (by_position if argument else by_number).append(f"{dim}={argument or _plain(place)}")
    steps = [f".sel({', '.join(by_position)})"] if by_position else []
    steps += [f".isel({', '.join(by_number)})"] if by_number else []
    return "\n".join([*(["import fairlab"] if source else []), given, f"selection = image{''.join(steps)}"])


def _source(scene: Scene) -> str | None:
    """What opens the image again: its identifier, or an address that anybody may see."""
    address = str(scene.finest.attrs.get("source_url", ""))
    if scene.words.identifier:
        return scene.words.identifier
    return (
        address if address.startswith(("https://", "s3://", "gs://")) and redact(address) == address else None
    )


def _argument(image: xr.DataArray, dim: str, place: Any) -> str | None:
    """What selects a place by its coordinate; None where there is none to select by."""
    if dim not in image.indexes or not image.indexes[dim].is_unique or not dim.isidentifier():
        return None
    values = image.coords[dim].values[place]
    if values.dtype.kind not in "iufU":
        return None
    if isinstance(place, slice):
        return f"slice({values[0].item()!r}, {values[-1].item()!r})" if values.size else None
    return repr(values.tolist())


def _plain(place: Any) -> str:
    return f"slice({place.start}, {place.stop})" if isinstance(place, slice) else repr(place)
