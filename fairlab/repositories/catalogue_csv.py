"""A list of images in a CSV file, as an institute or a class writes it, to records.

One line per image; only ``url`` must be there. Several values of a cell are separated by ``;``. A column
``attribute:Gene Symbol`` gives a key/value pair. Images with the same ``study`` stand together. Every fault is
told with its row and column, all at once, and a list with faults is not taken.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from fairlab import terms
from fairlab.errors import FormatError, NotFoundError
from fairlab.moves import address_key
from fairlab.record import Record, Source
from fairlab.repositories.catalogue_columns import COLUMNS, ONE_ADDRESS, UnfitCell, several
from fairlab.repositories.catalogue_own import SCHEME

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

MAX_BYTES = 256_000_000
"""A larger list is refused before it is read."""
_SHOWN = 10  # faults that a message names; the rest is counted
_ATTRIBUTE = "attribute:"


def read_csv(path: str | os.PathLike[str], *, name: str, title: str | None = None) -> list[Record]:
    r"""The images of a list, and a study for each group of them.

    Parameters
    ----------
    path : path-like
        A CSV file in UTF-8 with a head line; :data:`~fairlab.repositories.catalogue_columns.COLUMNS` has its columns.
    name : str
        Name of the source; identifiers become ``"own:<name>/…"``.
    title : str, optional
        Title of the images that are of no study; the name by default.

    Raises
    ------
    NotFoundError
        kind ``"path-missing"``.
    FormatError
        kind ``"catalogue-csv"``: the list has faults; ``context["faults"]`` names row, column and what is
        wrong with each.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "ours.csv")
    >>> _ = file.write_text("url,title\nhttps://example.org/a.zarr,Our first")
    >>> [(record.kind, record.id) for record in read_csv(file, name="lab")]
    [('image', 'own:lab/a.zarr'), ('study', 'own:lab')]
    """
    path = Path(path)
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        columns = [(column or "").strip() for column in reader.fieldnames or ()]
        rows = list(reader)
    except csv.Error as exc:
        raise _refused(path, [(reader.line_num, "", f"it is not CSV ({exc})")]) from exc
    faults = list(_faults_of_columns(columns))
    if faults:
        raise _refused(path, [(1, *fault) for fault in faults])
    reader.fieldnames = columns
    records: list[Record] = []
    found: list[tuple[int, str, str]] = []
    seen: dict[str, int] = {}
    taken: set[str] = set()
    for number, row in enumerate(rows, 2):
        cells = {column: (value or "").strip() for column, value in zip(columns, row.values(), strict=False)}
        if None in row:
            found.append((number, "", f"it has more cells than the head line's {len(columns)}"))
        elif any(cells.values()):
            records += _record(cells, number, path, name, found, seen, taken)
    if found:
        raise _refused(path, found)
    if not records:
        raise _refused(path, [(2, "url", "there is no image in it")])
    return [*records, *_studies(records, path, name, title)]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FormatError(f"{path} is larger than {MAX_BYTES} bytes; split it", kind="catalogue-csv")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as exc:
        raise NotFoundError(f"the list {path} cannot be read ({exc.strerror})", kind="path-missing") from exc
    except UnicodeDecodeError as exc:
        line = path.read_bytes()[: exc.start].count(b"\n") + 1
        raise _refused(path, [(line, "", "it is not text in UTF-8; save it as CSV UTF-8")]) from exc


def _faults_of_columns(columns: list[str]) -> Iterator[tuple[str, str]]:
    if "url" not in columns:
        near = terms.nearest("url", columns)
        hint = f'; is it "{near[0]}"?' if near else ""
        yield "url", f"there is no such column{hint}; it holds the address of each OME-Zarr"
    for column in columns:
        if columns.count(column) > 1:
            yield column, "this column comes twice"
        elif column not in COLUMNS and not _attribute(column):
            near = terms.nearest(column, COLUMNS)
            yield (
                column or "(no name)",
                f'no such column is known; did you mean "{near[0]}"?'
                if near
                else f'no such column is known; for a key/value pair of your own call it "attribute:{column}"',
            )


def _attribute(column: str) -> str:
    return column.removeprefix(_ATTRIBUTE).strip() if column.startswith(_ATTRIBUTE) else ""


# ── one row ──────────────────────────────────────────────────────────────────────────────────────────


def _record(
    cells: Mapping[str, str],
    number: int,
    path: Path,
    name: str,
    faults: list[tuple[int, str, str]],
    seen: dict[str, int],
    taken: set[str],
) -> Iterator[Record]:
    fields: dict[str, Any] = {}
    before = len(faults)
    for column, cell in cells.items():
        if not cell or _attribute(column):
            continue
        field, read = COLUMNS[column]
        try:
            fields[field] = read(cell)
        except UnfitCell as unfit:
            faults.append((number, column, f'"{cell[:60]}" is not {unfit}'))
    url = _absolute(fields.get("url", ""), path)
    if "url" not in fields and not any(row == number and column == "url" for row, column, _ in faults):
        faults.append((number, "url", "it is empty; expected the address of an OME-Zarr"))
    key = address_key(url)
    if url and key in seen:
        faults.append((number, "url", f"the same address as in row {seen[key]}"))
    seen.setdefault(key, number)
    if len(faults) > before:
        return
    study = fields.pop("study", "")
    group = f"{name}/{study}" if study else name
    yield Record(
        **{
            "repository": name,
            **fields,
            "id": _identifier(group, url, taken),
            "kind": "image",
            "accession": group,
            "url": url,
            "attributes": {
                _attribute(column): several(cell)
                for column, cell in cells.items()
                if cell and _attribute(column)
            },
            "sources": {"*": Source(document=str(path), pointer=f"row {number}")},
        }
    )


def _absolute(url: str, path: Path) -> str:
    """An address as it stands; a path is meant from the list's own folder."""
    if not url or ONE_ADDRESS.fullmatch(url):
        return url
    return str((path.absolute().parent / url).resolve())


