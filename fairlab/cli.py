"""The command line: the same verbs as in Python. Parse, call, print; nothing else happens here.

Exit codes: 0 good; 1 the data or a notebook cell is bad; 2 the question is wrong, or nobody could tell.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from fairlab import (
    __version__,
    cli_assess,
    cli_catalogue,
    cli_metadata,
    cli_privacy,
    cli_runs,
    cli_search,
    cli_validate,
)
from fairlab.errors import AccessError, ChunkError, FairlabError, FairlabWarning, FormatError, NotebookError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BAD_DATA, BAD_QUESTION = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after ``fairlab``; those of this process by default.

    Examples
    --------
    >>> main(["lookup", "sample:nuclei", "--field", "license"])
    https://creativecommons.org/publicdomain/zero/1.0/
    0
    """
    options = _parser().parse_args(arguments)
    if getattr(options, "command", None) is None:
        _parser().print_help()
        return BAD_QUESTION
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        warnings.simplefilter("always", FairlabWarning)
        return _guarded(options)


def _guarded(options: argparse.Namespace) -> int:
    try:
        code: int | None = options.command(options)
        sys.stdout.flush()
        return code or 0
    except FairlabError as error:
        if options.debug:
            raise
        print(f"fairlab: {error}", file=sys.stderr)
        return BAD_QUESTION if getattr(options, "cannot_tell", False) else exit_code(error)
    except KeyboardInterrupt:
        print("fairlab: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, e.g. head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def exit_code(error: FairlabError) -> int:
    """1 when the data or a cell is to blame, 2 when the question is, or when nobody could tell."""
    if isinstance(error, FormatError | ChunkError | AccessError):
        return BAD_DATA
    if isinstance(error, NotebookError):
        from fairlab.runs import FAILED_KINDS

        return BAD_DATA if error.kind in FAILED_KINDS else BAD_QUESTION
    return BAD_QUESTION


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Notes about the data are for everybody; warnings of libraries are for developers."""
    if issubclass(category, FairlabWarning):
        print(f"fairlab: note: {message}", file=sys.stderr)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────


def _info(options: argparse.Namespace) -> None:
    from fairlab.backend import open_any
    from fairlab.describe import as_text, describe

    facts = describe(open_any(options.source, series=options.series))
    _print_json(facts) if options.json else print(as_text(facts))


def _view(options: argparse.Namespace) -> None:
    from fairlab.image import open_image
    from fairlab.widgets.viewer import view

    source = options.source if options.series is None else open_image(options.source, series=options.series)
    shown = view(source, channels=options.channel, level=options.level, labels=options.labels)
    path = shown.snapshot(options.png)
    _print_json({"png": str(path)}) if options.json else print(path)


def _cite(options: argparse.Namespace) -> None:
    from fairlab.citation import cite
    from fairlab.image import open_image
    from fairlab.lookups import lookup

    known = [lookup(s) if ":" in s and "://" not in s else open_image(s) for s in options.source]
    citation = cite(known)
    form = "csl-json" if options.json else options.format
    whole = form == "text" and options.style is None
    print(citation if whole else citation.format(form, style=options.style))


def _lab(options: argparse.Namespace) -> int:
    from fairlab.assets import working_folder
    from fairlab.errors import missing_extra

    try:
        import jupyterlab  # noqa: F401  (asked before a process is started for it)
    except ImportError as exc:
        raise missing_extra("notebooks", "open JupyterLab", exc) from exc
    folder = working_folder(options.folder)
    print(f"JupyterLab opens on {folder}", file=sys.stderr)
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *options.arguments]
    sys.stderr.flush()
    os.execv(sys.executable, command)


def _demo(options: argparse.Namespace) -> None:
    from fairlab.demo import demo
    from fairlab.options import cache_dir

    # matplotlib keeps its fonts beside its settings; a demo leaves nothing in the home folder but caches.
    os.environ.setdefault("MPLCONFIGDIR", str(cache_dir() / "matplotlib"))
    made = demo(url=options.url, out=options.out)
    if options.json:
        _print_json({name: str(path) for name, path in made.files.items()})
    else:
        print(made)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fairlab", description="Public bioimages: search, open, look, measure, cite."
    )
    parser.add_argument("--version", action="version", version=f"fairlab {__version__}")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="answer in JSON")
    shared.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(
        name: str, command: Callable[[argparse.Namespace], int | None] | None, text: str, **more: Any
    ) -> Any:
        made = commands.add_parser(name, help=text, description=text, parents=[shared], **more)
        made.set_defaults(command=command)
        return made

    cli_search.add_search(add("search", cli_search.search, "find public images and studies"))
    cli_search.add_lookup(add("lookup", cli_search.lookup, "what is known about one identifier or address"))
    info = add("info", _info, "what an OME-Zarr is: size, channels, licence; reads no pixels")
    info.add_argument("source", metavar="URL", help="address, path or identifier")
    _add_series(info)
    _add_view(add("view", _view, "draw an image with scale bar and licence"))
    cli_validate.add(
        add(
            "validate",
            cli_validate.validate,
            "judge whether an OME-Zarr obeys the specification",
            epilog=cli_validate.CODES,
        )
    )
    cli_privacy.add(add("privacy", None, "look for what identifies people"), shared)
    cli_metadata.add_check(
        add("check", cli_metadata.check, "what metadata lack or get wrong", epilog=cli_metadata.CHECK_CODES)
    )
    cli_metadata.add_template(
        add("template", cli_metadata.template, "a checklist to fill in", epilog=cli_metadata.TEMPLATE_EXAMPLE)
    )
    cli_assess.add(
        add(
            "assess",
            cli_assess.assess,
            "how findable, accessible, interoperable, reusable",
            epilog=cli_assess.CODES,
        )
    )
    cite = add("cite", _cite, "how to cite images")
    cite.add_argument("source", nargs="+", metavar="URL", help="address, path or identifier")
    cite.add_argument(
        "--format", choices=["text", "bibtex", "ris", "csl-json", "cff"], default="text", help="default: text"
    )
    cite.add_argument(
        "--style", metavar="STYLE", help="text in a CSL style: a .csl file, or harvard-cite-them-right"
    )
    cli_runs.add_run(add("run", cli_runs.run, "run a notebook with parameters", epilog=cli_runs.EXAMPLES))
    cli_runs.add_runs(add("runs", cli_runs.runs, "list what was run"), shared)
    lab = add("lab", _lab, "open JupyterLab on the notebooks and lessons")
    lab.add_argument(
        "--folder", type=Path, default=None, metavar="DIR", help="where to work; copies go there"
    )
    lab.add_argument("arguments", nargs="*", help="passed to JupyterLab, after --")
    demo = add("demo", _demo, "search, open, look, measure and cite, from end to end; needs no network")
    demo.add_argument("--url", metavar="URL", help="any OME-Zarr instead of the samples")
    demo.add_argument(
        "--out", type=Path, default=Path("fairlab-demo"), metavar="DIR", help="default: fairlab-demo"
    )
    cli_catalogue.add(
        add("catalogue", cli_catalogue.info, "the catalogue that lies here, and your own"), shared
    )
    return parser


def _add_series(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--series",
        type=lambda text: int(text) if text.isdecimal() else text,
        metavar="WHICH",
        help="which image of a collection: its number, path or name",
    )


def _add_view(view: argparse.ArgumentParser) -> None:
    view.add_argument("source", metavar="URL", help="address, path or identifier")
    _add_series(view)
    view.add_argument("--png", type=Path, required=True, metavar="OUT", help="file to write")
    view.add_argument(
        "--channel", action="append", metavar="NAME", help="show this channel only; may be repeated"
    )
    view.add_argument("--level", metavar="NAME", help="scale0, scale1, …")
    view.add_argument("--labels", metavar="NAME", help="draw this label image over it")


if __name__ == "__main__":
    sys.exit(main())
