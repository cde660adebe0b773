"""The report of one image or study: scores with their intervals, the outcome of every metric, and what to do."""

from __future__ import annotations

import csv
import functools
import io
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fairlab import __version__
from fairlab.errors import FormatError, QueryError
from fairlab.fair.advice import Fix, fixes, message
from fairlab.fair.bundle import Answer, Probe
from fairlab.fair.crosswalk import Crossed, crosswalk
from fairlab.fair.metric_set import LETTERS, METRIC_SET, SCHEMES, Letter, Scheme, Who, metric_set
from fairlab.fair.metrics import evaluate
from fairlab.fair.metrics.seen import was_probed
from fairlab.fair.record_builder import describe
from fairlab.fair.scoring import Score, letter_score, total_score, unknown_share, weighted_score
from fairlab.fair.side_badges import Badge, badges
from fairlab.fair.table_row import row_of
from fairlab.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.cohort import Cohort, Standing
    from fairlab.fair.description import Description
    from fairlab.fair.outcome import Outcome

SCHEMA = "fairlab-report/1"


@dataclass(frozen=True, kw_only=True, repr=False)
class Report:
    """How findable, accessible, interoperable and reusable one image or study is, as far as could be told.

    It holds the documents that it rests on; every number is computed from them, and the same documents give the
    same report. :func:`fairlab.assess` makes it.

    Examples
    --------
    >>> import fairlab
    >>> report = Report(target="idr:idr0062", records=(fairlab.lookup("idr:idr0062"),))
    >>> report.outcomes["R1.1-01"].status, report.total.low < report.total.high
    ('pass', True)
    >>> Report.from_json(report.to_json()) == report
    True
    """

    target: str
    """What was assessed: an identifier or an address, redacted."""
    probe: Probe | None = None
    """The documents beside the image; None when only records were at hand."""
    records: tuple[Record, ...] = ()
    """What archives and catalogues say."""

    @functools.cached_property
    def description(self) -> Description:
        """What all documents together say."""
        return describe(self.probe if was_probed(self.probe) else None, *self.records)

    @functools.cached_property
    def outcomes(self) -> Mapping[str, Outcome]:
        """What each metric found, by its id."""
        return evaluate(self.probe, self.description)

    @functools.cached_property
    def total(self) -> Score:
        """The mean of the four letters."""
        return total_score(self.outcomes)

    @property
    def weighted(self) -> Score:
        """The plain weighted mean of all metrics."""
        return weighted_score(self.outcomes)

    @functools.cached_property
    def letters(self) -> Mapping[Letter, Score]:
        """Findable, accessible, interoperable, reusable."""
        return {letter: letter_score(self.outcomes, letter) for letter in LETTERS}

    @property
    def unknown_share(self) -> float:
        """How much of the weight could not be told, 0 to 1."""
        return unknown_share(self.outcomes)

    @functools.cached_property
    def fixes(self) -> tuple[Fix, ...]:
        """What would raise the total, the most first."""
        return fixes(self.outcomes)

    @functools.cached_property
    def badges(self) -> tuple[Badge, ...]:
        """Privacy, credit and fitness for machine learning: shown, never counted."""
        return badges(self.probe, self.description)

    @property
    def name(self) -> str:
        """What it is called: its title, else its identifier."""
        for path in ("citation.title", "study.title", "identity.image_id"):
            if value := self.description.get(path):
                return str(value)
        return self.target

    @property
    def kind(self) -> str:
        """``"image"``, ``"plate"``, ``"collection"``, ``"labels"``, ``"study"``."""
        return str(self.description.get("identity.object_type") or "image")

    @property
    def assessed_at(self) -> str | None:
        """When the newest of its documents was read, ISO 8601; None when all come with fairlab."""
        times = [one.source.retrieved_at for one in self.description.statements if one.source.retrieved_at]
        return max([*times, *([self.probe.retrieved_at] if self.probe else [])], default=None)

    def crosswalk(self, scheme: Scheme) -> tuple[Crossed, ...]:
        """The outcomes in the words of another scheme.

        Parameters
        ----------
        scheme : {"fuji", "rda", "fair_checker"}
            F-UJI v0.8, the RDA maturity model, or FAIR-Checker.
        """
        return crosswalk(self.outcomes, scheme)

    def predicted(self, documents: Mapping[str, str]) -> Report:
        """The report that there would be if these documents lay beside the image; nothing is written.

        Parameters
        ----------
        documents : mapping of str to str
            Role to text: ``{"crate:0": …}`` for a ``ro-crate-metadata.json`` in the image, ``{"zarr.json": …}``.

        Raises
        ------
        QueryError
            kind ``"no-probe"``: only records are at hand, so that nothing lies beside them.
        """
        if self.probe is None or not was_probed(self.probe):
            raise QueryError(
                "no documents were read, so that what others would change cannot be told\n  assess the image itself",
                kind="no-probe",
            )
        changed = {role: _instead(self.probe, role, text) for role, text in documents.items()}
        return replace(self, probe=replace(self.probe, answers={**self.probe.answers, **changed}))

    def standing(self, cohort: Cohort) -> Standing | None:
        """Where it stands among others; None unless enough of them are of its kind and could tell its metrics.

        Parameters
        ----------
        cohort : Cohort
            ``fairlab.assess(results).cohort()``.
        """
        return cohort.standing(self.kind, self.outcomes)

    def message(self, *, who: Who = "archive") -> str:
        """A letter to those who can act, ready to be sent."""
        return message(self, who=who)

    def row(self) -> dict[str, str]:
        """One row of a table: names, scores with their intervals, and every metric."""
        return row_of(self)

    def to_csv(self) -> str:
        """Heading and one row, as CSV."""
        out = io.StringIO()
        writer = csv.DictWriter(out, list(self.row()), lineterminator="\n")
        writer.writeheader()
        writer.writerow(self.row())
        return out.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, with the documents that it rests on."""
        return {
            "schema": SCHEMA,
            "fairlab": __version__,
            "metric_set": METRIC_SET,
            "target": self.target,
            "name": self.name,
            "kind": self.kind,
            "assessed_at": self.assessed_at,
            "total": self.total.to_dict(),
            "weighted": self.weighted.to_dict(),
            "letters": {letter: score.to_dict() for letter, score in self.letters.items()},
            "unknown_share": round(self.unknown_share, 3),
            "outcomes": {
                id_: {"title": metric_set()[id_].title, **one.to_dict()} for id_, one in self.outcomes.items()
            },
            "fixes": [fix.to_dict() for fix in self.fixes],
            "badges": [badge.to_dict() for badge in self.badges],
            "crosswalk": {scheme: [one.to_dict() for one in self.crosswalk(scheme)] for scheme in SCHEMES},
            "bundle": {
                "probe": self.probe.to_dict() if self.probe else None,
                "records": [record.to_dict() for record in self.records],
            },
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Everything as JSON text."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)
        # A lone surrogate of a hostile document cannot be written to a file; \udc80 is JSON for it.
        return text.encode("utf-8", "backslashreplace").decode("utf-8")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Report:
        """Compute a report again, offline, from the documents in :meth:`to_dict`, with the metrics of this fairlab.

        Raises
        ------
        FormatError
            kind ``"report-form"``: these are not the values of a report.
        """
        try:
            bundle = values["bundle"]
            return cls(
                target=values["target"],
                probe=Probe.from_dict(bundle["probe"]) if bundle["probe"] else None,
                records=tuple(Record.from_dict(one) for one in bundle["records"]),
            )
        except (KeyError, TypeError, AttributeError) as exc:
            raise FormatError(
                f"this is no report of fairlab ({type(exc).__name__}: {exc})\n  expected what Report.to_json() wrote",
                kind="report-form",
            ) from exc

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Compute a report again, offline, from :meth:`to_json`; see :meth:`from_dict`.

        Raises
        ------
        FormatError
            kind ``"report-form"``: it is no report.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise FormatError(
                f"this is no report of fairlab ({exc})\n  expected what report.to_json() wrote",
                kind="report-form",
            ) from exc
        return cls.from_dict(values)

    def html(self) -> str:
        """One HTML page that needs no network: everything foreign is escaped; it prints, in light and dark."""
        from fairlab.fair.report_card import page

        return page(self)

    def svg(self) -> str:
        """A small picture with the total and its interval, for a README."""
        from fairlab.fair.badge_svg import svg

        return svg(self.total)

    def __repr__(self) -> str:
        return str(self)  # a notebook shows what the command line prints

    def __str__(self) -> str:
        from fairlab.fair.report_text import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from fairlab.fair.report_card import card

        return card(self)


def _instead(probe: Probe, role: str, text: str) -> Answer:
    """The answer that there would be if a document held this text."""
    before = probe.answers.get(role) or next(iter(probe.answers.values()), None)
    url = before.url if role in probe.answers and before else f"{probe.url}/{role}"
    headers = before.headers if before else {}
    return Answer(url=url, status=200, bytes=len(text.encode("utf-8", "replace")), headers=headers, text=text)
