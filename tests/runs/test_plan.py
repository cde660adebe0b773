from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fairlab.errors import NotebookError
from fairlab.runs.parameter_cell import parse_parameters
from fairlab.runs.plan import Plan, planned
from fairlab.runs.table_file import read_table

if TYPE_CHECKING:
    from pathlib import Path

    from fairlab.runs.parameters import Parameter

DECLARED = parse_parameters(
    """from typing import Literal
url: str = "sample:nuclei"  # image
channel: str | None = None  # channel
size: float = 1.0  # pixel size (micrometer) [0.01 .. 10]
count: int = 3  # a number
method: Literal["otsu", "li"] = "otsu"  # threshold
dark: bool = False  # dark objects
csv: str = ""  # file
"""
)


def plan_of(
    folder: Path,
    content: str,
    common: dict[str, Any] | None = None,
    declared: tuple[Parameter, ...] = DECLARED,
) -> Plan:
    path = folder / "hits.csv"
    path.write_text(content, "utf-8")
    return planned(read_table(path), declared, common or {})


def refusal(folder: Path, content: str, common: dict[str, Any] | None = None, **more: Any) -> NotebookError:
    with pytest.raises(NotebookError) as caught:
        plan_of(folder, content, common, **more)
    return caught.value


def test_columns_fill_parameters_of_their_name_and_others_are_kept(tmp_path: Path) -> None:
    content = "url,size,gene,dark,channel\na,0.5,CDK1,TRUE,\nb,,PLK1,,DAPI\n"
    plan = plan_of(tmp_path, content, {"count": "5"})
    assert plan.kept == ("gene",) and plan.image == "url" and plan.results == "csv"
    first, second = plan.runs
    assert (first.number, first.cells["gene"]) == (2, "CDK1")
    assert first.values == {
        "url": "a", "channel": None, "size": 0.5, "count": 5, "method": "otsu", "dark": True, "csv": ""
    }  # fmt: skip
    assert first.given == {"url", "size", "dark", "count"}
    assert second.given == {"url", "channel", "count"} and second.values["size"] == 1.0


@pytest.mark.parametrize(
    ("cell", "filled"),
    [
        ("source: str = 'a'", "source"),
        ("image: str = 'a'\nlook_at: str = 'b'", "image"),
        ("look_at: str = 'a'", "look_at"),
        ("image: str = 'a'\nurl: str = 'b'", "url"),
    ],
)
def test_the_column_url_fills_the_parameter_for_the_image(tmp_path: Path, cell: str, filled: str) -> None:
    plan = plan_of(tmp_path, "url\nx\n", declared=parse_parameters(cell))
    assert plan.fills == {"url": filled} and plan.image == "url" and plan.results is None
    assert plan.runs[0].values[filled] == "x"


def test_a_column_of_its_own_name_comes_before_url(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "url,source\nx,y\n", declared=parse_parameters("source: str = 'a'"))
    assert plan.fills == {"source": "source"} and plan.kept == ("url",) and plan.image == "source"


def test_of_several_columns_for_images_the_first_parameter_counts(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "image,url\n,x\n", declared=parse_parameters("image: str = 'a'\nurl: str = 'b'"))
    assert plan.image == "url" and plan.runs[0].values == {"image": "a", "url": "x"}


def test_every_bad_cell_is_named_at_once(tmp_path: Path) -> None:
    content = (
        "url,size,method,count,note\n"
        "a,big,otsu,1,x\n"
        "b,11,otzu,1.5,x\n"
        ",0.5,li,2,x\n"
        "https://me:hunter2@example.org/a,0.5,li,2,https://example.org/a?token=abc\n"
    )
    error = refusal(tmp_path, content)
    assert error.kind == "rows-refused"
    found = [(one["row"], one["column"], one["kind"]) for one in error.context["details"]]
    assert found == [
        (2, "size", "parameter-type"),
        (3, "size", "parameter-range"),
        (3, "method", "parameter-type"),
        (3, "count", "parameter-type"),
        (4, "url", "image-missing"),
        (5, "url", "parameter-secret"),
        (5, "note", "parameter-secret"),
    ]
    assert 'row 3, column "method"' in error.message and "did you mean 'otsu'?" in error.message
    assert "hunter2" not in error.message and "abc" not in error.message


