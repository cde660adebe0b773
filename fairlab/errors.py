"""Every error fairlab raises, as one tree.

::

    FairlabError              .kind (stable code) .url .context; survives pickle
    ├── QueryError            (ValueError)      the question is malformed, or nobody can answer it
    ├── RepositoryError                         one repository failed; gathered in Results.failures
    │   ├── Unavailable                         no connection, time limit, 429, 5xx: later may work
    │   └── UnexpectedAnswer                    not the documented form: final, worth reporting
    ├── NotFoundError         (LookupError)     nothing at this id or URL
    ├── AccessError           (PermissionError) 401, 403, embargo
    │   └── UseConditionError                   the data's conditions of use forbid a copy
    ├── FormatError           (ValueError)      not readable as OME-Zarr; .details as data
    │   ├── UnsupportedVersionError
    │   └── MetadataError                       a MUST of the specification is broken
    ├── ChunkError            (OSError)         a chunk is missing, short, or does not decode
    ├── SelectionError        (LookupError)     no such level, channel, label, well
    ├── NotebookError                           unknown parameter, wrong type, failed cell
    ├── OutputError           (OSError)         the place to write to cannot be written
    └── MissingExtraError     (ImportError)     names it: pip install "fairlab[widgets]"
    FairlabWarning (UserWarning)                a SHOULD is broken, a unit is missing, a version was inferred

Classes follow what a caller would do next; ``kind`` names the case and stays stable.

Examples
--------
>>> import fairlab
>>> try:
...     fairlab.open_image("sample:nucleus")
... except fairlab.errors.NotFoundError as error:
...     print(error.kind)
sample-unknown
"""

from __future__ import annotations

import contextlib
import re
import sys
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from fairlab.foreign_text import legible

if TYPE_CHECKING:
    from collections.abc import Iterator


class FairlabError(Exception):
    """Root of the tree: a message for people, a ``kind`` for programs.

    Parameters
    ----------
    message : str
        What, where, what was expected, and what to do. Never a secret.
    kind : str
        Stable code of the case, for example ``"chunk-truncated"``.
    url : str, optional
        Redacted address the error is about.
    **context
        Facts of the case as plain values (``key="0/1/2"``, ``tries=5`` …).

    Examples
    --------
    >>> error = QueryError("nothing to search for: give words or a filter", kind="query-empty")
    >>> error.kind
    'query-empty'
    """

    kind: str = "error"

    def __init__(self, message: str, *, kind: str | None = None, url: str | None = None, **context: Any):
        # Zarr, numpy and servers repeat what strangers wrote; a terminal or a log must be able to take it.
        super().__init__(legible(message))
        self.kind = kind or type(self).kind
        self.url = url
        self.context = context

    @property
    def message(self) -> str:
        """The text for people."""
        return str(self.args[0])

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle by their positional arguments only; dask workers must send back kind and url too.
        return _rebuild, (type(self), self.message, self.kind, self.url, self.context)


def _rebuild(
    cls: type[FairlabError], message: str, kind: str, url: str | None, context: dict[str, Any]
) -> FairlabError:
    return cls(message, kind=kind, url=url, **context)


class QueryError(FairlabError, ValueError):
    """The question is malformed, or nobody can answer it."""

    kind = "query"


class RepositoryError(FairlabError):
    """One repository failed; others may have answered."""

    kind = "repository"


class Unavailable(RepositoryError):
    """No connection, time limit, 429 or 5xx after all tries: later may work."""

    kind = "unavailable"


class UnexpectedAnswer(RepositoryError):
    """The answer is not of the documented form; final, and worth reporting."""

    kind = "unexpected-answer"


class NotFoundError(FairlabError, LookupError):
    """Nothing at this identifier or URL."""

    kind = "not-found"


class AccessError(FairlabError, PermissionError):
    """The server knows us and says no: 401, 403 or an embargo."""

    kind = "access"


class UseConditionError(AccessError):
    """A copy that the data's conditions forbid: a DUO code, an embargo, or where the data have to stay."""

    kind = "use-condition"


class FormatError(FairlabError, ValueError):
    """Something is there, but it is not readable as OME-Zarr."""

    kind = "format"


class UnsupportedVersionError(FormatError):
    """OME-Zarr of a version that fairlab does not read."""

    kind = "version-unsupported"


