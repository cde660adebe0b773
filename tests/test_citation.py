from __future__ import annotations

import dataclasses
import json
import re
import string
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fairlab
from fairlab import cite
from fairlab.citation import FORMS, Citation
from fairlab.citation.reference import PUBLISHERS, data_references
from fairlab.errors import MissingExtraError, NotFoundError, QueryError
from fairlab.provenance import attributes
from fairlab.record import Creator, Record, Source
from fairlab.terms import Term

if TYPE_CHECKING:
    from pathlib import Path

    from fairlab.citation.pool import Pool

BY = "https://creativecommons.org/licenses/by/4.0/"
FULL = Record(
    id="bia:S-BIAD1261/im1.zarr",
    kind="image",
    repository="BIA",
    accession="S-BIAD1261",
    title="Dividing cells: 50% of H2B_GFP & {mCherry} #1",
    authors=("Müller, Jörg", "Jane Roe", "BIA team", "et al."),
    attribution="Imaging facility, S-BIAD1261",
    doi="10.6019/S-BIAD1261",
    publications=("10.1038/nature08869", "https://example.org/paper"),
    license=BY,
    release_date="2024-05-06",
    url="https://example.org/im1.zarr",
    landing_url="https://example.org/S-BIAD1261",
    ngff_version="0.4",
    organism=(Term(label="Mus musculus"),),
    sources={"*": Source(document="x", retrieved_at="2025-11-22T10:00:00Z")},
)
BARE = Record(id="x:1", kind="study", repository="unlisted")


def entries(bibtex: str) -> dict[str, dict[str, str]]:
    """A small reader of BibTeX: braces must balance, and each field stands on its line."""
    found: dict[str, dict[str, str]] = {}
    for block in filter(None, bibtex.split("\n\n")):
        assert block.count("{") == block.count("}")
        head, *lines, end = block.strip().split("\n")
        key = re.fullmatch(r"@misc\{([a-z0-9_]+),", head)[1]  # type: ignore[index]
        assert end == "}" and key not in found
        found[key] = {}
        for line in lines:
            name, value = re.fullmatch(r"  (\w+) = \{(.*)\},?", line).groups()  # type: ignore[union-attr]
            depth = 0
            for letter in value:
                depth += {"{": 1, "}": -1}.get(letter, 0)
                assert depth >= 0
            found[key][name] = value
    return found


def ris_entries(text: str) -> list[dict[str, list[str]]]:
    """A small reader of RIS: a tag a line, TY first, ER last."""
    found: list[dict[str, list[str]]] = []
    for block in text.rstrip("\n").split("\n\n"):
        lines = [re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line).groups() for line in block.split("\n")]  # type: ignore[union-attr]
        assert lines[0][0] == "TY" and lines[-1] == ("ER", "")
        found.append({})
        for tag, value in lines:
            found[-1].setdefault(tag, []).append(value)
    return found


WORK = {"title", "authors", "doi", "url", "license", "license-url", "date-released", "identifiers", "version"}
TOP = WORK | {"cff-version", "message", "type", "references"}
LISTED = WORK | {"type", "publisher", "date-accessed", "notes"}


