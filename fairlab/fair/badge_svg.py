"""A small picture with the total and its interval; made of shapes and text only, so it is safe anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fairlab.foreign_text import escaped

if TYPE_CHECKING:
    from fairlab.fair.scoring import Score

_COLORS: Final = ("#b3261e", "#a85b00", "#6b6f00", "#1b6e3c")
"""By maturity, 0 to 3; white text on each has a contrast above 4.5."""
_CHARACTER: Final = 6.6
"""Width of a character of 11 px, on average."""


def svg(score: Score) -> str:
    """The badge.

    Examples
    --------
    >>> from fairlab.fair.scoring import Score
    >>> "FAIR 62 (54 to 81) of 100" in svg(Score(value=62.0, low=54.0, high=81.0))
    True
    """
    left, right = "FAIR", score.short
    title = f"FAIR {score.short} of 100, {score.metric_set}"
    start = 16 + round(_CHARACTER * len(left))
    width = start + 16 + round(_CHARACTER * len(right))
    low, high = (start + (width - start) * end / 100 for end in (score.low, score.high))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="22" role="img" aria-label="{escaped(title)}">'
        f"<title>{escaped(title)}</title>"
        f'<rect width="{width}" height="22" rx="4" fill="#333a42"/>'
        f'<path d="M{start} 0h{width - start - 4}a4 4 0 0 1 4 4v14a4 4 0 0 1-4 4h-{width - start - 4}z"'
        f' fill="{_COLORS[score.maturity]}"/>'
        f'<rect x="{low:.1f}" y="19" width="{max(high - low, 1):.1f}" height="2" fill="#fff" fill-opacity=".85"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{start / 2:.1f}" y="15">{left}</text>'
        f'<text x="{(start + width) / 2:.1f}" y="14">{escaped(right)}</text></g></svg>'
    )
