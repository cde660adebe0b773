"""Where notebooks, lessons and data files lie: the only code that knows.

In a checkout they are the folders ``notebooks/`` and ``tutorials/`` of the repository; in an installed
wheel the same folders lie inside the package. Data files are always inside the package.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
from pathlib import Path

from fairlab.errors import NotebookError, NotFoundError, OutputError

_PACKAGE = Path(__file__).resolve().parent
_NUMBER = re.compile(r"^\d+[_-]")


def notebooks() -> list[Path]:
    """The tool notebooks that come with fairlab, in the order of their numbers."""
    return _notebooks_in("notebooks")


def lessons() -> list[Path]:
    """The lessons that come with fairlab, in the order of their numbers."""
    return _notebooks_in("tutorials")


def find_notebook(name: str | os.PathLike[str]) -> Path:
    """The file of one notebook: a tool, a lesson, or any path.

    Parameters
    ----------
    name : str or path-like
        A path of an existing file, or the name of a tool or lesson with or without number and
        ending: ``"measure_objects"``, ``"04_measure_objects"``, ``"04_measure_objects.ipynb"``.

    Returns
    -------
    pathlib.Path
        Absolute path. A tool comes before a lesson of the same name.

    Raises
    ------
    NotebookError
        kind ``"notebook-unknown"``: ``context["nearest"]`` lists similar names.

    Examples
    --------
    >>> find_notebook("no/such/place.ipynb")
    Traceback (most recent call last):
        ...
    fairlab.errors.NotebookError: there is no notebook "no/such/place.ipynb"...
    """
    wanted = os.fspath(name)
    path = Path(wanted).expanduser()
    # A bare name means ours even when a folder or file of that name lies here; an ending or a folder means a file.
    if (path.suffix == ".ipynb" or len(path.parts) > 1) and path.is_file():
        return path.resolve()
    shipped = [*notebooks(), *lessons()]
    for found in shipped:
        if _plain(wanted) in (_plain(found.name), _unnumbered(found.name)):
            return found
    raise _unknown(wanted, shipped)


def working_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """A folder to open JupyterLab on, with the folders ``notebooks`` and ``tutorials`` and their pictures in it.

    Parameters
    ----------
    folder : path-like, optional
        Where to work: the notebooks are copied there, and files that are there already stay as they
        are. By default a checkout itself, or the folder ``fairlab-notebooks`` here for an installed
        package, whose own files must not be edited.

    Raises
    ------
    OutputError
        kind ``"output-unwritable"``.
    """
    if folder is None and _in_checkout(_PACKAGE):
        return _PACKAGE.parent
    target = Path(folder or "fairlab-notebooks").absolute()
    try:
        for name in ("notebooks", "tutorials"):
            folder = asset_folder(_PACKAGE, name)
            for original in [*folder.glob("*.ipynb"), *folder.glob("pictures/lesson-*.png")]:
                copy = target / name / original.relative_to(folder)
                copy.parent.mkdir(parents=True, exist_ok=True)
                if not copy.exists():
                    shutil.copyfile(original, copy)
        target.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputError(
            f"notebooks cannot be copied to {target}: {exc.strerror or exc}\n  give a folder that you may write to",
            kind="output-unwritable",
            path=str(target),
        ) from exc
    return target


def data_file(name: str) -> Path:
    """One file of the package's ``data`` folder.

    Raises
    ------
    NotFoundError
        kind ``"asset-missing"``: the installation is incomplete.
    """
    path = _PACKAGE / "data" / name
    if not path.is_file():
        raise NotFoundError(
            f'fairlab\'s own data file "{name}" is missing at {path.parent}\n'
            f"  the installation is incomplete: reinstall fairlab",
            kind="asset-missing",
            name=name,
        )
    return path


def asset_folder(package: Path, name: str) -> Path:
    """Folder ``notebooks`` or ``tutorials`` that belongs to the package folder ``package``.

    An editable install keeps stale copies in ``site-packages`` while the package is the source, so
    the ``pyproject.toml`` beside the package decides, not what exists inside it.
    """
    return (package.parent if _in_checkout(package) else package) / name


def _in_checkout(package: Path) -> bool:
    return (package.parent / "pyproject.toml").is_file()


def _notebooks_in(name: str) -> list[Path]:
    return sorted(asset_folder(_PACKAGE, name).glob("*.ipynb"))


def _plain(name: str) -> str:
    return name.lower().removesuffix(".ipynb").replace("-", "_")


def _unnumbered(name: str) -> str:
    return _plain(_NUMBER.sub("", name))


def _unknown(wanted: str, shipped: list[Path]) -> NotebookError:
    names = [_unnumbered(path.name) for path in shipped]
    nearest = difflib.get_close_matches(_unnumbered(Path(wanted).name), names, n=3)
    if nearest:
        hint = f"did you mean {' or '.join(nearest)}?"
    else:
        hint = f"fairlab's own are: {', '.join(names) or 'none'}; or give the path of an .ipynb file"
    return NotebookError(
        f'there is no notebook "{wanted}"\n  {hint}',
        kind="notebook-unknown",
        notebook=wanted,
        nearest=nearest,
    )