class MetadataError(FormatError):
    """A MUST of the specification is broken in a way that makes reading a guess."""

    kind = "metadata"


class ChunkError(FairlabError, OSError):
    """A chunk is missing, short, damaged or could not be fetched."""

    kind = "chunk"


class SelectionError(FairlabError, LookupError):
    """No such level, channel, label or well, or a selection that cannot be read."""

    kind = "selection"


class NotebookError(FairlabError):
    """A notebook parameter is unknown or of the wrong type, or a cell failed."""

    kind = "notebook"


class OutputError(FairlabError, OSError):
    """The place to write to cannot be written."""

    kind = "output"


class MissingExtraError(FairlabError, ImportError):
    """An optional package is not installed; the message names the extra that brings it."""

    kind = "missing-extra"


class FairlabWarning(UserWarning):
    """A SHOULD is broken, a unit is missing, or a version was inferred."""


_told: ContextVar[dict[str, None] | None] = ContextVar("told", default=None)


@contextlib.contextmanager
def told() -> Iterator[dict[str, None]]:
    """Gather what :func:`warn` is told inside the block, each remark once, for whoever has a better place for it.

    Examples
    --------
    >>> with told() as remarks:
    ...     warn("the image is odd")
    >>> list(remarks)
    ['the image is odd']
    """
    remarks: dict[str, None] = {}
    token = _told.set(remarks)
    try:
        yield remarks
    finally:
        _told.reset(token)


def warn(message: str, *, at: str = "", advice: str = "") -> None:
    """Warn at the line of the user's own code, however deep in fairlab or xarray the reason was found.

    Parameters
    ----------
    message : str
        What is odd.
    at : str
        Address or path of it. As warnings stay in notebooks, a path is named without the folders above the image.
    advice : str
        What to do.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     warn("the image is odd", at="/data/me/a.zarr/labels/nuclei")
    >>> print(caught[0].category.__name__, caught[0].message)
    FairlabWarning the image is odd
      at …/a.zarr/labels/nuclei
    """
    if at:
        message = f"{message}\n  at {at}".replace(at, _without_folders(at))
    if advice:
        message = f"{message}\n  {advice}"
    if (gathered := _told.get()) is not None:
        gathered.setdefault(message)
        return
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in ("fairlab", "xarray"):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, FairlabWarning, stacklevel=level)


def _without_folders(place: str) -> str:
    """An address as it is; of a path what begins at the image, or its last part."""
    if not re.match(r"(?:[A-Za-z]:)?[\\/]", place):
        return place
    parts = re.split(r"[\\/]+", place.rstrip("\\/"))
    images = (n for n, part in enumerate(parts) if part.endswith((".zarr", ".zip")))
    return "/".join(["…", *parts[next(images, -1) :]])


def missing_extra(extra: str, purpose: str, cause: ImportError) -> MissingExtraError:
    """The error that a door to an optional library raises.

    Parameters
    ----------
    extra : str
        Name of the extra in ``pyproject.toml``, for example ``"widgets"``.
    purpose : str
        What the user wanted, as a verb phrase: ``"show an image"``.
    cause : ImportError
        What Python said.

    Examples
    --------
    >>> print(missing_extra("widgets", "show an image", ImportError("No module named 'PIL'")))
    to show an image, fairlab needs an optional package (No module named 'PIL')
      install it with: pip install "fairlab[widgets]"
    """
    error = MissingExtraError(
        f"to {purpose}, fairlab needs an optional package ({cause})\n"
        f'  install it with: pip install "fairlab[{extra}]"',
        kind="missing-extra",
        extra=extra,
    )
    error.__cause__ = cause
    return error


def no_sockets(cause: ImportError | None = None) -> QueryError:
    """The error of whatever needs the network where Python runs inside the browser, as in JupyterLite.

    Examples
    --------
    >>> no_sockets(ImportError("No module named 'pycurl'")).kind
    'platform'
    """
    error = QueryError(
        "JupyterLite runs Python inside the browser, without sockets and threads: there fairlab cannot open, browse "
        "or run anything\n"
        "  fairlab.search knows the catalogue, and fairlab.view shows arrays that are in memory; for the rest use "
        "JupyterLab, or Binder, which needs no installation",
        kind="platform",
    )
    error.__cause__ = cause
    return error
