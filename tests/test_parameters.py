from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import NotebookError
from fairlab.runs.credentials import holds_secret
from fairlab.runs.notebook import read_notebook, source
from fairlab.runs.parameter_cell import declared_parameters, parse_parameters
from fairlab.runs.parameters import check_parameters, split_assignments

CELL = """\
# What this notebook may be told.
from typing import Literal

url: str = "sample:nuclei"  # address of an OME-Zarr
pixel_size: float | None = None  # pixel size to work at (micrometer) [0.01 .. 10]
count: int = 3  # [1 ..]
offset: float = -2.5  # (second) [.. 0]
live: bool = False  # ask live archives (slow)
method: Literal["otsu", "li"] = "otsu"  # how the threshold is found
channels: list[str] = ["DAPI", "GFP"]  # all when empty
limits: list[float] = [
    0,
    1.5,
]  # (micrometer) [0 .. 100]
version: Literal[4, 5] = 5
"""


def notebook_file(folder: Path, *sources: str, tag: str = "parameters", **changes: Any) -> Path:
    """A valid notebook whose first cells carry a tag, with top-level keys changed."""
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [tag]}, "source": text, "outputs": []}
        for n, text in enumerate(sources)
    ]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | changes
    path = folder / "tool.ipynb"
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))
    return path


def kind_of(text: str, **values: Any) -> str:
    with pytest.raises(NotebookError) as caught:
        check_parameters(parse_parameters(text), values)
    return caught.value.kind


# ── the cell ─────────────────────────────────────────────────────────────────────────────────────


def test_every_part_of_a_declaration_is_read() -> None:
    found = {parameter.name: parameter for parameter in parse_parameters(CELL)}
    assert list(found) == [
        "url",
        "pixel_size",
        "count",
        "offset",
        "live",
        "method",
        "channels",
        "limits",
        "version",
    ]
    size = found["pixel_size"]
    assert (size.help, size.unit, size.minimum, size.maximum) == (
        "pixel size to work at",
        "micrometer",
        0.01,
        10,
    )
    assert (found["count"].minimum, found["count"].maximum) == (1, None)
    assert (found["offset"].unit, found["offset"].minimum, found["offset"].maximum) == ("second", None, 0)
    assert (found["limits"].maximum, found["limits"].default) == (100, [0.0, 1.5])
    assert found["channels"].help == "all when empty"
    assert found["method"].type.choices == ("otsu", "li")


def test_a_declaration_prints_as_it_was_written() -> None:
    written = [
        "pixel_size: float | None = None  # pixel size to work at (micrometer) [0.01 .. 10]",
        "count: int = 3  # [1 ..]",
        "offset: float = -2.5  # (second) [.. 0]",
        "version: Literal[4, 5] = 5",
        "channels: list[str] = ['DAPI', 'GFP']  # all when empty",
    ]
    printed = [str(parameter) for parameter in parse_parameters(CELL)]
    assert [line for line in written if line not in printed] == []
    assert [str(p) for line in printed for p in parse_parameters(line)] == printed


def test_a_cell_that_python_itself_would_accept() -> None:
    # The notation must be no dialect: the same text is executed by the kernel.
    namespace: dict[str, Any] = {}
    exec(CELL, namespace)
    assert {p.name: p.default for p in parse_parameters(CELL)} == {
        p.name: namespace[p.name] for p in parse_parameters(CELL)
    }


@pytest.mark.parametrize(
    "line",
    [
        "n = 3",
        "n: int",
        "n: int = 3 + 4",
        "n: int = len('abc')",
        "n: int = __import__('os').system('true')",
        "n: (__import__('os').system('true'), int)[1] = 3",
        "n: list[int] = [i for i in range(3)]",
        "n: tuple[int, int] = (1, 2)",
        "n: dict = {}",
        "n: list = []",
        "n: bytes = b'a'",
        "n: int | str = 3",
        "n: float = 1e999",
        "n: int = 3.0",
        "n: float = '0.5'",
        "n: bool = 1",
        "n: int = None",
        "n: list[int] = [1, 'a']",
        "n: Literal['a', 'b'] = 'c'",
        "n: Literal[1.5] = 1.5",
        "n.x: int = 3",
        "import os",
        "from typing import Literal as n",
        "print(1)",
        "%matplotlib inline",
        "n: int = 3\nn: int = 4",
        "n: int = 3  # [5 .. 9]",
        "n: int = 3  # [9 .. 5]",
        "n: int = 3  # [..]",
        "n: int = 3  # [a .. b]",
        "n: str = 'a'  # [0 .. 9]",
        "n: int = (",
        "n: int = 3\x00",
    ],
)
def test_anything_else_is_refused_and_not_executed(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.system", lambda _: pytest.fail("the cell was executed"))
    with pytest.raises(NotebookError) as caught:
        declared_parameters(read_notebook(notebook_file(tmp_path, line)))
    assert caught.value.kind == "parameters-form"
    assert caught.value.context["line"] >= 1


def test_the_line_at_fault_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotebookError) as caught:
        declared_parameters(read_notebook(notebook_file(tmp_path, "a: int = 1\n\nb = 2")))
    assert caught.value.context["line"] == 3


