"""The user's own catalogue: records of an institute, a class or a harvest, kept beside the embedded one.

Each source that was added is one file of the folder ``catalogue_dir``: a head line that says where it came
from and how many records follow, then one record per line, packed. A file is written beside and renamed, so it
is there whole or not at all, and any number of processes may add and remove. A file that is not whole is left
out as a whole and told about; the others and the embedded catalogue still answer.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import gzip
import json
import os
import re
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from fairlab import options, terms
from fairlab.errors import FormatError, NotFoundError, OutputError, QueryError
from fairlab.record import Kind, Record
from fairlab.repositories.base import scheme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEME = "own"
"""Scheme of the identifiers of what users add: ``"own:lab/plate1.zarr"``."""
_SUFFIX = ".jsonl.gz"
_FORM = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a source of the user's catalogue came from."""

    name: str
    """What it is called: ``"lab"``."""
    kind: str
    """``"csv"``, ``"folder"`` (also buckets and servers) or ``"repository"``."""
    address: str
    """The file, place or archive that it was made from."""
    made: str = field(
        default_factory=lambda: dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    """ISO 8601 time, UTC."""
    records: int = 0
    """How many records it holds."""


class Kept(NamedTuple):
    """One record of a source."""

    record: Record
    text: str
    """Its line in the file: the record as JSON."""


def folder() -> Path:
    """Where the user's catalogue lies; it may not exist yet."""
    chosen = options.option("catalogue_dir")
    return Path(chosen).expanduser() if chosen else options.data_dir() / "catalogue"


def check_name(name: str) -> str:
    """The name of a source, if it may be one.

    Raises
    ------
    QueryError
        kind ``"catalogue-name"``.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise QueryError(
            f'"{str(name)[:80]}" cannot name a source of your catalogue\n'
            "  expected small letters, digits, - and _, at most 64, for example: lab-2026",
            kind="catalogue-name",
        )
    return name


def name_for(text: str) -> str:
    """A name made from the last part of an address.

    Examples
    --------
    >>> name_for("/data/Our Plates (2026).csv"), name_for("s3://bucket/Screen_1/")
    ('our-plates-2026', 'screen-1')
    """
    last = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    return "-".join(terms.fold(re.sub(r"\.(csv|ome\.zarr|zarr)$", "", last)))[:64] or "own"


# ── one source ───────────────────────────────────────────────────────────────────────────────────────


def write(origin: Origin, records: Sequence[Record]) -> Origin:
    """Keep the records of one source, in place of what it held before.

    Raises
    ------
    OutputError
        kind ``"output-unwritable"``.
    """
    check_name(origin.name)
    origin = dataclasses.replace(origin, records=len(records))
    lines = [{"fairlab_catalogue": _FORM, **dataclasses.asdict(origin)}, *(r.to_dict() for r in records)]
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    path = _path(origin.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{origin.name}-", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(gzip.compress(text.encode("utf-8", "replace"), compresslevel=6, mtime=0))
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as exc:
        raise OutputError(
            f"your catalogue cannot be written to {path.parent} ({exc})\n"
            "  choose another folder with set_options(catalogue_dir=…) or FAIRLAB_DATA_DIR",
            kind="output-unwritable",
        ) from exc
    return origin


def remove(name: str) -> Origin | None:
    """Forget one source; what is known of it, or None when its file cannot be read.

    Raises
    ------
    NotFoundError
        kind ``"catalogue-source-unknown"``, with the nearest names.
    """
    try:
        origin: Origin | None = read_origin(name)
    except FormatError:
        origin = None
    _path(name).unlink(missing_ok=True)
    return origin


def read_origin(name: str) -> Origin:
    """Where one source came from.

    Raises
    ------
    NotFoundError
        kind ``"catalogue-source-unknown"``.
    FormatError
        kind ``"catalogue-damaged"``.
    """
    try:
        with gzip.open(_path(name)) as stream:
            return _origin(_path(name), stream.readline())
    except FileNotFoundError as exc:
        raise _unknown(name) from exc
    except (OSError, EOFError, zlib.error) as exc:
        raise _damaged(_path(name), str(exc)) from exc


def read(name: str) -> list[Record]:
    """The records of one source.

    Raises
    ------
    NotFoundError
        kind ``"catalogue-source-unknown"``.
    FormatError
        kind ``"catalogue-damaged"``: not one record of a file that is not whole is given.
    """
    return [kept.record for kept in read_file(_path(name))]


def names() -> tuple[str, ...]:
    """Names of all sources, whole or not."""
    return tuple(path.name.removesuffix(_SUFFIX) for path in files())


def files() -> list[Path]:
    """The files of all sources, in the order of their names."""
    try:
        return sorted(path for path in folder().iterdir() if _is_source(path.name))
    except OSError:
        return []


def _is_source(name: str) -> bool:
    return name.endswith(_SUFFIX) and _NAME.fullmatch(name.removesuffix(_SUFFIX)) is not None


def read_file(path: Path) -> list[Kept]:
    """The records of one file, as :func:`read`."""
    try:
        lines = gzip.decompress(path.read_bytes()).splitlines()
    except FileNotFoundError as exc:
        raise _unknown(path.name.removesuffix(_SUFFIX)) from exc
    except (OSError, EOFError, zlib.error) as exc:
        raise _damaged(path, str(exc)) from exc
    origin = _origin(path, lines[0] if lines else b"")
    if len(lines) - 1 != origin.records:
        raise _damaged(path, f"it says {origin.records} records and holds {len(lines) - 1}")
    try:
        found = [Kept(Record.from_json(text), text) for text in (line.decode() for line in lines[1:])]
    except (ValueError, TypeError, AttributeError) as exc:
        raise _damaged(path, f"a record is not of the form that this version reads ({exc})") from exc
    wrong = next((kept.record for kept in found if not is_sound(kept.record)), None)
    if wrong is not None:
        raise _damaged(path, f'the record "{wrong.id}" has no identifier, kind or repository')
    return found


def is_sound(record: Record) -> bool:
    """Whether a record can be kept: it says what it is, who publishes it, and an image where it is."""
    return bool(
        isinstance(record.id, str)
        and scheme(record.id)
        and record.kind in get_args(Kind)
        and isinstance(record.repository, str)
        and record.repository
        and (record.kind == "study" or isinstance(record.url, str))
    )


def _origin(path: Path, line: bytes) -> Origin:
    try:
        head: Mapping[str, Any] = json.loads(line)
        form = head["fairlab_catalogue"]
        known = {f.name: head[f.name] for f in dataclasses.fields(Origin)}
    except (ValueError, KeyError, TypeError) as exc:
        raise _damaged(path, "its first line does not say what it is") from exc
    if form != _FORM:
        raise _damaged(path, f"it is of form {form}, and this version reads form {_FORM}")
    return Origin(**known)


def _path(name: str) -> Path:
    return folder() / f"{check_name(name)}{_SUFFIX}"


def _unknown(name: str) -> NotFoundError:
    near = terms.nearest(name, names())
    there = f"there are: {', '.join(names())}" if names() else "there is none yet: fairlab catalogue add"
    hint = f'did you mean "{near[0]}"?' if near else there
    return NotFoundError(
        f'your catalogue has no source "{name}"; {hint}', kind="catalogue-source-unknown", nearest=near
    )


def _damaged(path: Path, what: str) -> FormatError:
    name = path.name.removesuffix(_SUFFIX)
    return FormatError(
        f'the source "{name}" of your catalogue is damaged and left out: {what}\n  in {path}\n'
        f"  add it again under the same name, or: fairlab catalogue remove {name}",
        kind="catalogue-damaged",
        path=str(path),
    )
