from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, ClassVar

import pytest

from fairlab import errors, federation
from fairlab.record import Record
from fairlab.repositories import base
from fairlab.repositories.catalogue import CatalogueRepository
from fairlab.results import Results, select

if TYPE_CHECKING:
    from fairlab.query import Query


class Shelf:
    """A repository of two records."""

    name: ClassVar[str] = "shelf"
    prefixes: ClassVar[tuple[str, ...]] = ("shelf",)
    live: ClassVar[bool] = False
    records = (
        Record(id="shelf:a", kind="image", repository="Shelf", title="A mouse on a shelf", url="shelf:a"),
        Record(id="shelf:b", kind="image", repository="Shelf", title="A flurb", url="shelf:b"),
    )

    def search(self, query: Query) -> Results:
        return select(query, self.records, name=self.name)

    def lookup(self, identifier: str) -> Record | None:
        return next((record for record in self.records if record.id == identifier), None)

    def locate(self, record: Record) -> str | None:
        return record.url


class Broken(Shelf):
    name: ClassVar[str] = "broken"
    prefixes: ClassVar[tuple[str, ...]] = ("broken",)

    def search(self, query: Query) -> Results:
        raise errors.Unavailable("no connection to broken.example", kind="unavailable")


class Archive(Shelf):
    name: ClassVar[str] = "archive"
    prefixes: ClassVar[tuple[str, ...]] = ("archive",)
    live: ClassVar[bool] = True


CATALOGUE = CatalogueRepository()


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, base.Repository]:
    found: dict[str, base.Repository] = {"catalogue": CATALOGUE, "shelf": Shelf()}
    monkeypatch.setattr(base, "repositories", lambda: found)
    return found


@pytest.fixture(autouse=True)
def no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a catalogue opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


pytestmark = pytest.mark.usefixtures("installed")


def ids(results: Results) -> set[str]:
    return {record.id for record in results}


def test_mouse_is_mus_musculus_is_a_number() -> None:
    found = [federation.search(name, limit=None) for name in ("mouse", "Mus musculus", "NCBITaxon:10090")]
    assert found[0].total > 700
    assert ids(found[0]) == ids(found[1]) == ids(found[2])
    filtered = federation.search(organism="mice", limit=None)
    assert filtered.total > 700 and ids(filtered) <= ids(found[0])
    assert all(any(term.label == "Mus musculus" for term in record.organism) for record in filtered)


@pytest.mark.parametrize(
    ("broad", "narrow"),
    [
        ("confocal", "spinning disk confocal microscopy"),
        ("electron microscopy", "FIB-SEM"),
        ("light microscopy", "light sheet"),
        ("SEM", "SBF-SEM"),
    ],
)
def test_a_method_finds_its_narrower_methods_in_filter_and_text(broad: str, narrow: str) -> None:
    by_filter = [ids(federation.search(imaging_method=name, limit=None)) for name in (broad, narrow)]
    assert by_filter[1] and by_filter[1] < by_filter[0]
    by_text = [ids(federation.search(name, limit=None)) for name in (broad, narrow)]
    assert by_filter[1] <= by_text[1] and by_filter[0] <= by_text[0]


def test_images_are_found_by_the_words_of_their_study() -> None:
    study = federation.lookup("idr:idr0062")
    assert study.title and "automated detection of nuclei" in study.title
    found = federation.search("automated detection nuclei intact tissues", limit=100)
    assert found.total == 29 and {record.accession for record in found} == {"idr0062"}


def test_mitosis_finds_images_through_their_studies_and_names_the_studies_without() -> None:
    found = federation.search("mitosis")
    assert found.total and found.relaxed == ()
    assert any("more studies" in note and 'kind="study"' in note for note in found.notes)
    assert federation.search("mitosis", kind="study").total >= 13


