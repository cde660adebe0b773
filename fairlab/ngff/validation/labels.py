"""Label images, and the list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.ngff.validation.findings import Findings, Place, warning
from fairlab.ngff.validation.paths import BELOW
from fairlab.ngff.validation.shapes import (
    Fields,
    Key,
    ListOf,
    Number,
    Shape,
    Text,
    better,
    may,
    must,
    repeated,
    should,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_INTEGER = Number(integer=True)
_RGBA = ListOf(item=Number(integer=True, least=0, most=255), least=4, most=4)


def _unique_values(colors: list[dict[str, Any]], place: Place) -> Findings:
    yield from repeated([color["label-value"] for color in colors], place, "the label-value")


def _values_once(properties: list[dict[str, Any]], place: Place) -> Findings:
    values = [entry["label-value"] for entry in properties]
    if len(set(values)) < len(values):
        yield warning(
            "duplicate-properties", place, "a label-value stands twice; properties describe unique values"
        )


def _image_label(*, least: int, colors: Callable[[Shape], Key], version: Key | None) -> Fields:
    color = Fields(keys={"label-value": must(_INTEGER), "rgba": may(_RGBA)})
    entry = Fields(keys={"label-value": must(_INTEGER)})
    keys = {
        "colors": colors(ListOf(item=color, least=least, also=(_unique_values,))),
        "properties": may(ListOf(item=entry, least=least, also=(_values_once,))),
        "source": may(Fields(keys={"image": may(Text())})),
    }
    if version is not None:
        keys["version"] = version
    return Fields(keys=keys, section="image-label")


EARLY_LABEL = _image_label(least=0, colors=may, version=should(Text()))
"""Before 0.4."""
LABEL_04 = _image_label(least=1, colors=should, version=should(Text()))
"""0.4."""
LABEL_05 = _image_label(least=1, colors=should, version=better(Text()))
"""0.5: the version has moved up, though the text still asks for it here."""
LABEL_06 = _image_label(least=1, colors=should, version=None)
"""0.6."""


def _each_once(paths: list[str], place: Place) -> Findings:
    if len(set(paths)) < len(paths):
        yield warning("duplicate", place, "a label image is listed twice")


LABELS = ListOf(item=BELOW, section="labels", also=(_each_once,))
"""Paths to label images below the group ``labels``."""
