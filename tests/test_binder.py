"""The Binder folder fits the project: everything fairlab needs is locked, at versions it accepts."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
EXTRAS = ("analysis", "dask", "notebooks", "widgets", "write")


def _lock() -> dict[str, str]:
    lines = (ROOT / "binder/requirements.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert all(str(pin.specifier).startswith("==") for pin in pins)
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in pins}


def test_the_lock_holds_what_fairlab_asks_for() -> None:
    lock = _lock()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(r for e in EXTRAS for r in project["optional-dependencies"][e]),
        "matplotlib",
    ]
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(lock[requirement.name]), requirement
    assert not {"panel", "datashader", "hvplot", "pyarrow", "fairlab"} & set(lock)


def test_there_is_no_apt_and_no_lab_build() -> None:
    names = {path.name for path in (ROOT / "binder").iterdir()}
    assert names == {"README.md", "requirements.txt", "runtime.txt", "postBuild", "start"}
    assert "lab build" not in (ROOT / "binder/postBuild").read_text()
    assert (ROOT / "binder/runtime.txt").read_text().strip() == "python-3.11"


def test_scripts_are_executable_and_sound() -> None:
    for name in ("postBuild", "start"):
        path = ROOT / "binder" / name
        assert os.access(path, os.X_OK), name
        subprocess.run(["bash", "-n", str(path)], check=True)
    answer = subprocess.run(
        [str(ROOT / "binder/start"), "printenv", "OMP_NUM_THREADS"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "1"
