"""The crate that fairlab proposes, once it lies beside the image, raises the score as predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import fairlab
from fairlab.fair import Description, Report, Statement
from fairlab.fair.crate_writer import crate_json, image_crate
from fairlab.record import Source
from tests.fair.good_image import SAID
from tests.stores import write_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import FaultServer

KNOWN = (
    "citation.title", "citation.description", "citation.license", "citation.creators", "citation.keywords",
    "citation.date_published", "citation.publications", "citation.funding", "identity.doi", "biosample.organism",
    "acquisition.method", "acquisition.instrument",
)  # fmt: skip


def _proposed(report: Report, *paths: str) -> str:
    """The crate that says what the documents say, and what a curator knows besides."""
    told = [
        Statement(path=path, value=SAID[path], kind="user", source=Source(document="a curator"))
        for path in paths
    ]
    return crate_json(image_crate(report.description.merged(Description(statements=tuple(told)))))


def _assessed(target: Any) -> Report:
    report = fairlab.assess(target)
    assert isinstance(report, Report)
    return report


@pytest.mark.parametrize(
    "paths", [("citation.license",), ("biosample.organism", "acquisition.method"), KNOWN]
)
def test_a_crate_raises_the_score_as_predicted(
    tmp_path: Path, serve: Callable[[Path], FaultServer], paths: tuple[str, ...]
) -> None:
    place = tmp_path / "a.zarr"
    write_store(place)
    url = f"{serve(tmp_path).url}/a.zarr"
    before = _assessed(url)
    crate = _proposed(before, *paths)
    predicted = before.predicted({"crate:0": crate})
    (place / "ro-crate-metadata.json").write_text(crate, "utf-8")
    after = _assessed(url)
    assert {id_: one.score for id_, one in after.outcomes.items()} == {
        id_: one.score for id_, one in predicted.outcomes.items()
    }
    assert after.total == predicted.total
    assert after.total.value > before.total.value and after.total.low > before.total.low  # type: ignore[operator]


def test_the_gain_that_is_named_for_a_licence_is_what_it_brings(tmp_path: Path) -> None:
    place = tmp_path / "a.zarr"
    write_store(place)
    first = _assessed(place)
    (place / "ro-crate-metadata.json").write_text(_proposed(first), "utf-8")  # a crate that says nothing new
    before = _assessed(place)
    fix = next(fix for fix in before.fixes if "State a licence" in fix.text)
    (place / "ro-crate-metadata.json").write_text(_proposed(before, "citation.license"), "utf-8")
    after = _assessed(place)
    for id_ in fix.metrics:
        assert after.outcomes[id_].status == "pass"
    changed = {id_ for id_, one in after.outcomes.items() if one.score != before.outcomes[id_].score}
    others = changed - set(fix.metrics)
    # A licence is a field of REMBI and of schema.org, too; nothing else moves.
    assert others <= {"F2-05", "R1-01", "F4-02", "I1-04"}, others
    gained = after.total.value - before.total.value  # type: ignore[operator]
    assert gained >= fix.gain - 0.5
