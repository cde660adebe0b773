"""The ``parameters`` cell of a notebook as a form: checked while it is filled in, run, and linked to its result."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairlab import runs
from fairlab.errors import NotebookError
from fairlab.foreign_text import escaped
from fairlab.runs.parameters import check_parameters
from fairlab.runs.progress import progress_of
from fairlab.widgets.discretion import discreet
from fairlab.widgets.form_fields import Field, fields_of, table_of
from fairlab.widgets.keywords import check_keywords
from fairlab.widgets.with_panel import WithPanel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.runs import Run
    from fairlab.widgets.panels import FormPanel

_GLANCE_S: Final = 0.5
"""Seconds between two looks at how far a run has come."""


def run_form(
    notebook: str | os.PathLike[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    out_dir: str | os.PathLike[str] | None = None,
    timeout_s: float | None = None,
    **unknown: Any,
) -> RunForm:
    """A form for the parameters of a notebook; ``fairlab.runs.form(…)`` calls this.

    Raises
    ------
    QueryError
        kind ``"keyword-unknown"``; a parameter of the notebook goes into ``parameters=``.
    NotebookError
        As :func:`fairlab.run` before anything runs.

    Examples
    --------
    >>> form = run_form("measure_objects", parameters={"channel": "DAPI"})
    >>> form.set(pixel_size="0.5")
    >>> form.values["channel"], form.values["pixel_size"], form.values["max_pixels"]
    ('DAPI', 0.5, 4000000)
    """
    check_keywords("form", unknown, ("parameters", "out_dir", "timeout_s"))
    return RunForm(notebook, given=dict(parameters or {}), out_dir=out_dir, timeout_s=timeout_s)


class RunForm(WithPanel):
    """A form; made by :func:`fairlab.runs.form`."""

    _purpose = "show a form"
    result: Run | None = None
    """The run that was started last, once it has ended well; None while it goes on and where it failed."""

    def __init__(
        self,
        notebook: str | os.PathLike[str],
        *,
        given: Mapping[str, Any],
        out_dir: str | os.PathLike[str] | None,
        timeout_s: float | None,
    ):
        super().__init__()
        self._notebook, self._out_dir, self._timeout_s = notebook, out_dir, timeout_s
        self._declared = runs.parameters_of(notebook)
        self._fields = {field.parameter.name: field for field in fields_of(self._declared, given)}
        self._running = False
        self._said = ""

    @property
    def values(self) -> dict[str, Any]:
        """The value of every parameter, checked.

        Raises
        ------
        NotebookError
            A field holds what cannot be used; its name is in ``context["parameter"]``.
        """
        return check_parameters(self._declared, {name: f.given for name, f in self._fields.items()})

    def set(self, **values: Any) -> None:
        """Fill fields in from Python.

        Raises
        ------
        NotebookError
            As :func:`fairlab.run` before anything runs; the form stays as it was.
        """
        known = {name: field.given for name, field in self._fields.items()}
        fresh = fields_of(self._declared, {**known, **values})
        self._fields = {field.parameter.name: field for field in fresh}
        self._show_fields()

    def run(self) -> Run:
        """Run the notebook with these values, and wait; see :func:`fairlab.run`."""
        self.result = self._run()
        return self.result

    # ── what the reader does ─────────────────────────────────────────────────────────────────────────

    def _panel(self) -> FormPanel:
        from fairlab.widgets.panels import FormPanel

        return FormPanel(self._received, **self._facts())

    def _beneath(self) -> Any:
        """The link to the result: only an output knows how the notebook's own links are followed."""
        import ipywidgets

        return ipywidgets.Output()

    def _received(self, kind: str, content: Mapping[str, Any]) -> None:
        match kind:
            case "set":
                name = str(content.get("name"))
                if name in self._fields:
                    self._fields[name] = self._fields[name].holding(str(content.get("text", "")))
                    self._show_fields()
            case "reset":
                self._fields = {f.parameter.name: f for f in fields_of(self._declared, {})}
                self._show_fields()
            case "run":
                self._start()

    def _start(self) -> None:
        with self._lock:
            if self._running:
                return
            self._fields = {name: field.holding(field.text) for name, field in self._fields.items()}
            wrong = [name for name, field in self._fields.items() if field.error]
            self._running = not wrong
        self._progress(f"not run: see {', '.join(wrong)}" if wrong else "starting …")
        self._show_fields()
        if not wrong:
            assert self._front is not None  # it is what asks
            self._front.aside(self._work)

    def _work(self) -> None:
        """Run beside the reader, and say how it ended."""
        self._below.outputs, self.result = (), None
        try:
            self.result = ended = self._run()
        except NotebookError as exc:
            self._progress("failed")
            if "output" in exc.context:
                self._show_link(Path(exc.context["output"]), "the notebook as far as it came")
            raise
        except BaseException:
            self._progress("failed")
            raise
        else:
            self._progress(f"done after {ended.duration_s or 0:.0f} s", 1, 1)
            self._show_link(ended.output, "the result")
        finally:
            self._running = False
            self._show_fields()

    def _run(self) -> Run:
        over = threading.Event()

        def follow(run: Run) -> None:
            threading.Thread(target=self._follow, args=(run, over), daemon=True).start()

        # What stayed as it is declared is not given: the notebook's own defaults say it.
        values = self.values
        given = {p.name: values[p.name] for p in self._declared if values[p.name] != p.default}
        try:
            return runs.run(
                self._notebook,
                parameters=given,
                out_dir=self._out_dir,
                timeout_s=self._timeout_s,
                progress=False,
                started=follow,
            )
        finally:
            over.set()

    def _follow(self, run: Run, over: threading.Event) -> None:
        while not over.wait(_GLANCE_S):
            now = progress_of(run.output)
            if now.total and not over.is_set():
                self._progress(str(now), now.done, now.total)

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def _facts(self) -> dict[str, Any]:
        return {
            "title": self._title,
            "fields": [field.to_dict() for field in self._fields.values()],
            "running": self._running,
            "progress": {"said": self._said, "done": 0, "total": 0},
        }

    @property
    def _title(self) -> str:
        return Path(self._notebook).stem

    def _show_fields(self) -> None:
        self._show(fields=[field.to_dict() for field in self._fields.values()], running=self._running)

    def _progress(self, said: str, done: int = 0, total: int = 0) -> None:
        self._said = discreet(said)
        self._show(progress={"said": self._said, "done": done, "total": total})

    def _show_link(self, output: Path, words: str) -> None:
        place = Path(os.path.relpath(output)).as_posix()
        if place.startswith(".."):  # outside of what the notebook's server shows: by name only
            shown = f"{escaped(words)}: <code>{escaped(output.name)}</code>"
        else:
            shown = f'<a href="{escaped(place)}" target="_blank">{escaped(words)}: {escaped(output.name)}</a>'
        data = {"text/html": shown, "text/plain": f"{words}: {output.name}"}
        self._below.outputs = ({"output_type": "display_data", "data": data, "metadata": {}},)

    # ── lasting ──────────────────────────────────────────────────────────────────────────────────────

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        table = table_of(self._title, tuple(self._fields.values()), [self._said] if self._said else [])
        return {**self._outputs(repr(self)), "text/html": table}

    def __repr__(self) -> str:
        lines = [f"{name} = {field.text or 'none'}{_error(field)}" for name, field in self._fields.items()]
        return "\n".join([self._title, *lines, *([self._said] if self._said else [])])


def _error(field: Field) -> str:
    return f"  ({field.error})" if field.error else ""
