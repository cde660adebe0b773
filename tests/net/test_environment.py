"""What the environment says about proxies and certificates is respected."""

from __future__ import annotations

import datetime as dt
import http.server
import ipaddress
import shutil
import ssl
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fairlab.errors import Unavailable
from fairlab.net.api import Api, limit
from fairlab.options import set_options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]


class _Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.command, self.path))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_CONNECT(self) -> None:
        self.server.seen.append((self.command, self.path))  # type: ignore[attr-defined]
        self.send_error(502)

    def log_message(self, *_: object) -> None:
        """The list is the log."""


def _server() -> Any:
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Quiet)
    server.daemon_threads, server.seen = True, []
    server.handle_error = lambda *_: None  # a client that does not like the certificate hangs up
    return server


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with _server() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_address[1]}")
        yield server
        server.shutdown()


def _asked(api: Api) -> Any:
    """Asked by a new thread, whose connections know the environment of now."""

    def ask() -> Any:
        with limit(5):
            return api.json("search", {"q": "x"}).content

    with ThreadPoolExecutor(1) as pool, set_options(answers_max_bytes=0):
        return pool.submit(ask).result()


def test_a_proxy_is_asked_for_archives_and_not_for_this_machine(proxy: Any) -> None:
    with set_options(offline=False):
        assert _asked(Api("plain", "http://archive.example.org/api")) == {}
        with pytest.raises(Unavailable):
            _asked(Api("secure", "https://archive.example.org/api"))
    with _server() as here:
        threading.Thread(target=here.serve_forever, args=(0.02,), daemon=True).start()
        assert _asked(Api("here", f"http://127.0.0.1:{here.server_address[1]}")) == {}
        here.shutdown()
    assert proxy.seen[0] == ("GET", "http://archive.example.org/api/search?q=x")
    assert set(proxy.seen[1:]) == {("CONNECT", "archive.example.org:443")}
    assert here.seen == [("GET", "/search?q=x")]


def test_what_no_proxy_names_is_asked_itself(proxy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "archive.localhost")  # which curl takes for this machine
    with set_options(offline=False), pytest.raises(Unavailable) as caught:
        _asked(Api("near", "http://archive.localhost:9/api"))
    assert caught.value.kind == "connection" and not proxy.seen


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody but us knows, with its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fairlab tests")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "own.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "own.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "own.pem"


@pytest.fixture
def secure(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    with _server() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Api("secure", f"https://127.0.0.1:{server.server_address[1]}")
        server.shutdown()


def _refusal(api: Api) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        _asked(api)
    return caught.value


@pytest.mark.parametrize("name", NAMES)
def test_certificates_are_those_that_the_environment_names(
    secure: Api, certificate: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert _refusal(secure).kind == "tls"
    monkeypatch.setenv(name, str(certificate))
    assert _asked(secure) == {}


def test_a_folder_of_certificates_serves(
    secure: Api, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert _refusal(secure).kind == "tls"
    if not (openssl := shutil.which("openssl")):
        pytest.skip("no openssl here, which names the files of such a folder")
    command = [openssl, "x509", "-hash", "-noout", "-in", str(certificate)]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    shutil.copy(certificate, tmp_path / f"{name}.0")
    assert _asked(secure) == {}


def test_a_bundle_that_cannot_be_read_is_named_at_once(
    secure: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "absent.pem"))
    error = _refusal(secure)
    assert (error.kind, error.context["tries"]) == ("tls", 1) and "CURL_CA_BUNDLE" in str(error)
