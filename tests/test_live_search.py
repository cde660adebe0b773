"""Archives of a few lines each, some of them broken, asked together: asking, gathering, resolving, looking up."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import pickle
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from fairlab import errors, federation
from fairlab.net import api
from fairlab.net.deadline import in_force
from fairlab.options import set_options
from fairlab.record import Failure, Record, Source
from fairlab.repositories import base
from fairlab.repositories.base import Archive, Capabilities, Page
from fairlab.repositories.catalogue import CatalogueRepository
from fairlab.results import Results
from fairlab.terms import Term

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fairlab.query import Query

CATALOGUE = CatalogueRepository()
EVERYTHING = frozenset({"text", "organism", "year"})
ZEBRAFISH = Term(label="Danio rerio", id="NCBITaxon:7955")


def image(number: int, *, scheme: str = "lake", **facts: Any) -> Record:
    whole = {
        "id": f"{scheme}:s{number % 3}/{number}.zarr",
        "kind": "image",
        "repository": scheme.capitalize(),
        "accession": f"s{number % 3}",
        "title": f"Mitosis in a newt {number}",
        "url": f"https://{scheme}.example/{number}.zarr",
        "sources": {"*": Source(document=f"https://{scheme}.example/search")},
    }
    return Record(**{**whole, **facts})


def study(accession: str = "S-LAKE1", *, scheme: str = "lake", **facts: Any) -> Record:
    whole = {
        "id": f"{scheme}:{accession}",
        "kind": "study",
        "repository": scheme.capitalize(),
        "accession": accession,
        "title": "Mitosis in newts",
        "sources": {"*": Source(document=f"https://{scheme}.example/search")},
    }
    return Record(**{**whole, **facts})


class Lake(Archive):
    """An archive of pages, with what tests turn about it."""

    publishers: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        *pages: tuple[Record, ...],
        name: str = "lake",
        delay_s: float = 0.0,
        fails: dict[int, Exception] | None = None,
        kinds: Any = ("study", "image"),
        applies: frozenset[str] = EVERYTHING,
        states: frozenset[str] = frozenset(),
        images: Callable[[Record], tuple[Record, ...]] = lambda _: (),
        publishers: tuple[str, ...] = (),
        known: tuple[Record, ...] = (),
        idle: str | None = None,
        total: int | None = None,
    ) -> None:
        self.name, self.title, self.prefixes = name, f"The {name}", (name,)  # type: ignore[misc]
        self.capabilities = Capabilities(kinds=kinds, applies=applies, states=states)  # type: ignore[misc]
        self.publishers = publishers  # type: ignore[misc]
        self._pages, self._delay_s, self._fails = pages, delay_s, fails or {}
        self._images, self._known, self._idle, self._total = images, known, idle, total
        self.asked: list[str | None] = []
        self.queries: list[Query] = []
        self.resolved: list[str] = []

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        self.queries.append(query)
        for number in range(int(cursor or 0), len(self._pages)):
            self.asked.append(cursor)
            time.sleep(self._delay_s)
            if number in self._fails:
                raise self._fails.pop(number)
            more = str(number + 1) if number + 1 < len(self._pages) else None
            yield Page(records=self._pages[number], cursor=more, total=self._total)

    def images(self, study: Record) -> Iterator[Page]:
        self.resolved.append(study.id)
        yield Page(records=self._images(study))

    def lookup(self, identifier: str) -> Record | None:
        if error := self._fails.pop(-1, None):
            raise error
        return next((record for record in self._known if record.id == identifier), None)

    def recognises(self, text: str) -> str | None:
        bare = text.strip().removeprefix("https://lake.example/study/")
        return (
            f"lake:{bare}" if bare.startswith("S-LAKE") and self.name == "lake" else super().recognises(text)
        )

    def idle(self) -> str | None:
        return self._idle


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def installed(*repositories: base.Repository) -> None:
        found = {one.name: one for one in sorted(repositories, key=lambda one: (one.live, one.name))}
        monkeypatch.setattr(base, "repositories", lambda: found)

    return installed


Install = Any


def ids(records: Any) -> list[str]:
    return [record.id for record in records]


DOWN = errors.Unavailable("no connection to pond.example", kind="unavailable")


# ── who answers, and when ────────────────────────────────────────────────────────────────────────


def test_archives_are_asked_at_the_same_time(install: Install) -> None:
    names = ("bay", "lake", "pond", "river", "sea")
    install(*(Lake((image(1, scheme=name),), name=name, delay_s=0.3) for name in names))
    began = time.monotonic()
    found = federation.search("mitosis", live=True)
    assert len(found) == 5 and found.asked == names and found.failures == ()
    assert time.monotonic() - began < 0.9, "one after the other they take 1.5 s"


def test_a_dead_or_slow_archive_is_a_failure_and_delays_by_its_limit_only(install: Install) -> None:
    install(
        Lake((image(1),), name="lake"),
        Lake((image(1, scheme="pond"),), name="pond", fails={0: DOWN}),
        Lake((image(1, scheme="swamp"),), name="swamp", delay_s=30),
        Lake((image(1, scheme="bog"),), name="bog", fails={0: KeyError("hits")}),
    )
    began = time.monotonic()
    found = federation.search("mitosis", live=True, timeout_s={"swamp": 0.3})
    assert ids(found) == ["lake:s1/1.zarr"]
    assert time.monotonic() - began < 3
    kinds = {failure.repository: failure.kind for failure in found.failures}
    assert kinds == {"pond": "unavailable", "swamp": "timeout", "bog": "adapter"}
    assert all(failure.message and failure.advice for failure in found.failures)
    for word in ("pond", "swamp", "0.3 s", "bog", "KeyError"):
        assert word in str(found)


def test_when_nobody_answers_it_is_no_empty_success(install: Install) -> None:
    install(Lake((image(1),), name="pond", fails={0: DOWN}))
    found = federation.search("mitosis", live=True)
    assert len(found) == 0 and found.failures and any("nobody answered" in note for note in found.notes)


def test_the_time_limit_reaches_the_requests(install: Install) -> None:
    left = []

    class Patient(Lake):
        def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
            deadline = in_force()
            left.append(deadline.left() if deadline else None)
            yield Page(records=(image(1),))

    install(Patient())
    assert len(federation.search("mitosis", live=True, timeout_s=7)) == 1
    with set_options(source_timeout_s=3):
        assert len(federation.search("mitosis", live=True)) == 1
    assert left[0] is not None and 6 < left[0] <= 7 and left[1] is not None and 2 < left[1] <= 3


def test_records_come_as_archives_answer(install: Install) -> None:
    gate = threading.Event()

    class Gated(Lake):
        def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
            gate.wait(10)
            yield from super().pages(query, cursor=cursor)

    install(Lake((image(1),), name="pond"), Gated((image(2),), name="lake"))
    stream = iter(federation.search("mitosis", live=True))
    first = next(stream)
    assert (first.id, first.found_by) == ("lake:s1/1.zarr", ("pond",))
    gate.set()
    assert [record.found_by for record in stream] == [("lake",)]


def test_a_stream_gives_the_closest_only_when_nothing_has_all_words(install: Install) -> None:
    states = frozenset({"text"})
    nearly = Lake((image(1, title="A newt"),), name="lake", applies=frozenset(), states=states)
    wholly = Lake(
        (image(2, title="A newt eats"),), name="pond", applies=frozenset(), states=states, delay_s=0.2
    )
    install(nearly, wholly)
    assert ids(federation.search("newt eats", live=True)) == ["lake:s2/2.zarr"]
    assert ids(federation.search("newt eats", live=True).stream()) == ["lake:s2/2.zarr"]
    install(nearly)
    found = federation.search("newt eats", live=True)
    assert ids(found.stream()) == ["lake:s1/1.zarr"] and found.relaxed == ("eats",)
    strict = federation.search("newt eats", live=True, match="all")
    assert list(strict) == [] and strict.relaxed == ()


def test_results_that_fill_in_are_results(install: Install) -> None:
    install(Lake((image(1), image(2))))
    found = federation.search("mitosis", live=True)
    assert isinstance(found, Results) and len(found) == 2 and found[0].id == "lake:s1/1.zarr"
    assert list(found) == list(found.records) == list(found.settled())
    assert isinstance(found[:1], Results) and ids(found[:1]) == ids(found)[:1]
    assert pickle.loads(pickle.dumps(found)) == found.settled()
    assert json.loads(found.to_json())["records"][0]["found_by"] == ["lake"]
    assert (
        "lake" in repr(found)
        and "lake" in found._repr_html_()
        and found.facets()["repository"] == {"Lake": 2}
    )


def test_it_works_inside_a_running_event_loop_and_in_threads(install: Install) -> None:
    install(Lake((image(1),), delay_s=0.05))

    async def asked() -> list[str]:
        return ids(federation.search("mitosis", live=True))

    assert asyncio.run(asked()) == ["lake:s1/1.zarr"]
    shared = federation.search("mitosis", live=True)
    seen: list[list[str]] = []
    threads = [threading.Thread(target=lambda: seen.append(ids(shared))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [["lake:s1/1.zarr"]] * 8


_ASK = """
import os, signal, sys, threading, time
from fairlab import federation
from fairlab.repositories import base
from tests.test_live_search import Lake, image
base.repositories = lambda: {"swamp": Lake((image(1),), name="swamp", delay_s=60)}
"""


def test_ctrl_c_ends_it() -> None:
    # A shell's background jobs, as this may be one, begin with interrupts switched off.
    code = f"""{_ASK}
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
len(federation.search("a", live=True, timeout_s=50))
"""
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=40)
    assert "KeyboardInterrupt" in done.stderr and time.monotonic() - began < 30


def test_an_archive_that_hangs_does_not_keep_the_process_alive() -> None:
    code = f"{_ASK}\nprint(len(federation.search('a', live=True, timeout_s=0.2)))"
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=40)
    assert done.stdout.split() == ["0"] and done.returncode == 0 and time.monotonic() - began < 30


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def many(count: int, per_page: int = 10) -> list[tuple[Record, ...]]:
    records = [image(number) for number in range(count)]
    return [tuple(records[start : start + per_page]) for start in range(0, count, per_page)]


def test_no_more_pages_are_asked_than_the_limit_needs(install: Install) -> None:
    lake = Lake(*many(100), total=100)
    install(lake)
    found = federation.search("mitosis", live=True, limit=15)
    assert len(found) == 15 and len(lake.asked) == 2
    assert (found.total, found.totals, found.total_exact) == (100, {"lake": 100}, False)
    assert "15 of at least 100" in str(found)


def test_more_goes_on_behind_what_was_shown(install: Install) -> None:
    lake = Lake(*many(50))
    install(lake)
    few = federation.search("mitosis", live=True, limit=10)
    more = few.more()
    assert ids(more[:10]) == ids(few) and len(more) == 20 and len(set(ids(more))) == 20
    assert len(more.more(100)) == 50 and len(more.more(100).more()) == 50
    assert lake.asked[0] is None and len(lake.asked) == 5, "no page twice"
    assert len(few) == 10, "what was shown stays as it was"


def test_after_an_error_the_page_is_asked_again_from_its_cursor(install: Install) -> None:
    lake = Lake(*many(30), fails={1: DOWN})
    install(lake)
    found = federation.search("mitosis", live=True, limit=30)
    assert len(found) == 10 and found.failures[0].kind == "unavailable"
    assert "more()" in found.failures[0].advice
    again = found.more()
    assert len(again) == 30 and again.failures == () and ids(again[:10]) == ids(found)
    assert lake.asked == [None, None, "1", "1"]


def test_without_a_limit_iterating_asks_page_after_page(install: Install) -> None:
    lake = Lake(*many(40))
    install(lake)
    found = federation.search("mitosis", live=True, limit=None)
    stream = iter(found)
    assert [next(stream) for _ in range(10)] and len(lake.asked) == 1
    assert len(found) == 10 and len(lake.asked) == 1, "the table shows what was fetched"
    assert len(list(stream)) == 30 and len(lake.asked) == 4


def test_an_archive_whose_cursor_goes_round_in_circles_ends(install: Install) -> None:
    class Round(Lake):
        def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
            for number in range(100):
                yield Page(records=(image(number),), cursor="again")

    install(Round())
    assert len(list(federation.search("mitosis", live=True, limit=None).stream())) == 1


def test_more_of_the_catalogue(install: Install) -> None:
    install(CATALOGUE)
    few = federation.search("mouse", limit=7)
    more = few.more(5)
    assert len(more) == 12 and ids(more[:7]) == ids(few) and len(set(ids(more))) == 12
    assert more.total == few.total and more.facets() == few.facets()


# ── joined and ranked ────────────────────────────────────────────────────────────────────────────


def test_a_study_seen_through_three_sources_is_one_record_with_all_provenances(install: Install) -> None:
    own = study(
        "S-BIAD634",
        scheme="bia",
        title="The archive's title",
        sources={"*": Source(document="https://bia.example/634")},
    )
    index = study(
        "S-BIAD634",
        scheme="bia",
        title="The index's title",
        keywords=("nuclei",),
        imaging_method=(Term(label="SPIM"),),
        sources={"*": Source(document="https://gide.example/634")},
    )
    install(
        CATALOGUE,
        Lake((index,), name="gide"),
        Lake((own,), name="bia", delay_s=0.1),
    )
    found = federation.search("nuclei", kind="study", live=True, limit=None)
    one = [record for record in found.settled() if record.accession == "S-BIAD634"]
    assert len(one) == 1
    assert set(one[0].found_by) == {"catalogue", "gide", "bia"}
    assert one[0].title == "The archive's title" and one[0].keywords == ("nuclei",)
    assert {"https://bia.example/634", "https://gide.example/634"} < {s.document for s in one[0].seen_in}
    assert one[0].source("keywords") == Source(document="https://gide.example/634")
    assert len(found) == len(set(ids(found.records)))


def test_the_order_does_not_depend_on_who_is_fast(install: Install) -> None:
    pages = {name: tuple(image(n, scheme=name) for n in range(4)) for name in ("lake", "pond", "sea")}
    orders = []
    for delays in ((0.0, 0.1, 0.2), (0.2, 0.1, 0.0)):
        install(*(Lake(pages[n], name=n, delay_s=d) for n, d in zip(pages, delays, strict=True)))
        orders.append(ids(federation.search("mitosis", live=True, group_by="image").records))
    assert orders[0] == orders[1] and len(orders[0]) == 12


def test_what_has_the_words_in_its_title_comes_first(install: Install) -> None:
    install(
        Lake((image(1, title="A newt", keywords=("mitosis",)),), name="lake"),
        Lake((image(2, scheme="pond", title="Mitosis"),), name="pond"),
    )
    assert ids(federation.search("mitosis", live=True).records) == ["pond:s2/2.zarr", "lake:s1/1.zarr"]


def test_images_of_one_study_stand_together_unless_each_is_to_stand_for_itself(install: Install) -> None:
    install(Lake(tuple(image(n) for n in range(9))))
    together = [record.accession for record in federation.search("mitosis", live=True).records]
    assert together == ["s0"] * 3 + ["s1"] * 3 + ["s2"] * 3
    apart = [record.accession for record in federation.search("mitosis", live=True, group_by="image").records]
    assert apart == ["s0", "s1", "s2"] * 3


# ── what a source cannot do ──────────────────────────────────────────────────────────────────────


def test_a_filter_that_a_source_cannot_apply_is_told_and_puts_its_records_behind(install: Install) -> None:
    knows = Lake((image(1, channels=("DAPI",)), image(2)), name="lake", states=frozenset({"channel"}))
    does_not = Lake((image(3, scheme="pond"),), name="pond")
    install(does_not)
    found = federation.search("mitosis", channel="DAPI", live=True)
    assert ids(found) == ["pond:s0/3.zarr"] and found.unapplied == {"pond": ("channel",)}
    assert "pond cannot apply channel" in str(found) and "pond cannot apply channel" in found._repr_html_()
    install(knows, does_not)
    found = federation.search("mitosis", channel="DAPI", live=True)
    assert ids(found) == ["lake:s1/1.zarr"] and found.unapplied == {"pond": ("channel",)}
    assert any("pond" in note and "left out" in note for note in found.notes)
    strict = federation.search("mitosis", channel="DAPI", live=True, match="all")
    assert ids(strict) == ["lake:s1/1.zarr"] and "pond" in strict.not_asked


def test_a_source_that_could_apply_nothing_is_not_asked(install: Install) -> None:
    pond = Lake((image(3),), name="pond")
    install(pond)
    found = federation.search(channel="DAPI", live=True)
    assert pond.asked == [] and found.not_asked == ("pond",)
    assert any("pond" in note and "channel" in note for note in found.notes)


def test_only_those_are_asked_who_may_have_something_of_a_publisher(install: Install) -> None:
    lake, sea = (
        Lake((image(1),), name="lake"),
        Lake((image(1, scheme="lake"),), name="sea", publishers=("Lake",)),
    )
    pond = Lake((image(1, scheme="pond"),), name="pond")
    install(lake, sea, pond)
    found = federation.search("mitosis", repository="LAKE", live=True)
    assert found.asked == ("lake", "sea") and found.not_asked == ("pond",) and pond.asked == []


def test_who_is_not_set_up_is_asked_by_name_only(install: Install) -> None:
    clinic = Lake((image(1),), name="clinic", idle="it needs an address: set CLINIC_HOST")
    install(clinic)
    found = federation.search("mitosis", live=True)
    assert found.not_asked == ("clinic",) and any("CLINIC_HOST" in note for note in found.notes)
    assert federation.search("mitosis", repositories=["clinic"]).asked == ("clinic",)


def test_results_say_how_to_ask_those_who_were_not(install: Install) -> None:
    install(CATALOGUE, Lake((image(1),)))
    quiet = federation.search("mouse", limit=3)
    assert quiet.not_asked == ("lake",) and "live=True" in str(quiet)
    by_name = federation.search("mitosis", repositories=["lake"])
    assert by_name.asked == ("lake",) and by_name.not_asked == ("catalogue",)


@pytest.mark.parametrize(
    ("question", "kind", "near"),
    [
        ({"repositories": ["lak"]}, "repository-unknown", "lake"),
        ({"live": True, "timeout_s": 0}, "query-value", None),
        ({"live": True, "timeout_s": float("nan")}, "query-value", None),
        ({"live": True, "timeout_s": "fast"}, "query-value", None),
        ({"live": True, "timeout_s": {"lak": 3}}, "repository-unknown", "lake"),
        ({"live": True, "timeout_s": {"lake": -3}}, "query-value", None),
        ({"live": True, "limit": 10**9}, "query-value", None),
        ({"live": True, "year": "2021-2019"}, "query-contradiction", None),
    ],
)
def test_wrong_questions_are_refused_before_anybody_is_asked(
    install: Install, question: dict[str, Any], kind: str, near: str | None
) -> None:
    lake = Lake((image(1),))
    install(CATALOGUE, lake)
    with pytest.raises(errors.QueryError) as caught:
        federation.search("mitosis", **question)
    assert caught.value.kind == kind and lake.asked == []
    assert near is None or near in caught.value.context["nearest"]


# ── from studies to images ───────────────────────────────────────────────────────────────────────


def studies(*numbers: int) -> tuple[Record, ...]:
    return tuple(study(f"S-LAKE{n}", organism=(ZEBRAFISH,), authors=("Ada",)) for n in numbers)


def two_images(study: Record) -> tuple[Record, ...]:
    return tuple(
        Record(
            id=f"{study.id}/{n}.zarr", kind="image", repository="Lake", accession=study.accession,
            url=f"https://lake.example/{study.accession}/{n}.zarr", layout=("image", "plate")[n],
        )
        for n in range(2)
    )  # fmt: skip


def test_an_archive_of_studies_answers_with_their_images(install: Install) -> None:
    index = Lake(studies(1, 2), name="index", kinds=("study",))
    lake = Lake(name="lake", images=two_images)
    install(index, lake)
    found = federation.search("mitosis", live=True, repositories=["index"])
    assert len(found) == 4 and all(record.kind == "image" and record.url for record in found)
    assert index.queries[0].kind == "study" and lake.resolved == ["lake:S-LAKE1", "lake:S-LAKE2"]
    assert found[0].organism == (ZEBRAFISH,) and found[0].found_by == ("index", "lake")
    stated = found[0].source("organism")
    assert stated is not None and stated.basis == "inferred", "the study states it"
    plates = federation.search("mitosis", layout="plate", live=True, repositories=["index"])
    assert {record.layout for record in plates} == {"plate"} and len(plates) == 2


def test_studies_are_resolved_through_the_catalogue_without_asking(install: Install) -> None:
    index = Lake((study("idr0062", scheme="idr"),), name="index", kinds=("study",))
    idr = Lake(name="idr", images=two_images)
    install(CATALOGUE, index, idr)
    found = federation.search("newts", repositories=["index"])
    assert len(found) == 29 and idr.resolved == []
    assert found[0].found_by == ("index", "catalogue") and found[0].accession == "idr0062"


def test_an_archive_of_studies_is_not_asked_for_all_it_has(install: Install) -> None:
    index = Lake(studies(1, 2), name="index", kinds=("study",))
    install(index)
    found = federation.search(openable=True, layout="plate", live=True)
    assert index.asked == [] and any("index was not asked" in note for note in found.notes)


def test_studies_without_images_are_counted_not_shown(install: Install) -> None:
    install(Lake(studies(1, 2), name="lake", kinds=("study",)))
    found = federation.search("mitosis", live=True)
    assert len(found) == 0 and any(
        "2 more studies" in note and 'kind="study"' in note for note in found.notes
    )


def test_resolving_is_bounded(install: Install) -> None:
    lake = Lake(studies(*range(1, 40)), name="lake", kinds=("study",), images=two_images)
    install(lake)
    found = federation.search("mitosis", live=True, limit=None)
    assert len(found) == 2 * len(lake.resolved) and 0 < len(lake.resolved) <= 12
    assert any("not resolved" in note for note in found.notes)


def test_openable_keeps_the_studies_that_resolve_to_pixels(install: Install) -> None:
    some = lambda study: two_images(study) if study.accession == "S-LAKE2" else ()  # noqa: E731
    install(Lake(studies(1, 2), name="lake", images=some))
    assert ids(federation.search("mitosis", kind="study", live=True)) == ["lake:S-LAKE1", "lake:S-LAKE2"]
    assert ids(federation.search("mitosis", kind="study", openable=True, live=True)) == ["lake:S-LAKE2"]


def test_a_study_resolves_lazily_to_images_of_its_archive(install: Install) -> None:
    lake = Lake(studies(1), name="lake", images=two_images)
    install(CATALOGUE, lake)
    record = federation.search("mitosis", kind="study", repositories=["lake"])[0]
    images = federation.images_of(record)
    assert len(images) == 2 and images[0].authors == ("Ada",) and images.asked == ("catalogue", "lake")
    quiet = federation.images_of(studies(1)[0])
    assert len(quiet) == 0 and any("live=True" in note for note in quiet.notes)
    assert len(federation.images_of(studies(1)[0], live=True, limit=1)) == 1
    failing = Lake(name="lake")
    failing.images = lambda study: (_ for _ in ()).throw(DOWN)  # type: ignore[method-assign]
    install(CATALOGUE, failing)
    assert federation.images_of(record).failures[0].kind == "unavailable"


# ── one record ───────────────────────────────────────────────────────────────────────────────────


def test_lookup_asks_the_archive_that_recognises_an_identifier(install: Install) -> None:
    lake = Lake(name="lake", known=(study("S-LAKE7"),))
    install(CATALOGUE, lake, Lake(name="pond"))
    for text in ("S-LAKE7", "lake:S-LAKE7", " https://lake.example/study/S-LAKE7 "):
        record = federation.lookup(text, live=True)
        assert record.id == "lake:S-LAKE7" and record.found_by == ("lake",)
        with pytest.raises(errors.NotFoundError, match="live=True"):
            federation.lookup(text)
    assert federation.lookup("S-LAKE7", repositories=["lake"]).id == "lake:S-LAKE7"
    with pytest.raises(errors.NotFoundError, match="The lake"):
        federation.lookup("S-LAKE8", live=True)
    with pytest.raises(errors.QueryError) as caught:
        federation.lookup("S-LAKE8", repositories=["lak"])
    assert "lake" in caught.value.context["nearest"]


def test_what_the_archive_says_counts_more_than_the_catalogue(install: Install) -> None:
    newer = Record(id="idr:idr0062", kind="study", repository="IDR", title="A newer title")
    install(CATALOGUE, Lake(name="idr", known=(newer,)))
    assert federation.lookup("idr:idr0062").title != "A newer title"
    record = federation.lookup("idr:idr0062", live=True)
    assert record.title == "A newer title" and record.organism and record.seen_in
    install(CATALOGUE, Lake(name="idr", known=(newer,), fails={-1: DOWN}))
    with pytest.warns(errors.FairlabWarning, match="only the catalogue"):
        assert federation.lookup("idr:idr0062", live=True).organism


def test_an_archive_that_is_away_is_not_taken_for_no_such_thing(install: Install) -> None:
    install(CATALOGUE, Lake(name="lake", fails={-1: DOWN}))
    with pytest.raises(errors.Unavailable):
        federation.lookup("S-LAKE7", live=True)


def test_an_identifier_of_no_known_form_is_told_the_forms(install: Install) -> None:
    install(CATALOGUE, Lake(name="lake"))
    for live in (False, True):
        with pytest.raises(errors.NotFoundError) as caught:
            federation.lookup("three newts", live=live)
        assert caught.value.kind == "identifier-unknown"
        for form in ("idr:idr0062", "DOI", "UUID", "address"):
            assert form in str(caught.value)


def test_images_have_their_studys_licence_where_they_state_none(install: Install) -> None:
    known = image(1, id="bia:S-BIAD634/x.zarr", accession="S-BIAD634", title="Mitosis", license=None)
    install(CATALOGUE, Lake((known,), name="bia"))
    found = next(r for r in federation.search("mitosis", live=True, limit=None).settled() if r.id == known.id)
    assert found.license and found.authors
    stated = found.source("license")
    assert stated is not None and stated.basis == "inferred"


# ── without a network ────────────────────────────────────────────────────────────────────────────


class Far(Lake):
    """An archive behind the client that all adapters use, at an address that no test may reach."""

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        api.Api(self.name, f"https://{self.name}.example").json("search")
        yield Page(records=())


def test_offline_every_archive_is_a_failure_and_the_catalogue_answers(install: Install) -> None:
    install(CATALOGUE, Far(name="lake"), Far(name="pond"))
    with set_options(offline=True):
        found = federation.search("mitosis", live=True, limit=3)
    assert len(found) == 3 and {failure.kind for failure in found.failures} == {"offline"}
    assert all("offline=False" in failure.advice for failure in found.failures)


def test_an_answer_that_was_kept_says_since_when(install: Install) -> None:
    old = {"*": Source(document="https://lake.example", retrieved_at="2020-02-03T04:05:06+00:00")}
    install(Lake((image(1, sources=old),)))
    found = federation.search("mitosis", live=True)
    assert any("lake" in note and "2020-02-03" in note for note in found.notes)


def test_who_failed_is_not_asked_again_by_iterating(install: Install) -> None:
    pond = Lake((image(1, scheme="pond"),), name="pond", fails={0: DOWN})
    install(Lake(*many(30)), pond)
    assert len(list(federation.search("mitosis", live=True, limit=None).stream())) == 30
    assert pond.asked == [None]


def test_what_is_known_later_is_added_in_place(install: Install) -> None:
    more_is_known = image(1, channels=("DAPI",))
    install(Lake((image(1),)), Lake((more_is_known,), name="pond", fails={0: DOWN}))
    found = federation.search("mitosis", live=True)
    assert found[0].channels == () and found[0].found_by == ("lake",)
    again = found.more()
    assert len(again) == 1 and again[0].channels == ("DAPI",) and set(again[0].found_by) == {"lake", "pond"}


def test_the_catalogue_leaves_room_for_those_who_are_asked(install: Install) -> None:
    install(CATALOGUE, Lake(tuple(image(n, title=f"Mouse {n}") for n in range(9))))
    sources = [record.found_by for record in federation.search("mouse", live=True, limit=6)]
    assert sources == [("catalogue",)] * 3 + [("lake",)] * 3


def test_a_catalogue_that_answers_in_part_has_answered(install: Install) -> None:
    class Torn(CatalogueRepository):
        def search(self, query: Query) -> Results:
            torn = Failure(repository="catalogue", kind="catalogue-own", message="a page is damaged")
            return dataclasses.replace(super().search(query), failures=(torn,))

    install(Torn())
    found = federation.search("mouse", limit=2)
    assert len(found) == 2 and found.failures and not any("nobody answered" in note for note in found.notes)
