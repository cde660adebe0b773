"""Every installed repository that opens no socket answers the same questions in the same way."""

from __future__ import annotations

import pytest

from fairlab import errors
from fairlab.query import make_query
from fairlab.record import Record
from fairlab.repositories import base
from fairlab.results import FACETS, Results

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
