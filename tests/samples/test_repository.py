"""Samples as a repository: found, looked up, located, also in a forked process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request

import pytest

from fairlab.errors import NotFoundError, UnsupportedVersionError
from fairlab.query import make_query
from fairlab.record import Record
from fairlab.repositories.base import Repository
from fairlab.samples import repository as module
from fairlab.samples.repository import SampleRepository

repository = SampleRepository()


def test_it_is_a_repository() -> None:
    assert isinstance(repository, Repository)
    assert (repository.name, repository.prefixes, repository.live) == ("sample", ("sample",), False)


def test_lookup_answers_for_its_scheme_only() -> None:
    found = repository.lookup("sample:nuclei")
    assert found is not None and (found.id, found.ngff_version) == ("sample:nuclei", "0.5")
    older = repository.lookup("SAMPLE:nuclei@0.4")
    assert older is not None and (older.url, older.ngff_version) == ("sample:nuclei@0.4", "0.4")
    assert repository.lookup("idr:idr0062") is None
    assert repository.lookup("https://example.org/nuclei.ome.zarr") is None


def test_lookup_of_what_is_not_there() -> None:
    with pytest.raises(NotFoundError) as caught:
        repository.lookup("sample:cels2d")
    assert caught.value.context["nearest"][0] == "cells2d"
    with pytest.raises(UnsupportedVersionError):
        repository.lookup("sample:nuclei@9")


@pytest.mark.parametrize(
    ("identifier", "document"), [("sample:cell", "zarr.json"), ("sample:cell@0.4", ".zattrs")]
)
def test_a_located_sample_opens_over_loopback(identifier: str, document: str) -> None:
    record = repository.lookup(identifier)
    assert record is not None
    address = repository.locate(record)
    assert address is not None and address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{address}/{document}") as answer:
        found = json.load(answer)
    attributes = found.get("attributes", found)
    assert attributes.get("ome", attributes)["multiscales"][0]["name"] == record.title
    assert repository.locate(record) == address  # one server, not one per call


def test_a_served_address_is_known_again() -> None:
    record = repository.lookup("sample:cell")
    assert record is not None
    address = repository.locate(record)
    again = repository.lookup(f"{address}/")
    assert again is not None
    assert (again.id, again.license, again.url) == (record.id, record.license, f"{address}/")
    assert repository.lookup(f"{address}.other") is None


def test_a_record_of_somebody_else_is_left_alone() -> None:
    record = Record(id="x:1", kind="image", repository="x", url="https://example.org/a.zarr")
    assert repository.locate(record) == "https://example.org/a.zarr"


@pytest.mark.parametrize(
    ("text", "filters", "expected"),
    [
        ("nuclei", {}, {"nuclei", "cells2d", "plate"}),
        ("retina", {}, {"retina", "microaneurysms"}),
        ("colon FHL2", {}, {"ihc"}),
        ("", {"organism": "human"}, {"retina"}),
        ("", {"license": "CC0-1.0"}, {"nuclei", "cells2d", "plate", "cell", "retina", "microaneurysms"}),
        (
            "",
            {"repository": "sample"},
            {"nuclei", "cells2d", "plate", "ihc", "cell", "retina", "microaneurysms"},
        ),
        ("", {"repository": "idr"}, set()),
        ("synthetic", {"ngff_version": "0.4"}, {"nuclei@0.4", "cells2d@0.4", "plate@0.4"}),
    ],
)
def test_samples_are_found(text: str, filters: dict[str, str], expected: set[str]) -> None:
    results = repository.search(make_query(text, match="all", **filters))
    assert {record.id.removeprefix("sample:") for record in results} == expected
    assert results.asked == ("sample",)


_FORKED = """
import os, sys, threading, urllib.request
from fairlab.samples.repository import SampleRepository
repository = SampleRepository()
record = repository.lookup("sample:cell")
before = repository.locate(record)
urllib.request.urlopen(before + "/zarr.json").read()
child = os.fork()
if child == 0:
    after = repository.locate(record)
    body = urllib.request.urlopen(after + "/zarr.json", timeout=10).read()
    os._exit(0 if after != before and body else 3)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 0, status
urllib.request.urlopen(before + "/zarr.json", timeout=10).read()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_serves_for_itself() -> None:
    # Python 3.12 and later warn about any fork beside threads; this test is about exactly that.
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", _FORKED],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_server_is_started_again() -> None:
    record = repository.lookup("sample:cell")
    assert record is not None
    first = repository.locate(record)
    for server in module._servers.values():
        server.close()
    second = repository.locate(record)
    assert first != second
    with urllib.request.urlopen(f"{second}/zarr.json") as answer:
        assert answer.status == 200