def test_a_notebook_without_the_cell(tmp_path: Path) -> None:
    path = notebook_file(tmp_path, "n: int = 3", tag="other")
    with pytest.raises(NotebookError) as caught:
        declared_parameters(read_notebook(path))
    assert caught.value.kind == "parameters-missing"


def test_an_empty_cell_declares_nothing_and_two_cells_are_one_too_many(tmp_path: Path) -> None:
    assert declared_parameters(read_notebook(notebook_file(tmp_path, "# nothing"))) == ()
    with pytest.raises(NotebookError) as caught:
        declared_parameters(read_notebook(notebook_file(tmp_path, "n: int = 3", "m: int = 3")))
    assert caught.value.kind == "parameters-form"


# ── values ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("pixel_size", "0.5", 0.5),
        ("pixel_size", "1e-1", 0.1),
        ("pixel_size", "None", None),
        ("pixel_size", "null", None),
        ("pixel_size", None, None),
        ("pixel_size", 1, 1.0),
        ("pixel_size", np.float32(0.5), 0.5),
        ("count", "7", 7),
        ("count", np.int64(7), 7),
        ("offset", "-3", -3.0),
        ("live", "true", True),
        ("live", "False", False),
        ("live", True, True),
        ("method", "li", "li"),
        ("version", "4", 4),
        ("version", 4, 4),
        ("channels", '["a", "b"]', ["a", "b"]),
        ("channels", "[]", []),
        ("channels", ("a",), ["a"]),
        ("limits", "[1, 2.5]", [1.0, 2.5]),
        ("url", "3", "3"),
        ("url", " padded ", " padded "),
        ("url", PurePosixPath("a/b.zarr"), "a/b.zarr"),
    ],
)
def test_values_and_texts_become_the_declared_type(name: str, value: Any, expected: Any) -> None:
    found = check_parameters(parse_parameters(CELL), {name: value})[name]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pixel_size", "half"),
        ("pixel_size", "nan"),
        ("pixel_size", float("inf")),
        ("pixel_size", True),
        ("pixel_size", [0.5]),
        ("count", "3.0"),
        ("count", 3.0),
        ("count", "none"),
        ("count", ""),
        ("count", True),
        pytest.param("count", 10**5000, id="long-int"),
        pytest.param("count", "9" * 5000, id="long-text"),
        ("live", "yes"),
        ("live", 1),
        ("method", "Otsu"),
        ("method", None),
        ("version", "true"),
        ("version", True),
        ("version", "6"),
        ("channels", "DAPI"),
        ("channels", "[1]"),
        ("channels", '{"a": 1}'),
        pytest.param("channels", "[" * 100_000, id="deep"),
        ("limits", '["1"]'),
        ("url", 3),
        ("url", None),
        ("url", b"a"),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: Any) -> None:
    assert kind_of(CELL, **{name: value}) == "parameter-type"


@pytest.mark.parametrize(
    ("name", "value"),
    [("pixel_size", "0.001"), ("pixel_size", 10.5), ("count", 0), ("offset", "0.1"), ("limits", "[5, 101]")],
)
def test_a_value_outside_its_range_is_refused(name: str, value: Any) -> None:
    assert kind_of(CELL, **{name: value}) == "parameter-range"


def test_the_ends_of_a_range_are_inside() -> None:
    checked = check_parameters(
        parse_parameters(CELL), {"pixel_size": "0.01", "limits": "[0, 100]", "count": 1}
    )
    assert (checked["pixel_size"], checked["limits"], checked["count"]) == (0.01, [0.0, 100.0], 1)


def test_the_others_keep_their_defaults() -> None:
    checked = check_parameters(parse_parameters("a: int = 1\nb: list[int] = [2]"), {"a": "5"})
    assert checked == {"a": 5, "b": [2]}


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(NotebookError) as caught:
        check_parameters(parse_parameters(CELL), {"pixelsize": 0.5})
    assert caught.value.kind == "parameter-unknown"
    assert caught.value.context["nearest"] == ["pixel_size"]


@pytest.mark.parametrize("name", ["count = 1; import os; x", "count\nimport os", "", "count ", "__class__"])
def test_a_name_that_could_execute_code_is_only_unknown(name: str) -> None:
    assert kind_of(CELL, **{name: 1}) == "parameter-unknown"


@given(
    st.one_of(
        st.tuples(st.just("float"), st.floats(allow_nan=False, allow_infinity=False)),
        st.tuples(st.just("int"), st.integers(-(2**63), 2**63)),
        st.tuples(st.just("bool"), st.booleans()),
        st.tuples(st.just("list[float] | None"), st.none() | st.lists(st.floats(-1e9, 1e9))),
        st.tuples(st.just("list[str]"), st.lists(st.text())),
    )
)
def test_what_json_says_comes_back_from_text(case: tuple[str, Any]) -> None:
    kind, value = case
    default = {"float": "0.0", "int": "0", "bool": "False"}.get(kind, "[]")
    parameters = parse_parameters(f"x: {kind} = {default}")
    assert check_parameters(parameters, {"x": json.dumps(value)}) == {"x": value}


