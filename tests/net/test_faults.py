"""Every way in which a store fails, against every way in which pixels are stored: never silently wrong.

For each fault and transport all layouts are read at once, since most of the time is waiting; each layout's
outcome is judged by a test of its own.
"""

from __future__ import annotations

import email.utils
import functools
import hashlib
import json
import pickle
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numcodecs
import numpy as np
import pytest

from fairlab.errors import ChunkError, FairlabWarning
from fairlab.net.fetch import ArrayReader
from fairlab.net.store import open_store
from fairlab.net.traffic import ledger
from fairlab.options import set_options
from tests.servers import Fault, FaultServer
from tests.stores import write_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LIMIT_S = 1.5
MARGIN_S = 2.0  # two busy cores
RAW: dict[str, Any] = {"compressor": None}
LAYOUTS: dict[str, tuple[dict[str, Any], str, slice]] = {
    # how it is written, the object that fails, what is read along y and x
    "v2": ({"version": "0.4", "compressor": numcodecs.Blosc()}, "0/1/1", slice(0, 64)),
    "v2-raw": ({"version": "0.4", "compressor": None}, "0/1/1", slice(0, 64)),
    "v3": ({}, "0/c/1/1", slice(0, 64)),
    "v3-raw": ({"compressor": None}, "0/c/1/1", slice(0, 64)),
    "v3-shards": ({"shards": 2}, "0/c/1/1", slice(0, 64)),
    "v3-shard-parts": ({"shards": 2}, "0/c/1/1", slice(20, 44)),
}
WHAT_TO_DO = (
    "tell the repository",
    "try again later",
    "may be private",
    "ask who",
    "open with missing=",
    "open it in",
)
DAMAGED = {"chunk-damaged", "checksum-mismatch"}


@dataclass(frozen=True)
class Case:
    """One row of the matrix."""

    fault: Callable[[bytes], Fault]
    """What happens to the object, given its bytes."""
    kinds: frozenset[str] | set[str] = frozenset()
    """Kinds of the error; none: it recovers, or is filled."""
    missing: Literal["warn", "error"] = "warn"
    filled: bool = False
    limit_s: float = LIMIT_S
    """The option ``timeout_s``."""
    least_wait_s: float = 0.0
    """Time between the first request and the one after it, at least."""
    soon: bool = False
    """Ends long before the limit."""
    etag: bool = True
    only: str | None = None
    """The transport that it concerns."""


def _always(**facts: Any) -> Callable[[bytes], Fault]:
    return lambda _: Fault(**facts)


def _cut(**facts: Any) -> Callable[[bytes], Fault]:
    # Range answers are shorter than the object: the index of a shard has 68 bytes.
    return lambda _: Fault(cut=30, **facts)


def _in_two_seconds() -> str:
    return email.utils.formatdate(time.time() + 2, usegmt=True)


def _flipped(body: bytes) -> bytes:
    return bytes([body[0] ^ 1]) + body[1:]


