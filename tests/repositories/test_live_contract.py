"""Every adapter of a live archive meets the same questions and the same faults, at an emulator of its archive."""

from __future__ import annotations

import dataclasses
import getpass
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.errors import (
    FairlabError,
    NotFoundError,
    QueryError,
    RepositoryError,
    Unavailable,
    UnexpectedAnswer,
)
from fairlab.net.api import limit
from fairlab.net.deadline import in_force
from fairlab.options import set_options
from fairlab.query import FILTERS, make_query
from fairlab.record import Record
from fairlab.repositories import base
from tests.emulators import EMULATED, Emulator, emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fairlab.query import Query
    from fairlab.repositories.base import LiveRepository, Page
    from fairlab.results import Results

ASIDE = {"id", "kind", "repository", "sources", "seen_in", "found_by", "raw"}
"""Fields of a record that are not read from an answer."""
PLAIN: dict[str, Any] = {
    "organism": "Danio rerio",
    "imaging_method": "confocal microscopy",
    "license": "CC-BY-4.0",
    "attributes": {"Gene Symbol": "CDK1"},
    "year": 2019,
    "channel": "DAPI",
    "has_labels": True,
    "pixel_size_below": 1.0,
    **dict.fromkeys(("anatomy", "disease", "cell_line", "phenotype", "compound"), "heart"),
}
"""Filters with a value that is known to fairlab."""
STRANGE = ["../../admin", "..", "a/../../b", "%2e%2e/x", "a?b=c&d", "a#b", "a b\r\nX-Evil: 1", "\x00", "'\" OR 1=1",
           "https://evil.example.org/", "//evil.example.org/x", "é" * 50, "x" * 5000, "{0}", "*"]  # fmt: skip
"""What nobody's identifier is."""


