"""Options of this process: time limits, sizes, the cache folder, the offline switch.

Examples
--------
>>> with set_options(timeout_s=5):
...     option("timeout_s")
5
"""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fairlab.amounts import in_bytes
from fairlab.errors import QueryError
from fairlab.hints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable


def _plain(value: Any) -> Any:
    # A number of numpy's counts as the number that it is.
    return value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value


class _Option(NamedTuple):
    default: Any
    expected: str
    """What a value must be, for messages."""
    fits: Callable[[Any], bool]
    """Whether a value is that."""
    read: Callable[[Any], Any] = _plain
    """What is kept of a value as it was given."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike) and bool(os.fspath(value))


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://")) and "?" not in value


def _are_hosts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str)
        and (_is_address(at) or (isinstance(at, list | tuple) and bool(at) and all(map(_is_address, at))))
        for name, at in value.items()
    )


def _above_zero(default: float) -> _Option:
    return _Option(default, "a number above zero", lambda value: _is_number(value) and value > 0)


def _bytes(default: int) -> _Option:
    return _Option(
        default, 'bytes, "2 GB", or 0 for none', lambda value: _is_number(value) and value >= 0, _amount
    )


def _amount(value: Any) -> Any:
    return in_bytes(_plain(value))


_NO: Final = _Option(False, "True or False", lambda value: isinstance(value, bool))
_TEXT: Final = _Option(None, "a text, or None", lambda value: value is None or isinstance(value, str))
_ADDRESS: Final = _Option(
    None,
    'an address such as "https://s3.example.org", without user or query, or None',
    lambda value: value is None or (_is_address(value) and "@" not in value),
)
_PATH: Final = _Option(None, "a path, or None", lambda value: value is None or _is_path(value))
_OPTIONS: Final[dict[str, _Option]] = {
    "timeout_s": _above_zero(60.0),
    "source_timeout_s": _above_zero(10.0),
    "connect_timeout_s": _above_zero(10.0),
    "max_connections": _above_zero(64),
    "max_read_bytes": _Option(
        None,
        'bytes above zero, "2 GB", or None',
        lambda value: value is None or (_is_number(value) and value > 0),
        _amount,
    ),
    "cache_dir": _PATH,
    "cache_max_bytes": _bytes(0),
    "answers_max_bytes": _bytes(100_000_000),
    "hosts": _Option({}, 'names and addresses, for example {"idr": "https://idr.example.org"}', _are_hosts),
    "contact": _Option(
        None,
        "an address on one line, or None",
        lambda value: value is None or (isinstance(value, str) and value.isprintable()),
    ),
    "verify": _Option("auto", '"auto", True or False', lambda value: value in ("auto", True, False)),
    "trusted_hosts": _Option(
        (),
        'names of hosts, for example ("cdn.example.org",)',
        lambda value: (
            isinstance(value, tuple | list | set | frozenset)
            and all(isinstance(host, str) and host and "/" not in host for host in value)
        ),
    ),
    "follow_links": _NO,
    "folders": _Option(
        (),
        'a list of folders and addresses, for example ["/data/images"]',
        lambda value: isinstance(value, tuple | list) and all(map(_is_path, value)),
    ),
    "s3_endpoint": _ADDRESS,
    "s3_region": _TEXT,
    "s3_profile": _TEXT,
    "s3_anonymous": _Option(
        None, "True, False or None", lambda value: value is None or isinstance(value, bool)
    ),
    "gs_endpoint": _TEXT,
    "azure_endpoint": _TEXT,
    "azure_account": _TEXT,
    "offline": _NO,
    "moves": _PATH,
    "catalogue_dir": _PATH,
    "country": _Option(
        None,
        'two letters such as "DE", or None',
        lambda value: value is None or (isinstance(value, str) and len(value) == 2 and value.isalpha()),
    ),
}
_current = {name: known.default for name, known in _OPTIONS.items()}


class set_options:
    """Change options of this process, for good or for one ``with`` block.

    Parameters
    ----------
    timeout_s : float
        Limit for one object (a chunk, a metadata document), all retries included (default 60 s). A long read
        of many objects that arrive in good time is not cut.
    source_timeout_s : float
        Limit for one archive to answer one question, all its pages and retries included (default 10 s).
    connect_timeout_s : float
        Limit for one connection to be made (default 10 s).
    max_connections : int
        Requests in flight at once (default 64).
    max_read_bytes : int, str or None
        A larger read is refused with a hint: bytes, or ``"500 MB"``; None means a quarter of this
        machine's memory, or of what a container or JupyterHub (``$MEM_LIMIT``) allows.
    cache_dir : path-like or None
        Where catalogue, samples and other things that can be made again are kept; None means
        ``$FAIRLAB_CACHE_DIR`` or the platform's own cache folder.
    cache_max_bytes : int or str
        Keep what is read from the web in the cache folder, up to so many bytes, or ``"2 GB"`` (default 0: keep
        nothing). What is kept is checked with the server before it is used, and serves when there is no network.
    answers_max_bytes : int or str
        Keep answers of archives in the cache folder, up to so many bytes (default 100 MB; 0 keeps nothing). They
        serve as long as they are fresh, and after that when the archive cannot be reached.
    hosts : mapping of str to str or sequence of str
        Where archives are asked, by their names, when they have moved or a mirror is nearer; for example
        ``{"idr": "https://idr.example.org"}``. Of several, one that answers is used.
    contact : str or None
        Address of who runs a harvest, for administrators of archives (sent as ``From``); None sends nothing.
    verify : {"auto", True, False}
        Compare objects with the checksums that their server states: where that costs less than a twentieth
        of the read ("auto"), always, or never.
    trusted_hosts : tuple of str
        Further hosts that a server may redirect to, for example ``("cdn.example.org",)``.
    follow_links : bool
        Follow symbolic links that lead out of a store on this machine.
    folders : sequence of str or path-like
        Folders, buckets and index pages that ``fairlab.search(…, repositories=["folder"])`` looks through.
    s3_endpoint : str or None
        Address of the S3 service that ``s3://`` means, for example ``"https://s3.example.org"``; None means
        ``$AWS_ENDPOINT_URL_S3``, ``$AWS_ENDPOINT_URL`` or Amazon's.
    s3_region : str or None
        Region of the buckets; None means ``$AWS_REGION``, ``$AWS_DEFAULT_REGION``, the profile's, or what the
        service says.
    s3_profile : str or None
        Profile of ``~/.aws/credentials`` and ``~/.aws/config``; None means ``$AWS_PROFILE`` or "default".
    s3_anonymous : bool or None
        True never signs a request, False signs every one, None signs when an unsigned one is refused and
        credentials are there.
    gs_endpoint : str or None
        Address of the service that ``gs://`` means; None means ``$STORAGE_EMULATOR_HOST`` or Google's.
    azure_endpoint : str or None
        Address of the storage account that ``az://`` means, without the container; None means
        ``$AZURE_STORAGE_ENDPOINT`` or Azure's.
    azure_account : str or None
        Storage account that ``az://container/…`` means; None means ``$AZURE_STORAGE_ACCOUNT_NAME``.
    offline : bool
        Open no socket but to this machine.
    catalogue_dir : path-like or None
        Folder of your own catalogue (``fairlab catalogue add``); None means ``catalogue`` in the data folder,
        which is ``$FAIRLAB_DATA_DIR`` or the platform's own.
    country : str or None
        Where this machine is (ISO 3166, two letters): data that have to stay somewhere may be copied there. None:
        it is not stated, and such data are not copied.
    moves : path-like or None
        A table of addresses that have moved, used before fairlab's own (see :mod:`fairlab.moves`); None means
        ``moves.csv`` in ``$FAIRLAB_DATA_DIR`` or the platform's data folder, if there is one.

    Raises
    ------
    QueryError
        kind ``"option-unknown"`` or ``"option-value"``.

    Examples
    --------
    >>> with set_options(max_connections=8):
    ...     option("max_connections")
    8
    >>> set_options(timout_s=3)
    Traceback (most recent call last):
        ...
    fairlab.errors.QueryError: there is no option "timout_s"; did you mean "timeout_s"?
    """

    def __init__(self, **options: Any):
        self._given = {name: _checked(name, value) for name, value in options.items()}
        self._previous = {name: _current[name] for name in options}
        _current.update(self._given)

    def __repr__(self) -> str:
        # Without options, those in force: the last line of a notebook's cell shows them.
        shown = self._given or _current
        return f"fairlab.set_options({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        _current.update(self._previous)


def option(name: str) -> Any:
    """The value in force of one option; see :class:`set_options` for their names.

    Examples
    --------
    >>> option("max_connections")
    64
    """
    return _current[name]


def cache_dir() -> Path:
    """Folder for things that can be made again; it may not exist yet."""
    chosen = _current["cache_dir"] or os.environ.get("FAIRLAB_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("fairlab", appauthor=False))


def data_dir() -> Path:
    """Folder of what users keep: ``$FAIRLAB_DATA_DIR``, or the platform's; it may not exist yet."""
    chosen = os.environ.get("FAIRLAB_DATA_DIR")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("fairlab", appauthor=False))


def max_read_bytes() -> int:
    """Bytes that one read may decode to before it is refused."""
    if _current["max_read_bytes"] is not None:
        return int(_current["max_read_bytes"])
    return _memory_bytes() // 4


@functools.cache
def _memory_bytes() -> int:
    # In a container the group's limit, not the machine's memory, ends the kernel.
    total = 8 * 1024**3
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    # JupyterHub says what a server may have, also where no container holds it to that.
    if (allowed := os.environ.get("MEM_LIMIT", "")).isdecimal() and int(allowed) > 0:
        total = min(total, int(allowed))
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total


def _checked(name: str, value: Any) -> Any:
    if name not in _OPTIONS:
        hint = did_you_mean(name, _OPTIONS) or f"; options are: {', '.join(_OPTIONS)}"
        raise QueryError(f'there is no option "{name}"{hint}', kind="option-unknown", option=name)
    known = _OPTIONS[name]
    read = known.read(value)
    if not known.fits(read):
        shown = re.sub(r"//[^/@]*@", "//…@", repr(value))  # an address may hold a password
        raise QueryError(
            f'option "{name}" is {shown}; expected {known.expected}', kind="option-value", option=name
        )
    return read
