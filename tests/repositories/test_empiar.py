from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import Unavailable, UnexpectedAnswer
from fairlab.net.api import Document
from fairlab.query import make_query
from fairlab.repositories.empiar import EmpiarRepository
from fairlab.repositories.empiar_records import entry_of_xml, study_record
from tests.emulators.bia import FILES, uuid
from tests.emulators.empiar import ENTRIES, XML, Empiar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fairlab.record import Record

COPY = f"empiar:EMPIAR-90001/{uuid(606)}.ome.zarr/0"


@pytest.fixture
def empiar() -> Iterator[Empiar]:
    with Empiar() as emulator:
        yield emulator


def ids(question: str = "", **filters: Any) -> list[str]:
    return [record.id for record in EmpiarRepository().search(make_query(question, kind="study", **filters))]


def known(identifier: str = "EMPIAR-90001") -> Record:
    found = EmpiarRepository().lookup(identifier)
    assert found is not None
    return found


def document(content: Any = None) -> Document:
    return Document(content=content, url="https://empiar.example/entry", retrieved_at="2026-11-25T00:00:00Z")


def check_entry(entry: Record) -> None:
    assert (entry.id, entry.kind, entry.repository) == ("empiar:EMPIAR-90001", "study", "EMPIAR")
    assert entry.title == "Mitosis in a worm" and entry.doi == "10.6019/empiar-90001"
    assert entry.bytes == 165_400_000_000 and entry.n_images == 12 and entry.release_date == "2020-02-07"
    assert entry.creators[0].orcid == "0000-0002-1825-0097" and entry.authors == ("Carberry J",)
    assert entry.publications == ("https://doi.org/10.1234/example",) and entry.pmid == ("12345678",)
    assert [term.id for term in entry.imaging_method] == ["FBbi:00050000"]
    assert entry.pixel_size == {"y": 0.005, "x": 0.005}, "EMPIAR states ångström"
    assert entry.see_also[0] == "https://www.ebi.ac.uk/emdb/EMD-90001"
    assert "example.org" not in entry.to_json() + json.dumps(entry.raw)


def test_an_entry(empiar: Empiar) -> None:
    entry = known()
    check_entry(entry)
    assert (
        entry.funding == ("A Trust G-1",)
        and entry.see_also[1] == "https://www.ebi.ac.uk/empiar/EMPIAR-90002/"
    )
    title = entry.source("title")
    assert title is not None and title.pointer == "/EMPIAR-90001/title"


def test_the_licence_is_a_conclusion_that_names_who_says_so(empiar: Empiar) -> None:
    entry = known()
    assert entry.license == "https://creativecommons.org/publicdomain/zero/1.0/" and entry.access == "open"
    source = entry.source("license")
    assert source is not None and source.basis == "inferred" and "gide-ro-crate" in source.document
    held = known("EMPIAR-90003")
    assert held.license is None and held.access == "restricted"


def test_several_image_sets_have_no_one_scale_and_emdb_is_no_method(empiar: Empiar) -> None:
    entry = known("EMPIAR-90002")
    assert entry.pixel_size == {} and entry.n_images == 24 and entry.imaging_method == ()
    assert entry.attributes["Cross reference"] == ("EMD-1", "EMD-2")
    assert entry.attributes["Image set"] == ("Aligned slices", "Second")


def test_all_entries_are_fetched_once_and_searched_here(empiar: Empiar) -> None:
    assert ids("mitosis") == ["empiar:EMPIAR-90001", "empiar:EMPIAR-90003"]
    assert ids("ribosomes") == ["empiar:EMPIAR-90002"]
    assert ids("mitosis", license="CC0", year="2019-2020") == ["empiar:EMPIAR-90001"]
    assert ids(imaging_method="electron microscopy", license="CC0") == ["empiar:EMPIAR-90001"]
    assert set(empiar.paths()) == {"/empiar/api/entry/all/"}


def test_others_publishers_are_not_looked_for_and_images_come_with_their_entry(empiar: Empiar) -> None:
    assert ids("mitosis", repository="IDR") == []
    assert list(EmpiarRepository().pages(make_query("mitosis"))) == []
    assert empiar.log == []


def test_copies_at_the_bioimage_archive(empiar: Empiar) -> None:
    (image,) = [one for page in EmpiarRepository().images(known()) for one in page.records]
    assert image.id == COPY
    assert image.url == f"{FILES}/EMPIAR-90001/{uuid(106)}/{uuid(606)}.ome.zarr/0"
    assert image.license == known().license and image.authors == ("Carberry J",)
    asked = empiar.log[1]
    assert (asked.param("query"), asked.param("facet.image_format")) == ("EMPIAR-90001", "ome.zarr")
    assert [one for page in EmpiarRepository().images(known("EMPIAR-90002")) for one in page.records] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("empiar-90001", "empiar:EMPIAR-90001"),
        ("EMPIAR:EMPIAR-90001", "empiar:EMPIAR-90001"),
        ("https://www.ebi.ac.uk/empiar/EMPIAR-90001/", "empiar:EMPIAR-90001"),
        ("https://www.ebi.ac.uk/pdbe/emdb/empiar/entry/EMPIAR-90001", "empiar:EMPIAR-90001"),
        ("https://doi.org/10.6019/EMPIAR-90001", "empiar:EMPIAR-90001"),
        ("https://www.ebi.ac.uk/biostudies/bioimages/studies/EMPIAR-90001", "empiar:EMPIAR-90001"),
        (f"{FILES}/EMPIAR-90001/{uuid(106)}/{uuid(606)}.ome.zarr/0", COPY),
        (COPY, COPY),
        ("90001", None),
        ("S-BIAD634", None),
        ("https://doi.org/10.6019/S-BIAD634", None),
        ("empiar:", None),
    ],
)
def test_what_is_recognised(text: str, found: str | None) -> None:
    assert EmpiarRepository().recognises(text) == found


