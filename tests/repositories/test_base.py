from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, ClassVar

import pytest

from fairlab.errors import FairlabWarning, NotFoundError
from fairlab.query import make_query
from fairlab.record import Record
from fairlab.repositories import base

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.query import Query


def test_built_in_repositories_are_plugins() -> None:
    assert {"catalogue", "sample"} <= set(base.repositories())
    assert all(isinstance(r, base.Repository) for r in base.repositories().values())


@pytest.mark.parametrize(
    "target", ["no_such_module:Shelf", "fairlab.errors:NoSuchClass", "fairlab.record:Record"]
)
def test_a_broken_plugin_silences_nobody(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    found = [
        *(e for e in base.entry_points(group="fairlab.repositories")),
        EntryPoint(name="broken", value=target, group="fairlab.repositories"),
    ]
    monkeypatch.setattr(base, "entry_points", lambda group: found)
    base.repositories.cache_clear()
    try:
        with pytest.warns(FairlabWarning, match=target.split(":")[0]):
            assert {"catalogue", "sample"} <= set(base.repositories())
    finally:
        monkeypatch.undo()
        base.repositories.cache_clear()


def test_an_unknown_identifier_says_who_was_asked() -> None:
    with pytest.raises(NotFoundError) as caught:
        base.lookup("nosuch:thing")
    assert caught.value.kind == "identifier-unknown"


class Attic(base.Archive):
    """Three pages of two mice each; the archive does not know licences."""

    name: ClassVar[str] = "attic"
    title: ClassVar[str] = "The Attic"
    prefixes: ClassVar[tuple[str, ...]] = ("attic",)
    capabilities: ClassVar[base.Capabilities] = base.Capabilities(
        applies=frozenset({"organism"}), states=frozenset({"year"})
    )
    asked = 0

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[base.Page]:
        for number in range(int(cursor or 0), 3):
            self.asked += 1
            records = tuple(
                Record(
                    id=f"attic:{number}{n}",
                    kind="image",
                    repository="Attic",
                    title="A mouse",
                    release_date=date,
                )
                for n, date in enumerate(("2019-01-01", "2020-01-01"))
            )
            yield base.Page(records=records, cursor=str(number + 1) if number < 2 else None, total=6)

    def lookup(self, identifier: str) -> Record | None:
        return None


def test_an_archive_is_a_live_repository_that_only_writes_pages() -> None:
    attic = Attic()
    assert isinstance(attic, base.LiveRepository) and attic.live
    assert [r.id for r in attic.search(make_query("mouse", limit=3))] == ["attic:00", "attic:01", "attic:10"]
    assert attic.asked == 2, "no more pages than the limit needs"
    assert list(attic.images(Record(id="attic:1", kind="study", repository="Attic"))) == []
    assert attic.recognises(" attic:7 ") == "attic:7" and attic.recognises("other:7") is None
    assert attic.idle() is None


def test_an_archive_applies_stated_facts_and_says_what_it_cannot() -> None:
    found = Attic().search(make_query("mouse", organism="human", year=2019))
    assert {r.release_date for r in found} == {"2019-01-01"} and found.unapplied == {}, (
        "applied by the archive"
    )
    found = Attic().search(make_query("mouse", license="cc-by"))
    assert len(found) == 6 and found.unapplied == {"attic": ("license",)} and "licens" in str(found)
    assert len(Attic().search(make_query("mouse", license="cc-by", match="all"))) == 0
    nothing = Attic().search(make_query(license="cc-by"))
    assert len(nothing) == 0 and nothing.unapplied == {"attic": ("license",)}, "anything at all is no answer"
    assert Attic().search(make_query("mouse dragon")).relaxed == ("dragon",)
