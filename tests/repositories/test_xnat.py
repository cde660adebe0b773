"""XNAT: projects, sessions and scans, none of which opens here, and who may ask."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.errors import AccessError, QueryError, UnexpectedAnswer
from fairlab.options import cache_dir, set_options
from fairlab.query import make_query
from fairlab.repositories import xnat as module
from fairlab.repositories.xnat import XnatRepository
from tests.emulators import Reply
from tests.emulators.xnat import Xnat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "PASSWORD", "TOKEN", "HOST"):
        monkeypatch.delenv(f"FAIRLAB_XNAT_{name}", raising=False)


@pytest.fixture
def server() -> Iterator[Xnat]:
    with Xnat() as running:
        yield running


@pytest.fixture
def xnat() -> XnatRepository:
    return XnatRepository()


def host(server: Xnat) -> str:
    return server.url.removeprefix("http://")


# ── what it finds ────────────────────────────────────────────────────────────────────────────────────


def test_projects_are_studies(server: Xnat, xnat: XnatRepository) -> None:
    results = xnat.search(make_query("cohort 7", kind="study"))
    (record,) = results
    assert (
        record.id == f"xnat:{host(server)}/C7" and record.title == "Cohort 7" and record.repository == "XNAT"
    )
    assert (
        record.description == "Brains under MR" and record.authors == ("Ada Example",) and record.uid == "C7"
    )
    assert record.access == "open" and record.source("access").basis == "inferred"  # type: ignore[union-attr]
    assert record.url is None and "not OME-Zarr" in str(record.note) and record.license is None
    assert len(xnat.search(make_query("cohort", kind="study", limit=None))) == 25
    assert not xnat.search(make_query("zebrafish", kind="study"))


def test_sessions_are_listed_and_do_not_open(server: Xnat, xnat: XnatRepository) -> None:
    results = xnat.search(make_query("cohort", study=f"xnat:{host(server)}/C1"))
    assert [record.id for record in results] == [f"xnat:{host(server)}/C1/XNAT_E{n}" for n in (1, 2)]
    first = results[0]
    assert first.title == "MR1" and first.attributes == {
        "xsiType": ("xnat:mrSessionData",),
        "Subject": ("XNAT_S0",),
    }
    assert first.url is None and str(first.note).startswith("DICOM or NIfTI, not OME-Zarr")
    assert not xnat.search(make_query("cohort", openable=True))
    assert xnat.search(make_query("cohort", openable=False, limit=5))
    assert not list(xnat.images(first))
    (scan,) = xnat.scans(first)
    assert scan.id == f"{first.id}/1" and scan.attributes["series_description"] == ("t1_mprage",)
    assert scan.url is None and scan.source("attributes").pointer == "/ResultSet/Result/0"  # type: ignore[union-attr]


def test_a_project_in_full_says_who_may_see_it(server: Xnat, xnat: XnatRepository) -> None:
    stated = {}
    for key in ("C1", "C2", "C3"):
        record = xnat.lookup(f"xnat:{host(server)}/{key}")
        assert record is not None and record.attributes["Number of subjects"] == ("3",)
        assert record.source("access").document.endswith(f"/{key}/accessibility")  # type: ignore[union-attr]
        stated[key] = record.access
        assert "subject 1" not in f"{record.to_json()}{record.raw}"
    assert stated == {"C1": "open", "C2": "restricted", "C3": "restricted"}
    session = xnat.lookup(f"xnat:{host(server)}/C1/XNAT_E2")
    assert session is not None and session.title == "PET1"
    address = f"{server.url}/data/projects/C1"
    assert xnat.recognises(address) == f"xnat:{host(server)}/C1"
    assert xnat.recognises("https://elsewhere.example.org/data/projects/C1") is None
    for absent in (
        f"xnat:{host(server)}/C99",
        "xnat:elsewhere/C1",
        f"xnat:{host(server)}/C1/XNAT_E9",
        "xnat:C1",
    ):
        assert xnat.lookup(absent) is None


def test_subjects_are_named_and_nothing_else_is_said_of_them(server: Xnat, xnat: XnatRepository) -> None:
    project = xnat.lookup(f"xnat:{host(server)}/C1")
    assert project is not None
    subjects = xnat.subjects(project)
    assert [one.id for one in subjects] == [f"{project.id}/XNAT_S{n}" for n in range(3)]
    first = subjects[0]
    assert first.title == "subject 0" and first.kind == "study" and first.url is None
    assert first.accession == f"{host(server)}/C1/XNAT_S0" and "not OME-Zarr" in str(first.note)
    assert first.source("title").document.endswith("/C1/subjects?format=json")  # type: ignore[union-attr]
    assert "radiographer7" not in f"{first.to_json()}{first.raw}"
    assert xnat.lookup(first.id) == replace(first, sources=xnat.lookup(first.id).sources)  # type: ignore[union-attr]
    stated = {one.attributes["Subject"] for one in xnat.search(make_query(study=project.id))}
    assert stated == {("XNAT_S0",), ("XNAT_S1",)}
    server.columns = False
    assert all("Subject" not in one.attributes for one in xnat.search(make_query(study=project.id)))
    elsewhere = replace(project, accession="elsewhere.example.org/C1")
    assert xnat.subjects(elsewhere) == () == xnat.scans(elsewhere)


@pytest.mark.parametrize("pages", [True, False])
def test_sessions_beyond_the_first_page(
    server: Xnat, xnat: XnatRepository, monkeypatch: pytest.MonkeyPatch, pages: bool
) -> None:
    monkeypatch.setattr(module, "_SESSIONS", 2)
    server.pages = pages
    server.sessions = [(f"XNAT_E{n}", f"MR{n}", "xnat:mrSessionData") for n in range(6)]
    found = xnat.search(make_query(study=f"xnat:{host(server)}/C1", limit=None))
    assert [record.title for record in found] == [f"MR{n}" for n in range(6)]


# ── who asks ─────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_server_nobody_is_asked(xnat: XnatRepository) -> None:
    with pytest.raises(QueryError) as caught:
        next(xnat.pages(make_query("cohort")))
    assert caught.value.kind == "no-host" and "set_options(hosts=" in str(xnat.idle())
    with set_options(hosts={"xnat": "https://xnat.example.edu.au"}):
        assert xnat.idle() is None


@pytest.mark.parametrize("kind", ["study", "image"])
def test_a_log_in_page_names_the_variables_to_set(server: Xnat, xnat: XnatRepository, kind: str) -> None:
    server.users = ("ada:secret",)
    with pytest.raises(AccessError) as caught:
        xnat.search(make_query("cohort", kind=kind))
    assert caught.value.kind == "credentials"
    for name in ("FAIRLAB_XNAT_USER", "FAIRLAB_XNAT_PASSWORD", "FAIRLAB_XNAT_TOKEN"):
        assert name in caught.value.message


@pytest.mark.parametrize(
    "variables",
    [
        {"FAIRLAB_XNAT_USER": "ada", "FAIRLAB_XNAT_PASSWORD": "sec:ret ü"},
        {"FAIRLAB_XNAT_TOKEN": "alias-1:sec-ret"},
    ],
)
def test_credentials_open_the_door_and_are_kept_nowhere(
    server: Xnat,
    xnat: XnatRepository,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
) -> None:
    server.users = ("ada:sec:ret ü", "alias-1:sec-ret")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    secret = list(variables.values())[-1].split(":")[-1]
    with set_options(cache_dir=tmp_path, answers_max_bytes=10**8):
        results = xnat.search(make_query("cohort", kind="study"))
        assert results.total and all(record.access is None for record in results)
        assert not [file for file in cache_dir().rglob("*") if file.is_file()]
    shown = f"{results!r}{results.to_json()}{[record.raw for record in results]}{capsys.readouterr()}"
    assert secret not in shown and secret not in f"{vars(xnat)}"
    assert all("authorization" in asked.headers for asked in server.log)


def test_credentials_that_are_refused_say_which_they_were(
    server: Xnat, xnat: XnatRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.users = ("ada:secret",)
    monkeypatch.setenv("FAIRLAB_XNAT_USER", "ada")
    with pytest.raises(AccessError) as caught:
        xnat.search(make_query("cohort"))
    assert "FAIRLAB_XNAT_PASSWORD is not set" in caught.value.message and not server.log
    monkeypatch.setenv("FAIRLAB_XNAT_PASSWORD", "hush-hush")
    with pytest.raises(AccessError) as caught:
        xnat.search(make_query("cohort"))
    assert caught.value.kind == "credentials" and "FAIRLAB_XNAT_PASSWORD" in caught.value.message
    error: BaseException | None = caught.value
    while error:
        assert "hush" not in f"{error!r}{vars(error)}"
        error = error.__cause__
    monkeypatch.setenv("FAIRLAB_XNAT_TOKEN", "no-secret-in-it")
    with pytest.raises(AccessError) as caught:
        xnat.search(make_query("cohort"))
    assert "alias:secret" in caught.value.message and "no-secret-in-it" not in caught.value.message


def test_credentials_do_not_travel_in_the_open(xnat: XnatRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRLAB_XNAT_TOKEN", "alias:secret")
    with set_options(hosts={"xnat": "http://xnat.example.edu.au"}), pytest.raises(AccessError) as caught:
        xnat.search(make_query("cohort"))
    assert caught.value.kind == "credentials-not-encrypted"


def test_credentials_go_to_the_server_they_are_for(
    xnat: XnatRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        one, other = stack.enter_context(Xnat()), stack.enter_context(Xnat())
        stack.enter_context(set_options(hosts={"xnat": [one.url, other.url]}))
        monkeypatch.setenv("FAIRLAB_XNAT_TOKEN", "alias:secret")
        assert len(xnat.search(make_query("cohort", kind="study", limit=None))) == 50
        assert not any("authorization" in asked.headers for asked in (*one.log, *other.log))
        monkeypatch.setenv("FAIRLAB_XNAT_HOST", host(other))
        one.log.clear()
        other.users = ("alias:secret",)
        assert len(xnat.search(make_query("cohort", kind="study", limit=None))) == 50
        assert not any("authorization" in asked.headers for asked in one.log)
        # One server that refuses hides no other.
        one.users = ("somebody:else",)
        page = next(xnat.pages(make_query("cohort", kind="study")))
        assert page.total == 25 and "not all XNAT servers answered" in page.notes[0]
        other.users = one.users
        with pytest.raises(AccessError):
            next(xnat.pages(make_query("cohort", kind="study")))


def test_single_sign_on_elsewhere_is_a_log_in_too(server: Xnat, xnat: XnatRepository) -> None:
    away = Reply(status=302, content="", headers={"Location": "https://sso.example.org/login"})
    server._routes.insert(0, ("GET", module.re.compile(r"/data/.*"), lambda _: away))
    with pytest.raises(AccessError) as caught:
        xnat.search(make_query("cohort"))
    assert caught.value.kind == "credentials"


@pytest.mark.parametrize(
    "content", [{}, {"ResultSet": {}}, {"ResultSet": {"Result": None}}, [], "text", "<p>soon</p>"]
)
def test_what_is_no_table_is_refused(server: Xnat, xnat: XnatRepository, content: Any) -> None:
    server._routes.insert(0, ("GET", module.re.compile(r"/data/.*"), lambda _: content))
    with pytest.raises(UnexpectedAnswer) as caught:
        xnat.search(make_query("cohort"))
    assert caught.value.kind == "answer-form"


def test_real_answers_parse(shared: Path, server: Xnat, xnat: XnatRepository) -> None:
    folder = shared / "repositories/examples"
    projects = json.loads((folder / "reconstructed-xnat-projects.json").read_text("utf-8"))
    assert set(server.projects[0]) == set(projects["ResultSet"]["Result"][0])
    server._routes.insert(0, ("GET", module.re.compile(r"/data/projects"), lambda _: projects))
    (record,) = xnat.search(make_query("demo", kind="study"))
    assert record.uid == "DEMO001" and record.title == "Demo project" and record.authors == ()
    experiments = json.loads((folder / "xnat-experiments.json").read_text("utf-8"))
    row = experiments["ResultSet"]["Result"][0]
    assert {"ID", "label", "URI"} <= set(row)
    server._routes.insert(
        0, ("GET", module.re.compile(r"/data/projects/\w+/experiments"), lambda _: experiments)
    )
    # Without a type nobody knows whether it is a session of images.
    assert not xnat.search(make_query(study=record.id))
    row["xsiType"] = "xnat:mrSessionData"
    (session,) = xnat.search(make_query(study=record.id))
    assert session.title == "MR1S1" and session.uid == "XNAT_E00059"
