"""The demo's report: one HTML page that opens offline, pictures inside, every foreign word escaped."""

from __future__ import annotations

import base64
import datetime as dt
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab import __version__
from fairlab.assets import data_file
from fairlab.describe import describe
from fairlab.foreign_text import escaped
from fairlab.quantities import unit_symbol
from fairlab.terms import license

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from fairlab.citation import Citation
    from fairlab.demo import Measured
    from fairlab.results import Results


_ENOUGH = 5
"""Objects from which a distribution says something."""


def report_page(*, results: Results, measured: Sequence[Measured], citation: Citation, notebook: str) -> str:
    """The whole page.

    Parameters
    ----------
    results : Results
        What the catalogue answered.
    measured : sequence of Measured
        The images with their objects.
    citation : Citation
        Pooled over all images.
    notebook : str
        Name of the executed notebook beside the page.
    """
    page = Template(data_file("report.html").read_text("utf-8"))
    return page.substitute(
        made=dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=__version__,
        question=_question(results),
        images="\n".join(_image(item) for item in measured),
        citation=escaped(str(citation)),
        bibtex=escaped(citation.bibtex),
        notebook=escaped(notebook),
    )


def finding(item: Measured) -> str:
    """What was found in one image, in one line."""
    sizes = _sizes(item.table)
    unit = item.table.attrs["units"][sizes]
    count = len(item.table)
    kind = sizes.partition("_")[0] if count == 1 else f"median {sizes.partition('_')[0]}"
    size = f", {kind} {item.table[sizes].median():.4g} {unit_symbol(unit)}" if count else ""
    line = f"{item.tree.attrs.get('id', item.subject.source)}: {plural(count)}{size}"
    if item.truth is not None:
        line += f" (truth: {plural(len(item.truth))}, median area {item.truth['area_um2'].median():.4g} µm²)"
    return line


def plural(count: int) -> str:
    """A number of objects in words.

    Examples
    --------
    >>> plural(1), plural(52)
    ('1 object', '52 objects')
    """
    return f"{count} object" + ("" if count == 1 else "s")


