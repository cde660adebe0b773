"""Sums over many assessments, for stewards and funders; every share says how much of it is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import QueryError
from fairlab.fair.metric_set import METRIC_SET, metric_set
from fairlab.fair.scoring import Score
from fairlab.foreign_text import escaped, printable
from fairlab.quantities import readable_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

BY: Final = ("archive", "funder", "institution", "year")
_SEVERAL: Final = ("funder", "institution")
_TOP: Final = 5


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of a group, and of how many that is not known."""

    yes: int
    """Those of which it is so."""
    no: int
    """Those of which it is not."""
    unknown: int
    """Those of which it could not be told."""

    def __str__(self) -> str:
        whole = self.yes + self.no + self.unknown
        if self.unknown == whole:
            return "unknown"
        return f"{100 * self.yes / whole:.0f} %" + (
            f" ({100 * self.unknown / whole:.0f} % unknown)" if self.unknown else ""
        )

    def to_dict(self) -> dict[str, int]:
        """As plain values."""
        return {"yes": self.yes, "no": self.no, "unknown": self.unknown}


@dataclass(frozen=True, kw_only=True)
class GroupSummary:
    """One archive, funder, institution or year."""

    name: str
    """Its name; ``"unknown"`` for rows that name none."""
    count: int
    """Rows."""
    failed: int
    """Rows that could not be assessed; they count in nothing else."""
    score: Score
    """Means of the totals and of both ends of their intervals."""
    bytes: int
    """Sum of the stored sizes that are known."""
    bytes_known: int
    """Rows whose size is known."""
    license: Share
    """Whether a licence is stated."""
    resolvable: Share
    """Whether the address answers."""
    unknown_share: float
    """Mean share of the weight that could not be told."""
    top_fixes: tuple[tuple[str, int], ...]
    """Metrics that are not, or only in part, met by most, by weight lost, with how many rows."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "name": self.name,
            "count": self.count,
            "failed": self.failed,
            "score": self.score.to_dict(),
            "bytes": self.bytes,
            "bytes_known": self.bytes_known,
            "license": self.license.to_dict(),
            "resolvable": self.resolvable.to_dict(),
            "unknown_share": round(self.unknown_share, 3),
            "top_fixes": [
                {
                    "metric": id_,
                    "count": count,
                    "title": metric_set()[id_].title,
                    "who": metric_set()[id_].who,
                }
                for id_, count in self.top_fixes
            ],
        }


@dataclass(frozen=True, kw_only=True, repr=False)
class Summary:
    """Groups of assessments, the largest first."""

    by: str
    """What they are grouped by."""
    groups: tuple[GroupSummary, ...]
    """One for each name."""
    whole: GroupSummary
    """All rows together, each counted once."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "by": self.by,
            "metric_set": METRIC_SET,
            "groups": [group.to_dict() for group in self.groups],
            "whole": self.whole.to_dict(),
        }

    def to_pandas(self) -> pd.DataFrame:
        """A row for each group, and one for all."""
        import pandas as pd

        return pd.DataFrame(
            [dict(zip(_HEADS, _cells(group), strict=True)) for group in (*self.groups, self.whole)]
        )

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [f"by {self.by}, {METRIC_SET}"]
        for group in (*self.groups, self.whole):
            cells = dict(zip(_HEADS, _cells(group), strict=True))
            lines += [
                "",
                cells.pop("name"),
                *(f"  {name:<12} {cell}" for name, cell in cells.items() if name != "top fixes"),
            ]
            for id_, count in group.top_fixes:
                lines.append(f"  {count:>6,} × {id_:<8} {metric_set()[id_].title} ({metric_set()[id_].who})")
        return "\n".join(map(printable, lines))

    def _repr_html_(self) -> str:
        style = "text-align:left;vertical-align:top"
        head = "".join(f"<th style='{style}'>{escaped(name)}</th>" for name in _HEADS)
        body = "".join(
            "<tr>" + "".join(f"<td style='{style}'>{escaped(cell)}</td>" for cell in _cells(group)) + "</tr>"
            for group in (*self.groups, self.whole)
        )
        return f"<table><caption>{METRIC_SET}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_HEADS: Final = ("name", "count", "FAIR", "bytes", "licence", "resolvable", "unknown", "top fixes")


