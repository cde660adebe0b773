"""What was opened is cited, each once, whoever opened it; nothing of it is pixels, and clearing loses nothing."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import yaml

import fairlab
from fairlab import session
from fairlab.errors import FormatError, NotFoundError
from fairlab.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    session.opened(clear=True)
    yield
    session.opened(clear=True)


def test_everything_that_was_opened_is_cited_once_in_order() -> None:
    fairlab.open_image("sample:nuclei")
    tree = fairlab.open_image("sample:cells2d")
    fairlab.open_image("sample:nuclei")
    citation = fairlab.cite_session()
    assert [record.id for record in citation.records] == ["sample:nuclei", "sample:cells2d"]
    assert citation.records[1] == fairlab.cite(tree).records[0]  # as the opened object says it itself
    assert "sample:cells2d" in citation.bibtex


def test_plates_labels_and_xarrays_own_door_count_too() -> None:
    import xarray as xr

    fairlab.open_plate("sample:plate")
    fairlab.open_labels("sample:nuclei", name="nuclei")
    xr.open_datatree("sample:cells2d", engine="fairlab")
    assert {record.id for record in fairlab.cite_session().records} >= {"sample:plate", "sample:cells2d"}
    assert len(fairlab.cite_session().records) == 3


def test_what_failed_to_open_or_was_only_found_is_not_cited() -> None:
    fairlab.search("nuclei", limit=2)
    with pytest.raises((NotFoundError, FormatError)):
        fairlab.open_image("no/such/place")
    citation = fairlab.cite_session()
    assert citation.records == () and "fairlab" in str(citation) and "licence asks" not in str(citation)
    assert yaml.safe_load(citation.cff)["type"] == "software"
    assert "fairlab" in citation._repr_html_() and citation.duties == ()


def test_clearing_gives_what_it_forgets() -> None:
    fairlab.open_image("sample:nuclei")
    assert len(fairlab.cite_session(clear=True).records) == 1
    assert fairlab.cite_session().records == ()


def test_no_opening_is_lost_between_threads() -> None:
    seen: list[Record] = []
    switching = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            jobs = [
                pool.submit(session.note, Record(id=f"x:{n}", kind="image", repository="X"))
                for n in range(2000)
            ]
            while not all(job.done() for job in jobs):
                seen += session.opened(clear=True)
    finally:
        sys.setswitchinterval(switching)
    seen += session.opened(clear=True)
    assert sorted(record.id for record in seen) == sorted(f"x:{n}" for n in range(2000))


def test_only_what_a_citation_needs_is_kept() -> None:
    session.note(Record(id="x:1", kind="image", repository="X", raw={"large": "answer"}))
    (kept,) = session.opened()
    assert kept.raw is None
