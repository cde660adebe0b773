"""Whatever names a study or an image leads to it, through one verb, at emulators of all archives."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

import fairlab
from fairlab import errors
from fairlab.options import set_options
from tests.emulators import Emulator, emulator
from tests.emulators.bia import FILES, uuid

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("bia", "biostudies", "empiar", "gide", "idr", "ssbd")
ONE = f"bia:S-BIAD900001/{uuid(601)}.ome.zarr/0"


@pytest.fixture(autouse=True)
def servers() -> Iterator[dict[str, Emulator]]:
    with ExitStack() as stack, set_options(source_timeout_s=20):
        yield {name: stack.enter_context(emulator(name)) for name in NAMES}


@pytest.mark.parametrize(
    ("identifier", "found", "by"),
    [
        (uuid(1), "bia:S-BIAD900001", "bia"),
        (uuid(101).upper(), ONE, "bia"),
        (f"bia:{uuid(101)}", ONE, "bia"),
        (f"https://beta.bioimagearchive.org/bioimage-archive/image/{uuid(101)}", ONE, "bia"),
        (f"{FILES}/S-BIAD900001/{uuid(101)}/{uuid(601)}.ome.zarr/0", ONE, "bia"),
        ("10.6019/S-BIAD900001", "bia:S-BIAD900001", "bia"),
        ("10.17867/10000128", "idr:idr0062", "idr"),
        ("https://doi.org/10.17867/10000128", "idr:idr0062", "idr"),
        ("IDR0062", "idr:idr0062", "idr"),
    ],
)
def test_its_archive_answers(identifier: str, found: str, by: str, servers: dict[str, Emulator]) -> None:
    record = fairlab.lookup(identifier, live=True)
    assert record.id == found and by in record.found_by
    assert servers[by].log and not any(server.strays for server in servers.values())


@pytest.mark.parametrize("identifier", [uuid(12345), "10.17867/999", "10.6019/S-BIAD999999"])
def test_what_no_archive_knows_is_told(identifier: str, servers: dict[str, Emulator]) -> None:
    with pytest.raises(errors.NotFoundError) as caught:
        fairlab.lookup(identifier, live=True)
    assert caught.value.kind == "identifier-unknown"
    assert any(server.log for server in servers.values())


def test_without_being_asked_to_nobody_is_asked(servers: dict[str, Emulator]) -> None:
    with pytest.raises(errors.NotFoundError):
        fairlab.lookup(uuid(101))
    assert not any(server.log for server in servers.values())


def test_an_address_that_no_catalogue_lists_can_still_be_opened() -> None:
    with pytest.raises(errors.NotFoundError, match=r"fairlab\.open_image"):
        fairlab.lookup("https://example.org/a.zarr")
