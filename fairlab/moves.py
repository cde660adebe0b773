"""Links that keep working: where addresses have moved to, as a table that everybody can extend.

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
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from fairlab.errors import FormatError
from fairlab.options import data_dir, option
from fairlab.terms import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS: Final = ("old", "new", "kind", "evidence")
Kind = Literal["moved", "alias"]
_LONGEST_CHAIN: Final = 8
_METADATA_FILE = re.compile(r"/(?:zarr\.json|\.zattrs|\.zgroup|\.zmetadata)$")
# Neuroglancer writes "zarr://gs://…" and "https://….zarr/|zarr2:"; people copy links from there.
_NEUROGLANCER = re.compile(r"^zarr[23]?://(?=\w+://)|/?\|zarr[23]?:.*$")
_SAFE: Final = "/%~!$&'()*+,;=:@"


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


def current_address(url: str) -> str:
    """Where the data of an address lies now, with what may not stand in an address quoted.

    Examples
    --------
    >>> current_address("https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data/S-BIAD1/a b.zarr")
    'https://livingobjects.ebi.ac.uk/bioimaging-integrator-data/S-BIAD1/a%20b.zarr'
    >>> current_address("https://uk1s3.embassy.ebi.ac.uk/testbucket-bia/a.zarr")
    'https://uk1s3.embassy.ebi.ac.uk/testbucket-bia/a.zarr'
    """
    return _followed(url, ("moved",))


def web_address(url: str) -> str:
    """The one https address of public data, whatever host or bucket form it is listed under.

    Examples
    --------
    >>> web_address("gs://jax-public-ngff-2024/a.zarr"), web_address("s3://a-bucket-of-mine/a.zarr")
    ('https://storage.googleapis.com/jax-public-ngff-2024/a.zarr', 's3://a-bucket-of-mine/a.zarr')
    """
    return _followed(url, ("moved", "alias"))


def addresses_to_try(url: str, *, listed: str | None = None) -> tuple[str, ...]:
    """The addresses under which data may be found, most likely first.

    Parameters
    ----------
    url : str
        The address given.
    listed : str, optional
        The address under which a repository lists it, where that differs.

    Examples
    --------
    >>> addresses_to_try("https://uk1s3.embassy.ebi.ac.uk/idr/a.zarr")
    ('https://livingobjects.ebi.ac.uk/idr/a.zarr', 'https://uk1s3.embassy.ebi.ac.uk/idr/a.zarr')
    >>> addresses_to_try("https://example.org/a.zarr")
    ('https://example.org/a.zarr',)
    """
    given = [_plain(url), *([_plain(listed)] if listed else ())]
    found = [current_address(url), *given, *map(web_address, given)]
    by_form: dict[str, str] = {}
    for address in found:
        by_form.setdefault(tidy(address).rstrip("/"), address)
    return tuple(by_form.values())


def address_key(address: str) -> str:
    """An address in the one form under which it is looked up and compared.

    http or https, capitals in the host, a closing slash, percent signs, a metadata file at the end, moves and
    the several forms of a bucket's address make no difference.

    Examples
    --------
    >>> address_key("http://UK1S3.embassy.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr/.zattrs")
    'livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr'
    >>> address_key("s3://janelia-cosem-datasets/jrc_hela-2/a.zarr") == address_key(
    ...     "https://janelia-cosem-datasets.s3.amazonaws.com/jrc_hela-2/a.zarr")
    True
    """
    try:
        parts = urlsplit(_plain(address))
    except ValueError:  # for example an IPv6 bracket left open
        return address.strip()
    path = _METADATA_FILE.sub("", unquote(parts.path).rstrip("/")).rstrip("/")
    key = _bare(parts.scheme, parts.netloc, path)
    key = _moved(key + "/", ("moved", "alias")).rstrip("/") if parts.netloc else key
    return re.sub("^https?://", "", key) + (f"?{parts.query}" if parts.query else "")


def tidy(url: str) -> str:
    """A web address with spaces and other characters that may not stand in one quoted; keys of buckets stay.

    Examples
    --------
    >>> tidy("https://example.org/a b%20c.zarr")
    'https://example.org/a%20b%20c.zarr'
    """
    try:
        parts = urlsplit(_plain(url))
    except ValueError:
        return url.strip()
    if parts.scheme not in ("http", "https"):
        return _plain(url) if parts.netloc else url.strip()
    return urlunsplit(parts._replace(path=quote(parts.path, safe=_SAFE), fragment=""))


def fingerprint() -> str:
    """Changes when the moves in force do, so that what was made with others is made again."""
    return _in_force().fingerprint


# ── following ────────────────────────────────────────────────────────────────────────────────────


def _plain(address: str) -> str:
    return _NEUROGLANCER.sub("", address.strip())


def _bare(scheme: str, netloc: str, path: str) -> str:
    scheme = "" if scheme in ("http", "https") else f"{scheme}://"
    return f"{scheme}{netloc.lower() if not scheme else netloc}{path}"


def _followed(url: str, kinds: tuple[Kind, ...]) -> str:
    tidied = tidy(url)
    try:
        parts = urlsplit(tidied)
    except ValueError:
        return tidied
    if not parts.netloc:
        return tidied
    before = _bare(parts.scheme, parts.netloc, parts.path)
    after = _moved(before, kinds)
    if after == before:
        return tidied
    # The query stays behind: it may hold a signature, which is the old host's business only.
    return tidy(after if "://" in after else f"https://{after}")


def _moved(address: str, kinds: tuple[Kind, ...]) -> str:
    for _ in range(_LONGEST_CHAIN):  # a table may send an address round in circles
        following = _step(address, kinds)
        if following == address:
            break
        address = following
    return address


def _step(address: str, kinds: tuple[Kind, ...]) -> str:
    for move in _in_force().by_place.get(_place(address), ()):
        if not move.new and move.pattern.match(address):
            return address
        following = move.apply(address) if move.kind in kinds else None
        if following is not None:
            return following
    return address


def _place(address: str) -> str:
    """What a line of the table and an address must share, whatever stands in braces."""
    scheme, separator, rest = address.rpartition("://")
    if separator and not scheme.startswith("http"):
        return scheme
    return ".".join(rest.partition("/")[0].split(".")[-2:])


# ── the table ────────────────────────────────────────────────────────────────────────────────────


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