@pytest.fixture(params=sorted(EMULATED))
def server(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with emulator(request.param) as running, limit(running.limit_s):
        yield running


@pytest.fixture(autouse=True)
def sense(request: pytest.FixtureRequest) -> None:
    """A case that means nothing to an archive is named by its emulator, with the reason."""
    if "server" in request.fixturenames:
        senseless = request.getfixturevalue("server").senseless
        if (case := request.function.__name__) in senseless:
            pytest.skip(senseless[case])


@pytest.fixture
def repository(server: Emulator) -> LiveRepository:
    found: LiveRepository = server.adapter()
    return found


def question(repository: LiveRepository, server: Emulator, **more: Any) -> Query:
    return make_query(server.question, **{"kind": repository.capabilities.kinds[0], **more})


def walk(pages: Iterator[Page]) -> list[Page]:
    found = list(islice(pages, 50))
    assert len(found) < 50, "the pages do not end"
    return found


def ids(pages: list[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


# ── who it is ────────────────────────────────────────────────────────────────────────────────────


def test_it_says_who_it_is_and_what_it_can(repository: LiveRepository, server: Emulator) -> None:
    assert isinstance(repository, base.LiveRepository) and repository.live is True
    assert repository.name == repository.name.casefold() and repository.title
    able = repository.capabilities
    assert able.kinds and set(able.kinds) <= {"study", "image"} and able.pixels
    assert able.applies <= set(FILTERS) and able.states <= set(FILTERS)
    assert able.checked_live is None or time.strptime(able.checked_live, "%Y-%m-%d")
    assert set(EMULATED) >= {repository.name} and server.apis
    others = [one for one in base.repositories().values() if one.name != repository.name]
    assert not any(set(repository.prefixes) & set(other.prefixes) for other in others if other.live)


def test_every_live_repository_has_an_emulator() -> None:
    assert {name for name, one in base.repositories().items() if one.live} <= set(EMULATED)


@pytest.mark.parametrize("name", sorted(EMULATED))
def test_only_cases_that_there_are_can_be_left_out_and_only_with_a_reason(name: str) -> None:
    senseless = emulator(name).senseless
    assert set(senseless) <= set(globals()) and all(len(reason) > 30 for reason in senseless.values())


# ── what it finds ────────────────────────────────────────────────────────────────────────────────


def test_it_finds_records_that_say_where_each_value_was_read(
    repository: LiveRepository, server: Emulator
) -> None:
    for kind in repository.capabilities.kinds:
        records = [
            record
            for page in walk(repository.pages(question(repository, server, kind=kind)))
            for record in page.records
        ]
        assert records, f"{server.question!r} finds no {kind}"
        for record in records:
            check_record(record, server)
            assert record.kind == kind
    assert not server.strays


def check_record(record: Record, server: Emulator) -> None:
    assert isinstance(record, Record) and base.scheme(record.id) and record.repository
    assert Record.from_json(record.to_json()) == record
    for name in record.to_dict().keys() - ASIDE:
        source = record.source(name)
        assert source is not None and source.document and source.retrieved_at, f"{record.id} {name}"
        assert source.document.startswith("http") and source.basis in ("asserted", "inferred")
    hosts = tuple(server.hosts.values())
    assert any(source.document.startswith(hosts) for source in record.sources.values())
    for address in (record.url, record.landing_url, record.thumbnail_url, record.license):
        assert address is None or address.startswith(("https://", "http://", "s3://"))


def test_nothing_is_found_where_nothing_is(repository: LiveRepository, server: Emulator) -> None:
    query = make_query(server.nothing, kind=repository.capabilities.kinds[0])
    pages = walk(repository.pages(query))
    assert ids(pages) == [] and all(page.total in (0, None) for page in pages)
    found = repository.search(query)
    assert (len(found), found.total) == (0, 0) and not found.failures


def test_a_page_is_asked_for_when_it_is_wanted(repository: LiveRepository, server: Emulator) -> None:
    pages = repository.pages(question(repository, server))
    assert not server.log, "asked before anything was wanted"
    first = next(pages)
    asked = len(server.log)
    assert first.records and 1 <= asked <= server.first
    if first.cursor:
        next(pages)
        assert len(server.log) > asked


def test_a_walk_goes_on_from_any_cursor(repository: LiveRepository, server: Emulator) -> None:
    if not server.turns:
        pytest.skip("it answers all at once")
    query = question(repository, server)
    whole = walk(repository.pages(query))
    assert len(whole) > 1, "the emulator's pages are too large to turn one"
    assert whole[-1].cursor is None and all(page.cursor for page in whole[:-1])
    assert len(set(ids(whole))) == len(ids(whole)), "a record comes twice"
    for number, page in enumerate(whole[:-1], start=1):
        assert ids(walk(repository.pages(query, cursor=page.cursor))) == ids(whole[number:])
    exact = {page.total for page in whole if page.total is not None and page.total_exact}
    assert exact <= {len(ids(whole))}


@pytest.mark.parametrize(
    "cursor", ["", "x", "-5", "1.5", "[]", '{"after": 1}', "1 2 3", "null", "9" * 40, "²", "\x1b[2J"]
)
def test_a_cursor_of_somebody_else_is_refused(
    repository: LiveRepository, server: Emulator, cursor: str
) -> None:
    for kind in repository.capabilities.kinds:
        for more in ({}, {"attributes": {"Gene Symbol": "CDK1"}}):
            with pytest.raises(QueryError) as caught:
                walk(repository.pages(question(repository, server, kind=kind, **more), cursor=cursor))
            assert caught.value.kind == "cursor-foreign" and "\x1b" not in str(caught.value)
    assert not server.log


def test_a_page_that_fails_is_an_error_and_can_be_asked_again(
    repository: LiveRepository, server: Emulator
) -> None:
    if not server.turns:
        pytest.skip("it answers all at once")
    query = question(repository, server)
    whole = walk(repository.pages(query))
    pages = repository.pages(query)
    first = next(pages)
    server.fault = "down"
    with pytest.raises(Unavailable):
        walk(pages)
    server.fault = None
    server.forgive()
    assert ids([first, *walk(repository.pages(query, cursor=first.cursor))]) == ids(whole)


def test_several_may_ask_at_once(repository: LiveRepository, server: Emulator) -> None:
    def asked(_: int) -> list[str]:
        return ids(walk(repository.pages(question(repository, server))))

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(asked, range(4))
    assert first and all(other == first for other in others)


# ── filters ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", PLAIN)
def test_a_filter_is_applied_or_said_not_to_be(
    repository: LiveRepository, server: Emulator, name: str
) -> None:
    able = repository.capabilities
    for kind in able.kinds:
        found = repository.search(question(repository, server, kind=kind, **{name: PLAIN[name]}))
        said = name in found.unapplied.get(repository.name, ())
        assert said != (name in able.applies | able.states)
    assert not server.strays


@pytest.mark.parametrize("name", ["organism", "license", "year"])
def test_what_the_archive_ignores_in_silence_is_not_let_through(
    repository: LiveRepository, server: Emulator, name: str
) -> None:
    able = repository.capabilities
    if name not in able.states | able.applies:
        pytest.skip(f"{repository.name} says that it cannot")
    absent = {"organism": "Xenopus laevis", "license": "CC-BY-NC-ND-4.0", "year": 1911}
    for kind in able.kinds:
        assert not repository.search(question(repository, server, kind=kind, **{name: absent[name]}))


FACTS = {
    "year": ("release_date",),
    "channel": ("channels",),
    "pixel_size_below": ("pixel_size",),
    "openable": ("kind",),  # what has no address says that it does not open
    "max_bytes": ("bytes",),
    "text": ("title",),
    **dict.fromkeys(
        ("anatomy", "disease", "cell_line", "phenotype", "compound"), ("attributes", "other_terms")
    ),
}
"""Filters to the fields of records that they are about, where these have other names."""


def test_what_its_records_are_said_to_state_some_record_states(
    repository: LiveRepository, server: Emulator
) -> None:
    records = [
        record
        for kind in repository.capabilities.kinds
        for page in walk(repository.pages(question(repository, server, kind=kind)))
        for record in page.records
    ]
    for key in (server.known, *server.also):
        study = repository.lookup(key)
        assert study is not None
        records += [study, *(record for page in walk(repository.images(study)) for record in page.records)]
    for name in sorted(repository.capabilities.states):
        fields = FACTS.get(name, (name,))
        assert any(
            record.source(field) for record in records for field in fields if hasattr(record, field)
        ), name


# ── one record ───────────────────────────────────────────────────────────────────────────────────


def test_it_looks_up_what_it_knows(repository: LiveRepository, server: Emulator) -> None:
    record = repository.lookup(server.known)
    assert record is not None and record.id == server.known
    check_record(record, server)
    assert repository.recognises(server.known) == server.known
    assert not server.strays


def test_it_is_honest_about_what_it_does_not_know(repository: LiveRepository, server: Emulator) -> None:
    for prefix in repository.prefixes:
        assert absent(repository, f"{prefix}:no-such-thing-at-all")
    server.log.clear()
    for strange in ("other:thing", "https://example.org/nothing.zarr", "a b", "", "10.1/none", "C:/data"):
        assert repository.recognises(strange) is None
        assert absent(repository, strange)
    assert not server.log


def absent(repository: LiveRepository, identifier: str) -> bool:
    try:
        return repository.lookup(identifier) is None
    except (NotFoundError, QueryError):
        return True


@pytest.mark.parametrize("strange", STRANGE)
def test_no_identifier_leads_astray(repository: LiveRepository, server: Emulator, strange: str) -> None:
    below = tuple(f"{path.rstrip('/')}" for path in server.apis.values())
    for prefix in repository.prefixes:
        assert absent(repository, f"{prefix}:{strange}")
    for asked in server.log:
        assert asked.path.startswith(below) and ".." not in asked.path.split("/")
        assert "x-evil" not in asked.headers and asked.method in ("GET", "POST")


@pytest.mark.parametrize("tail", ["?x=1", "#x", "/..", "/x", "%00", "\n", " or 1=1"])
def test_an_identifier_with_a_tail_is_another_one(
    repository: LiveRepository, server: Emulator, tail: str
) -> None:
    try:
        found = repository.lookup(server.known + tail)
    except (NotFoundError, QueryError):
        return
    assert found is None or (tail.isspace() and found.id == server.known)


def test_the_images_of_a_study_open(repository: LiveRepository, server: Emulator) -> None:
    study = repository.lookup(server.known)
    assert study is not None
    images = [record for page in walk(repository.images(study)) for record in page.records]
    if repository.capabilities.pixels.startswith("none"):
        assert not images
        return
    assert images and len({image.id for image in images}) == len(images)
    for image in images:
        check_record(image, server)
        assert image.kind == "image" and image.url and repository.locate(image)
    assert not server.strays


# ── faults ───────────────────────────────────────────────────────────────────────────────────────


def asks(repository: LiveRepository, server: Emulator) -> dict[str, Callable[[], Any]]:
    """What may be asked of an archive."""
    return {
        "search": lambda: repository.search(question(repository, server)),
        "pages": lambda: walk(repository.pages(question(repository, server))),
        "lookup": lambda: repository.lookup(server.known),
    }


@pytest.mark.parametrize("fault", ["down", "hang", "html", "malformed", "empty", "cut"])
def test_an_archive_that_fails_is_an_error_of_the_tree(
    repository: LiveRepository, server: Emulator, fault: str
) -> None:
    wanted = UnexpectedAnswer if fault in ("html", "malformed", "empty") else Unavailable
    server.fault = fault
    for name, ask in asks(repository, server).items():
        server.forgive()
        started = time.monotonic()
        with pytest.raises(wanted) as caught, limit(0.5 if fault == "hang" else 10):
            ask()
        error = caught.value
        assert error.kind and "Back soon" not in str(error), name
        assert server.log, f"{name} asked nobody"
        if fault == "hang":
            assert error.kind == "timeout" and time.monotonic() - started < 5


def test_a_slow_archive_answers(repository: LiveRepository, server: Emulator) -> None:
    whole = ids(walk(repository.pages(question(repository, server))))
    server.fault = "slow"
    assert ids(walk(repository.pages(question(repository, server)))) == whole


def test_an_archive_that_asks_for_a_pause_is_waited_for(repository: LiveRepository, server: Emulator) -> None:
    server.fault = "rate"
    started = time.monotonic()
    assert next(repository.pages(question(repository, server))).records
    assert time.monotonic() - started > 0.9


def test_an_archive_that_keeps_failing_is_not_asked_for_ever(
    repository: LiveRepository, server: Emulator
) -> None:
    server.fault = "down"
    for _ in range(3):
        with pytest.raises(Unavailable):
            next(repository.pages(question(repository, server)))
    asked = len(server.log)
    with pytest.raises(Unavailable) as caught:
        next(repository.pages(question(repository, server)))
    assert caught.value.kind == "circuit-open" and len(server.log) == asked


# ── drift ────────────────────────────────────────────────────────────────────────────────────────


def test_an_archive_of_tomorrow_is_read_or_refused(repository: LiveRepository, server: Emulator) -> None:
    server.fault = "drift"
    for ask in asks(repository, server).values():
        survives(ask)


def test_more_fields_change_nothing(repository: LiveRepository, server: Emulator) -> None:
    whole = walk(repository.pages(question(repository, server)))

    def grown(answer: Any) -> Any:
        more = {"fieldOfTomorrow": {"x": [1]}}
        return every_object(answer, lambda one: {**one, **more}) if server.may_grow(answer) else answer

    server.alter = grown
    again = walk(repository.pages(question(repository, server)))
    assert [list(map(timeless, page.records)) for page in again] == [
        list(map(timeless, page.records)) for page in whole
    ]


def timeless(record: Record) -> Record:
    """Without the time at which it was read."""
    return dataclasses.replace(record, sources={}, seen_in=())


WRONG: list[Any] = [None, 7, "", [], {}, [None], True, "\u202ex", -1.5, [[{}]], {"@id": 3}, 10**30]


def test_any_field_may_be_missing_or_of_another_type(repository: LiveRepository, server: Emulator) -> None:
    names: dict[str, None] = {}

    def note(answer: Any) -> Any:
        return every_object(answer, lambda one: names.update(dict.fromkeys(one)) or one)

    def work() -> None:
        for kind in repository.capabilities.kinds:
            found = repository.search(question(repository, server, kind=kind, limit=2))
            assert shown(found)
            assert [wrong for record in found for wrong in wrong_types(record)] == []
        study = repository.lookup(server.known)
        if study is not None:
            records = [study, *(one for page in islice(repository.images(study), 1) for one in page.records)]
            assert [wrong for record in records for wrong in wrong_types(record)] == []

    server.alter = note
    work()
    assert names
    for number, name in enumerate(names):
        wrongs = [
            WRONG[0],
            WRONG[1 + number % (len(WRONG) - 1)],
            WRONG[1 + (number * 5 + 3) % (len(WRONG) - 1)],
        ]
        for replacement in ({}, *({name: wrong} for wrong in wrongs[-server.wrongs :])):
            server.alter = altering(name, replacement)
            server.forgive()
            try:
                survives(work)
            except Exception as error:
                error.add_note(f"when {name!r} was {replacement.get(name, 'missing')!r}")
                raise
    left = in_force()
    assert left is not None and left.left() > 0, "there was no time left to ask"


def wrong_types(record: Record) -> list[str]:
    """Fields of a record that are not what their annotation says."""
    found = []
    for field in dataclasses.fields(record):
        fits = TYPES.get(str(field.type))
        value = getattr(record, field.name)
        if fits is not None and not fits(value):
            found.append(f"{field.name}: {value!r}")
    return found


def is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


TYPES: dict[str, Callable[[Any], bool]] = {
    "str": is_text,
    "str | None": lambda value: value is None or is_text(value),
    "int | None": lambda value: value is None or is_count(value),
    "bool | None": lambda value: value is None or isinstance(value, bool),
    "tuple[str, ...]": lambda value: isinstance(value, tuple) and all(map(is_text, value)),
    "tuple[int, ...]": lambda value: isinstance(value, tuple) and all(map(is_count, value)),
    "tuple[Term, ...]": lambda value: isinstance(value, tuple) and all(is_text(term.label) for term in value),
    "Mapping[str, float]": lambda value: all(isinstance(size, float | int) for size in value.values()),
    "Mapping[str, tuple[str, ...]]": lambda value: all(
        is_text(name) and isinstance(texts, tuple) and all(map(is_text, texts))
        for name, texts in value.items()
    ),
}


def altering(name: str, replacement: dict[str, Any]) -> Callable[[Any], Any]:
    def one(found: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in found.items() if k != name} | (replacement if name in found else {})

    return lambda answer: every_object(answer, one)


@pytest.mark.parametrize("whole", [{}, [], None, "text", 7, [[]], {"error": "x"}, [None]])
def test_an_answer_of_another_form_is_refused(
    repository: LiveRepository, server: Emulator, whole: Any
) -> None:
    server.alter = lambda _: whole
    for ask in asks(repository, server).values():
        survives(ask)


def every_object(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        return change({name: every_object(part, change) for name, part in value.items()})
    if isinstance(value, list):
        return [every_object(part, change) for part in value]
    return value


def survives(work: Callable[[], Any]) -> Any:
    """What comes of it: a value, or an error of the tree that federation gathers."""
    try:
        return work()
    except (RepositoryError, NotFoundError) as error:
        assert error.kind != "error" and str(error)
        return None


def shown(found: Results) -> str:
    """Everything that a reader may see of results."""
    return "\n".join([repr(found), found._repr_html_(), json.dumps(found.to_dict()), *map(repr, found)])


# ── hostile text ─────────────────────────────────────────────────────────────────────────────────

HOSTILE = ' <script>alert("x")</script><img src=x onerror=alert(1)> \x1b[31m\u202e\x00 Jo.Doe@mail.example.org Ωñ漢字😀'


def test_hostile_text_is_harmless_where_it_is_shown(repository: LiveRepository, server: Emulator) -> None:
    def soil(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: soil(part) for name, part in value.items()}
        if isinstance(value, list):
            return [soil(part) for part in value]
        return value + HOSTILE if isinstance(value, str) and " " in value else value

    server.alter = soil
    records = [
        record
        for kind in repository.capabilities.kinds
        for record in repository.search(question(repository, server, kind=kind))
    ]
    known = repository.lookup(server.known)
    assert records and known is not None
    for record in (*records, known):
        everything = record.to_json() + json.dumps(record.raw or {}) + repr(record)
        assert "@mail.example.org" not in everything and "Jo.Doe" not in everything
        text = "".join(texts(json.loads(record.to_json())))
        assert not set(text) & set("\x1b\x00\u202e")
        page = record._repr_html_()
        assert "<script" not in page and "<img src=x" not in page
    found = repository.search(question(repository, server))
    page = found._repr_html_()
    assert "<script" not in page and "<img src=x" not in page
    assert not set(page + repr(found)) & set("\x1b\x00\u202e")


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in (*value, *value.values()):
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


# ── polite and private ───────────────────────────────────────────────────────────────────────────


def test_nothing_about_the_user_is_sent(repository: LiveRepository, server: Emulator) -> None:
    for ask in asks(repository, server).values():
        ask()
    allowed = {"host", "user-agent", "accept", "accept-encoding", "content-type", "content-length"}
    allowed |= set(server.protocol)
    for asked in server.log:
        assert (
            asked.headers["user-agent"].startswith("fairlab/") and "(+https://" in asked.headers["user-agent"]
        )
        assert set(asked.headers) - allowed <= {name.casefold() for name in server.credentials}
        sent = f"{asked.path} {dict(asked.params)} {asked.body!r} {asked.headers['user-agent']}".casefold()
        for secret in (getpass.getuser(), socket.gethostname(), str(Path.home())):
            assert len(secret) < 4 or secret.casefold() not in sent


def test_what_was_answered_is_remembered_and_serves_when_the_archive_is_away(
    repository: LiveRepository, server: Emulator, tmp_path: Path
) -> None:
    if server.credentials:
        pytest.skip("answers to somebody who has logged in are not kept")
    with set_options(cache_dir=tmp_path, answers_max_bytes=10**8):
        first = walk(repository.pages(question(repository, server)))
        asked = len(server.log)
        assert [page.records for page in walk(repository.pages(question(repository, server)))] == [
            page.records for page in first
        ]
        server.fault = "down"
        walk(repository.pages(question(repository, server)))
        assert len(server.log) == asked


@pytest.mark.parametrize("name", sorted(EMULATED))
def test_off_line_nobody_is_asked(name: str) -> None:
    made = emulator(name)
    repository = made.adapter()  # not entered: the archive's own hosts
    with set_options(offline=True, answers_max_bytes=0), pytest.raises(FairlabError) as caught:
        next(repository.pages(question(repository, made)))
    assert caught.value.kind == "offline" or made.credentials