PAUSE = {"Retry-After": "1"}
CASES = {
    "404": Case(_always(status=404), filled=True),
    "404, missing is an error": Case(_always(status=404), {"chunk-missing"}, missing="error"),
    "404 once": Case(_always(status=404, times=1)),
    "304 unasked": Case(_always(status=304), {"http-304"}, soon=True),
    "410": Case(_always(status=410), {"http-410"}, soon=True),
    "401": Case(_always(status=401), {"http-401"}, soon=True),
    "403": Case(_always(status=403), {"http-403"}, soon=True),
    "429 once, seconds": Case(_always(status=429, times=1, headers=PAUSE), least_wait_s=1.0),
    "429 once, date": Case(
        _always(status=429, times=1, headers={"Retry-After": _in_two_seconds}), least_wait_s=0.9, limit_s=4.0
    ),
    "503 once, seconds": Case(_always(status=503, times=1, headers=PAUSE), least_wait_s=1.0),
    "429 for ever": Case(_always(status=429, headers=PAUSE), {"http-429"}),
    "429, too long a pause": Case(
        _always(status=429, headers={"Retry-After": "99"}), {"http-429"}, soon=True
    ),
    "500 once": Case(_always(status=500, times=1)),
    "503 once": Case(_always(status=503, times=1)),
    "520 once": Case(_always(status=520, times=1)),
    "500 for ever": Case(_always(status=500), {"http-500"}),
    "503 for ever": Case(_always(status=503), {"http-503"}),
    "reset at once, once": Case(_always(reset=True, times=1)),
    "reset once": Case(_cut(reset=True, times=1)),
    "reset once, no ETag": Case(_cut(reset=True, times=1), etag=False),
    "reset for ever": Case(_cut(reset=True), {"connection-broken", "body-short"}),
    "closed early, once": Case(_cut(times=1)),
    "closed early, once, no ETag": Case(_cut(times=1), etag=False),
    "closed early, for ever": Case(_cut(), {"body-short"}),
    "closed early, no length, once": Case(_cut(sized=False, times=1)),
    "closed early, no length": Case(_cut(sized=False), DAMAGED | {"body-short"}),
    "chunked": Case(_always(chunked=True)),
    "chunked, cut once": Case(_cut(chunked=True, times=1)),
    "chunked, cut for ever": Case(_cut(chunked=True), {"body-short", "connection-broken"}),
    "truncated object": Case(lambda body: Fault(body=body[: len(body) // 2]), DAMAGED),
    "truncated once": Case(lambda body: Fault(body=body[: len(body) // 2], times=1)),
    "truncated by one byte": Case(lambda body: Fault(body=body[:-1]), DAMAGED),
    "0 bytes, once": Case(_always(body=b"", times=1)),
    "0 bytes": Case(_always(body=b""), {"chunk-empty", "http-416", "chunk-damaged"}),
    "web page": Case(_always(body=b"<html>" * 99, headers={"Content-Type": "text/html"}), {"html-page"}),
    "web page, in other words": Case(
        _always(body=b"<html>" * 99, headers={"Content-Type": "Text/HTML; charset=utf-8"}), {"html-page"}
    ),
    "web page, once": Case(_always(body=b"<html>" * 99, headers={"Content-Type": "text/html"}, times=1)),
    "web page, no type": Case(_always(body=b"<html>" * 99), DAMAGED | {"html-page"}),
    "web page as long as the chunk": Case(lambda body: Fault(body=_page(len(body))), DAMAGED | {"html-page"}),
    "slow drip": Case(_always(drip_s=0.3), {"timeout"}),
    "hang": Case(_always(hang=True), {"timeout"}),
    "bit flipped on the way, once": Case(
        lambda body: Fault(body=_flipped(body), headers={"ETag": _tag(body)}, times=1), only="s3"
    ),
    "bit flipped in the store": Case(
        lambda body: Fault(body=_flipped(body), headers={"ETag": _tag(body)}), DAMAGED, only="s3"
    ),
}


def _page(size: int) -> bytes:
    return b"<!doctype html><title>Busy</title>".ljust(size)[:size]


def _tag(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'


@dataclass
class Outcome:
    """What became of one read."""

    pixels: np.ndarray | None
    error: Exception | None
    seconds: float
    location: str
    waited_s: float


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faults")
    for name, (written, _, _) in LAYOUTS.items():
        write_store(path / f"images/{name}.zarr", axes="yx", shape=(64, 64), levels=1, **written)
    return path


@pytest.fixture(scope="module")
def outcomes(folder: Path) -> Iterator[Callable[[str, str], tuple[dict[str, Outcome], list[str]]]]:
    """Outcomes of all layouts and the warnings that were given, by name of the case and transport."""

    @functools.cache
    def all_at_once(name: str, transport: str) -> tuple[dict[str, Outcome], list[str]]:
        case = CASES[name]
        with FaultServer(folder, s3=transport == "s3", etag=case.etag) as server, _options(server, case):
            base = "s3://images" if transport == "s3" else f"{server.url}/images"
            readers = {layout: _reader(folder, base, layout, case.missing) for layout in LAYOUTS}
            for layout, (_, key, _) in LAYOUTS.items():
                fault = case.fault((folder / f"images/{layout}.zarr" / key).read_bytes())
                server.fault(f"{layout}.zarr/{key}", replace(fault))
            with ThreadPoolExecutor(len(LAYOUTS)) as pool, warnings.catch_warnings(record=True) as given:
                warnings.simplefilter("always")
                work = {layout: pool.submit(_read, server, readers[layout], layout) for layout in LAYOUTS}
                read = {layout: future.result() for layout, future in work.items()}
            return read, [str(warning.message) for warning in given if warning.category is FairlabWarning]

    yield all_at_once


def _options(server: FaultServer, case: Case) -> set_options:
    return set_options(timeout_s=case.limit_s, s3_endpoint=server.url, s3_anonymous=True, verify=True)


def _reader(folder: Path, base: str, layout: str, missing: Literal["warn", "error"]) -> ArrayReader:
    name = ".zarray" if layout.startswith("v2") else "zarr.json"
    document = json.loads((folder / f"images/{layout}.zarr/0/{name}").read_text())
    return ArrayReader(open_store(f"{base}/{layout}.zarr"), "0", document, missing=missing)


def _read(server: FaultServer, reader: ArrayReader, layout: str) -> Outcome:
    _, key, span = LAYOUTS[layout]
    pixels, error, start = None, None, time.monotonic()
    try:
        pixels = reader.read((span, span))
    except Exception as exc:
        error = exc
    seconds = time.monotonic() - start
    asked = [moment for moment, _, path, _ in list(server.requests) if path.endswith(f"{layout}.zarr/{key}")]
    waited = asked[1] - asked[0] if len(asked) > 1 else 0.0
    return Outcome(pixels, error, seconds, reader.store.location, waited)


ROWS = [
    pytest.param(case, transport, layout, id=f"{case}-{transport}-{layout}")
    for case, facts in CASES.items()
    for transport in ("http", "s3")
    for layout in LAYOUTS
    if facts.only in (None, transport)
]


@pytest.mark.parametrize(("name", "transport", "layout"), ROWS)
def test_a_fault_is_never_silent_and_never_endless(
    outcomes: Callable[[str, str], tuple[dict[str, Outcome], list[str]]],
    folder: Path,
    name: str,
    transport: str,
    layout: str,
) -> None:
    case, (_, key, span) = CASES[name], LAYOUTS[layout]
    if "bit flipped" in name and layout == "v3-shard-parts":
        pytest.skip("a checksum is of the whole object; parts of it are not covered")
    read, warned = outcomes(name, transport)
    outcome = read[layout]
    here = [text for text in warned if outcome.location in text]
    assert outcome.seconds < (0.8 if case.soon else case.limit_s) + MARGIN_S
    assert outcome.waited_s >= case.least_wait_s
    if case.kinds:
        assert isinstance(outcome.error, ChunkError), outcome.error
        _check_error(outcome, case, key)
        return
    if outcome.error:
        raise outcome.error
    expected = _whole(folder, layout)[span, span].copy()
    if case.filled:
        hole = _hole(key, layout, span)
        assert expected[hole, hole].any()
        expected[hole, hole] = 0
        assert len(here) == 1 and f"{key} " in here[0].replace("\n", " ")
        assert ledger(outcome.location).snapshot().missing_chunks == (key,)
    else:
        assert not here
    np.testing.assert_array_equal(outcome.pixels, expected)


def _check_error(outcome: Outcome, case: Case, key: str) -> None:
    error = pickle.loads(pickle.dumps(outcome.error))
    assert error.kind in case.kinds
    assert error.url == f"{outcome.location}/{key}"
    assert error.context["key"] == key
    assert key in str(error) and outcome.location in str(error)
    assert 1 <= error.context["tries"] <= 8
    assert any(word in str(error) for word in WHAT_TO_DO), str(error)


def _whole(folder: Path, layout: str) -> np.ndarray:
    return np.asarray(
        _reader(folder, str(folder / "images"), layout, "error").read((slice(0, 64), slice(0, 64)))
    )


def _hole(key: str, layout: str, span: slice) -> slice:
    """Where the object that fails lies in what is read."""
    size = 32 if "shard" in layout else 16
    number = int(key[-1])
    return slice(max(0, number * size - span.start), min((number + 1) * size, span.stop) - span.start)
