from __future__ import annotations

import builtins
import io
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fairlab.errors import MissingExtraError, QueryError
from fairlab.plots import explore, histogram, scatter


def table(n: int = 40) -> pd.DataFrame:
    random = np.random.default_rng(0)
    found = pd.DataFrame(
        {
            "image_id": ["test:discs"] * n,
            "t": [0.0, 30.0] * (n // 2),
            "label": range(1, n + 1),
            "area_um2": random.normal(100, 10, n),
            "volume_um3": random.normal(100, 10, n),
            "solidity": random.uniform(0.8, 1, n),
            "mean_intensity_a_$b": random.normal(500, 50, n),
            "license": ["x"] * n,
        }
    )
    found.attrs = {
        "title": "Discs & more, $5",
        "image_id": "test:discs",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "units": {
            "t": "second", "area_um2": "micrometer^2", "volume_um3": "micrometer^3", "solidity": "1",
            "mean_intensity_a_$b": "gray value",
        },
    }  # fmt: skip
    return found


def drawn(figure: Any) -> np.ndarray:
    from PIL import Image

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return np.asarray(Image.open(buffer))


def test_a_histogram_counts_every_object() -> None:
    figure = histogram(table(), "area_um2", bins=7)
    axes = figure.axes[0]
    assert len(axes.patches) == 7
    assert sum(patch.get_height() for patch in axes.patches) == 40
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("area (µm²)", "number of objects")
    assert "median" in axes.get_legend().get_texts()[0].get_text()
    assert axes.get_title(loc="left") == "Area of 40 objects"
    assert len(np.unique(drawn(figure).reshape(-1, 4), axis=0)) > 10


def test_groups_of_a_histogram_are_stacked() -> None:
    axes = histogram(table(), "area_um2", bins=[0, 1000], by="t").axes[0]
    assert [(patch.get_y(), patch.get_height()) for patch in axes.patches] == [(0, 20), (20, 20)]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["t 0 s", "t 30 s"]


def test_a_scatter_shows_every_object() -> None:
    figure = scatter(table(), "area_um2", "mean_intensity_a_$b")
    axes = figure.axes[0]
    assert len(axes.collections[0].get_offsets()) == 40
    assert axes.get_ylabel() == r"mean intensity, a_\$b (gray value)"
    assert axes.get_legend() is None
    drawn(figure)
    groups = scatter(table(), "volume_um3", "solidity", by="t").axes[0]
    assert [len(part.get_offsets()) for part in groups.collections] == [20, 20]
    assert groups.get_xlabel() == "volume (µm³)" and groups.get_ylabel() == "solidity"


def test_the_caption_credits() -> None:
    caption = histogram(table(), "area_um2").get_supxlabel()
    assert "Discs & more" in caption and "test:discs" in caption and "CC-BY-4.0" in caption
    bare = pd.DataFrame({"a": [1.0]})
    assert histogram(bare, "a").get_supxlabel() == ""
    bare.attrs["license"] = "unknown"
    assert histogram(bare, "a").get_supxlabel() == "licence unknown"


@pytest.mark.parametrize("values", [[], [np.nan, np.inf], [5.0], [3.0, 3.0]])
def test_few_values(values: list[float]) -> None:
    few = pd.DataFrame({"area_um2": np.array(values, dtype=float), "b": np.array(values, dtype=float)})
    drawn(histogram(few, "area_um2"))
    drawn(scatter(few, "area_um2", "b"))


@pytest.mark.parametrize("plot", [histogram, scatter, explore])
@pytest.mark.parametrize(
    ("column", "kind"), [("area_um", "column-unknown"), ("license", "column-not-numeric")]
)
def test_wrong_columns(plot: Any, column: str, kind: str) -> None:
    columns = [column] if plot is histogram else [column, "solidity"]
    with pytest.raises(QueryError) as caught:
        plot(table(), *columns)
    assert caught.value.kind == kind and "area_um2" in str(caught.value)
    with pytest.raises(QueryError) as caught:
        plot(table(), *["solidity"] * len(columns), by="time")
    assert caught.value.kind == "column-unknown"


def test_explore_is_interactive() -> None:
    shown = explore(table(), "area_um2", "mean_intensity_a_$b", by="t")
    assert {str(dim) for dim in shown.dimensions()} >= {"area_um2", "t", "label", "image_id"}
    one = explore(table(), "area_um2", "solidity")
    assert len(one) == 40
    options = one.opts.get().kwargs
    assert (options["xlabel"], options["ylabel"]) == ("area (µm²)", "solidity")


@pytest.mark.parametrize(("package", "plot"), [("matplotlib", histogram), ("hvplot", explore)])
def test_a_missing_package_is_named(package: str, plot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == package:
            raise ImportError(f"No module named '{package}'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    columns = ["area_um2"] if plot is histogram else ["area_um2", "solidity"]
    with pytest.raises(MissingExtraError) as caught:
        plot(table(), *columns)
    assert caught.value.context["extra"] == "plots"


def test_nothing_global_is_touched() -> None:
    code = (
        "import sys, pandas as pd, fairlab.plots as p\n"
        "assert 'matplotlib' not in sys.modules and 'hvplot' not in sys.modules\n"
        "p.histogram(pd.DataFrame({'a': [1., 2.]}), 'a')\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_notebook_shows_the_figure_without_pyplot() -> None:
    from IPython.core.formatters import DisplayFormatter

    shown, _ = DisplayFormatter().format(histogram(table(), "area_um2"))
    assert shown["image/png"].startswith(b"\x89PNG")