def test_images_of_one_study_stand_together_and_drown_no_other() -> None:
    found = federation.search("cell painting", limit=20)
    shown = Counter(record.accession for record in found)
    assert {group.total for group in found.groups} >= {26, 826, 40}
    assert len(shown) == 3 and max(shown.values()) - min(shown.values()) <= 3
    found = federation.search(organism="human", limit=50)
    groups = [record.accession for record in found]
    assert sum(a != b for a, b in itertools.pairwise(groups)) + 1 == len(set(groups)), "together"
    assert len(set(groups)) >= 10 and max(map(groups.count, groups)) <= 12
    assert found.total > 2000 and len(found) == 50
    assert next(group.id for group in found.groups).startswith(found[0].id.split("/")[0])
    assert sum(group.total for group in found.groups) <= found.total


def test_each_image_may_stand_by_its_own_rank() -> None:
    together = federation.search("cell painting", limit=20, repositories=["catalogue"])
    apart = federation.search("cell painting", limit=20, repositories=["catalogue"], group_by="image")
    assert len(apart) == 20 and (apart.total, apart.facets()) == (together.total, together.facets())
    whole = federation.search("cell painting", limit=None, repositories=["catalogue"], group_by="image")
    assert list(whole[:20]) == list(apart) and ids(whole) == ids(
        federation.search("cell painting", limit=None, repositories=["catalogue"])
    )
    assert len({record.accession for record in apart}) != len({record.accession for record in together})


def test_when_nothing_has_all_terms_the_closest_come_and_say_what_they_lack() -> None:
    found = federation.search("zebrafish heart light sheet")
    assert found.total and found.relaxed == ("heart",)
    assert all(any(term.label == "Danio rerio" for term in record.organism) for record in found)
    assert "heart" in str(found)
    strict = federation.search("zebrafish heart light sheet", match="all")
    assert len(strict) == 0 and strict.relaxed == () and strict.total == 0


def test_a_misspelt_word_gets_a_hint() -> None:
    found = federation.search("mitochndria", repositories=["catalogue"])
    assert found.total == 0 and any("mitochondria" in note for note in found.notes)


def test_facets_count_all_matches_and_can_be_given_back() -> None:
    found = federation.search("mouse", limit=3, repositories=["catalogue"])
    facets = found.facets()
    for name in ("license", "repository"):
        assert sum(facets[name].values()) == found.total
    for name, values in facets.items():
        for value, number in list(values.items())[:4]:
            again = federation.search("mouse", repositories=["catalogue"], limit=1, **{name: value})  # type: ignore[arg-type]
            # A broader taxon or method finds its narrower ones too.
            narrower = name in ("organism", "imaging_method")
            assert again.total >= number if narrower else again.total == number, (name, value)


def test_filters_hold_for_every_record() -> None:
    found = federation.search(
        license="cc-by", ngff_version="0.5", layout="image", openable=True, max_bytes=10**9, limit=None
    )
    assert found.total == len(found) > 10
    for record in found:
        assert record.license and "/licenses/by/" in record.license
        assert (record.ngff_version, record.layout) == ("0.5", "image")
        assert record.bytes is not None and record.bytes <= 10**9 and record.url


@pytest.mark.parametrize(
    ("name", "scheme"), [("idr", "idr"), ("EMPIAR", "empiar"), ("Human Organ Atlas", "hoa")]
)
def test_publishers_are_named_in_any_case(name: str, scheme: str) -> None:
    found = federation.search(repository=name)
    assert found.total and {record.id.split(":")[0] for record in found} == {scheme}


@pytest.mark.parametrize(
    ("question", "kind", "near"),
    [
        ({}, "query-empty", None),
        ({"repository": "IDRR"}, "repository-unknown", "IDR"),
        ({"text": "a", "repositories": ["catalog"]}, "repository-unknown", "catalogue"),
        ({"text": "a", "repositories": ["idr"]}, "repository-unknown", None),
        ({"text": "a", "repositories": []}, "repository-unknown", None),
        ({"text": "a", "repositories": [3]}, "repository-unknown", None),
    ],
)
def test_wrong_questions_are_refused(question: dict[str, object], kind: str, near: str | None) -> None:
    with pytest.raises(errors.QueryError) as caught:
        federation.search(**question)  # type: ignore[arg-type]
    assert caught.value.kind == kind
    assert near is None or near in caught.value.context["nearest"]


