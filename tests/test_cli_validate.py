from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlab import set_options
from fairlab.cli import main
from tests.servers import FaultServer
from tests.stores import write_store

Serve = Callable[[Path], FaultServer]


@pytest.fixture
def store(tmp_path: Path, serve: Serve) -> str:
    write_store(tmp_path / "a.zarr", labels=("cells",))
    return f"{serve(tmp_path).url}/a.zarr"


def test_validate_a_store(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", store]) == 0
    assert "valid OME-Zarr 0.5 image" in capsys.readouterr().out
    assert main(["validate", store, "--strict"]) == 1
    assert main(["validate", store, "--json"]) == 0
    capsys.readouterr()
    (tmp_path / "a.zarr" / "1" / "zarr.json").unlink()
    assert main(["validate", store, "--json"]) == 1
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["valid"], verdict["hierarchy"]) == (True, False)
    assert [p["type"] for p in verdict["problems"] if p["level"] == "error"] == ["hierarchy.missing"]


WELL = {"ome": {"version": "0.5", "well": {"images": [{"path": "0"}]}}}


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (json.dumps(WELL), True),
        (json.dumps({"zarr_format": 3, "node_type": "group", "attributes": WELL}), True),
        ('{"well": {"version": "0.4", "images": []}}', False),
        ('{"well": {"version": "0.4", "images": [{"path": "\\ud800"}]}}', False),
        ("not JSON", False),
        ("", False),
    ],
)
def test_validate_one_document(
    text: str, valid: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "zarr.json"
    document.write_text(text)
    assert main(["validate", "--attributes", str(document)]) == (0 if valid else 1)
    capsys.readouterr()
    assert main(["validate", "--attributes", "--exit-zero", str(document)]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1 and not printed.err
    verdict = json.loads(printed.out)
    assert list(verdict) == ["valid", "version", "kind", "problems"]
    assert verdict["valid"] is valid
    for problem in verdict["problems"]:
        assert list(problem) == ["level", "type", "loc", "msg"]
    assert bool(verdict["problems"]) is not valid
    assert main(["validate", "--attributes", "--json", str(document)]) == (0 if valid else 1)
    assert json.loads(capsys.readouterr().out) == verdict


def test_validate_one_document_elsewhere(
    tmp_path: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "zarr.json").write_text(json.dumps(WELL))
    server = serve(tmp_path)
    address = f"{server.url}/a.zarr/zarr.json"
    assert main(["validate", "--attributes", address]) == 0
    assert address in capsys.readouterr().out
    assert server.paths() == ["/a.zarr/zarr.json"]
    assert main(["validate", "--attributes", f"{address}?X-Amz-Signature=hidden"]) == 0
    assert "hidden" not in capsys.readouterr().out
    assert main(["validate", "--attributes", "--exit-zero", f"{server.url}/a.zarr/.zattrs"]) == 0
    assert "path-missing" in capsys.readouterr().out


def _unreadable(folder: Path) -> list[list[str]]:
    """What nobody can judge."""
    (folder / "loop").symlink_to("loop")
    return [
        ["--attributes", str(folder / "nowhere")],
        ["--attributes", str(folder / "loop")],
        ["--attributes", str(folder)],
        ["--attributes", "a\0b"],
        ["no/such/place"],
        ["http://127.0.0.1:9/a.zarr"],
        ["http://[a.zarr"],
        ["--attributes", "http://127.0.0.1:9/a.zarr/zarr.json"],
        ["--attributes", "http://[a.zarr/zarr.json"],
        ["--attributes", "ftp://example.org/zarr.json"],
        ["sample:nothing"],
    ]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_validate_what_nobody_can_tell(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with set_options(timeout_s=0.5):
        for words in _unreadable(tmp_path):
            assert main(["validate", *options, *words]) == 2, words
            assert capsys.readouterr().out == ""


def test_a_suite_is_told_what_nobody_can_tell_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with set_options(timeout_s=0.5):
        for words in _unreadable(tmp_path):
            assert main(["validate", "--exit-zero", *words]) == 0, words
            printed = capsys.readouterr().out
            assert printed.count("\n") == 1
            verdict = json.loads(printed)
            assert (verdict["valid"], verdict["version"], verdict["kind"]) == (False, None, None)
            assert verdict["problems"][0]["level"] == "error"
