"""ipywidgets, which is optional: brought when something is to be shown live, and closed with all that it shows."""

from __future__ import annotations

from typing import Any

from fairlab.errors import missing_extra


def ipywidgets_for(purpose: str) -> Any:
    """The library.

    Parameters
    ----------
    purpose : str
        What is wanted of it, as a verb phrase, for the error.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    try:
        import ipywidgets
    except ImportError as exc:
        raise missing_extra("widgets", purpose, exc) from exc
    return ipywidgets


def close_all(widget: Any) -> None:
    """Close a widget with all that it is made of: kernel and front-end hold each of them until it is closed."""
    own = (getattr(widget, name, None) for name in ("layout", "style"))
    for part in (*getattr(widget, "children", ()), *own):
        if part is not None:
            close_all(part)
    widget.close()
