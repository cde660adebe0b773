from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from fairlab import fair
from fairlab.cli import main
from tests.fair.filled import edited, rows, write

if TYPE_CHECKING:
    from pathlib import Path

Out = pytest.CaptureFixture[str]


@pytest.mark.parametrize("standard", ["rembi", "miti"])
def test_a_template_goes_out_and_comes_back_filled_in(standard: str, tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "mine.csv"
    assert main(["template", standard, "--out", str(file)]) == 0
    assert capsys.readouterr().out.strip() == str(file)
    assert file.read_text("utf-8") == fair.template(standard)
    assert main(["check", standard, str(file)]) == 1
    assert "nothing is filled in" in capsys.readouterr().err
    assert main(["check", standard, str(write(rows(standard), file))]) == 0
    assert "100 % of all that apply" in capsys.readouterr().out


def test_a_template_by_its_ending_module_and_number_of_items(tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "channels.tsv"
    words = ["template", "miti", "--module", "channel", "--items", "2"]
    assert main([*words, "--out", str(file)]) == 0
    assert file.read_text("utf-8") == fair.template("miti", format="tsv", modules=["Channel"], items=2)
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    assert {row["item"] for row in json.loads(capsys.readouterr().out)["fields"]} == {1, 2}


def test_what_was_filled_in_is_never_overwritten(tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("my work")
    assert main(["template", "rembi", "--out", str(file)]) == 2
    assert file.read_text() == "my work" and "is there already" in capsys.readouterr().err
    assert main(["template", "rembi", "--out", str(tmp_path / "no" / "folder.csv")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_what_is_missing_or_wrong_exits_1(tmp_path: Path, capsys: Out) -> None:
    file = write(edited(rows("miti"), "File.Lens NA", "20x"), tmp_path / "mine.csv")
    assert main(["check", "miti", str(file), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["complete"] is False and answer["findings"][0]["field"] == "Lens NA"
    assert main(["check", "miti", str(file), str(file), "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)) == 2
    channels = write(rows("miti", modules=["Channel"]), tmp_path / "channels.csv")
    assert main(["check", "miti", str(channels)]) == 0
    assert main(["check", "miti", str(channels), "--module", "File"]) == 1


def test_terms_are_checked(tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "mine.json"
    file.write_text(
        '{"title": "Light sheet images", "imaging_method": "confocal microscopy (FBbi:00000251)"}'
    )
    assert main(["check", "terms", str(file)]) == 1
    assert "FBbi:00000369" in capsys.readouterr().out
    file.write_text('{"title": "Stacks", "imaging_method": "confocal microscopy (FBbi:00000251)"}')
    assert main(["check", "terms", str(file)]) == 0


def test_the_gaps_of_one_document_and_both_together(tmp_path: Path, capsys: Out) -> None:
    crate, gaps = tmp_path / "ro-crate-metadata.json", tmp_path / "gaps.csv"
    crate.write_text('{"@graph": [{"@id": "./", "@type": "Dataset", "name": "Cells"}]}')
    assert main(["template", "rembi", "--gaps-of", str(crate), "--out", str(gaps)]) == 0
    assert ",title," not in gaps.read_text("utf-8")
    write(rows("rembi"), gaps)
    capsys.readouterr()
    assert main(["check", "rembi", str(crate), str(gaps), "--together", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["source"] == f"{crate} + {gaps}"
    assert main(["check", "rembi", str(crate), str(gaps)]) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["check", "rembi", "no-such-file.csv"],
        ["check", "miti", "a.csv", "--module", "Chanel"],
        ["template", "rembi", "--module", "Chanel"],
        ["template", "rembi", "--items", "0"],
    ],
)
def test_a_wrong_question_exits_2(words: list[str], capsys: Out) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("fairlab: ")


def test_help_loads_no_checker() -> None:
    code = "import sys; from fairlab.cli import _parser; _parser().format_help(); print('fairlab.fair' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