def test_a_broken_repository_is_told_and_takes_nothing_from_the_others(
    installed: dict[str, base.Repository],
) -> None:
    installed["broken"] = Broken()
    found = federation.search("mouse", limit=None)
    assert [(f.repository, f.kind) for f in found.failures] == [("broken", "unavailable")]
    assert "shelf:a" in ids(found) and found.total > 700
    assert "no connection" in str(found) and "no connection" in found.to_json()


def test_when_nobody_answers_the_results_do_not_look_like_an_answer(
    installed: dict[str, base.Repository],
) -> None:
    installed["broken"] = Broken()
    found = federation.search("mouse", repositories=["broken"])
    assert len(found) == 0 and found.failures and any("nobody answered" in note for note in found.notes)


def test_who_was_not_asked_is_told(installed: dict[str, base.Repository]) -> None:
    assert federation.LIVE in federation.search("mouse").not_asked
    assert federation.search("mouse", repositories=["shelf"]).not_asked == ("catalogue", federation.LIVE)
    live = federation.search("mouse", live=True)
    assert (
        live.total and federation.LIVE in live.not_asked and any("not asked" in note for note in live.notes)
    )
    installed["archive"] = Archive()
    assert federation.search("mouse").not_asked == ("archive",)
    assert "archive" in federation.search("mouse", live=True).asked


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "'",
        "*",
        "(",
        ")",
        "NEAR(a b)",
        '" OR "',
        "title:mouse",
        "AND",
        "OR NOT",
        "a AND",
        "-",
        "^x",
        "{x}",
        "+",
        "\\",
        "🔬",
        "🔬🐭 mouse",
        "\x00",
        "mouse\x00x",
        "\ud800",
        "罗煜",
        "e\u0301",
        "'; DROP TABLE docs;--",
        "%_",
        "a" * 10000,
        "cell " * 2000,
        "(" * 10000,
        '"' * 999,
        "\u202e" * 50,
        " ".join(chr(i) for i in range(33, 400)),
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_no_text_breaks_the_search(text: str) -> None:
    found = federation.search(text, limit=2)
    assert len(found) <= 2
    assert str(found) and found.to_json() and found._repr_html_()
    filtered = federation.search(text, organism="mouse", limit=2)
    assert filtered.total <= federation.search(organism="mouse", limit=1).total


def test_a_text_of_signs_finds_nothing_and_says_why() -> None:
    found = federation.search("🔬", repositories=["catalogue"])
    assert found.total == 0 and any("neither letter nor digit" in note for note in found.notes)


def test_more_words_than_are_used_are_told() -> None:
    assert any("first 24" in note for note in federation.search(" ".join(f"w{i}" for i in range(99))).notes)


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("idr:idr0062", "idr:idr0062"),
        ("IDR:IDR0062", "idr:idr0062"),
        (" idr0062 ", "idr:idr0062"),
        ("S-BIAD634", "bia:S-BIAD634"),
        ("s-biad634", "bia:S-BIAD634"),
        ("EMPIAR-10310", "empiar:EMPIAR-10310"),
        ("bia:EMPIAR-10310", "empiar:EMPIAR-10310"),
        ("https://idr.openmicroscopy.org/study/idr0062", "idr:idr0062"),
        ("https://www.ebi.ac.uk/biostudies/BioImages/studies/S-BIAD634", "bia:S-BIAD634"),
        (
            "https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr/",
            "idr:idr0062/idr0062A/6001240.zarr",
        ),
        (
            "https://uk1s3.embassy.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr",
            "idr:idr0062/idr0062A/6001240.zarr",
        ),
        (
            "s3://janelia-cosem-datasets/jrc_hela-2/jrc_hela-2.zarr/recon-1/em/fibsem-uint8",
            "openorganelle:jrc_hela-2/jrc_hela-2.zarr/recon-1/em/fibsem-uint8",
        ),
        ("shelf:a", "shelf:a"),
    ],
)
def test_lookup_by_identifier_accession_and_address(identifier: str, expected: str) -> None:
    assert federation.lookup(identifier).id == expected


