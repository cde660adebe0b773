"""What of a viewer stays in a notebook: the picture of the last view, with its text, and no place it came from."""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.widgets.render import Picture

    Bundle = tuple[dict[str, Any], dict[str, Any]]


def bundle(picture: Picture, error: BaseException | None = None) -> Bundle:
    """A picture as data and metadata of an output: PNG with its alternative text, and the text.

    Parameters
    ----------
    picture : Picture
        What to keep.
    error : BaseException, optional
        Why the picture is not what should be shown; only its class is kept, as what it says may name an
        address or a path.
    """
    note = f"\nnot up to date: {type(error).__name__}" if error is not None else ""
    data = {
        "image/png": base64.b64encode(picture.png()).decode("ascii"),
        "text/plain": f"{picture.text}{note}",
    }
    size = {"width": picture.image.width, "height": picture.image.height}
    return data, {"image/png": {**size, "alt": picture.text}}


class Output:
    """A viewer's outputs in a notebook that a program runs: nobody moves the view there but later cells.

    A live viewer's output is kept up by its front-end instead (``static/lasting.js``), as replacing a live
    output from here would draw a new viewer in its place.
    """

    def __init__(self) -> None:
        self._display_id = uuid.uuid4().hex
        self._is_shown = False

    def show(self, made: Bundle) -> None:
        """Put out what a viewer shows."""
        self._display(made, update=False)
        self._is_shown = True

    def replace(self, make: Callable[[], Bundle]) -> None:
        """Put what is made in place of what was put out before; where nothing was, nothing is made."""
        if self._is_shown:
            self._display(make(), update=True)

    def _display(self, made: Bundle, *, update: bool) -> None:
        from IPython.display import display

        data, metadata = made
        display(  # type: ignore[no-untyped-call]  # IPython states no types
            data, metadata=metadata, raw=True, display_id=self._display_id, update=update
        )
