from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fairlab.runs.batch import Batch, BatchRow
from fairlab.runs.batch_page import MAX_ROWS, write_page
from fairlab.runs.parameter_cell import parse_parameters
from fairlab.runs.plan import Plan, planned
from fairlab.runs.table_file import read_table

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = ["<script>alert(1)</script>", "\"'><img src=x>", "javascript:alert(1)", "$title ${title}"]


def page_of(folder: Path, images: list[str], **row: object) -> str:
    batch, plan = batch_of(folder, images, **row)
    write_page(batch, plan)
    return batch.index.read_text("utf-8")


def batch_of(folder: Path, images: list[str], **row: object) -> tuple[Batch, Plan]:
    """A batch over these images, each row as told, or with every status in turn."""
    table = folder / "t.csv"
    quoted = ['"' + image.replace('"', '""') + '"' for image in images]
    table.write_text("".join(f"{line}\n" for line in ["url", *quoted]), "utf-8")
    plan = planned(read_table(table), parse_parameters("url: str = 'a'\nsize: float = 1.0"), {"size": 2})
    statuses = ("ok", "failed", "interrupted", "not run")
    rows = tuple(
        BatchRow(number=run.number, cells=run.cells, **({"status": statuses[n % 4]} | row))  # type: ignore[arg-type]
        for n, run in enumerate(plan.runs)
    )
    places = {"index": folder / "index.html", "rows_csv": folder / "rows.csv", "results_csv": None}
    return Batch(notebook="tool", table="t.csv", rows=rows, **places), plan  # type: ignore[arg-type]


@pytest.mark.parametrize("words", HOSTILE)
def test_words_of_a_table_are_text(tmp_path: Path, words: str) -> None:
    page = page_of(tmp_path, [words], status="failed", error=words, note=words)
    assert "<script" not in page and "<img" not in page and 'href="javascript' not in page
    assert "href='javascript" not in page
    assert page.count("tool over t.csv") == 2, (
        "nothing in the table is filled in as if it were the page's own"
    )


def test_every_status_is_counted_and_what_failed_stands_first(tmp_path: Path) -> None:
    page = page_of(tmp_path, [f"https://example.org/{n}.zarr" for n in range(8)], error="E: no")
    for word in ("done", "failed", "interrupted", "not run"):
        assert f"<b>2</b> {word}</div>" in page
    assert page.index("What failed") < page.index("All rows")
    assert "size = 2.0" in page and "<a href='https://example.org/3.zarr'" in page


def test_of_ten_thousand_rows_a_page_shows_some(tmp_path: Path) -> None:
    page = page_of(tmp_path, [f"sample:{n}" for n in range(10_000)])
    assert page.count("<tr>") == 2 * MAX_ROWS + 2
    assert f"… and {10_000 - MAX_ROWS:,} more, in rows.csv" in page and "… and 1,500 more" in page
    assert len(page) < 1_000_000