def checked_cff(text: str) -> dict[str, Any]:
    """The document, after the checks of the 1.2.0 schema that concern what is written here."""
    whole: dict[str, Any] = yaml.safe_load(text)
    assert whole["cff-version"] == "1.2.0" and whole["type"] == "dataset" and whole["message"]
    assert set(whole) <= TOP
    for work in (whole, *whole["references"]):
        assert isinstance(work["title"], str) and work["title"] and work["authors"]
        for author in work["authors"]:
            assert set(author) in ({"name"}, {"family-names", "given-names"}) and all(author.values())
        if "doi" in work:
            assert re.fullmatch(r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+", work["doi"])
        for name in ("date-released", "date-accessed"):
            assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", work.get(name, "2000-01-01"))
        assert work.get("url", "https://").startswith(("https://", "http://"))
        for identifier in work.get("identifiers", []):
            assert set(identifier) == {"type", "value", "description"}
            assert identifier["type"] in ("doi", "url", "other")
    for work in whole["references"]:
        assert set(work) <= LISTED and work["type"] in ("data", "software", "article")
    return whole


def test_text_says_everything_once() -> None:
    line, archive, software = cite(FULL).text.split("\n")
    assert line == (
        "Müller, Jörg; Jane Roe; BIA team; et al. (2024): Dividing cells: 50% of H2B_GFP & {mCherry} #1. "
        "BioImage Archive. Dataset. https://doi.org/10.6019/S-BIAD1261 (S-BIAD1261, image "
        "bia:S-BIAD1261/im1.zarr, CC-BY-4.0, OME-Zarr 0.4, data at https://example.org/im1.zarr, "
        "accessed 2025-11-22). Described in: https://doi.org/10.1038/nature08869, https://example.org/paper"
    )
    assert archive.endswith(
        "(2022): The BioImage Archive - Building a Home for Life-Sciences Microscopy Data. "
        "https://doi.org/10.1016/j.jmb.2022.167505"
    )
    assert "fairlab" in software and fairlab.__version__ in software


def test_unknown_is_said_and_nothing_is_invented() -> None:
    citation = cite(BARE)
    line = citation.text.split("\n")[0]
    for what in ("author", "year", "title", "publisher"):
        assert f"unknown {what}" in line
    assert "licence unknown" in line and citation.license == "unknown"
    assert len(citation.duties) == 1 and "unknown" in citation.duties[0]
    entry = entries(citation.bibtex)["1"]
    assert entry["year"] == entry["publisher"] == "unknown" and "unknown" in entry["author"]
    assert not {"doi", "url", "urldate"} & set(entry)
    item = json.loads(citation.csl_json)[0]
    assert item["issued"] == {"literal": "unknown"} and item["author"] == [{"literal": "unknown author"}]
    assert not {"DOI", "URL", "accessed"} & set(item)
    document = checked_cff(citation.cff)
    assert not {"license", "license-url", "doi", "url", "date-released"} & set(document)
    assert "unknown" in document["message"]


def test_bibtex() -> None:
    entry = entries(cite(FULL).bibtex)["s_biad1261_im1_zarr"]
    assert entry["author"] == "Müller, Jörg and {Jane Roe} and {BIA team} and others"
    assert entry["title"] == (
        r"{Dividing cells: 50\% of H2B\_GFP \& \textbraceleft{}mCherry\textbraceright{} \#1}"
    )
    assert (entry["year"], entry["doi"]) == ("2024", "10.6019/S-BIAD1261")
    assert entry["url"] == "https://doi.org/10.6019/S-BIAD1261" and entry["urldate"] == "2025-11-22"
    assert "CC-BY-4.0" in entry["note"] and "Imaging facility" in entry["note"]


def test_ris() -> None:
    data, *_, archive, software = ris_entries(cite(FULL).ris)
    assert data["TY"] == ["DATA"] and data["AU"] == ["Müller, Jörg", "Jane Roe", "BIA team", "et al."]
    assert (data["PY"], data["DA"], data["Y2"]) == (["2024"], ["2024/05/06"], ["2025/11/22"])
    assert (data["DO"], data["PB"]) == (["10.6019/S-BIAD1261"], ["BioImage Archive"])
    assert "license: CC-BY-4.0" in data["N1"] and "credit: Imaging facility, S-BIAD1261" in data["N1"]
    assert archive["TY"] == ["JOUR"] and software["TY"] == ["COMP"]
    (bare, _) = ris_entries(cite(BARE).ris)
    assert bare["PY"] == bare["PB"] == ["unknown"] and not {"DO", "UR", "DA"} & set(bare)


def test_data_their_article_and_their_archive_each_get_credit() -> None:
    twice = [FULL, dataclasses.replace(FULL, id="bia:S-BIAD1261/im2.zarr")]
    found = cite(twice).references
    assert [one.type for one in found] == ["dataset", "dataset", "article", "article", "archive", "software"]
    dois = [one.doi for one in found]
    assert dois[0] == dois[1] == "10.6019/S-BIAD1261"
    assert dois[2] == "10.1038/nature08869" and dois[4] == "10.1016/j.jmb.2022.167505"
    assert found[2].title == "[Article about S-BIAD1261]" and not found[2].authors  # not made up
    assert not [one for one in cite(BARE).references if one.type in ("article", "archive")]


def test_credit_names_people_roles_funding_and_resources_only_where_stated() -> None:
    told = dataclasses.replace(
        FULL,
        creators=(
            Creator(name="Jane Roe", orcid="0000-0002-1825-0097", ror="https://ror.org/02catss52",
                    affiliation="An institute", roles=("Investigation",)),
        ),
        funding=("Wellcome Trust 1234",),
        description="Imaged at the facility (RRID:SCR_017803).",
    )  # fmt: skip
    again = dataclasses.replace(
        told, id="x:2", creators=(dataclasses.replace(told.creators[0], roles=("Software",)),)
    )
    credit = cite([told, again]).credit
    assert [one.roles for one in credit.creators] == [("Investigation", "Software")]
    assert credit.institutions == (("An institute", "https://ror.org/02catss52"),)
    assert credit.funding == ("Wellcome Trust 1234",) and credit.resources == ("RRID:SCR_017803",)
    assert "https://orcid.org/0000-0002-1825-0097" in str(credit)
    plain = cite(FULL).credit
    assert [one.name for one in plain.creators] == list(FULL.authors)
    assert not any((one.orcid, one.ror, one.roles) != (None, None, ()) for one in plain.creators)
    assert plain.funding == plain.resources == plain.institutions == ()


def test_styles_of_journals(tmp_path: Path) -> None:
    text = cite(FULL).format(style="harvard-cite-them-right")
    assert "Dividing cells: 50% of H2B_GFP" in text and "https://doi.org/10.6019/S-BIAD1261" in text
    assert len(text.split("\n")) == 5
    own = tmp_path / "own.csl"
    own.write_text(
        '<style xmlns="http://purl.org/net/xbiblio/csl" class="in-text" version="1.0"><info><title>x</title>'
        '<id>x</id><updated>2020-01-01T00:00:00Z</updated></info><citation><layout><text variable="title"/></layout>'
        '</citation><bibliography><layout><text variable="title" suffix=" | "/><text variable="DOI"/></layout>'
        "</bibliography></style>"
    )
    assert "#1 | 10.6019/S-BIAD1261" in cite(FULL).format(style=own)
    assert cite(BARE).format(style=own).startswith("unknown title")


@pytest.mark.parametrize(
    ("style", "content", "kind"),
    [
        ("apa-of-mars", None, "style-unknown"),
        ("../harvard-cite-them-right", None, "style-unknown"),
        ("https://example.org/apa.csl", None, "style-unknown"),
        ("no.csl", None, "style-unknown"),
        ("bad.csl", "<style", "style-unreadable"),
        ("other.csl", "<a/>", "style-unreadable"),
        (
            "evil.csl",
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><style>&e;</style>',
            "style-unreadable",
        ),
    ],
)
def test_styles_that_are_none(style: str, content: str | None, kind: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / style).write_text(content)
        style = str(tmp_path / style)
    with pytest.raises(QueryError) as caught:
        cite(FULL).format(style=style)
    assert caught.value.kind == kind


def test_a_style_is_a_form_of_text() -> None:
    with pytest.raises(QueryError) as caught:
        cite(FULL).format("ris", style="harvard-cite-them-right")
    assert caught.value.kind == "form-unknown"


def test_a_style_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "citeproc", None)
    with pytest.raises(MissingExtraError) as caught:
        cite(FULL).format(style="harvard-cite-them-right")
    assert "fairlab[cite]" in str(caught.value)