def test_a_secret_of_the_wrong_type_is_not_said_either(tmp_path: Path) -> None:
    error = refusal(tmp_path, "url,size\na,https://me:hunter2@example.org/a\n")
    assert error.context["details"][0]["kind"] == "parameter-secret" and "hunter2" not in error.message


def test_of_very_many_bad_cells_some_are_told_and_all_are_counted(tmp_path: Path) -> None:
    error = refusal(tmp_path, "url,size\n" + "a,big\n" * 10_000)
    assert len(error.context["details"]) == 10_000
    assert len(error.message.splitlines()) == 22 and "… and 9,980 more" in error.message


def test_ten_thousand_rows_are_planned_and_equal_ones_run_once(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "url\n" + "".join(f"sample:{number // 2}\n" for number in range(10_000)))
    assert len(plan.runs) == 10_000
    assert sum(run.same_as is None for run in plan.runs) == 5000
    assert plan.runs[1].same_as == 2 and plan.runs[9999].same_as == 10_000


def test_equal_values_written_differently_are_equal_runs(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "url,size,note\na,0.50,x\na,.5,y\na,1.0,z\na,,w\n")
    assert [run.same_as for run in plan.runs] == [None, 2, None, 4]


def test_a_decimal_comma_counts_where_semicolons_part_cells(tmp_path: Path) -> None:
    assert plan_of(tmp_path, "url;size\na;0,5\n").runs[0].values["size"] == 0.5
    assert refusal(tmp_path, "url;count\na;1,5\n").context["details"][0]["column"] == "count"
    assert refusal(tmp_path, "url;size\na;1.000,5\n").kind == "rows-refused"
    assert refusal(tmp_path, 'url,size\na,"0,5"\n').kind == "rows-refused"


@pytest.mark.parametrize(
    ("content", "common", "says"),
    [
        ("url,chanel\na,DAPI\n", {}, '"chanel": did you mean "channel"?'),
        ("URL,size\na,1\n", {}, '"URL": did you mean "url"?'),
        ("gene\nCDK1\n", {}, "no column fills a parameter"),
        ("url\na\n", {"url": "b"}, '"url" is given by a column and for all rows'),
        ("url\na\n", {"csv": "all.csv"}, "each run would write over the last"),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    tmp_path: Path, content: str, common: dict[str, Any], says: str
) -> None:
    error = refusal(tmp_path, content, common)
    assert error.kind == "table-columns" and says in error.message


def test_images_that_the_notebook_cannot_take_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, "url,n\na,1\n", declared=parse_parameters("n: int = 1"))
    assert error.kind == "table-columns" and "look_at" in error.message


def test_a_column_like_a_parameter_that_has_its_value_is_kept(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "url,chanel\na,DAPI\n", {"channel": "GFP"})
    assert plan.kept == ("chanel",) and plan.runs[0].values["channel"] == "GFP"
    assert plan_of(tmp_path, "url,imaging_method,organism\na,b,c\n").kept == ("imaging_method", "organism")


def test_what_is_wrong_for_all_rows_is_said_as_of_one_run(tmp_path: Path) -> None:
    assert refusal(tmp_path, "url\na\n", {"sise": 1}).kind == "parameter-unknown"


def test_a_file_that_the_call_or_a_column_names_is_not_chosen_again(tmp_path: Path) -> None:
    assert plan_of(tmp_path, "url\na\n", {"csv": ""}).results is None
    assert plan_of(tmp_path, "url,csv\na,a.csv\n").results is None
