"""Which addresses have moved, as a table that everybody can extend.

``data/moves.csv`` says which beginnings of addresses became which. A table of the user's own, of the same
columns, goes before it: the file that the option ``moves`` names, else ``moves.csv`` in fairlab's data folder::

    old,new,kind,evidence
    images.example.org/2019/,data.example.org/archive/2019/,moved,our move of 2024

``moved``: the old address is going away, so the new one is tried first. ``alias``: both work and mean the same.
``{name}`` stands for one part of a host or path; without ``new`` addresses below ``old`` stay as they are.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Final, Literal

from fairlab.errors import FormatError
from fairlab.options import data_dir, option
from fairlab.terms import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COLUMNS: Final = ("old", "new", "kind", "evidence")
Kind = Literal["moved", "alias"]


@dataclass(frozen=True, kw_only=True)
class Move:
    """One line of the table."""

    old: str
    """How addresses began: host and path without ``https://``, or ``s3://bucket/``."""
    new: str
    """How they begin now; empty when nobody says where they went."""
    kind: Kind
    """``"moved"``: the old address is going away; ``"alias"``: both work."""
    evidence: str
    """Who says so."""

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """What matches the beginning of an address."""
        parts = Formatter().parse(self.old)
        return re.compile(
            "".join(re.escape(text) + (f"(?P<{n}>[^/.:]+)" if n else "") for text, n, *_ in parts)
        )

    def apply(self, address: str) -> str | None:
        """The new address, or None when this line says nothing about it."""
        found = self.pattern.match(address)
        return self.new.format(**found.groupdict()) + address[found.end() :] if found else None


def about(address: str) -> Sequence[Move]:
    """The lines in force that may say something about an address, the most exact first."""
    return _in_force().by_place.get(_place(address), ())


def fingerprint() -> str:
    """Changes when the moves in force do, so that what was made with others is made again."""
    return _in_force().fingerprint


def read_moves(path: Path) -> tuple[Move, ...]:
    """The lines of one table.

    Raises
    ------
    FormatError
        kind ``"moves-table"``: it cannot be read, or a line is not of the documented form.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            if not {"old", "new"} <= set(reader.fieldnames or ()):
                raise _damaged(path, f"its columns are {', '.join(reader.fieldnames or ()) or 'missing'}")
            return tuple(_moves(path, reader))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise _damaged(path, f"it cannot be read ({exc})") from exc


def _moves(path: Path, rows: csv.DictReader[str]) -> Iterator[Move]:
    for row in rows:
        cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
        old = re.sub("^https?://", "", cells["old"])
        kind = cells["kind"] or "moved"
        if not old.endswith("/") or (cells["new"] and not cells["new"].endswith("/")):
            raise _damaged(path, f'line {rows.line_num}: "{old}" or "{cells["new"]}" ends without a slash')
        if kind not in ("moved", "alias"):
            raise _damaged(path, f'line {rows.line_num}: kind is "{kind}"')
        if not _names(path, cells["new"]) <= _names(path, old):
            raise _damaged(
                path, f'line {rows.line_num}: "{old}" does not say what stands for the braces of new'
            )
        new = cells["new"].removeprefix("https://")
        yield Move(old=old, new=new, kind=kind, evidence=cells["evidence"])  # type: ignore[arg-type]


def _names(path: Path, cell: str) -> set[str]:
    try:
        names = {name for _, name, *_ in Formatter().parse(cell) if name is not None}
    except ValueError as exc:
        raise _damaged(path, f'"{cell}" has a brace that is not closed') from exc
    if not all(map(str.isidentifier, names)):
        raise _damaged(path, f'"{cell}" has braces without a name')
    return names


def _damaged(path: Path, what: str) -> FormatError:
    return FormatError(
        f"the table of moved addresses is not usable: {what}\n  in {path}\n"
        "  expected the columns old,new,kind,evidence; kind is moved or alias, and old and new end with a slash,\n"
        '  for example "images.example.org/2019/,data.example.org/archive/2019/,moved,our move of 2024"',
        kind="moves-table",
        path=str(path),
    )


# ── in force ─────────────────────────────────────────────────────────────────────────────────────


class _Table:
    """Lines in force, the most exact first, by what an address must share with them."""

    def __init__(self, moves: tuple[Move, ...]):
        # The user's lines come first, and sorted() keeps the order of lines that are equally exact.
        ranked = sorted(moves, key=lambda move: -len(re.sub(r"\{\w+\}", "", move.old)))
        self.by_place: dict[str, list[Move]] = {}
        for move in ranked:
            self.by_place.setdefault(_place(move.old), []).append(move)
        self.fingerprint = hashlib.sha256(repr(ranked).encode()).hexdigest()[:16]


def _in_force() -> _Table:
    path = os.fspath(option("moves") or _default(os.environ.get("FAIRLAB_DATA_DIR")))
    try:
        stamp = os.stat(path).st_mtime_ns  # noqa: PTH116  (asked for every address: a Path costs ten times as much)
    except OSError as exc:
        if option("moves"):
            raise _damaged(Path(path), f"it cannot be read ({exc.strerror})") from exc
        return _shipped()
    return _joined(path, stamp)


@functools.lru_cache(maxsize=4)
def _default(_folder: str | None) -> str:
    return str(data_dir() / "moves.csv")


@functools.lru_cache(maxsize=4)
def _joined(path: str, stamp: int) -> _Table:
    return _Table((*read_moves(Path(path)), *read_moves(DATA / "moves.csv")))


@functools.cache
def _shipped() -> _Table:
    return _Table(read_moves(DATA / "moves.csv"))


def _place(address: str) -> str:
    """What a line of the table and an address must share, whatever stands in braces."""
    scheme, separator, rest = address.rpartition("://")
    if separator and not scheme.startswith("http"):
        return scheme
    return ".".join(rest.partition("/")[0].split(".")[-2:])
