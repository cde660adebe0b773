"""The pages of a harvest that is under way, kept so that it goes on where it was interrupted.

One SQLite file per archive, in which each page is there whole or not at all. Whoever opens it holds it: a second
harvest of the same archive is refused, and the lock of a process that was killed ends with it.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from typing import TYPE_CHECKING

from fairlab.errors import OutputError, QueryError
from fairlab.record import Record
from fairlab.repositories import catalogue_own as own

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MAX_AGE_S = 7 * 86400.0
"""Older pages are forgotten: an archive changes while a harvest waits."""


class Journal:
    """Pages of one harvest; make one with :func:`journal`."""

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection

    def cursor(self) -> str | None:
        """Where to go on; None for the beginning."""
        found = self._connection.execute("SELECT cursor FROM pages ORDER BY number DESC LIMIT 1").fetchone()
        return found[0] if found else None

    def append(self, records: Sequence[Record], cursor: str | None) -> None:
        """Keep one page and where to go on after it."""
        text = json.dumps([record.to_dict() for record in records], ensure_ascii=False)
        with self._connection:
            self._connection.execute(
                "INSERT INTO pages (time, cursor, records) VALUES (?, ?, ?)", (time.time(), cursor, text)
            )

    def records(self) -> list[Record]:
        """The records of all pages."""
        rows = self._connection.execute("SELECT records FROM pages ORDER BY number").fetchall()
        return [Record.from_dict(plain) for (text,) in rows for plain in json.loads(text)]

    def clear(self) -> None:
        """Forget all pages."""
        with self._connection:
            self._connection.execute("DELETE FROM pages")


@contextlib.contextmanager
def journal(name: str) -> Iterator[Journal]:
    """The journal of one archive, held until the block ends.

    Raises
    ------
    QueryError
        kind ``"harvest-busy"``: another process harvests this archive now.
    OutputError
        kind ``"output-unwritable"``.
    """
    path = own.folder() / f".{own.check_name(name)}.harvest"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = _opened(path)
    except sqlite3.DatabaseError as exc:
        if "locked" in str(exc):
            raise QueryError(
                f"{name} is being harvested by another process; wait until it is done", kind="harvest-busy"
            ) from exc
        path.unlink(missing_ok=True)  # damaged pages are asked for again
        connection = _opened(path)
    except OSError as exc:
        raise OutputError(
            f"your catalogue cannot be written to {path.parent} ({exc})", kind="output-unwritable"
        ) from exc
    try:
        yield Journal(connection)
        done = Journal(connection).cursor() is None
    except BaseException:  # also when it is interrupted: the journal stays for the next try
        done = False
        raise
    finally:
        connection.close()
        if done:
            path.unlink(missing_ok=True)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0.2)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        with connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS pages (number INTEGER PRIMARY KEY, time REAL, cursor TEXT, records TEXT)"
            )
            connection.execute("DELETE FROM pages WHERE time < ?", [time.time() - MAX_AGE_S])
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
