"""Options of this process: time limits, sizes, the cache folder, the offline switch.

Examples
--------
>>> with set_options(timeout_s=5):
...     option("timeout_s")
5
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

from fairlab.errors import QueryError

_DEFAULTS: dict[str, Any] = {
    "timeout_s": 60.0,
    "connect_timeout_s": 10.0,
    "max_connections": 64,
    "max_read_bytes": None,
    "cache_dir": None,
    "s3_endpoint": None,
    "offline": False,
}
_current = dict(_DEFAULTS)


class set_options:
    """Change options of this process, for good or for one ``with`` block.

    Parameters
    ----------
    timeout_s : float
        Deadline of one read, all retries included (default 60 s).
    connect_timeout_s : float
        Deadline for one connection to be made (default 10 s).
    max_connections : int
        Requests in flight at once (default 64).
    max_read_bytes : int or None
        A larger read is refused with a hint; None means a quarter of this machine's memory.
    cache_dir : path-like or None
        Where catalogue, samples and other things that can be made again are kept; None means
        ``$FAIRLAB_CACHE_DIR`` or the platform's own cache folder.
    s3_endpoint : str or None
        Address of the S3 service that ``s3://`` means, for example ``"https://s3.example.org"``; None means
        ``$AWS_ENDPOINT_URL_S3``, ``$AWS_ENDPOINT_URL`` or Amazon's.
    offline : bool
        Open no socket but to this machine.

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
        for name, value in options.items():
            _check(name, value)
        self._previous = {name: _current[name] for name in options}
        _current.update(options)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        _current.update(self._previous)


def option(name: str) -> Any:
    """The value in force of one option."""
    return _current[name]


def cache_dir() -> Path:
    """Folder for things that can be made again; it may not exist yet."""
    chosen = _current["cache_dir"] or os.environ.get("FAIRLAB_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("fairlab", appauthor=False))


def max_read_bytes() -> int:
    """Bytes that one read may decode to before it is refused."""
    if _current["max_read_bytes"] is not None:
        return int(_current["max_read_bytes"])
    return _memory_bytes() // 4


def _memory_bytes() -> int:
    # In a container the group's limit, not the machine's memory, ends the kernel.
    total = 8 * 1024**3
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total


def _check(name: str, value: Any) -> None:
    if name not in _DEFAULTS:
        near = difflib.get_close_matches(name, _DEFAULTS, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else f"; options are: {', '.join(_DEFAULTS)}"
        raise QueryError(f'there is no option "{name}"{hint}', kind="option-unknown", option=name)
    if name in ("timeout_s", "connect_timeout_s", "max_connections") and not (
        isinstance(value, int | float) and not isinstance(value, bool) and value > 0
    ):
        raise QueryError(
            f'option "{name}" is {value!r}; expected a number above zero', kind="option-value", option=name
        )
    if name == "max_read_bytes" and not (value is None or (isinstance(value, int) and value > 0)):
        raise QueryError(
            f"option {name!r} is {value!r}; expected bytes above zero, or None",
            kind="option-value",
            option=name,
        )
