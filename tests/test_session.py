"""What was opened is cited, each once, whoever opened it; nothing of it is pixels, and clearing loses nothing."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest
import yaml

import fairlab
from fairlab import samples, session
from fairlab.errors import FormatError, NotFoundError
from fairlab.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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


def test_no_opening_is_lost_when_another_thread_clears(monkeypatch: pytest.MonkeyPatch) -> None:
    late = threading.Thread(target=session.note, args=(Record(id="x:late", kind="image", repository="X"),))

    class Listed(dict[str, Record]):
        def clear(self) -> None:  # the worst moment: the list was read and is not yet empty
            if late.ident is None:
                late.start()
            late.join(0.2)
            super().clear()

    monkeypatch.setattr(session, "_opened", Listed())
    session.note(Record(id="x:first", kind="image", repository="X"))
    assert [record.id for record in session.opened(clear=True)] == ["x:first"]
    late.join()
    assert [record.id for record in session.opened()] == ["x:late"]


def test_openings_are_written_down_where_the_environment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "openings"
    fairlab.open_image("sample:nuclei")
    assert not file.exists()
    monkeypatch.setenv(session.FILE_VARIABLE, str(file))
    for name in ("sample:nuclei", "sample:cells2d", "sample:nuclei"):
        fairlab.open_image(name)
    session.note(Record(id="x:\ud800", kind="image", repository="X", title="\ud800"))
    with file.open("a") as half:
        half.write('{"record": {"id": "x:2"')  # the process was killed while it wrote
    found = session.read(file)
    assert [one.record.id for one in found] == ["sample:nuclei", "sample:cells2d", "x:\ud800"]
    assert found[0].record == session.opened()[0] and found[0].metadata_sha256 != found[1].metadata_sha256
    assert session.read(tmp_path / "nothing") == ()
    monkeypatch.setenv(session.FILE_VARIABLE, str(tmp_path / "no" / "folder"))
    fairlab.open_image("sample:cells2d")  # reading goes on


def test_the_checksum_is_of_the_metadata_that_were_read() -> None:
    tree = fairlab.open_image("sample:nuclei")
    del tree
    attributes = json.loads((samples.path("nuclei") / "zarr.json").read_bytes())["attributes"]
    changed = {**attributes, "more": 1}
    assert session._opened["sample:nuclei"].metadata_sha256 == session.checksum(attributes)
    assert session.checksum(changed) != session.checksum(attributes)


def test_only_what_a_citation_needs_is_kept() -> None:
    session.note(Record(id="x:1", kind="image", repository="X", raw={"large": "answer"}))
    (kept,) = session.opened()
    assert kept.raw is None
