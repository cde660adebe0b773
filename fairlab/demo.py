"""The main job, from a question to a cited result: search, open, look, measure, cite, run as a notebook.

Everything is made in a folder beside the wanted one and moved there at the end, the report last, so that
an interrupted demo does not leave something that looks whole.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import OutputError, missing_extra

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pandas as pd
    import xarray as xr

    from fairlab.citation import Citation


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One image to measure, and how."""

    source: str
    """Address or identifier."""
    channel: str | None = None
    """Channel in which objects are found; None: the first."""
    truth: str | None = None
    """Name of the sample whose true objects are known."""


SUBJECTS = (
    Subject(source="sample:cell"),
    Subject(source="sample:cells2d", channel="DAPI", truth="cells2d"),
)
"""A real micrograph, and a scene whose truth is known."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One subject with everything that was found out about it."""

    subject: Subject
    tree: xr.DataTree
    plane: xr.DataArray
    labels: xr.DataArray
    table: pd.DataFrame
    truth: pd.DataFrame | None


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What a demo made."""

    folder: Path
    """Where it lies."""
    files: dict[str, Path]
    """Each file by its name."""
    findings: tuple[str, ...]
    """One line for each image."""

    def __str__(self) -> str:
        lines = [*self.findings, "", f"made in {self.folder}:"]
        lines += [f"  {name}" for name in self.files]
        lines += ["", f"open the report in a browser:   {self.files['report.html']}"]
        lines += [f"open the notebook in JupyterLab: fairlab lab --folder {self.folder}"]
        return "\n".join(lines)


def demo(*, url: str | None = None, out: str | os.PathLike[str] = "fairlab-demo") -> Demo:
    """Search, open, look, measure and cite, and leave the results in a folder.

    Parameters
    ----------
    url : str, optional
        Any OME-Zarr image instead of the two samples.
    out : path-like
        Folder for the results; files of an earlier demo there are replaced.

    Returns
    -------
    Demo
        ``report.html`` (opens offline), the executed notebook, ``objects.csv``, ``overview.png``,
        ``record.json``, ``CITATION.bib`` and ``CITATION.cff``.

    Raises
    ------
    OutputError
        kind ``"output-unwritable"``: the folder cannot be written.
    FairlabError
        Whatever opening, measuring or running the notebook raises.
    """
    folder = Path(out).expanduser()
    subjects = SUBJECTS if url is None else (Subject(source=url),)
    work = _work_folder(folder)
    try:
        findings = _make(subjects, work, folder)
        files = _moved(work, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Demo(folder=folder, files=files, findings=findings)


def _make(subjects: tuple[Subject, ...], work: Path, folder: Path) -> tuple[str, ...]:
    from fairlab.citation import cite
    from fairlab.federation import search
    from fairlab.report_page import finding, report_page

    steps = _progress(
        [*(f"measure {s.source}" for s in subjects), "draw", "run the notebook", "write the report"]
    )
    results = search("nuclei", imaging_method="fluorescence microscopy", openable=True, limit=6)
    measured = [_measure(subject) for subject, _ in zip(subjects, steps, strict=False)]
    next(steps)
    overview = _overview(measured)
    next(steps)
    notebook = _run_notebook(subjects[-1], work, runs=folder / "runs")
    next(steps)
    citation = cite([item.tree for item in measured])
    _write_facts(measured, citation, overview, work)
    page = report_page(results=results, measured=measured, citation=citation, notebook=notebook.name)
    (work / "report.html").write_text(page, encoding="utf-8")
    for _ in steps:
        pass
    return tuple(finding(item) for item in measured)


def _progress(steps: list[str]) -> Iterator[str]:
    try:
        from tqdm import tqdm
    except ImportError as exc:
        raise missing_extra("all", "run the demo", exc) from exc
    with tqdm(
        steps, file=sys.stderr, bar_format="{desc:<28} {bar:20} {n_fmt}/{total_fmt} [{elapsed}]"
    ) as bar:
        for step in bar:
            bar.set_description_str(step)
            yield step


def _measure(subject: Subject) -> Measured:
    from fairlab.analysis.measure import measure
    from fairlab.analysis.segment import segment
    from fairlab.image import open_image
    from fairlab.planes import first_channel, middle_plane
    from fairlab.samples import truth

    tree = open_image(subject.source)
    plane = middle_plane(tree).load()
    channel = subject.channel or first_channel(plane)
    labels = segment(plane, channel=channel)
    return Measured(
        subject=subject,
        tree=tree,
        plane=plane,
        labels=labels,
        table=measure(plane, labels),
        truth=truth(subject.truth) if subject.truth else None,
    )


def _overview(measured: list[Measured]) -> bytes:
    from fairlab.report_page import plural
    from fairlab.widgets.render import overview

    planes: list[Any] = [plane for item in measured for plane in (item.plane, item.plane)]
    titles = [
        text
        for item in measured
        for text in (str(item.tree.attrs.get("title", "untitled")), f"{plural(len(item.table))} outlined")
    ]
    labels = [shown for item in measured for shown in (None, item.labels)]
    return overview(planes, titles=titles, labels=labels, columns=2)


def _run_notebook(subject: Subject, work: Path, *, runs: Path) -> Path:
    """The executed notebook, in the work folder; a failed one stays among the runs, to be looked at."""
    from fairlab.runs import run

    parameters: dict[str, Any] = {"url": subject.source}
    if subject.channel:
        parameters["channel"] = subject.channel
    done = run("measure_objects", parameters=parameters, out_dir=runs, progress=False)
    notebook = work / "measure_objects.ipynb"
    done.output.replace(notebook)
    done.record.unlink()
    for emptied in (done.record.parent, runs):
        with contextlib.suppress(OSError):  # an earlier run that failed is still there
            emptied.rmdir()
    return notebook


def _write_facts(measured: list[Measured], citation: Citation, overview: bytes, work: Path) -> None:
    import pandas as pd

    from fairlab.provenance import records_of

    (work / "overview.png").write_bytes(overview)
    pd.concat([item.table for item in measured]).to_csv(work / "objects.csv", index=False)
    records = [record.to_dict() for record in records_of([item.tree for item in measured])]
    (work / "record.json").write_text(
        json.dumps(records, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    (work / "CITATION.bib").write_text(citation.bibtex, encoding="utf-8")
    (work / "CITATION.cff").write_text(citation.cff, encoding="utf-8")


def _work_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder))
    except OSError as exc:
        raise OutputError(
            f'the folder "{folder}" cannot be written: {exc.strerror or exc}\n  choose another with --out',
            kind="output-unwritable",
            path=str(folder),
        ) from exc


def _moved(work: Path, folder: Path) -> dict[str, Path]:
    names = sorted((path.name for path in work.iterdir()), key=lambda name: (name == "report.html", name))
    (folder / "report.html").unlink(missing_ok=True)  # an old report must not stand beside new numbers
    for name in names:
        (work / name).replace(folder / name)
    return {name: folder / name for name in reversed(names)}
