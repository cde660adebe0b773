"""What callers of ``view`` may give, and the nearest right name for what they may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.errors import QueryError
from fairlab.hints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.widgets.scene import Scene

_KEYWORDS = ("channels", "level", "labels", "table", "max_pixels", "width", "fallback")


def check_sizes(**sizes: int) -> None:
    """Refuse numbers of pixels that make no picture."""
    for name, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 16 <= value <= 16384:
            raise QueryError(f"{name} is {value!r}; expected pixels, 16 to 16384", kind="view-size")


def check_positions(scene: Scene, positions: Mapping[str, object]) -> None:
    """Refuse keywords that are no dimension to move along."""
    layout = scene.layout
    for name in positions:
        if name in layout.others:
            continue
        if name == layout.channel:
            hint = '; choose channels with channels=["…"]'
        elif name in (layout.y, layout.x):
            hint = f"; the whole plane is shown: crop first, image.sel({name}=slice(…))"
        else:
            hint = did_you_mean(name, [*_KEYWORDS, *layout.others])
        known = ", ".join([*_KEYWORDS, *layout.others])
        raise QueryError(
            f'view() knows no "{name}"{hint}\n  it knows: {known}', kind="keyword-unknown", keyword=name
        )
