"""The live viewer's kernel side: what travels at first, what it reports, and what it asks for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from fairlab.errors import QueryError
from fairlab.widgets import frontend
from fairlab.widgets.boxes import as_mapping, box_of
from fairlab.widgets.channels import Channel
from fairlab.widgets.compositing import palette
from fairlab.widgets.describing import description, first_place
from fairlab.widgets.front import Front
from fairlab.widgets.tiles import TileServer
from fairlab.widgets.wire import encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fairlab.widgets.boxes import Box
    from fairlab.widgets.lasting import Bundle
    from fairlab.widgets.objects import Objects
    from fairlab.widgets.reading import Plane
    from fairlab.widgets.scene import Scene
    from fairlab.widgets.showing import Showing
    from fairlab.widgets.state import ViewState

_REPORTED = ("planes", "channels", "overlay", "view", "roi")


class Live(Front):
    """The widget of one viewer.

    Parameters
    ----------
    showing : Showing
        What is shown; its picture is there before the kernel answers anything.
    objects : Objects
        What is known of each label.
    roi : callable
        Takes the box that the reader drew, or None.
    code : callable
        Gives Python that selects what is shown.
    clicked : callable
        Takes name of the labels and number of the object that was clicked.
    failed : callable
        Takes what went wrong, or None when it went well.
    lasting : callable
        Gives what a notebook keeps of the view in force now: data and metadata of an output.
    """

    _esm = frontend.module("viewer")
    _css = frontend.stylesheet("viewer")

    image: Any = traitlets.Dict().tag(sync=True)
    """Geometry, dimensions, labels and words: see :func:`~fairlab.widgets.describing.description`."""
    thumbnail = traitlets.Bytes().tag(sync=True)
    """The first picture as JPEG."""
    first: Any = traitlets.Dict().tag(sync=True)
    """Raw pixels of the first plane, coarse: facts and contents of one tile for each active channel."""
    palette = traitlets.Bytes().tag(sync=True)
    """Colours of labels (r, g, b, a); a label takes the one of its number modulo their count."""
    planes: Any = traitlets.Dict().tag(sync=True)
    """Dimension to plane shown, counted at full resolution."""
    channels: Any = traitlets.List().tag(sync=True)
    """Each channel's name, colour, window, gamma and whether it is on."""
    overlay: Any = traitlets.Dict().tag(sync=True)
    """Name of the labels laid over (or None), opacity of areas, and whether outlines are drawn instead."""
    view: Any = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    """Dimension to the two edges of what the screen shows; None: the whole plane."""
    roi: Any = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    """The same of the box that the reader drew; None: none."""

    def __init__(
        self,
        showing: Showing,
        *,
        objects: Objects,
        roi: Callable[[Box | None], None],
        code: Callable[[], str],
        clicked: Callable[[str, int], None],
        failed: Callable[[BaseException | None], None],
        lasting: Callable[[], Bundle],
    ):
        self._showing, self._objects = showing, objects
        self._roi, self._code, self._clicked, self._failed = roi, code, clicked, failed
        self._lasting = lasting
        scene, state, picture = showing.scene, showing.whole, showing.picture
        looks = [_as_mapping(channel) for channel in state.channels]
        super().__init__(
            image={**description(scene, state), "channels": looks},
            thumbnail=picture.preview.jpeg,
            first=_first(scene, state, picture.state, picture.preview.plane),
            palette=np.insert(palette(), 3, 255, axis=1).tobytes(),
            **self._traits_of(state),
        )
        self._tiles = TileServer(scene, state, self._send_tiles, self.fail)
        self.observe(self._reported, names=list(_REPORTED))

    @property
    def widget(self) -> Live:
        """Itself."""
        return self

    def follow(self) -> None:
        """Show the state that was set from Python."""
        with self.hold_sync():
            for name, value in self._traits_of(self._showing.whole).items():
                setattr(self, name, value)
        self.tell("fine")

    def draw_roi(self, box: Box | None) -> None:
        """Draw the box that was set from Python."""
        self.roi = as_mapping(box, self._showing.scene)

    def close(self) -> None:
        """Take the widget away; what it was asked for and nobody will see is not read any more."""
        self._tiles.ask([])
        super().close()

    def fail(self, error: BaseException) -> None:
        """Show what went wrong under the widget, and tell the viewer."""
        super().fail(error)
        self._failed(error)

    def heard(self, kind: str, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        """Answer the front-end; tiles are read in a thread of their own, so that newer questions are heard."""
        if kind == "tiles":
            self.tell("heard", number=content["number"])
            self._tiles.ask(content["groups"])
        elif kind == "values":
            self.aside(
                lambda: self.tell("answer", token=content["token"], answer=self._tiles.values(content))
            )
        elif kind == "object":
            row = self._objects.row(str(content["labels"]), int(content["id"]))
            self.tell("answer", token=content["token"], answer=row)
        elif kind == "click":
            self._clicked(str(content["labels"]), int(content["id"]))
        elif kind == "picture":
            self.aside(self._send_picture)
        elif kind == "code":
            self.tell("code", text=self._code())
        else:
            raise QueryError(f"the front-end asked for {kind!r}, which nobody knows", kind="message")

    def _send_picture(self) -> None:
        data, metadata = self._lasting()
        self.tell("picture", id=self.model_id, data=data, metadata=metadata)

    def _send_tiles(self, forms: list[dict[str, Any]], contents: list[bytes]) -> None:
        self.tell("tiles", tiles=forms, buffers=contents)

    def _traits_of(self, state: ViewState) -> dict[str, Any]:
        return {
            "planes": state.at,
            "channels": [_as_mapping(channel) for channel in state.channels],
            "overlay": {"labels": state.labels, "opacity": state.opacity, "outline": state.outline},
            "view": as_mapping(state.box, self._showing.scene),
        }

    def _reported(self, event: Mapping[str, Any]) -> None:
        try:
            name, value = str(event["name"]), event["new"]
            if name == "roi":
                self._roi(box_of(value, self._showing.scene))
            else:
                self._showing.change(lambda state: self._with(state, name, value))
        except Exception as exc:  # the caller is the front-end, which would drop it: the reader must see it
            self.fail(exc)

    def _with(self, state: ViewState, name: str, value: Any) -> ViewState:
        if name == "planes":
            return state.moved(**{dim: int(place) for dim, place in value.items()})
        if name == "channels":
            looks = [
                Channel(**{**one, "window": tuple(one["window"]) if one["window"] else None}) for one in value
            ]
            return dataclasses.replace(state, channels=tuple(looks))
        if name == "overlay":
            return dataclasses.replace(
                state, labels=value["labels"], opacity=float(value["opacity"]), outline=bool(value["outline"])
            )
        return dataclasses.replace(state, box=box_of(value, self._showing.scene))


def _as_mapping(channel: Channel) -> dict[str, Any]:
    looks = dataclasses.asdict(channel)
    return {**looks, "window": None if channel.window is None else list(channel.window)}


def _first(scene: Scene, whole: ViewState, shown: ViewState, plane: Plane) -> dict[str, Any]:
    """The numbers of the first picture, with gaps, as one tile for each active channel, and where they lie.

    They are a level of their own, the coarsest.
    """
    active = [number for number, channel in enumerate(shown.channels) if channel.active]
    place = {"source": "", "level": len(scene.levels), "planes": list(whole.positions), "row": 0, "column": 0}
    forms, contents = [], []
    for number, values in zip(active, plane.values, strict=True):
        code, content = encoded(values)
        size = {"height": values.shape[0], "width": values.shape[1]}
        forms.append({**place, "channel": number, "type": code, **size})
        contents.append(content)
    return {"tiles": forms, "contents": contents, **first_place(scene, shown, plane)}
