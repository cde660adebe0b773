from __future__ import annotations

import base64
import email.utils
import gzip
import pickle
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlab.errors import AccessError, FairlabError, Unavailable, UnexpectedAnswer
from fairlab.net import http
from fairlab.net.deadline import Deadline
from fairlab.options import set_options
from tests.servers import Fault, FaultServer, RawServer

Serve = Callable[[Path], FaultServer]


@pytest.fixture
def server(tmp_path: Path, serve: Serve) -> FaultServer:
    (tmp_path / "object").write_bytes(bytes(range(100)))
    return serve(tmp_path)


def test_an_object_and_its_parts(server: FaultServer) -> None:
    url = f"{server.url}/object"
    assert http.get(url).body == bytes(range(100))
    assert http.get(url, part=slice(10, 20)).body == bytes(range(10, 20))
    assert http.get(url, part=slice(-5, None)).body == bytes(range(95, 100))
    assert http.get(url, part=slice(90, None)).body == bytes(range(90, 100))
    assert http.get(url).body == bytes(range(100))  # the handle forgets the range
    assert http.get(f"{server.url}/absent").missing


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, *range(520, 528), 529, 530])
def test_a_passing_fault_is_tried_again(server: FaultServer, status: int) -> None:
    server.fault("object", Fault(status=status, times=2))
    answer = http.get(f"{server.url}/object")
    assert (answer.body, answer.tries) == (bytes(range(100)), 3)


def test_a_lasting_fault_ends_at_the_deadline(server: FaultServer) -> None:
    server.fault("object", Fault(status=503))
    start = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        http.get(f"{server.url}/object", deadline=Deadline(1))
    assert time.monotonic() - start < 2
    assert caught.value.kind == "http-503"
    assert caught.value.context["tries"] > 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for(server: FaultServer, form: str) -> None:
    value = "1" if form == "seconds" else email.utils.formatdate(time.time() + 2, usegmt=True)
    server.fault("object", Fault(status=429, times=1, headers={"Retry-After": value}))
    http.get(f"{server.url}/object")
    (first, *_), (second, *_) = server.requests
    assert second - first >= 0.95


def test_a_wait_beyond_the_deadline_is_not_begun(server: FaultServer) -> None:
    server.fault("object", Fault(status=429, headers={"Retry-After": "100"}))
    start = time.monotonic()
    with pytest.raises(Unavailable, match="pause of 100 s") as caught:
        http.get(f"{server.url}/object", deadline=Deadline(5))
    assert time.monotonic() - start < 1
    assert (caught.value.kind, caught.value.context["retry_after_s"]) == ("http-429", 100)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AccessError),
        (403, AccessError),
        *((status, UnexpectedAnswer) for status in (304, 418, 501, 505, 506, 508, 510, 511, 600)),
    ],
)
def test_a_refusal_is_final(server: FaultServer, status: int, error: type[FairlabError]) -> None:
    server.fault("object", Fault(status=status))
    with pytest.raises(error) as caught:
        http.get(f"{server.url}/object")
    assert caught.value.kind == f"http-{status}"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "pause",
    ["Fri, 31 Dec 99999999999999999999 00:00:00 GMT", "Fri, 31 Dec 2027 00:00:00 +99999999999999999999", "9" * 400,
     "Mon, 01 Jan 0001 00:00:00 +2359", "-5", "nan", ", ,", "Wed, 01 Jan 2020 00:00:00 GMT", ""],
)  # fmt: skip
def test_no_pause_that_a_server_asks_for_ends_otherwise(server: FaultServer, pause: str) -> None:
    server.fault("object", Fault(status=429, headers={"Retry-After": pause}))
    with pytest.raises(Unavailable) as caught:
        http.get(f"{server.url}/object", deadline=Deadline(1), max_tries=2)
    assert caught.value.kind == "http-429"


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_an_answer_that_breaks_off_is_asked_for_again(answer: bytes, kept: bool) -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with RawServer([[whole, answer], [whole, whole]] if kept else [[answer], [whole]]) as url:
        for _ in range(1 + kept):
            assert http.get(url).body == b"ok"


