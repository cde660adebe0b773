"""Plots of measured tables: still ones for papers, interactive ones to explore.

The door to matplotlib and hvplot. Figures are made without pyplot, so nothing global is changed and they
work without a screen.
"""

from __future__ import annotations

import textwrap
from io import BytesIO
from typing import TYPE_CHECKING, Any

from fairlab.errors import QueryError, missing_extra
from fairlab.hints import did_you_mean
from fairlab.licenses import license as known_license
from fairlab.quantities import unit_symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
"""Okabe and Ito's colours, told apart by nearly everybody."""

_SUFFIXES = ("_um3", "_um2", "_um", "_px")


def histogram(
    table: pd.DataFrame, column: str, *, bins: int | Sequence[float] | str = "auto", by: str | None = None
) -> Figure:
    """How the values of one column are spread.

    Parameters
    ----------
    table : DataFrame
        From :func:`fairlab.measure`; ``table.attrs["units"]`` names the unit of each column.
    column : str
        A column of numbers.
    bins : int, sequence of float or str
        As in :func:`numpy.histogram_bin_edges`.
    by : str, optional
        A column whose values are drawn apart.

    Returns
    -------
    matplotlib.figure.Figure
        160 × 107 mm, 150 dots per inch; ``figure.savefig("areas.pdf")`` writes it.

    Raises
    ------
    QueryError
        kind ``"column-unknown"`` or ``"column-not-numeric"``.
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"area_um2": [1.0, 2.0, 2.5]})
    >>> table.attrs["units"] = {"area_um2": "micrometer^2"}
    >>> histogram(table, "area_um2").axes[0].get_xlabel()
    'area (µm²)'
    """
    import numpy as np

    values = _numbers(table, column)
    groups = _groups(table, by)
    figure, axes = _figure(table, f"{_words(column)} of {_count(values)}")
    finite = values[np.isfinite(values)]
    edges = np.histogram_bin_edges(finite, bins=bins).tolist() if len(finite) else 1
    shown = [values[rows].to_numpy() for rows in groups.values()]
    alone = len(groups) == 1
    axes.hist(
        [part[np.isfinite(part)] for part in shown],
        bins=edges,
        stacked=True,
        label=["_nolegend_"] if alone else list(groups),
        color=[COLOURS[i % len(COLOURS)] for i in range(len(groups))],
        edgecolor="white",
        linewidth=0.6,
    )
    if len(finite) and alone:
        middle = float(np.median(finite))
        told = f"median {middle:.4g} {_unit(table, column)}".rstrip()
        axes.axvline(middle, color="#333333", linewidth=1, linestyle="--", label=_plain(told))
    _finish(axes, x=_label(table, column), y="number of objects", legend=bool(len(finite)))
    return figure


def scatter(table: pd.DataFrame, x: str, y: str, *, by: str | None = None) -> Figure:
    """Two columns against each other, one point per object.

    Parameters
    ----------
    table : DataFrame
        From :func:`fairlab.measure`.
    x, y : str
        Columns of numbers.
    by : str, optional
        A column whose values get colours of their own.

    Returns
    -------
    matplotlib.figure.Figure
        As :func:`histogram` gives it.

    Raises
    ------
    QueryError
        kind ``"column-unknown"`` or ``"column-not-numeric"``.
    MissingExtraError
        matplotlib is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"area_um2": [1.0, 2.0, 2.5], "gfp_mean": [10.0, 30.0, 20.0]})
    >>> scatter(table, "area_um2", "gfp_mean").axes[0].get_ylabel()
    'gfp mean'
    """
    across, up = _numbers(table, x), _numbers(table, y)
    figure, axes = _figure(table, f"{_words(y)} against {_words(x)}, {_count(across)}")
    for i, (name, rows) in enumerate(_groups(table, by).items()):
        axes.scatter(
            across[rows],
            up[rows],
            s=26,
            alpha=0.75,
            color=COLOURS[i % len(COLOURS)],
            edgecolors="white",
            linewidths=0.5,
            label=name,
        )
    _finish(axes, x=_label(table, x), y=_label(table, y), legend=by is not None)
    return figure