@pytest.mark.parametrize(
    ("identifier", "found"),
    [(COPY, COPY), ("EMPIAR-99999", None), ("empiar:EMPIAR-90001/none.zarr", None), ("mitosis", None)],
)
def test_lookup(empiar: Empiar, identifier: str, found: str | None) -> None:
    record = EmpiarRepository().lookup(identifier)
    assert (record.id if record else None) == found


def test_the_header_beside_the_files_stands_in_for_the_entry(empiar: Empiar) -> None:
    empiar.entries_are_down = True
    entry = known()
    check_entry(entry)
    title = entry.source("title")
    assert title is not None and title.document.endswith("/90001/90001.xml")


def test_when_there_is_no_header_either_the_archive_is_away_rather_than_the_entry(empiar: Empiar) -> None:
    empiar.entries_are_down = True
    with pytest.raises(Unavailable):
        EmpiarRepository().lookup("EMPIAR-99999")


@pytest.mark.parametrize(
    "said",
    [
        "",
        "<html><body>Not found</body></html>",
        XML[: len(XML) // 2],
        '<!DOCTYPE entry [<!ENTITY a "aaaa">]>' + XML.partition("?>")[2],
        None,
    ],
)
def test_a_header_of_another_form_is_refused(said: str | None) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        entry_of_xml(document(said))
    assert caught.value.kind == "answer-form"


def test_a_header_with_nothing_in_it_is_an_entry_of_which_nothing_is_known() -> None:
    bare = '<entry xmlns="http://pdbe.org/empiar" accessionCode="EMPIAR-90001"/>'
    accession, entry = entry_of_xml(document(bare))
    record = study_record(document(bare), accession, entry, "/entry")
    assert record is not None and record.title is None and record.bytes is None and record.license is None


@given(st.data())
def test_fields_of_another_form_cost_only_themselves(data: st.DataObject) -> None:
    forms = [None, "x", 3, -1.5, [], {}, [None], [[]], {"a": {}}, [{}], True]
    changed: dict[str, Any] = copy.deepcopy(ENTRIES["EMPIAR-90001"])
    for name in data.draw(st.sets(st.sampled_from(sorted(changed)))):
        changed[name] = data.draw(st.sampled_from(forms))
    one = {**ENTRIES["EMPIAR-90001"]["imagesets"][0]}
    for name in data.draw(st.sets(st.sampled_from(sorted(one)))):
        one[name] = data.draw(st.sampled_from(forms))
    assert study_record(document(), "EMPIAR-90001", {**changed, "imagesets": [one]}, "") is not None
    assert study_record(document(), "EMPIAR-90001", changed, "") is not None


@pytest.mark.parametrize(
    ("accession", "entry"), [("EMPIAR-1", {}), ("x", {}), ("EMPIAR-90001", []), ("", None)]
)
def test_what_is_no_entry_is_no_record(accession: str, entry: Any) -> None:
    assert study_record(document(), accession, entry, "") is None


def test_a_real_entry(shared: Path) -> None:
    path = shared / "repositories" / "examples" / "empiar-entry-12104-redacted.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    entry = study_record(document(content), "EMPIAR-12104", content["EMPIAR-12104"], "/EMPIAR-12104")
    assert entry is not None
    assert (entry.bytes, entry.n_images, entry.release_date) == (165_400_000_000, 203, "2025-02-04")
    assert entry.doi == "10.6019/empiar-12104" and entry.pixel_size == {"x": 0.0003425}
    assert entry.description is not None and entry.description.startswith("Raw unaligned")
    for name in entry.to_dict():
        assert entry.source(name) is not None
    assert set(content["EMPIAR-12104"]) == set(ENTRIES["EMPIAR-90001"]), "the emulator answers in this form"
    assert set(content["EMPIAR-12104"]["imagesets"][0]) == set(ENTRIES["EMPIAR-90001"]["imagesets"][0])


def test_a_real_header(shared: Path) -> None:
    said = (shared / "repositories" / "examples" / "empiar-entry-10934.xml").read_text(encoding="utf-8")
    accession, found = entry_of_xml(document(said))
    entry = study_record(document(said), accession, found, "/entry")
    assert entry is not None and entry.id == "empiar:EMPIAR-10934"
    assert len(entry.creators) == 13 and entry.creators[0].orcid == "0000-0001-9064-4085"
    assert entry.bytes == 1_900_000_000_000 and entry.n_images == 3889
    assert entry.publications == ("https://doi.org/10.1038/s41467-021-26251-6",) and entry.pmid == (
        "34667155",
    )
    assert entry.see_also == ("https://www.ebi.ac.uk/emdb/EMD-12602",)
    assert entry.pixel_size == {"y": 5.43e-05, "x": 5.43e-05}
