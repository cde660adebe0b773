"""Every installed repository that opens no socket answers the same questions in the same way."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from fairlab import errors
from fairlab.query import make_query
from fairlab.record import Record
from fairlab.repositories import base
from fairlab.results import FACETS, Results
from tests.repositories.test_live_contract import ASIDE, PLAIN, STRANGE

NAMES = [name for name, repository in base.repositories().items() if not repository.live]


@pytest.fixture(params=NAMES)
def repository(request: pytest.FixtureRequest) -> base.Repository:
    return base.repositories()[request.param]


def everything(repository: base.Repository, *, limit: int | None = 40, kind: str = "image") -> Results:
    return repository.search(
        make_query(layout=["image", "plate", "bioformats2raw", "unknown"], limit=limit, kind=kind)
    )


def test_the_embedded_repositories_are_installed() -> None:
    assert {"catalogue", "sample"} <= set(NAMES)


def test_it_says_who_it_is(repository: base.Repository) -> None:
    assert isinstance(repository, base.Repository)
    assert repository.name == repository.name.casefold() and repository.prefixes and repository.live is False
    others = [r for r in base.repositories().values() if r is not repository and not r.live]
    assert not any(set(repository.prefixes) & set(other.prefixes) for other in others)


def test_it_finds_records_of_its_own_schemes(repository: base.Repository) -> None:
    found = everything(repository)
    assert isinstance(found, Results) and found.total >= len(found) > 0
    assert found.asked == (repository.name,) and found.relaxed == () and found.failures == ()
    assert len({record.id for record in found}) == len(found)
    for record in found:
        assert isinstance(record, Record) and record.kind == "image" and record.repository
        assert base.scheme(record.id) in repository.prefixes


def test_it_keeps_the_limit_and_counts_all(repository: base.Repository) -> None:
    one, all_of_them = everything(repository, limit=1), everything(repository, limit=None)
    assert len(one) == 1 and one.total == all_of_them.total == len(all_of_them)
    assert one.facets() == all_of_them.facets()
    for name in ("license", "repository"):
        assert sum(one.facets()[name].values()) == one.total
    assert tuple(one.facets()) == FACETS


def test_it_looks_up_what_it_finds(repository: base.Repository) -> None:
    for record in everything(repository):
        assert repository.lookup(record.id) == record
        assert Record.from_json(record.to_json()) == record
        assert base.lookup(record.id) == record


def test_it_is_honest_about_what_it_does_not_know(repository: base.Repository) -> None:
    assert repository.lookup("https://example.org/nothing.zarr") is None
    try:
        assert repository.lookup(f"{repository.prefixes[0]}:no-such-thing-at-all") is None
    except errors.NotFoundError as error:
        assert error.kind
    nothing = repository.search(make_query("qwertzuiopasdf"))
    assert (len(nothing), nothing.total, nothing.relaxed) == (0, 0, ())


def test_its_filters_hold(repository: base.Repository) -> None:
    facets = everything(repository).facets()
    for name in ("license", "repository", "layout", "ngff_version"):
        for value, number in facets[name].items():
            found = repository.search(make_query(limit=None, **{name: value}))  # type: ignore[arg-type]
            assert found.facets()[name][value] >= number, (name, value)
            assert found.total == len(found)


def test_all_terms_come_first_and_what_is_missing_is_named(repository: base.Repository) -> None:
    record = next(
        record for record in everything(repository) if record.title and len(record.title.split()) > 1
    )
    word = max((record.title or "").split(), key=len)
    assert record.id in {found.id for found in repository.search(make_query(word, limit=None))}
    partial = repository.search(make_query(f"{word} qwertzuiopasdf", limit=None))
    assert partial.total and partial.relaxed == ("qwertzuiopasdf",)
    strict = repository.search(make_query(f"{word} qwertzuiopasdf", match="all"))
    assert strict.total == 0 and strict.relaxed == ()


def test_kinds_do_not_mix(repository: base.Repository) -> None:
    assert all(record.kind == "study" for record in everything(repository, kind="study"))


def test_it_says_where_a_record_opens(repository: base.Repository) -> None:
    assert repository.locate(Record(id="other:x", kind="study", repository="Other")) is None


def test_it_says_which_filters_it_cannot_apply(repository: base.Repository) -> None:
    asked = {
        "year": "1000-1001",
        "pixel_size_below": 1e-9,
        "attributes": {"Colour of the microscope": "green"},
    }
    for name, value in asked.items():
        found = repository.search(make_query(limit=None, openable=True, **{name: value}))  # type: ignore[arg-type]
        assert found.total == 0 or found.unapplied == {repository.name: (name,)}, name
        strict = repository.search(make_query(openable=True, match="all", **{name: value}))  # type: ignore[arg-type]
        assert strict.total == 0 and "openable" not in str(strict.unapplied)


# ── the cases of the live contract that mean something without a network ─────────────────────────


def test_each_value_says_where_it_was_read(repository: base.Repository) -> None:
    for record in everything(repository):
        for name in record.to_dict().keys() - ASIDE:
            source = record.source(name)
            assert source is not None and source.document, f"{record.id} {name}"
            assert source.basis in ("asserted", "inferred")


def test_nobody_is_asked_over_the_network(
    repository: base.Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    found = everything(repository)
    assert found and repository.lookup(found[0].id) is not None


def test_several_may_ask_at_once(repository: base.Repository) -> None:
    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(lambda _: [record.id for record in everything(repository)], range(4))
    assert first and all(other == first for other in others)


SOME = {**PLAIN, "pixel_size_below": 0.01}  # finer than what most images are


@pytest.mark.parametrize("name", SOME)
def test_a_filter_is_applied_or_said_not_to_be(repository: base.Repository, name: str) -> None:
    found = repository.search(make_query("cell", limit=None, match="all", **{name: SOME[name]}))
    if found.unapplied:
        assert found.unapplied == {repository.name: (name,)} and not found.records
        return
    whole = repository.search(make_query("cell", limit=None, match="all"))
    assert {record.id for record in found} <= {record.id for record in whole}
    assert len(found) < len(whole), f"{name} leaves nothing out"


@pytest.mark.parametrize("strange", STRANGE)
def test_no_identifier_leads_astray(repository: base.Repository, strange: str) -> None:
    for prefix in repository.prefixes:
        try:
            assert repository.lookup(f"{prefix}:{strange}") is None
        except (errors.NotFoundError, errors.QueryError) as error:
            assert not set(str(error)) & set("\x1b\x00\u202e")


@pytest.mark.parametrize("tail", ["?x=1", "#x", "/..", "%00", " or 1=1", "' or '1'='1"])
def test_an_identifier_with_a_tail_is_another_one(repository: base.Repository, tail: str) -> None:
    record = everything(repository)[0]
    try:
        assert repository.lookup(record.id + tail) is None
    except (errors.NotFoundError, errors.QueryError, errors.UnsupportedVersionError) as error:
        assert error.kind


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "a" * 5000,
        '"',
        "* OR cell",
        "NEAR(a b)",
        "col:cell",
        "Ωñ漢字😀",
        "<script>",
        "a\ud800b",
        "-- ;",
    ],
)
def test_any_words_may_be_asked(repository: base.Repository, text: str) -> None:
    try:
        found = repository.search(make_query(text, limit=5))
    except errors.QueryError as error:
        assert error.kind == "query-empty" or error.kind.startswith("query")
        return
    page = found._repr_html_()
    assert "<script>" not in page and (page + repr(found)).encode()