@pytest.mark.parametrize("junk", [b"SSH-2.0 junk\r\n" * 9, b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n"])
def test_what_is_left_of_one_answer_is_not_taken_for_the_next(junk: bytes) -> None:
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with RawServer([[whole, junk], [whole]]) as url:
        assert http.get(url).body == b"ok"
        assert http.get(url).body == b"ok"


def test_what_follows_a_body_changes_nothing_about_it() -> None:
    answer = (
        b"HTTP/1.1 103 Early Hints\r\nContent-Encoding: br\r\n\r\n"
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "1"\r\n\r\n'
        b'2\r\nok\r\n0\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\nETag: "2"\r\n\r\n'
    )
    with RawServer([[answer]]) as url:
        found = http.get(url)
    assert (found.body, found.headers) == (b"ok", {"transfer-encoding": "chunked", "etag": '"1"'})


def test_a_body_cut_short_is_tried_again_then_an_error(server: FaultServer) -> None:
    server.fault("object", Fault(cut=10, times=1))
    assert http.get(f"{server.url}/object").body == bytes(range(100))
    server.fault("object", Fault(cut=10))
    with pytest.raises(Unavailable) as caught:
        http.get(f"{server.url}/object", deadline=Deadline(1))
    assert caught.value.kind == "body-short"


def test_a_hang_ends(server: FaultServer) -> None:
    server.fault("object", Fault(delay_s=3))
    start = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        http.get(f"{server.url}/object", deadline=Deadline(0.5))
    assert time.monotonic() - start < 1.5
    assert caught.value.kind == "timeout"


def test_a_refused_connection_is_soon_an_error() -> None:
    start = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        http.get("http://127.0.0.1:9/object")
    assert (caught.value.kind, caught.value.context["tries"]) == ("connection", 3)
    assert time.monotonic() - start < 5


def test_what_does_not_speak_http_is_called_so() -> None:
    def talk() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n" * 10)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=talk)
        thread.start()
        with pytest.raises(Unavailable) as caught:
            http.get(f"http://127.0.0.1:{listener.getsockname()[1]}/object")
        thread.join()
    assert caught.value.kind == "not-http"
    with pytest.raises(Unavailable) as caught:
        http.get("gopher://127.0.0.1/object")
    assert caught.value.kind == "url-scheme"


def test_redirects_stay_on_their_host(server: FaultServer) -> None:
    server.fault("/moved", Fault(status=302, headers={"Location": "/object"}))
    assert http.get(f"{server.url}/moved").body == bytes(range(100))
    server.fault("/away", Fault(status=302, headers={"Location": "http://127.0.0.1:1/secret"}))
    server.fault("/file", Fault(status=302, headers={"Location": "file:///etc/passwd"}))
    server.fault("/loop", Fault(status=302, headers={"Location": "/loop"}))
    server.fault("/marked", Fault(status=302, headers={"Location": "http://you@127.0.0.1:1/"}))
    for path, kind in {
        "marked": "redirect-elsewhere",
        "away": "redirect-elsewhere",
        "file": "redirect-elsewhere",
        "loop": "redirects",
    }.items():
        with pytest.raises(UnexpectedAnswer) as caught:
            http.get(f"{server.url}/{path}")
        assert caught.value.kind == kind


def test_another_part_than_asked_for_is_an_error(server: FaultServer) -> None:
    server.fault("object", Fault(headers={"Content-Range": "bytes 0-9/100"}, status=206, body=b"0123456789"))
    with pytest.raises(UnexpectedAnswer) as caught:
        http.get(f"{server.url}/object", part=slice(10, 20))
    assert caught.value.kind == "range-wrong"


def test_secrets_stay_out_of_messages(server: FaultServer) -> None:
    server.fault("object", Fault(status=403))
    address = server.url.replace("http://", "http://me:hush@") + "/object?X-Amz-Signature=hush"
    with pytest.raises(AccessError) as caught:
        http.get(address)
    assert "hush" not in f"{caught.value} {caught.value.url} {caught.value.context}"


def test_offline_opens_no_socket_but_to_this_machine(server: FaultServer) -> None:
    with set_options(offline=True):
        assert http.get(f"{server.url}/object").body
        with pytest.raises(Unavailable) as caught:
            http.get("http://192.0.2.1/object")
    assert caught.value.kind == "offline"


def test_a_body_over_the_limit_is_refused(server: FaultServer) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        http.get(f"{server.url}/object", max_bytes=50)
    assert caught.value.kind == "body-too-large"


def test_a_trusted_name_may_not_lead_inside(server: FaultServer) -> None:
    # curl itself takes every name below "localhost" for this machine.
    inside = server.url.replace("127.0.0.1", "cdn.localhost") + "/object"
    for name, location in {"named": f"{server.url}/object", "inside": inside}.items():
        server.fault(f"/{name}", Fault(status=302, headers={"Location": location}))
    start = server.url.replace("127.0.0.1", "localhost")
    with pytest.raises(UnexpectedAnswer) as caught:
        http.get(f"{start}/named")
    assert caught.value.kind == "redirect-elsewhere"
    with set_options(offline=False, trusted_hosts=("127.0.0.1", "cdn.localhost")):
        assert http.get(f"{start}/named").body == bytes(range(100))
        with pytest.raises(UnexpectedAnswer) as caught:
            http.get(f"{start}/inside")
        assert caught.value.kind == "address-inside"
        assert http.get(inside).body == bytes(range(100))  # named by the user
    assert [path for path in server.paths() if path == "/object"] == ["/object"] * 2


def test_user_and_password_go_to_their_own_origin_only(server: FaultServer) -> None:
    server.fault("/moved", Fault(status=302, headers={"Location": "/object"}))
    other = server.url.replace("127.0.0.1", "localhost")
    server.fault("/away", Fault(status=302, headers={"Location": f"{other}/object"}))
    secret = server.url.replace("http://", "http://me:hush@")
    with set_options(trusted_hosts=("localhost",)):
        http.get(f"{secret}/moved", headers=("X-Own: 1",))
        http.get(f"{secret}/away", headers=("X-Own: 1",))
    sent = [(headers.get("Authorization"), headers.get("X-Own")) for headers in server.headers]
    basic = "Basic " + base64.b64encode(b"me:hush").decode()
    assert sent == [(basic, "1"), (basic, "1"), (basic, "1"), (None, None)]


def test_a_body_that_is_sent_packed_is_unpacked_within_bounds(server: FaultServer) -> None:
    packed = gzip.compress(bytes(range(100)))
    server.fault("object", Fault(body=packed, headers={"Content-Encoding": "gzip"}, times=1))
    assert http.get(f"{server.url}/object").body == bytes(range(100))
    assert server.headers[0]["Accept-Encoding"] == "identity"
    parts = gzip.compress(bytes(range(40))) + gzip.compress(bytes(range(40, 100)))
    server.fault("object", Fault(body=parts, headers={"Content-Encoding": "GZip"}, times=1))
    assert http.get(f"{server.url}/object").body == bytes(range(100))
    faults = {
        "body-too-large": (gzip.compress(bytes(10**6)), "gzip"),
        "body-too-large ": (gzip.compress(bytes(9_000)) * 2, "gzip"),
        "body-short": (packed[:-10], "gzip"),
        "encoding": (packed, "br"),
    }
    for kind, (body, encoding) in faults.items():
        server.fault("object", Fault(body=body, headers={"Content-Encoding": encoding}, times=9))
        with pytest.raises(FairlabError) as caught:
            http.get(f"{server.url}/object", max_bytes=10_000, deadline=Deadline(0.5))
        assert caught.value.kind == kind.strip()
        server.clear_faults()


def test_a_transport_error_survives_pickle(server: FaultServer) -> None:
    server.fault("object", Fault(status=500))
    with pytest.raises(Unavailable) as caught:
        http.get(f"{server.url}/object?token=hush", deadline=Deadline(0.3))
    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.kind, error.url, error.context) == (
        "http-500",
        f"{server.url}/object?…",
        caught.value.context,
    )
    assert "hush" not in str(error)
