"""The catalogue as a SQLite full-text database, built from the shipped tables and the user's catalogue.

The file lies in the cache folder under a name that holds a fingerprint of both, so an outdated one is never
opened. The last step of building writes a checksum of the whole file into its header: a truncated
or damaged file is noticed when it is opened, and built again. Building writes beside and renames, so any
number of processes may do it at once. Where the cache folder cannot be written, the database lives in memory.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import sqlite3
import tempfile
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fairlab import moves_table, options
from fairlab.errors import FormatError
from fairlab.repositories import catalogue_shelf as shelves
from fairlab.repositories.catalogue_index import fill, read_traits
from fairlab.repositories.catalogue_runs import Runs
from fairlab.repositories.catalogue_tables import tables_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fairlab.record import Failure
    from fairlab.repositories.catalogue_own import Kept
    from fairlab.repositories.catalogue_shelf import Shelf, Stamp

Answer = TypeVar("Answer")

_CACHE_KB = 32 * 1024
_CHECKSUM_PLACE = slice(60, 64)  # "user version" in the header of a SQLite file: four bytes, free for our use
_KEPT = 4  # databases with a user's records: several may be in use, and old ones are rubbish
_lock = threading.Lock()
_open: Database | None = None


class Database:
    """One opened catalogue; its methods may be called from any thread."""

    def __init__(self, connection: sqlite3.Connection, *, path: Path, stamp: Stamp | None):
        self.path = path
        """Where the file lies, or would lie."""
        self.in_memory = stamp is None
        """Whether the cache folder could not be used."""
        self._stamp = stamp
        self._process = os.getpid()
        self._connection = connection
        self._busy = threading.Lock()
        self.traits = read_traits(self.rows)
        """Traits by their number, from 0 on."""
        self.runs = Runs(self.rows)
        """How the documents lie."""

    def __del__(self) -> None:
        # Other threads may still have been asking when a newer database took over; the last one closes.
        self._connection.close()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows that a statement gives."""
        with self._busy:
            return self._connection.execute(statement, values).fetchall()

    def is_current(self, path: Path) -> bool:
        """Whether this is still what opening ``path`` would give."""
        if self.path != path or self._process != os.getpid():
            return False
        return self.in_memory or self._stamp == shelves.stamp_of(path)


def ask(question: Callable[[Database], Answer]) -> Answer:
    """Put a question to the database, building it first where that is needed.

    Raises
    ------
    FormatError
        kind ``"catalogue-database"``: SQLite cannot build or read it, even in memory.
    """
    try:
        return question(_database())
    except sqlite3.DatabaseError:
        # Damage that came after opening: once more with a new file, and only once.
        _discard()
    try:
        return question(_database())
    except sqlite3.DatabaseError as exc:
        raise FormatError(
            f"the catalogue's database cannot be used ({exc})\n"
            f"  delete {database_path()} and try again; this Python's SQLite is {sqlite3.sqlite_version}",
            kind="catalogue-database",
        ) from exc


def database_path() -> Path:
    """Where the database lies for the tables, the user's catalogue and the options in force."""
    return _wanted()[0]


def failures() -> tuple[Failure, ...]:
    """Sources of the user's catalogue that the database leaves out, because they are damaged."""
    return _wanted()[1].failures


def _wanted() -> tuple[Path, Shelf]:
    return _known() or (_path(shelf := shelves.sound()), shelf)


def _known() -> tuple[Path, Shelf] | None:
    """Where the database lies and what it holds of the user's; None while nobody knows which sources are whole."""
    there = shelves.listed()
    if there.key and not _path(there).exists():
        # No database was ever made of just these files: not all may be whole.
        judged = shelves.judged()
        if judged is None:
            return None
        there = judged
    return _path(there), there


def _path(shelf: Shelf) -> Path:
    mine = f"-{shelf.key}" if shelf.key else ""
    return options.cache_dir() / f"catalogue-{_key(moves_table.fingerprint())}{mine}.sqlite"


@functools.cache
def _key(moved: str) -> str:
    """Fingerprint of the tables, the moves, and the code and words that shape the database out of them."""
    digest = hashlib.sha256(f"{tables_key()} {moved}".encode())
    package = Path(__file__).parent.parent
    parts = ("documents", "facts", "index", "own", "records", "runs")
    shaping = (*(f"repositories/catalogue_{part}.py" for part in parts), "record.py", "traits.py", "words.py",
               "terms.py", "licenses.py", "moves.py", "moves_table.py",
               "data/common_names.csv", "data/method_words.csv")  # fmt: skip
    for name in shaping:
        digest.update((package / name).read_bytes())
    return digest.hexdigest()[:16]


def _database() -> Database:
    global _open
    with _lock:
        known = _known()
        if known is None or _open is None or not _open.is_current(known[0]):
            _open = (_opened(known[0]) if known else None) or _built(*shelves.gather())
        return _open


def _discard() -> None:
    global _open
    with _lock:
        path = _open.path if _open is not None else database_path()
        _open = None
        with contextlib.suppress(OSError):
            path.unlink()


def _opened(path: Path) -> Database | None:
    """The database at ``path`` if it is whole, else None."""
    stamp = shelves.stamp_of(path)
    if stamp is None or not _is_whole(path):
        return None
    try:
        # Nobody writes to a finished file, so SQLite need neither lock it nor look for a journal.
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        # SQLite keeps 2 MB by itself; words that a hundred thousand images have are read again for each question.
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        return Database(connection, path=path, stamp=stamp)
    except sqlite3.DatabaseError:
        return None


def _built(shelf: Shelf, records: list[Kept]) -> Database:
    path = _path(shelf)
    if (there := _opened(path)) is not None:
        return there
    # Read-only folder, full disk, or (on Windows) a file that another process has open: then in memory.
    with contextlib.suppress(OSError, sqlite3.OperationalError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}-", suffix=".part")
        os.close(handle)
        try:
            _build(Path(name), records)
            Path(name).replace(path)
            _tidy(path)
        finally:
            Path(name).unlink(missing_ok=True)
    return _opened(path) or _in_memory(path, records)


def _build(path: Path, records: list[Kept]) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        # A half-built file is thrown away, so it needs no protection against a crash.
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        fill(connection, records)
        connection.commit()
    content = bytearray(path.read_bytes())
    content[_CHECKSUM_PLACE] = _checksum(content)
    path.write_bytes(content)


def _tidy(path: Path) -> None:
    """Remove the databases of what the user's catalogue held long ago."""
    with_own = path.parent.glob("catalogue-*-*.sqlite")
    ages = sorted(((stamp, other) for other in with_own if (stamp := shelves.stamp_of(other))), reverse=True)
    for _, other in ages[_KEPT:]:
        other.unlink(missing_ok=True)


def _in_memory(path: Path, records: list[Kept]) -> Database:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    fill(connection, records)
    return Database(connection, path=path, stamp=None)


def _is_whole(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return len(content) > 100 and content[_CHECKSUM_PLACE] == _checksum(content)


def _checksum(content: bytes | bytearray) -> bytes:
    start = zlib.crc32(content[: _CHECKSUM_PLACE.start])
    return zlib.crc32(content[_CHECKSUM_PLACE.stop :], start).to_bytes(4, "big")