@given(st.text())
def test_text_stays_text(value: str) -> None:
    if not holds_secret(value):
        assert check_parameters(parse_parameters("x: str = ''"), {"x": value}) == {"x": value}


@given(st.text() | st.text("ab:=#[](){}'\"\\\n 1.,|\t\r\x0c\x00"))
def test_no_cell_ends_in_a_foreign_error(text: str) -> None:
    try:
        parse_parameters(text)
    except Exception as exc:
        assert type(exc).__name__ == "_FormError"


def test_command_line_pairs() -> None:
    assert split_assignments(["a=1", "url=https://x.org/?a=b", "a=2", "empty="]) == {
        "a": "2",
        "url": "https://x.org/?a=b",
        "empty": "",
    }
    with pytest.raises(NotebookError) as caught:
        split_assignments(["threshold"])
    assert caught.value.kind == "parameter-form"


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────

SECRETS = [
    "https://me:hunter2@example.org/a.zarr",
    "https://hunter2@example.org/a.zarr",
    "s3://KEY:hunter2@bucket/a.zarr",
    "https://b.s3.amazonaws.com/a?X-Amz-Algorithm=AWS4&X-Amz-Signature=hunter2",
    "https://b.s3.amazonaws.com/a?x%2Damz%2Dsignature=hunter2",
    "https://b.s3.amazonaws.com/a?AWSAccessKeyId=1&Signature=hunter2&Expires=3",
    "https://storage.googleapis.com/b/a?X-Goog-Signature=hunter2",
    "https://x.blob.core.windows.net/c/a?sv=2020&sig=hunter2",
    "https://example.org/a.zarr?token=hunter2",
    "https://example.org/a.zarr#access_token=hunter2",
    "zip::https://me:hunter2@example.org/a.zip",
    "see https://me:hunter2@example.org/a.zarr there",
    "https://me:hunter2@[bad/a.zarr",
]


@pytest.mark.parametrize("value", SECRETS)
def test_an_address_with_credentials_is_refused_and_not_repeated(value: str) -> None:
    for cell, given_value in (
        ("x: str = ''", value),
        ("x: list[str] = []", [value]),
        ("x: list[str] = []", json.dumps([value])),
        ("x: int = 3", value),
    ):
        with pytest.raises(NotebookError) as caught:
            check_parameters(parse_parameters(cell), {"x": given_value})
        assert caught.value.kind == "parameter-secret"
        assert "hunter2" not in str(caught.value) + repr(caught.value.context)


def test_a_default_with_credentials_is_refused_too() -> None:
    assert kind_of(f"x: str = {SECRETS[0]!r}") == "parameter-secret"


@pytest.mark.parametrize(
    "value",
    [
        "https://example.org/a.zarr",
        "https://example.org/a.zarr?version=2&signal=3",
        "https://example.org/people/me@home/a.zarr",
        "sample:nuclei",
        "C:/data/token=3.zarr",
        "mail me@example.org",
        "s3://bucket/a.zarr",
    ],
)
def test_an_ordinary_address_is_fine(value: str) -> None:
    assert check_parameters(parse_parameters("x: str = ''"), {"x": value}) == {"x": value}


# ── notebook files ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"nbformat": 3}, "notebook-form"),
        ({"nbformat": None}, "notebook-form"),
        ({"cells": None}, "notebook-form"),
        ({"cells": {}}, "notebook-form"),
        ({"cells": ["a"]}, "notebook-form"),
        ({"cells": [{"cell_type": "code", "source": 3}]}, "notebook-form"),
        ({"cells": [{"cell_type": "code", "source": [3]}]}, "notebook-form"),
        ({"cells": [{"cell_type": "code", "metadata": {"tags": 3}}]}, "notebook-form"),
        ({"metadata": []}, "notebook-form"),
        ({"metadata": {"kernelspec": {"language": "R"}}}, "notebook-language"),
        ({"metadata": {"language_info": {"name": "julia"}}}, "notebook-language"),
    ],
)
def test_one_edit_of_a_valid_notebook(tmp_path: Path, change: dict[str, Any], kind: str) -> None:
    with pytest.raises(NotebookError) as caught:
        read_notebook(notebook_file(tmp_path, "n: int = 3", **change))
    assert caught.value.kind == kind


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"\xff\xfe", b"[" * 200_000], ids=range(5))
def test_a_file_that_is_no_notebook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tool.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError) as caught:
        read_notebook(path)
    assert caught.value.kind == "notebook-form"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NotebookError) as caught:
        read_notebook(tmp_path)
    assert caught.value.kind == "notebook-unreadable"


def test_a_python_notebook_is_read(tmp_path: Path) -> None:
    path = notebook_file(tmp_path, "n: int = 3", metadata={"kernelspec": {"name": "x", "language": "python"}})
    notebook = read_notebook(path)
    assert [source(cell) for cell in notebook.tagged("parameters")] == ["n: int = 3"]
    assert len(notebook.sha256) == 64
