"""The main job, end to end, and what it leaves when it cannot end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from fairlab.cli import main
from fairlab.demo import Demo, demo
from fairlab.errors import FairlabError
from fairlab.report_page import compare
from tests.servers import FaultServer
from tests.stores import write_store

Serve = Callable[[Path], FaultServer]
FILES = {
    "report.html", "overview.png", "objects.csv", "record.json", "CITATION.bib", "CITATION.cff",
    "measure_objects.ipynb",
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return demo(out=tmp_path_factory.mktemp("demo") / "out")


def test_everything_is_there_and_nothing_else(made: Demo) -> None:
    assert {path.name for path in made.folder.iterdir()} == FILES == set(made.files)
    assert (made.folder / "overview.png").read_bytes().startswith(b"\x89PNG")


def test_the_report_opens_offline(made: Demo) -> None:
    page = (made.folder / "report.html").read_text("utf-8")
    sources = re.findall(r"""(?:src|href)\s*=\s*["']([^"']+)""", page)
    assert sources and all(source.startswith("data:image/png;base64,") for source in sources)
    assert "$" not in re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL)
    assert (
        "Against the truth" in page
        and "µm²" in page
        and "CC0 1.0" in page
        and "What the licence asks" in page
    )


def test_the_scene_is_measured_close_to_its_truth(made: Demo) -> None:
    from fairlab import samples

    table = pd.read_csv(made.folder / "objects.csv")
    mine = table[table.image_id == "sample:cells2d"].reset_index(drop=True)
    values = compare(mine, samples.truth("cells2d"))
    assert values["found"] >= 0.95 * values["true"]
    assert abs(values["measured"] - values["true"]) <= 0.1 * values["true"]
    assert values["area_error"] < 0.1
    (cell,) = table[table.image_id == "sample:cell"].area_um2
    assert cell == pytest.approx(134, rel=0.1)  # a round cell of 13 µm


def test_the_notebook_was_run(made: Demo) -> None:
    notebook = json.loads((made.folder / "measure_objects.ipynb").read_text("utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert "widgets" not in notebook["metadata"]


def test_records_and_references_name_what_was_used(made: Demo) -> None:
    records = json.loads((made.folder / "record.json").read_text("utf-8"))
    assert {record["id"] for record in records} == {"sample:cell", "sample:cells2d"}
    assert all(record["license"] and record["sources"] for record in records)
    assert yaml.safe_load((made.folder / "CITATION.cff").read_text("utf-8"))["cff-version"] == "1.2.0"
    assert (made.folder / "CITATION.bib").read_text("utf-8").count("@") >= 3


def test_any_url(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "a.zarr", shape=(2, 64, 96))
    out = tmp_path / "out"
    assert main(["demo", "--url", f"{serve(tmp_path).url}/a.zarr", "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == FILES


def test_a_demo_that_fails_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    with pytest.raises(FairlabError):
        demo(url=str(tmp_path / "nothing.zarr"), out=tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_comparison_counts_what_was_missed() -> None:
    truth = pd.DataFrame(
        {"area_um2": [10.0, 10.0], "centroid_y_um": [0.0, 50.0], "centroid_x_um": [0.0, 50.0]}
    )
    table = pd.DataFrame({"area_um2": [12.0], "centroid_y_um": [0.5], "centroid_x_um": [0.0]})
    values = compare(table, truth)
    assert (values["measured"], values["true"], values["found"]) == (1, 2, 1)
    assert values["area_error"] == pytest.approx(0.2)
    assert np.isnan(compare(table.iloc[:0], truth)["area_error"])


def test_the_home_folder_gets_nothing_but_caches(tmp_path: Path, cache: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    unset = (
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "IPYTHONDIR",
        "JUPYTER_CONFIG_DIR",
        "MPLCONFIGDIR",
    )
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    subprocess.run(
        [sys.executable, "-m", "fairlab", "demo", "--out", str(tmp_path / "out")],
        env={**environment, "HOME": str(home), "FAIRLAB_CACHE_DIR": str(cache)},
        check=True,
        capture_output=True,
    )
    assert {path.name for path in home.iterdir()} <= {".cache"}
