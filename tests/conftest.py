"""What all tests share: a cache of their own, no network, a server with faults, small valid stores."""

from __future__ import annotations

import functools
import os
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from fairlab.net import traffic
from tests.servers import FaultServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The same examples in every run of CI: a failure there is about the change, not about luck.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

_SHARED = Path(os.environ.get("FAIRLAB_SHARED", Path(__file__).parent.parent.parent / "shared"))


def pytest_configure(config: pytest.Config) -> None:
    """A home of the tests' own: Jupyter, IPython and Chromium write there, and the user's stays as it is."""
    home = tempfile.TemporaryDirectory(prefix="fairlab-home-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    os.environ["HOME"] = home.name
    for name in [name for name in os.environ if name.startswith("XDG_") and name.endswith("_HOME")]:
        del os.environ[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Live services are asked on request only: ``pytest -m network``."""
    if "network" not in config.getoption("markexpr"):
        live = [item for item in items if item.get_closest_marker("network")]
        items[:] = [item for item in items if item not in live]
        config.hook.pytest_deselected(items=live)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache folder and an empty data folder for the whole run, away from the user's; subprocesses inherit them."""
    folder = Path(os.environ.get("FAIRLAB_TEST_CACHE") or tmp_path_factory.mktemp("cache"))
    chosen = {"FAIRLAB_CACHE_DIR": str(folder), "FAIRLAB_DATA_DIR": str(tmp_path_factory.mktemp("data"))}
    previous = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    yield folder
    for name, value in previous.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python sockets reach this machine only (curl is held by the option ``offline``)."""
    if request.node.get_closest_marker("network"):
        return
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0] if isinstance(address, tuple) else address
            if host not in ("127.0.0.1", "localhost", "::1"):
                raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setitem(__import__("fairlab.options").options._current, "offline", True)


@pytest.fixture
def serve() -> Iterator[Callable[..., FaultServer]]:
    """``serve(folder)``: a loopback server with a request log and faults on demand."""
    running: list[FaultServer] = []

    def start(folder: Path, **choices: Any) -> FaultServer:
        server = FaultServer(folder, **choices).__enter__()
        running.append(server)
        # A port may be one that an earlier test had: what was asked of that server is not of this one.
        for place in [place for place in traffic._ledgers if place.startswith(server.url)]:
            del traffic._ledgers[place]
        return server

    yield start
    for server in running:
        server.__exit__()


@pytest.fixture
def s3_service() -> Iterator[tuple[str, Any]]:
    """Where an S3 service of moto's answers, and boto3's client of it, which may write there."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
                          aws_access_key_id="x", aws_secret_access_key="x")  # fmt: skip
    yield endpoint, client
    client.close()
    server.stop()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of shared facts beside the checkout; tests that need it are skipped without it."""
    if not _SHARED.is_dir():
        pytest.skip(f"no shared facts at {_SHARED} (set FAIRLAB_SHARED)")
    return _SHARED


@functools.cache
def _few_rows() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    from fairlab import terms

    studies, images = terms.read_table("studies.csv.gz"), terms.read_table("images.csv.gz")[::150]
    held = {row["study"] for row in images}
    return [row for number, row in enumerate(studies) if row["id"] in held or number % 40 == 0], images


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A shipped catalogue of few rows, for what builds its database again and again."""
    from fairlab import options
    from fairlab.repositories import catalogue_index

    monkeypatch.setattr(catalogue_index, "shipped", _few_rows)
    with options.set_options(cache_dir=tmp_path / "few"):
        yield
