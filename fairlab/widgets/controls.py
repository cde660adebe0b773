"""A viewer of ipywidgets alone: a picture made in Python, sliders with physical labels, switches, errors."""

from __future__ import annotations

import dataclasses
import html
from typing import TYPE_CHECKING, Any

from fairlab.widgets.toolkit import ipywidgets_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fairlab.widgets.boxes import Box
    from fairlab.widgets.render import Picture
    from fairlab.widgets.showing import Change, Showing
    from fairlab.widgets.state import Dimension, ViewState

_UNSEEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"


class Controls:
    """The widget of one viewer, where the live one cannot run.

    Parameters
    ----------
    showing : Showing
        What is shown.
    failed : callable
        Takes what went wrong when the reader moved something, or None when it went well.

    Raises
    ------
    MissingExtraError
        ipywidgets is not installed.
    """

    def __init__(self, showing: Showing, *, failed: Callable[[Exception | None], None]):
        self._widgets = ipywidgets = ipywidgets_for("show sliders")
        self._showing, self._failed = showing, failed
        state = showing.state
        self._image = ipywidgets.Image(format="png", layout={"max_width": "100%", "align_self": "flex-start"})
        # An Image widget has no alternative text (and its view fails on a tooltip): words beside it, unseen.
        self._words = ipywidgets.HTML()
        self._error = ipywidgets.HTML(layout={"display": "none"})
        self._sliders = {d.name: self._slider(d) for d in state.dimensions if d.size > 1}
        self._switches = self._channel_switches(state)
        self._labels = self._label_choice(state, list(showing.scene.labels))
        self.widget = self._together(state)
        self.show(showing.picture)

    def _change(self, change: Change) -> None:
        """Carry out and draw what the reader asks; failures are shown, never raised."""
        try:
            self._showing.change(change, at_level=True)
            self._showing.newest(self.show)
        except Exception as exc:  # the caller is the front-end, which would drop it: the reader must see it
            self._failed(exc)
            self.fail(exc)
        else:
            self._failed(None)

    def show(self, picture: Picture) -> None:
        """Put a new picture in place and take an old error away."""
        self._image.value = picture.png()
        self._words.value = f'<div style="{_UNSEEN}">{html.escape(picture.text)}</div>'
        self._error.layout.display = "none"
        self._error.value = ""

    def fail(self, error: BaseException) -> None:
        """Say under the picture what went wrong; repository text in it stays text."""
        said = html.escape(f"{type(error).__name__}: {error}")
        style = "white-space: pre-wrap; color: #b00020; margin: 0"
        self._error.value = f'<pre role="alert" style="{style}">{said}</pre>'
        self._error.layout.display = ""

    def draw_roi(self, box: Box | None) -> None:
        """Boxes are not drawn on this picture."""

    def follow(self) -> None:
        """Set sliders and switches to a state that was set from Python."""
        state = self._showing.state
        self.show(self._showing.picture)
        for name, (slider, _) in self._sliders.items():
            slider.value = state.at[name]
        for channel, switch in zip(state.channels, self._switches, strict=False):
            switch.value = channel.active
        if self._labels is not None:
            self._labels.value = state.labels or ""

    def _slider(self, dimension: Dimension) -> tuple[Any, Any]:
        slider = self._widgets.IntSlider(
            min=0,
            max=dimension.size - 1,
            description=_plain(dimension.name),
            readout=False,
            layout={"width": "340px"},
        )
        text = self._widgets.Label(_plain(dimension.text(0)))

        def moved(event: dict[str, Any]) -> None:
            text.value = _plain(dimension.text(event["new"]))
            self._change(lambda state: state.moved(**{dimension.name: int(event["new"])}))

        slider.observe(moved, names="value")
        return slider, text

    def _channel_switches(self, state: ViewState) -> list[Any]:
        if len(state.channels) < 2:
            return []
        return [self._switch(channel.name, channel.active) for channel in state.channels]

    def _switch(self, name: str, active: bool) -> Any:
        switch = self._widgets.Checkbox(
            value=active,
            description=_plain(name),
            indent=False,
            layout={"width": "auto", "margin": "0 14px 0 0"},
        )

        def switched(event: dict[str, Any]) -> None:
            self._change(lambda state: state.changed(name, active=bool(event["new"])))

        switch.observe(switched, names="value")
        return switch

    def _label_choice(self, state: ViewState, labels: Sequence[str]) -> Any:
        if not labels or not state.channels:
            return None
        choice = self._widgets.Dropdown(
            options=[("none", ""), *((_plain(name), name) for name in labels)],
            value=state.labels or "",
            description="labels",
            layout={"width": "240px"},
            style={"description_width": "initial"},
        )

        def chosen(event: dict[str, Any]) -> None:
            self._change(lambda state: dataclasses.replace(state, labels=event["new"] or None))

        choice.observe(chosen, names="value")
        return choice

    def _together(self, state: ViewState) -> Any:
        box = self._widgets
        rows: list[Any] = [self._image, self._words]
        for name, (slider, text) in self._sliders.items():
            slider.value = state.at[name]
            text.value = _plain(next(d.text(state.at[name]) for d in state.dimensions if d.name == name))
            rows.append(box.HBox([slider, text]))
        row = [*self._switches, *([self._labels] if self._labels is not None else [])]
        if state.channels:
            row.append(self._auto_button())
        rows.append(box.HBox(row, layout={"flex_flow": "row wrap", "align_items": "center"}))
        return box.VBox([*rows, self._error])

    def _auto_button(self) -> Any:
        button = self._widgets.Button(
            description="auto contrast", tooltip="fit the window of every shown channel to this plane"
        )
        button.on_click(lambda _: self._change(lambda state: state.automatic()))
        return button


def _plain(text: str) -> str:
    """Text of a label, without the dollars and backslashes between which front-ends set formulas."""
    return text.translate({ord("$"): "\uff04", ord("\\"): "\uff3c"})