@pytest.mark.parametrize(
    ("identifier", "near"),
    [
        ("idr:idr0O62", "idr:idr0062"),
        ("S-BIAD6344", "bia:S-BIAD634"),
        ("embl:platybrowser", "embl:platybrowser/platy-raw.ome.zarr"),
        ("https://example.org/nothing.zarr", None),
        ("nosuch:thing", None),
        ("http://[", None),
        ("\ud800", None),
    ],
)
def test_an_unknown_identifier_comes_with_near_ones(identifier: str, near: str | None) -> None:
    with pytest.raises(errors.NotFoundError) as caught:
        federation.lookup(identifier)
    assert caught.value.kind == "identifier-unknown"
    assert near is None or near in caught.value.context["nearest"]


def test_no_identifier_is_no_question() -> None:
    with pytest.raises(errors.QueryError) as caught:
        federation.lookup("  ")
    assert caught.value.kind == "query-empty"


def test_a_study_resolves_to_its_images() -> None:
    study = federation.lookup("idr0062")
    images = federation.images_of(study, limit=None)
    assert len(images) == images.total == 29
    assert {record.accession for record in images} == {"idr0062"} and all(record.url for record in images)
    assert ids(federation.images_of("idr0062", limit=None)) == ids(images)
    assert ids(federation.images_of(images[0], limit=None)) == ids(images)
    openable = federation.images_of(study, openable=True, limit=None)
    assert 0 < len(openable) <= 29 and list(images[: len(openable)]) == list(openable), (
        "what opens comes first"
    )
    assert len(federation.images_of(study, limit=2)) == 2


def test_a_study_resolves_to_images_that_another_archive_lists() -> None:
    images = federation.images_of("S-BIAD865", limit=None)
    assert images.total == 538 and {record.accession for record in images} == {"idr0013"}


def test_images_without_a_study_record_are_found_by_their_group() -> None:
    assert federation.images_of("jax:KOMP_adult_lacZ").total == 400


def test_a_study_without_images_says_so() -> None:
    images = federation.images_of("idr0007")
    assert len(images) == 0 and images.notes
    with pytest.raises(errors.NotFoundError):
        federation.images_of("idr:idr9999")


def test_asking_imports_nothing_heavy_and_no_network() -> None:
    code = (
        "import sys, fairlab.federation as f; f.search('mouse', repositories=['catalogue']);"
        "heavy = {'numpy', 'xarray', 'pandas', 'zarr', 'pycurl', 'obstore', 'fairlab.net.http'} & set(sys.modules);"
        "print(heavy); sys.exit(bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_who_is_not_asked_is_named_without_loading_what_he_would_need() -> None:
    code = (
        "import sys; from fairlab.cli import main; main(['search', 'mouse', '--json']);"
        "print(*sorted(name for name in sys.modules if name.startswith('fairlab.')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    archives = {"bia", "biostudies", "empiar", "folder", "gide", "idr", "ssbd", "xnat"}
    assert archives <= set(json.loads(done.stdout)["not_asked"])
    loaded = set(done.stderr.split())
    adapters = {"base", "ebi_names", *archives}
    assert {f"fairlab.repositories.{name}" for name in adapters} <= loaded
    for name in loaded:
        room, _, module = name.removeprefix("fairlab.").partition(".")
        assert room not in ("fair", "net", "citation", "analysis", "image", "plate", "runs", "widgets"), name
        if room == "repositories" and module:
            assert module in adapters or module.startswith("catalogue"), name
        if room == "ngff" and module:
            assert module in ("units", "versions"), name