def explore(table: pd.DataFrame, x: str, y: str, *, by: str | None = None) -> Any:
    """Two columns against each other, to zoom and hover in a notebook.

    Returns
    -------
    holoviews object
        Shown by the notebook; hovering names the object.

    Raises
    ------
    QueryError
        kind ``"column-unknown"`` or ``"column-not-numeric"``.
    MissingExtraError
        hvplot is not installed.
    """
    _numbers(table, x), _numbers(table, y), _groups(table, by)
    try:
        import hvplot.pandas  # the import that also prepares a notebook to show its plots
    except ImportError as exc:
        raise missing_extra("plots", "plot interactively", exc) from exc
    named = [name for name in ("image_id", "label") if name in table.columns]
    # by= wants names, not numbers, or the legend becomes a colour bar.
    data = table if by is None else table.assign(**{by: table[by].astype(str)})
    return hvplot.hvPlot(data).scatter(
        x=x,
        y=y,
        by=by,
        hover_cols=named,
        xlabel=_label(table, x),
        ylabel=_label(table, y),
        title=_title(f"{_words(y)} against {_words(x)}"),
        color=None if by else COLOURS[0],
        alpha=0.75,
        width=640,
        height=420,
    )


def _chart() -> type[Figure]:
    try:
        from matplotlib.figure import Figure
    except ImportError as exc:
        raise missing_extra("plots", "draw a plot", exc) from exc

    class Chart(Figure):
        """A figure that a notebook shows as a picture, although pyplot does not know of it."""

        def _repr_png_(self) -> bytes:
            buffer = BytesIO()
            self.savefig(buffer, format="png", dpi=110)
            return buffer.getvalue()

    return Chart


def _figure(table: pd.DataFrame, title: str) -> tuple[Figure, Axes]:
    figure = _chart()(figsize=(6.3, 4.2), dpi=150)
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)  # inches
    axes: Axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(_plain(_title(title)), loc="left", fontsize=11, fontweight="bold")
    caption = _caption(table)
    if caption:
        figure.supxlabel(_plain(caption), x=0.01, ha="left", fontsize=7, color="#555555")
    return figure, axes


def _finish(axes: Axes, *, x: str, y: str, legend: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel(_plain(x))
    axes.set_ylabel(_plain(y))
    axes.margins(x=0.03)
    if y == "number of objects":
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    if legend:
        axes.legend(frameon=False)


def _numbers(table: pd.DataFrame, column: str) -> pd.Series[float]:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    numeric = [str(name) for name in table.columns if is_numeric_dtype(table[name])]
    _known(table, column)
    if not is_numeric_dtype(table[column]) or is_bool_dtype(table[column]):
        raise QueryError(
            f'column "{column}" holds no numbers\n  columns of numbers are: {", ".join(numeric)}',
            kind="column-not-numeric",
            column=column,
        )
    return table[column].astype(float)


def _known(table: pd.DataFrame, column: str) -> None:
    names = [str(name) for name in table.columns]
    if column not in names:
        raise QueryError(
            f'there is no column "{column}"{did_you_mean(column, names)}\n  columns are: {", ".join(names)}',
            kind="column-unknown",
            column=column,
        )


def _groups(table: pd.DataFrame, by: str | None) -> dict[str, Any]:
    """Name of each group, and which rows are in it."""
    if by is None:
        return {"objects": slice(None)}
    _known(table, by)
    values = table[by]
    unit = _unit(table, by)
    return {
        f"{_words(by)} {_shown(v)}{unit and ' ' + unit}": (values == v).to_numpy() for v in values.unique()
    }


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]  # not capitalize(): GFP stays GFP


def _count(values: pd.Series[float]) -> str:
    return f"{len(values):,} object{'' if len(values) == 1 else 's'}"


def _unit(table: pd.DataFrame, column: str) -> str:
    return unit_symbol(str(table.attrs.get("units", {}).get(column, "")))


def _label(table: pd.DataFrame, column: str) -> str:
    unit = _unit(table, column)
    return f"{_words(column)} ({unit})" if unit else _words(column)


def _words(column: str) -> str:
    for suffix in _SUFFIXES:
        column = column.removesuffix(suffix)
    for kind in ("mean", "min", "max", "std"):
        # The rest is a channel's name, which stays as it is.
        if column.startswith(f"{kind}_intensity_"):
            return f"{kind} intensity, {column.removeprefix(f'{kind}_intensity_')}"
    return column.replace("_", " ")


def _caption(table: pd.DataFrame) -> str:
    """Where the numbers come from, under which licence."""
    parts = [table.attrs.get("title"), table.attrs.get("image_id")]
    stated = table.attrs.get("license")
    known = known_license(stated)
    parts.append(f"licence {known.spdx or known.name}" if known else f"licence {stated}" if stated else None)
    text = " · ".join(str(part) for part in parts if part)
    return "\n".join(textwrap.wrap(text, 120, max_lines=2, placeholder=" …"))


def _plain(text: str) -> str:
    # A dollar sign starts a formula in matplotlib; names of channels and images are not formulas.
    return text.replace("$", r"\$")