def compare(table: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Measured objects against true ones, matched by position.

    A true object is found when the centroid of some measured object lies within its equivalent radius.

    Returns
    -------
    dict
        ``measured``, ``true``, ``found`` (numbers of objects), ``area_error`` (median of
        the difference to the true area, as a fraction of it, over the objects found).
    """
    found, errors = 0, []
    there = table[["centroid_y_um", "centroid_x_um"]].to_numpy(float)
    for area, y, x in truth[["area_um2", "centroid_y_um", "centroid_x_um"]].to_numpy(float):
        distance = np.hypot(there[:, 0] - y, there[:, 1] - x)
        if len(distance) and distance.min() <= np.sqrt(area / np.pi):
            found += 1
            errors.append(abs(table["area_um2"].iloc[int(distance.argmin())] - area) / area)
    return {
        "measured": len(table),
        "true": len(truth),
        "found": found,
        "area_error": float(np.median(errors)) if errors else float("nan"),
    }


def _question(results: Results) -> str:
    rows = [
        (record.title or "untitled", record.repository, ", ".join(t.label for t in record.organism) or "unknown",
         _license(record.license), record.id)
        for record in results
    ]  # fmt: skip
    asked = f"{results.total} images match {escaped(str(results.query))}; the first {len(results)}:"
    return f"<p>{asked}</p>{_table(('Title', 'Repository', 'Organism', 'Licence', 'Address'), rows)}"


def _image(item: Measured) -> str:
    facts = describe(item.tree)
    parts = [
        f"<h2>{escaped(str(item.tree.attrs.get('title', 'untitled')))}</h2>",
        _facts(item, facts),
        '<div class="pictures">',
        _picture(_view(item, None), "the image"),
        _picture(_view(item, item.labels), "the objects that were found, outlined"),
        "</div>",
        f"<p class='finding'>{escaped(finding(item))}</p>",
        _summary(item.table),
        _picture(_distribution(item.table), "how the sizes are distributed")
        if len(item.table) >= _ENOUGH
        else "",
        _truth(item),
    ]
    return "<section>" + "\n".join(parts) + "</section>"


def _facts(item: Measured, facts: dict[str, Any]) -> str:
    record, finest = facts["record"], facts["levels"][0]
    steps = {dim: step for dim, step in finest["spacing"].items() if dim in ("z", "y", "x")}
    size = ", ".join(
        f"{d} {s['value']:g} {unit_symbol(s['unit'])}" if s["unit"] else f"{d} unknown"
        for d, s in steps.items()
    )
    rows = [
        ("Source", item.tree.attrs.get("source_url", "unknown")),
        ("Size", " × ".join(f"{dim} {length}" for dim, length in finest["shape"].items())),
        ("Pixel size", size),
        ("Format", f"OME-Zarr {record.get('ngff_version', 'unknown')}"),
        ("Organism", item.tree.attrs.get("organism", "unknown")),
        ("Imaging method", item.tree.attrs.get("imaging_method", "unknown")),
        ("Licence", _license(item.tree.attrs.get("license"))),
        ("Credit", item.tree.attrs.get("attribution", item.tree.attrs.get("creator_name", "unknown"))),
    ]
    return _table(None, rows)


def _truth(item: Measured) -> str:
    if item.truth is None or "centroid_y_um" not in item.table:
        return ""
    values = compare(item.table, item.truth)
    rows = [
        ("Number of objects", values["measured"], values["true"]),
        ("Median area (µm²)", _median(item.table), _median(item.truth)),
        ("Total area (µm²)", f"{item.table['area_um2'].sum():.1f}", f"{item.truth['area_um2'].sum():.1f}"),
    ]
    text = (
        f"{values['found']} of {values['true']} true objects were found; "
        f"their areas differ from the truth by {100 * values['area_error']:.1f} % (median)."
    )
    return f"<h3>Against the truth</h3>{_table(('', 'Measured', 'Truth'), rows)}<p>{escaped(text)}</p>"


def _median(table: pd.DataFrame) -> str:
    return f"{table['area_um2'].median():.1f}" if len(table) else "–"


def _summary(table: pd.DataFrame) -> str:
    numbers = table.select_dtypes("number").drop(columns=["label"], errors="ignore")
    units = table.attrs["units"]
    rows = [
        (
            name,
            unit_symbol(units.get(name, "")),
            f"{values.median():.4g}",
            f"{values.min():.4g}",
            f"{values.max():.4g}",
        )
        for name, values in numbers.items()
        if len(values)
    ]
    return _table(("Property", "Unit", "Median", "Least", "Most"), rows)


def _sizes(table: pd.DataFrame) -> str:
    return next(name for name in ("area_um2", "volume_um3", "area_px", "volume_px") if name in table)


def _license(text: str | None) -> str:
    known = license(text) if text else None
    return known.name if known else text or "unknown"


def _view(item: Measured, labels: Any) -> bytes:
    from fairlab.widgets.viewer import view

    return view(item.plane, labels=labels).png()


def _distribution(table: pd.DataFrame) -> bytes:
    from io import BytesIO

    from fairlab.plots import histogram

    buffer = BytesIO()
    histogram(table, _sizes(table)).savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _picture(png: bytes, text: str) -> str:
    data = base64.b64encode(png).decode()
    alt = escaped(text)
    return (
        f'<figure><img alt="{alt}" src="data:image/png;base64,{data}"><figcaption>{alt}</figcaption></figure>'
    )


def _table(head: Iterable[str] | None, rows: Iterable[Sequence[Any]]) -> str:
    lines = []
    if head is not None:
        lines.append("<tr>" + "".join(f"<th>{escaped(cell)}</th>" for cell in head) + "</tr>")
    for row in rows:
        first, *others = (escaped(str(cell)) for cell in row)
        lines.append(
            f"<tr><th scope='row'>{first}</th>" + "".join(f"<td>{cell}</td>" for cell in others) + "</tr>"
        )
    return "<table>" + "".join(lines) + "</table>"