def pooled(*licenses: str | None) -> Pool:
    records = [dataclasses.replace(BARE, id=f"x:{n}", license=text) for n, text in enumerate(licenses)]
    return cite(records).pooled


@pytest.mark.parametrize(
    ("licenses", "license_", "commercial", "share"),
    [
        (["CC0-1.0", "PDDL-1.0"], "PDDL-1.0", True, True),
        (["CC0-1.0", "CC-BY-4.0"], "CC-BY-4.0", True, True),
        (["CC-BY-4.0", "CC-BY-NC-4.0"], "CC-BY-NC-4.0", False, True),
        (["CC-BY-4.0", "CC-BY-SA-4.0"], "CC-BY-SA-4.0", True, True),
        (["CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"], "CC-BY-NC-SA-4.0", False, True),
        (["CC-BY-NC-4.0", "CC-BY-SA-4.0"], None, False, False),
        (["CC-BY-SA-3.0", "CC-BY-SA-4.0"], None, True, False),
        (["CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"], None, False, False),
        (["CC-BY-4.0", "CC-BY-NC-ND-4.0"], None, False, False),
        (["CC-BY-4.0", None], None, None, None),
        (["CC-BY-NC-4.0", "https://example.org/terms"], None, False, None),
        (["CC-BY-ND-4.0", None], None, None, False),
    ],
)
def test_licences_taken_together(
    licenses: list[str | None], license_: str | None, commercial: bool | None, share: bool | None
) -> None:
    for order in (licenses, licenses[::-1]):
        found = pooled(*order)
        assert (found.license, found.commercial, found.share) == (license_, commercial, share)
    causes = " ".join((*pooled(*licenses).duties, *pooled(*licenses).conflicts))
    if not share:
        assert "x:" in causes  # the one that is in the way is named
    assert "Taken together" in str(cite([FULL, dataclasses.replace(BARE, license="CC0-1.0")]))
    assert "Taken together" not in str(cite(FULL))


