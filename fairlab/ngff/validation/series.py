"""Collections of images as bioformats2raw writes them."""

from __future__ import annotations

from typing import Any

from fairlab.ngff.validation.findings import Findings, Place, error, shown, within
from fairlab.ngff.validation.paths import BELOW
from fairlab.ngff.validation.shapes import ListOf, is_number


class Layout:
    """The layout of bioformats2raw: the number 3."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`~fairlab.ngff.validation.shapes.Shape`."""
        if not is_number(value) or value != 3:
            yield from within(
                "bioformats2raw",
                iter([error("value", place, f"it is {shown(value)}; expected the number 3")]),
            )


LAYOUT = Layout()
"""The mark of a collection."""
SERIES = ListOf(item=BELOW, section="bioformats2raw")
"""Paths to images, in the order of the OME-XML beside them."""
