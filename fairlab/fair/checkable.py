"""What people hand over to be checked, as a description or as the cells of a table: files, names, images, objects."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast
from urllib.parse import urlsplit

from fairlab.errors import AccessError, FairlabError, FormatError, NotFoundError, QueryError, Unavailable
from fairlab.fair.crate_reader import statements
from fairlab.fair.description import SCHEMA, Description
from fairlab.fair.field_tables import (
    MAX_BYTES,
    Cell,
    cells_of_json,
    cells_of_text,
    is_json,
    parse_json,
    read_bytes,
    text_of,
)
from fairlab.fair.rembi_coverage import name_of
from fairlab.net.address import redact
from fairlab.record import Record, Source
from fairlab.repositories import base

if TYPE_CHECKING:
    import xarray as xr

    from fairlab.fair.bundle import Probe

    Opened = xr.DataTree | xr.Dataset | xr.DataArray
    Checkable = str | os.PathLike[str] | Description | Record | Opened | Mapping[str, Any]
    Given = tuple[Description | list[Cell], str]

_CRATE: Final = "ro-crate-metadata.json"
_GROUP: Final = ("zarr.json", ".zattrs", ".zgroup")
_OTHERS: Final = {
    frozenset({"accno", "section"}): "a submission to BioStudies (PageTab)",
    frozenset({"@context"}): "JSON-LD that is no RO-Crate",
    frozenset({"zarr_format"}): "the metadata of one Zarr group",
    frozenset({"multiscales"}): "the attributes of one Zarr group",
}
"""Keys of documents that are something else, to what they are."""
_DOI: Final = re.compile(r"10\.\d{4,9}/\S+$")
_FILES: Final = frozenset({".csv", ".tsv", ".txt", ".json", ".jsonld"})


def given(source: Checkable) -> Given:
    """A description, or the cells of a table, and what it is called.

    Raises
    ------
    NotFoundError, AccessError, Unavailable, FormatError
        What :func:`fairlab.fair.rembi` raises.
    QueryError
        kind ``"source-type"``.

    Examples
    --------
    >>> given({"organism": "mouse"})[0][0].value
    'mouse'
    >>> known, name = given("sample:nuclei")
    >>> name, known.get("citation.license")["spdx"]
    ('sample:nuclei (as listed; its address reads the image, too)', 'CC0-1.0')
    """
    if isinstance(source, Description):
        return source, name_of(source)
    if isinstance(source, Record):
        return _of_record(source)
    # Some of xarray's objects are mappings; asked without importing it.
    if type(source).__module__.partition(".")[0] == "xarray":
        return _of_image(cast("Opened", source))
    if isinstance(source, Mapping):
        return _of_document(dict(source), where="these fields")
    if isinstance(source, str | os.PathLike):
        return _of_name(source)
    raise QueryError(
        f"{type(source).__name__} is nothing that can be checked\n"
        "  give a file, an address, an identifier, an opened image, a Record, or fields as a dict",
        kind="source-type",
    )


def _of_name(source: str | os.PathLike[str]) -> Given:
    text = os.fspath(source).strip()
    if not text:
        raise QueryError(
            "there is nothing to check: give a file, an address or an identifier", kind="source-type"
        )
    if "://" in text:
        return _of_address(text)
    path = Path(os.path.expanduser(text))  # noqa: PTH111 (Path's own raises where there is no such user)
    if _exists(path) and path.is_dir():
        return _of_folder(path)
    # A name without the ending of a file may be an accession: "S-BIAD634".
    if isinstance(source, str) and not _exists(path) and _names_something(text, path):
        from fairlab.lookups import lookup

        return _of_record(lookup(text))
    return _of_content(read_bytes(path), where=str(path))


def _names_something(text: str, path: Path) -> bool:
    """Whether a text is an identifier, not the path of a file that is not there."""
    if base.scheme(text) is not None or _DOI.match(text):
        return True
    return path.suffix.lower() not in _FILES and os.sep not in text


def _of_record(record: Record) -> Given:
    # What the catalogue does not say, the image itself may: the answer must not read as if it had been looked at.
    hint = " (as listed; its address reads the image, too)" if record.kind == "image" and record.url else ""
    return Description.of(record), f"{record.id}{hint}"


def _of_folder(path: Path) -> Given:
    crate = path / _CRATE
    if crate.is_file() and not any((path / name).exists() for name in _GROUP):
        return _of_content(read_bytes(crate), where=str(crate))
    return _of_image(path)


def _of_address(url: str) -> Given:
    if Path(urlsplit(url).path).suffix.lower() not in _FILES:
        return _of_image(url)
    from fairlab.net import http

    answer = http.get(url, max_bytes=MAX_BYTES)
    if answer.missing:
        raise NotFoundError(
            f"there is no document at {redact(url)}\n  check the address, or give the image's own",
            kind="document-missing",
            url=redact(url),
        )
    return _of_content(answer.body, where=redact(url))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file system takes
        return False


# ── documents ────────────────────────────────────────────────────────────────────────────────────────


def _of_content(content: bytes, *, where: str) -> Given:
    text = text_of(content, where=where)
    if is_json(text):
        return _of_document(parse_json(text, where=where), where=where)
    return cells_of_text(text, where=where), where


def _of_document(document: Any, *, where: str) -> Given:
    try:
        known = _of_known_form(document, where)
    except FairlabError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError) as exc:  # edited by hand, or cut off
        raise FormatError(
            f"the record or description is damaged ({type(exc).__name__}: {str(exc)[:80]})\n"
            f"  {where}; write it again with to_json()",
            kind="document-damaged",
        ) from exc
    if known is not None:
        return known, where
    return cells_of_json(document, where=where), where


def _of_known_form(document: Any, where: str) -> Description | None:
    """A crate, a description or a record; None where it is none of them."""
    if not isinstance(document, dict):
        return None
    if document.get("schema") == SCHEMA:
        return Description.from_dict(document)
    if "@graph" in document:
        return _of_crate(document, where)
    if {"id", "kind", "repository"} <= document.keys():
        return Description.of(Record.from_dict(document))
    if other := next((what for keys, what in _OTHERS.items() if keys <= document.keys()), None):
        raise FormatError(
            f"{other} is not read here\n  {where}; give an RO-Crate, a table of fields, or an identifier to look up",
            kind="document-unknown",
        )
    return None


def _of_crate(document: Mapping[str, Any], where: str) -> Description:
    known = Description(statements=tuple(statements(document, source=Source(document=where))))
    if not known.statements:
        raise FormatError(
            f"the RO-Crate says nothing of an image or study\n  {where}; expected a root data set with a name",
            kind="crate-empty",
        )
    return known


# ── images ───────────────────────────────────────────────────────────────────────────────────────────


def _of_image(source: str | Path | Opened) -> Given:
    """What lies beside an image, and what the catalogue says of it; nothing there is an error, not a gap."""
    from fairlab.fair.probe import probe
    from fairlab.fair.record_builder import describe

    records = _records(source)
    if records and records[0].kind == "study":  # the page of a study
        return _of_record(records[0])
    bundle = probe(source, chunk=False)
    if bundle.zarr_format is None:
        _refuse(bundle)
    return describe(bundle, *records), bundle.url


def _records(source: str | Path | Opened) -> tuple[Record, ...]:
    if isinstance(source, Path):
        return ()
    if isinstance(source, str):
        from fairlab.lookups import lookup

        try:
            return (lookup(source),)
        except NotFoundError:
            return ()
    from fairlab.provenance import records_of

    return records_of(source)


def _refuse(bundle: Probe) -> NoReturn:
    """Say that there is no image, or that nobody could tell."""
    answers = [
        answer for role, answer in bundle.answers.items() if role in ("zarr.json", ".zattrs", ".zgroup")
    ]
    statuses = {answer.status for answer in answers}
    if statuses <= {404, 410}:
        raise NotFoundError(
            f"there is no OME-Zarr at {bundle.url}\n  give the address of the group that has zarr.json or .zattrs",
            kind="image-missing",
            url=bundle.url,
        )
    if statuses & {401, 403}:
        raise AccessError(
            f"the server refuses to show {bundle.url}\n  it may be under embargo, or need credentials",
            kind="access",
            url=bundle.url,
        )
    told = next((answer.error for answer in answers if answer.error), "no answer")
    raise Unavailable(
        f"{bundle.url} cannot be read ({told})\n  try again later", kind="unavailable", url=bundle.url
    )