def test_what_no_derivatives_means_is_said() -> None:
    (duty,) = [one for one in pooled("CC-BY-4.0", "CC-BY-ND-4.0").duties if "own use" in one]
    assert "permits" in duty and "forbids to share" in duty and duty.endswith("[x:1]")
    attrs = attributes(dataclasses.replace(FULL, license="CC-BY-ND-4.0"))
    crop = xr.DataArray(np.zeros((4, 4)), attrs=attrs)[:2]
    assert "permission" in crop.attrs["license_restriction"]
    assert "license_restriction" not in attributes(FULL)


def test_csl_json() -> None:
    data, article, page, archive, software = json.loads(cite(FULL).csl_json)
    assert (data["type"], software["type"]) == ("dataset", "software")
    assert {one["type"] for one in (article, page, archive)} == {"article-journal"}
    assert article["DOI"] == "10.1038/nature08869" and "DOI" not in page and "author" not in article
    assert archive["author"][0] == {"family": "Hartley", "given": "M."}
    assert data["author"][:2] == [{"family": "Müller", "given": "Jörg"}, {"literal": "Jane Roe"}]
    assert data["issued"] == {"date-parts": [[2024, 5, 6]]}
    assert data["accessed"] == {"date-parts": [[2025, 11, 22]]}
    assert (data["DOI"], data["publisher"]) == ("10.6019/S-BIAD1261", "BioImage Archive")
    assert "CC-BY-4.0" in data["note"]
    assert software["version"] == fairlab.__version__


def test_cff() -> None:
    document = checked_cff(cite(FULL).cff)
    assert document["authors"][0] == {"family-names": "Müller", "given-names": "Jörg"}
    assert document["title"] == FULL.title and document["license"] == "CC-BY-4.0"
    assert (document["doi"], document["date-released"]) == (FULL.doi, "2024-05-06")
    values = {identifier["value"]: identifier["type"] for identifier in document["identifiers"]}
    assert values == {
        FULL.id: "other", "S-BIAD1261": "other", "10.1038/nature08869": "doi", "https://example.org/paper": "url",
    }  # fmt: skip
    assert [work["type"] for work in document["references"]] == ["article", "article", "article", "software"]
    assert document["references"][-1]["version"] == fairlab.__version__


def test_cff_of_several_lists_each_with_its_own_licence() -> None:
    free = dataclasses.replace(BARE, id="x:2", authors=("Jane Roe",), license="CC0-1.0")
    document = checked_cff(cite([FULL, free, BARE]).cff)
    assert "license" not in document
    data = [work for work in document["references"] if work["type"] == "data"]
    assert [work.get("license") for work in data] == ["CC-BY-4.0", "CC0-1.0", None]
    assert data[0]["date-accessed"] == "2025-11-22"
    assert [author.get("name") for author in document["authors"]].count("Jane Roe") == 1


def test_everything_that_carries_a_record_is_cited_alike() -> None:
    attrs = {"fairlab_record": FULL.to_json()}
    array = xr.DataArray(np.zeros((2, 2)), attrs=attrs)
    dataset = array.to_dataset(name="image")
    table = pd.DataFrame({"label": [1]})
    table.attrs = attrs
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=attrs), "/scale0": dataset})
    for thing in (FULL, array, array.isel(dim_0=0), dataset, table, tree, [FULL, array], (tree,)):
        assert cite(thing) == Citation(records=(FULL,))


def test_what_comes_from_nowhere() -> None:
    for thing in (xr.DataArray([1]), pd.DataFrame(), [], 3):
        with pytest.raises(QueryError) as caught:
            cite(thing)
        assert caught.value.kind == "no-provenance"
    with pytest.raises(NotFoundError):
        cite("sample:nothing-of-this-name")


def test_identifiers_are_looked_up() -> None:
    assert cite("sample:cells2d").records[0].id == "sample:cells2d"


