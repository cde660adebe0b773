"""The loopback server: HTTP as remote archives speak it, and nothing outside its folder."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from fairlab import samples
from fairlab.errors import NotFoundError, Unavailable
from fairlab.samples.server import Request, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BODY = bytes(range(100))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "served"
    (folder / "a b.zarr" / "0").mkdir(parents=True)
    (folder / "a b.zarr" / "zarr.json").write_text("{}")
    (folder / "a b.zarr" / "0" / "0").write_bytes(BODY)
    (folder / "empty").write_bytes(b"")
    (tmp_path / "secret").write_bytes(b"secret")
    with Server(folder) as running:
        yield running


def ask(
    server: Server, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_a_file_comes_whole_with_what_a_client_needs(server: Server) -> None:
    status, headers, body = ask(server, "/a%20b.zarr/0/0?v=1")
    assert (status, body) == (200, BODY)
    assert headers["Content-Length"] == "100"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["ETag"] and headers["Last-Modified"]
    assert headers["Content-Type"] == "application/octet-stream"
    assert ask(server, "/a%20b.zarr/zarr.json")[1]["Content-Type"] == "application/json"
    assert server.requests[0] == Request("GET", "/a b.zarr/0/0", 200, 100, None)


def test_head_says_the_length_and_sends_nothing(server: Server) -> None:
    status, headers, body = ask(server, "/a%20b.zarr/0/0", method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, "100", b"")
    assert server.requests[0] == Request("HEAD", "/a b.zarr/0/0", 200, 0, None)


@pytest.mark.parametrize(
    ("wanted", "status", "body", "covered"),
    [
        ("bytes=0-9", 206, BODY[:10], "bytes 0-9/100"),
        ("bytes=90-", 206, BODY[90:], "bytes 90-99/100"),
        ("bytes=-5", 206, BODY[-5:], "bytes 95-99/100"),
        ("bytes=95-1000", 206, BODY[95:], "bytes 95-99/100"),
        ("bytes=-1000", 206, BODY, "bytes 0-99/100"),
        ("bytes=100-", 416, b"", "bytes */100"),
        ("bytes=9-3", 416, b"", "bytes */100"),
        ("bytes=-0", 416, b"", "bytes */100"),
        ("bytes=0-1,5-6", 200, BODY, None),
        ("lines=1-2", 200, BODY, None),
        ("bytes=-", 200, BODY, None),
    ],
)
def test_ranges(server: Server, wanted: str, status: int, body: bytes, covered: str | None) -> None:
    found, headers, content = ask(server, "/a%20b.zarr/0/0", headers={"Range": wanted})
    assert (found, content, headers["Content-Range"]) == (status, body, covered)
    assert headers["Content-Length"] == str(len(body))
    assert server.requests[0] == Request("GET", "/a b.zarr/0/0", status, len(body), wanted)


def test_a_range_of_nothing(server: Server) -> None:
    assert ask(server, "/empty")[0] == 200
    assert ask(server, "/empty", headers={"Range": "bytes=0-0"})[0] == 416


def test_etags_follow_the_content(server: Server) -> None:
    path = "/a%20b.zarr/0/0"
    tag = ask(server, path)[1]["ETag"]
    assert ask(server, path, headers={"If-None-Match": tag})[::2] == (304, b"")
    assert ask(server, path, headers={"Range": "bytes=0-1", "If-Range": tag})[0] == 206
    assert ask(server, path, headers={"Range": "bytes=0-1", "If-Range": '"other"'})[0] == 200
    (server.folder / "a b.zarr/0/0").write_bytes(b"other")
    assert ask(server, path, headers={"If-None-Match": tag})[::2] == (200, b"other")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a%20b.zarr",
        "/a%20b.zarr/",
        "/a%20b.zarr/0",
        "/nothing",
        "//empty",
        "/../secret",
        "/%2e%2e/secret",
        "/%2E%2E%2Fsecret",
        "/a%20b.zarr/../../secret",
        "/a%20b.zarr/..%5C..%5Csecret",
        "/%252e%252e/secret",
        "/./empty",
        "/empty%00",
        "/empty/",
    ],
)
def test_no_listing_and_no_way_out(server: Server, path: str) -> None:
    assert ask(server, path)[::2] == (404, b"")


@pytest.mark.skipif(os.name != "posix", reason="makes symbolic links")
def test_links_are_followed_inside_the_folder_only(server: Server) -> None:
    (server.folder / "inside").symlink_to(server.folder / "a b.zarr")
    (server.folder / "outside").symlink_to(server.folder.parent / "secret")
    (server.folder / "up").symlink_to(server.folder.parent)
    assert ask(server, "/inside/zarr.json")[0] == 200
    assert ask(server, "/outside")[0] == 404
    assert ask(server, "/up/secret")[0] == 404


def test_a_page_of_another_name_may_not_read(server: Server) -> None:
    assert ask(server, "/empty", headers={"Host": "evil.example:80"})[0] == 421
    assert ask(server, "/empty", headers={"Host": "localhost:1"})[0] == 200


def test_only_reading(server: Server) -> None:
    status, headers, _ = ask(server, "/empty", method="PUT", headers={"Content-Length": "0"})
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
    assert ask(server, "/empty", method="OPTIONS")[0] == 405


def raw(server: Server, sent: bytes) -> bytes:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(1000), b""))


def test_what_is_no_http_is_told_so(server: Server) -> None:
    assert raw(server, b"hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert raw(server, b"GET /empty HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n") == b""
    assert raw(server, b"") == b""
    assert ask(server, "/empty")[0] == 200


def test_many_requests_on_one_connection_do_not_wait_for_each_other(server: Server) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    started = time.monotonic()
    for _ in range(100):
        connection.request("GET", "/a%20b.zarr/0/0")
        assert connection.getresponse().read() == BODY
    taken_s = time.monotonic() - started
    connection.close()
    assert len(server._talks) <= 1
    # A delayed acknowledgement costs 40 ms, a look-up of the client's name far more: 4 s and up.
    assert taken_s < 2


def test_a_file_larger_than_one_piece(server: Server) -> None:
    content = os.urandom(3_500_000)
    (server.folder / "large").write_bytes(content)
    assert ask(server, "/large")[2] == content
    assert ask(server, "/large", headers={"Range": "bytes=1000000-3400000"})[2] == content[1000000:3400001]


def test_closing_ends_open_connections_and_all_threads(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    server = Server(tmp_path)
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/x")
    connection.getresponse().read()
    time.sleep(0.1)  # until the server waits for the next request
    server.close()
    server.close()
    assert set(threading.enumerate()) == before
    assert server.closed and "closed" in repr(server)
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        ask(server, "/x")


def test_nothing_is_printed(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    ask(server, "/a%20b.zarr/0/0")
    raw(server, b"nonsense\r\n")
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_is_not_there_and_a_port_that_is_taken(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        Server(tmp_path / "nothing")
    assert caught.value.kind == "folder"
    for port in (int(server.url.rsplit(":", 1)[1]), 70_000):
        with pytest.raises(Unavailable) as refused:
            Server(tmp_path, port=port)
        assert refused.value.kind == "port"


def test_addresses_are_quoted(server: Server) -> None:
    assert server.url_for("a b.zarr/0") == f"{server.url}/a%20b.zarr/0"


def test_serving_the_samples_makes_what_is_asked_for() -> None:
    with samples.serve() as server:
        for name, folder in (
            ("cell", "cell.ome.zarr"),
            ("cell.ome.zarr", "cell.ome.zarr"),
            ("cell@0.4", "cell-0.4.ome.zarr"),
            ("cell-0.4.ome.zarr/s0", "cell-0.4.ome.zarr/s0"),
        ):
            assert server.url_for(name) == f"{server.url}/{folder}"
        assert ask(server, "/cell.ome.zarr/zarr.json")[0] == 200
        with pytest.raises(NotFoundError):
            server.url_for("nothing")


def test_serving_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    with samples.serve(tmp_path) as server:
        assert ask(server, "/x")[2] == b"x"


def test_sockets_left_open_do_not_complain_at_exit(tmp_path: Path) -> None:
    code = f"""
import urllib.request
from fairlab import samples
server = samples.serve({str(tmp_path)!r})
kept = __import__("http.client").client.HTTPConnection(server.url[7:])
kept.request("GET", "/x")
kept.getresponse().read()
kept.close()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", code], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
