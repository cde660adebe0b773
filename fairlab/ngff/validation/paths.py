"""Paths from a group to what lies below it."""

from __future__ import annotations

from fairlab.errors import MetadataError
from fairlab.ngff.paths import inner_path
from fairlab.ngff.validation.findings import Findings, Place, error, shown
from fairlab.ngff.validation.shapes import Text


def _inside(value: str, place: Place) -> Findings:
    try:
        inner_path(value, where="")
    except MetadataError:
        yield error(
            "path", place, f"the path {shown(value)} leaves its group; expected one to something below it"
        )


BELOW = Text(expected="a path below this group", also=(_inside,))
"""A path that stays below the group that states it."""