def test_an_opened_image() -> None:
    citation = cite(fairlab.open_image("sample:cells2d"))
    assert citation.license == "CC0-1.0"
    assert "sample:cells2d" in citation.text and re.search(r"accessed \d{4}-\d\d-\d\d", citation.text)
    assert "127.0.0.1" not in "".join(citation.format(form) for form in FORMS)
    checked_cff(citation.cff)


@pytest.mark.parametrize(
    ("license_", "words", "not_words"),
    [
        (BY, ["credit Imaging facility", BY], ["commercial", "same licence", "changed versions"]),
        ("CC-BY-NC-4.0", ["credit", "no commercial use"], ["same licence"]),
        ("CC-BY-SA-4.0", ["credit", "same licence"], ["commercial"]),
        ("CC-BY-NC-SA-3.0", ["credit", "commercial", "same licence"], ["changed versions"]),
        ("CC-BY-NC-ND-4.0", ["credit", "commercial", "changed versions"], ["same licence"]),
        ("CC0-1.0", ["no credit"], ["commercial", "link to the licence"]),
        ("https://example.org/terms", ["https://example.org/terms", "read it"], ["credit", "unknown"]),
        (None, ["unknown", "ask"], ["credit"]),
    ],
)
def test_duties(license_: str | None, words: list[str], not_words: list[str]) -> None:
    (duty,) = cite(dataclasses.replace(FULL, license=license_)).duties
    assert all(word in duty for word in words), duty
    assert not any(word in duty for word in not_words), duty


def test_duties_are_listed_per_source_never_merged() -> None:
    records = [
        FULL,
        dataclasses.replace(FULL, id="bia:S-BIAD1261/im2.zarr"),
        dataclasses.replace(FULL, id="x:nc", license="CC-BY-NC-4.0"),
        dataclasses.replace(FULL, id="x:other", attribution="Another lab"),
        BARE,
    ]
    citation = cite(records)
    assert len(citation.duties) == 4
    assert all(sum(record.id in duty for duty in citation.duties) == 1 for record in records[1:])
    commercial = [duty for duty in citation.duties if "commercial" in duty]
    assert len(commercial) == 1 and "x:nc" in commercial[0] and "bia:" not in commercial[0]
    assert citation.license == "CC-BY-4.0; CC-BY-NC-4.0; unknown"


def test_a_licence_without_version_stays_without() -> None:
    citation = cite(dataclasses.replace(FULL, license=None, license_as_listed="CC BY"))
    assert "4.0" not in citation.license and "CC BY" in citation.license
    assert "license" not in checked_cff(citation.cff)


def test_keys_are_ascii_and_unique() -> None:
    ids = ["x:a/b", "y:a b", "z:A.B", "x:fairlab", "x:日本", "x:中国", "x:Müller", "https://example.org/a/b"]
    records = [dataclasses.replace(BARE, id=identifier) for identifier in ids]
    found = entries(cite(records).bibtex)
    assert len(found) == len(ids) + 1
    assert {"a_b", "a_b_2", "a_b_3", "muller", "data", "data_2", "fairlab", "fairlab_2"} <= set(found)


def test_credit_stands_in_for_authors() -> None:
    listed = dataclasses.replace(
        FULL, authors=(), attribution="Jane Roe; S-BIAD1261; https://doi.org/10.1038/nature08869"
    )
    assert cite(listed).text.startswith("Jane Roe (2024): ")
    addresses = dataclasses.replace(FULL, authors=(), attribution="S-BIAD1261; https://example.org")
    assert cite(addresses).text.startswith("unknown author (2024): ")


@pytest.mark.parametrize(
    ("date", "year", "parts"),
    [("2024-05-06", "2024", [2024, 5, 6]), ("2024-05", "2024", [2024, 5]), ("2024", "2024", [2024]),
     ("2024-05-06T10:00:00Z", "2024", [2024, 5, 6]), ("2024-13-45", "2024", [2024])],
)  # fmt: skip
def test_dates(date: str, year: str, parts: list[int]) -> None:
    citation = cite(dataclasses.replace(FULL, release_date=date))
    assert f"({year})" in citation.text
    assert json.loads(citation.csl_json)[0]["issued"] == {"date-parts": [parts]}


@pytest.mark.parametrize("date", ["soon", "", "24-05-06", "20245"])
def test_no_dates(date: str) -> None:
    assert "(unknown year)" in cite(dataclasses.replace(FULL, release_date=date)).text