def _cells(group: GroupSummary) -> tuple[str, ...]:
    known = "" if group.bytes_known == group.count else f" ({group.bytes_known:,} of {group.count:,} known)"
    return (
        group.name,
        f"{group.count:,}" + (f" ({group.failed:,} failed)" if group.failed else ""),
        group.score.short,
        f"{readable_bytes(group.bytes)}{known}" if group.bytes_known else "unknown",
        str(group.license),
        str(group.resolvable),
        f"{100 * group.unknown_share:.0f} %",
        "; ".join(f"{id_} {metric_set()[id_].title} ({count:,})" for id_, count in group.top_fixes),
    )


def summed_up(rows: Iterable[Mapping[str, str]], *, by: str) -> Summary:
    """Sums over rows; see :meth:`fairlab.fair.survey.Survey.summary`.

    Raises
    ------
    QueryError
        kind ``"summary-by"``.
    """
    if by not in BY:
        raise QueryError(f'there is no summary by "{by}"; expected one of {", ".join(BY)}', kind="summary-by")
    grouped: dict[str, list[Mapping[str, str]]] = {}
    every = list(rows)
    for row in every:
        for name in _names(row[by], several=by in _SEVERAL):
            grouped.setdefault(name, []).append(row)
    groups = [_group(name, mine) for name, mine in grouped.items()]
    return Summary(
        by=by,
        groups=tuple(sorted(groups, key=lambda group: (group.name == "unknown", -group.count, group.name))),
        whole=_group("all", every),
    )


def _names(cell: str, *, several: bool) -> list[str]:
    parts = cell.split("; ") if several else [cell]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip())) or ["unknown"]


def _group(name: str, rows: Sequence[Mapping[str, str]]) -> GroupSummary:
    told = [row for row in rows if not row["error"]]
    sizes = [int(float(row["bytes"])) for row in told if row["bytes"]]
    return GroupSummary(
        name=name,
        count=len(rows),
        failed=len(rows) - len(told),
        score=Score(
            value=_mean([float(row["total"]) for row in told if row["total"]]),
            low=_mean([float(row["total_low"]) for row in told]) or 0.0,
            high=100.0 if not told else _mean([float(row["total_high"]) for row in told]) or 0.0,
        ),
        bytes=sum(sizes),
        bytes_known=len(sizes),
        license=_share([row["R1.1-01"] for row in told], yes=("1",), unknown=("unknown", "na")),
        resolvable=_share([row["resolvable"] for row in told], yes=("yes",), unknown=("unknown",)),
        unknown_share=_mean([float(row["unknown_share"]) for row in told]) or 0.0,
        top_fixes=_top_fixes(told),
    )


def _share(cells: Sequence[str], *, yes: Sequence[str], unknown: Sequence[str]) -> Share:
    good, open_ = sum(cell in yes for cell in cells), sum(cell in unknown for cell in cells)
    return Share(yes=good, no=len(cells) - good - open_, unknown=open_)


def _top_fixes(rows: Sequence[Mapping[str, str]]) -> tuple[tuple[str, int], ...]:
    lost, counts = {}, {}
    for id_, metric in metric_set().items():
        scores = [float(row[id_]) for row in rows if row[id_] not in ("", "na", "unknown")]
        counts[id_] = sum(score < 1 for score in scores)
        lost[id_] = metric.weight * sum(1 - score for score in scores)
    ranked = sorted((id_ for id_ in lost if lost[id_] > 0), key=lambda id_: -lost[id_])
    return tuple((id_, counts[id_]) for id_ in ranked[:_TOP])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