def _identifier(group: str, url: str, taken: set[str]) -> str:
    # As many folders as tell images apart: of two "a.zarr" the second becomes "plate2/a.zarr".
    parts = [part for part in re.split(r"[/\\]", unquote(urlsplit(url).path) or url) if part]
    stores = [index for index, part in enumerate(parts) if ".zarr" in part]
    for first in range(stores[-1] if stores else len(parts) - 1, -1, -1):
        key = f"{SCHEME}:{group}/{'/'.join(parts[first:])}".replace(" ", "_")
        if key.casefold() not in taken:
            break
    else:
        key = f"{key}/{len(taken)}"
    taken.add(key.casefold())
    return key


def _studies(records: list[Record], path: Path, name: str, title: str | None) -> list[Record]:
    """A study for each group: what all its images state alike is stated of it, too."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[str(record.accession)].append(record)
    return [
        Record(
            id=f"{SCHEME}:{group}",
            kind="study",
            repository=images[0].repository,
            accession=group,
            title=group.removeprefix(f"{name}/") if group != name else title or name,
            n_images=len(images),
            sources={"*": Source(document=str(path), basis="inferred")},
            **{field: getattr(images[0], field) for field in _SHARED if _alike(images, field)},
        )
        for group, images in groups.items()
    ]


_SHARED = ("authors", "attribution", "doi", "license", "organism", "imaging_method", "release_date")


def _alike(images: list[Record], field: str) -> bool:
    return all(getattr(image, field) == getattr(images[0], field) for image in images)


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────


def _refused(path: Path, faults: list[tuple[int, str, str]]) -> FormatError:
    lines = [
        f"  row {row}{f', column {column}' if column else ''}: {what}"
        for row, column, what in faults[:_SHOWN]
    ]
    more = len(faults) - _SHOWN
    return FormatError(
        f"the list {path} has {len(faults)} {'fault' if len(faults) == 1 else 'faults'} and is not taken\n"
        + "\n".join([*lines, *([f"  … and {more} more"] if more > 0 else [])]),
        kind="catalogue-csv",
        faults=tuple(faults),
    )
