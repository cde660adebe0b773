"""Drafts of 0.6, in the words of its candidate: the rules are the same, some of the words were others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Change = Callable[[dict[str, Any]], Any]

_OLD_KEYS = {"input_axes": "inputAxes", "output_axes": "outputAxes"}


def in_words_of_the_candidate(block: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    """Metadata of a draft, said as ``0.6rc0`` says it; of any other version, as it is.

    Up to ``0.6.dev3`` the ends of an image's transformations are plain text, up to ``0.6.dev4`` the parts of
    ``byDimension`` have keys in another style.

    Examples
    --------
    >>> step = {"type": "identity", "input": "s0", "output": "physical"}
    >>> draft = {"multiscales": [{"datasets": [{"path": "s0", "coordinateTransformations": [step]}]}]}
    >>> image = in_words_of_the_candidate(draft, "0.6.dev3")["multiscales"][0]
    >>> image["datasets"][0]["coordinateTransformations"][0]["input"]
    {'path': 's0'}
    """
    draft = re.fullmatch(r"0\.6\.?dev([1-4])", version)
    if draft is None:
        return block
    renamed: Mapping[str, Any] = _renamed(block)
    return renamed if draft[1] == "4" else _changed(dict(renamed), multiscales=_image)


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_OLD_KEYS.get(key, key): _renamed(child) for key, child in value.items()}
    return [_renamed(child) for child in value] if isinstance(value, list) else value


def _image(image: dict[str, Any]) -> dict[str, Any]:
    return _changed(image, datasets=_level, coordinateTransformations=_further)


def _level(dataset: dict[str, Any]) -> dict[str, Any]:
    return _changed(
        dataset, coordinateTransformations=lambda step: _ends(step, {"input": "path", "output": "name"})
    )


def _further(step: dict[str, Any]) -> dict[str, Any]:
    return _ends(step, {"input": "name", "output": "name"})


def _ends(step: dict[str, Any], keys: dict[str, str]) -> dict[str, Any]:
    return {**step, **{end: {key: step[end]} for end, key in keys.items() if isinstance(step.get(end), str)}}


def _changed(value: dict[str, Any], **changes: _Change) -> dict[str, Any]:
    return {key: _each(child, changes[key]) if key in changes else child for key, child in value.items()}


def _each(value: Any, change: _Change) -> Any:
    """The objects of a list changed, anything else as it is."""
    return (
        [change(item) if isinstance(item, dict) else item for item in value]
        if isinstance(value, list)
        else value
    )