def test_where_people_find_it() -> None:
    def address(**facts: Any) -> str | None:
        return data_references([dataclasses.replace(FULL, **facts)])[0].address

    assert address(doi="https://doi.org/10.6019/S-BIAD1261.") == "https://doi.org/10.6019/S-BIAD1261"
    assert address(doi=None) == FULL.landing_url
    assert address(doi="see website", landing_url=None) == FULL.url
    assert address(doi=None, landing_url="javascript:alert(1)", url="s3://bucket/key") is None


def test_publishers() -> None:
    for short, name in PUBLISHERS.items():
        assert f". {name}. Dataset" in cite(dataclasses.replace(FULL, repository=short)).text
    assert ". JAX. Dataset" in cite(dataclasses.replace(FULL, repository="JAX")).text


def test_forms() -> None:
    citation = cite(FULL)
    assert citation.format("CSL_JSON") == citation.csl_json and citation.format("text") == citation.text
    assert {citation.format(form) for form in FORMS} == {
        citation.text, citation.bibtex, citation.ris, citation.csl_json, citation.cff,
    }  # fmt: skip
    with pytest.raises(QueryError) as caught:
        citation.format("bibtecs")
    assert caught.value.kind == "form-unknown" and "bibtex" in str(caught.value)
    assert citation.duties[0] in str(citation) and citation.text in str(citation)


def test_html_is_escaped_and_links_only_to_the_web() -> None:
    evil = "<script>alert('x')</script>"
    record = dataclasses.replace(
        FULL, title=evil, authors=(evil,), attribution=evil, license=f"{evil}", doi=None, url=None,
        landing_url=f'https://example.org/"onmouseover="{evil}'.replace(" ", ""),
    )  # fmt: skip
    page = cite(record)._repr_html_()
    assert "<script" not in page and '"onmouseover' not in page
    assert '<a href="https://example.org/&quot;onmouseover' in page
    assert (
        'href="javascript' not in cite(dataclasses.replace(record, landing_url="javascript:x"))._repr_html_()
    )
    assert '<a href="https://doi.org/10.6019/S-BIAD1261">' in cite(FULL)._repr_html_()


anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=40) | st.text(
    string.printable + "\u2028\ufeff{}\\é日", max_size=40
)


@settings(max_examples=200, deadline=None)
@example(texts=["\ud800"] * 8, authors=["\ud800"], n=2)
@given(
    texts=st.lists(anything, min_size=8, max_size=8),
    authors=st.lists(anything, max_size=4),
    n=st.integers(1, 3),
)
def test_any_text_makes_valid_forms(texts: list[str], authors: list[str], n: int) -> None:
    title, attribution, doi, paper, license_, date, url, accession = texts
    records = [
        Record(
            id=f"x:{title}{i}", kind="image", repository=accession, title=title, authors=tuple(authors),
            attribution=attribution, doi=doi, publications=(paper,), license=license_, release_date=date,
            url=url, landing_url=f"https://example.org/{url}", accession=accession,
        )
        for i in range(n)
    ]  # fmt: skip
    citation = Citation(records=tuple(records))
    assert len(citation.text.split("\n")) == n + 1
    everything = n + bool(data_references(records)[0].articles) + 1
    assert len(entries(citation.bibtex)) == everything
    assert len(json.loads(citation.csl_json)) == everything
    assert len(ris_entries(citation.ris)) == everything
    document = checked_cff(citation.cff)
    works = [document, *document["references"]] if n == 1 else document["references"]
    kept = " ".join(
        re.sub(
            r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]",
            " ",
            title,
        ).split()
    )
    assert works[0]["title"] == (kept or "unknown title")
    assert json.loads(citation.csl_json)[0]["title"] == (kept or "unknown title")
    for shown in (citation._repr_html_(), str(citation), citation.license, *citation.duties):
        shown.encode()
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    for record in records:
        record._repr_html_().encode()
        str(record).encode()


def test_every_study_and_image_of_the_catalogue_is_citable() -> None:
    from fairlab import search

    studies = search("", kind="study", repository="BIA", limit=200)
    citation = cite(list(studies))
    assert len(entries(citation.bibtex)) == len(citation.references) > len(studies) + 1
    assert len(checked_cff(citation.cff)["references"]) == len(citation.references)
    assert "unknown author" not in citation.text.split("\n")[0]
