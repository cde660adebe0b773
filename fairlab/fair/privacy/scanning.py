"""One verb: look through a folder, a file, an OME-Zarr anywhere, or what is in hand, for what identifies people."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fairlab.errors import FairlabError, QueryError
from fairlab.fair.privacy.dicom import audit_dicom
from fairlab.fair.privacy.documents import audit_json
from fairlab.fair.privacy.files import audit_body, audit_file, audit_values, is_array, kind_of
from fairlab.fair.privacy.findings import Findings, Unread
from fairlab.fair.privacy.patterns import of_name
from fairlab.fair.privacy.places import Notes, findings, shown
from fairlab.record import Record

LIMIT: Final = 2000
"""Documents that one scan looks into, unless it is told otherwise."""
_ZIPS: Final = (".zip", ".ozx")
_ENTRIES: Final = 50  # names that are looked at for each document of the limit
_RENAME: Final = "rename it: names of files and folders go wherever the data goes"


class _Scan:
    """What one scan has seen so far."""

    def __init__(self, source: str, limit: int):
        self.source, self.limit = source, limit
        self.notes: list[Notes] = []
        self.unread: list[tuple[tuple[str, ...], FairlabError]] = []
        self.numbers: dict[tuple[str, ...], int] = {}
        self.looked_at = self.others = 0
        self.whole = True

    @property
    def is_full(self) -> bool:
        return self.looked_at + len(self.unread) >= self.limit

    def look(self, document: tuple[str, ...], audit: Any) -> None:
        """Let ``audit`` note what one document holds; that one cannot be read does not end the scan."""
        notes = Notes(document=document)
        self.notes.append(notes)
        try:
            audit(notes)
        except FairlabError as error:
            self.unread.append((document, error))
        else:
            self.looked_at += 1
        self.whole &= not notes.overflown

    def findings(self) -> Findings:
        heard = frozenset().union(*(one.heard for one in self.notes))
        claims = [one.deidentified for one in self.notes if one.deidentified is not None]
        return Findings(
            source=shown(tuple(self.source.split("/")), heard),
            findings=findings(self.notes, self.numbers),
            looked_at=self.looked_at,
            unread=tuple(
                Unread(document=shown(name, heard, self.numbers), kind=error.kind, message=_why(error))
                for name, error in self.unread
            ),
            others=self.others,
            whole=self.whole,
            deidentified=all(claims) if claims else None,
            method_codes=tuple(dict.fromkeys(code for one in self.notes for code in one.method_codes)),
        )


def _why(error: FairlabError) -> str:
    # The first line says what is wrong; those after it name places, and a place can be somebody's name.
    told = {"permission": "this user may not read it", "file": "it could not be read"}
    return told.get(error.kind, error.message.splitlines()[0])


def scan(source: Any, *, limit: int = LIMIT) -> Findings:
    """Look for what identifies people: names, addresses, dates, serial numbers, patients and specimens.

    OME-XML, DICOM headers (by the PS3.15 basic profile, nested sequences and private elements included),
    attributes of OME-Zarr (consolidated copies too), RO-Crates, other JSON, XML, text and tables are looked into;
    names of files and folders as well. Pixels are not, nor is anything changed.

    Parameters
    ----------
    source : str, path-like, Record, mapping, xarray object or pydicom.Dataset
        A folder or file on this machine; the address or identifier of an OME-Zarr, of which every document that
        its metadata speaks of is fetched; or what is in hand: plain JSON values, the DICOM JSON model, a record,
        an opened image or table (its attributes).
    limit : int
        Documents to look into at most.

    Returns
    -------
    Findings
        Where, by which rule, how grave, and what to do. Values are never kept, shown or logged.

    Raises
    ------
    NotFoundError, AccessError, Unavailable
        There is nothing, or it cannot be reached.
    QueryError
        kind ``"source-type"`` or ``"limit"``.
    MissingExtraError
        A single DICOM file or dataset was given, and pydicom is not installed.

    Examples
    --------
    >>> found = scan({"omero": {"name": "S19-123 scanned 2019-06-04"}, "operator": "Jane Roe"})
    >>> [(finding.rule, finding.path) for finding in found]
    [('specimen', '/omero/name'), ('person', '/operator'), ('date', '/omero/name')]
    >>> "Roe" in str(found)
    False
    """
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise QueryError(f"limit is {limit!r}; expected a number of documents above zero", kind="limit")
    if isinstance(source, str | os.PathLike):
        text = os.fspath(source).strip()
        path = None if "://" in text else Path(text).expanduser()
        if path is not None and path.is_dir():
            return _folder(path, limit)
        if path is not None and path.is_file() and path.suffix.lower() not in _ZIPS:
            return _file(path)
        return _opened(text, limit)
    return _in_hand(source, limit)


def _in_hand(source: Any, limit: int) -> Findings:
    done = _Scan(f"this {type(source).__name__}", limit)
    name = (type(source).__name__,)
    if hasattr(source, "iterall"):  # pydicom's way through nested sequences; xarray has nothing of this name
        done.look(name, lambda notes: audit_dicom(source, notes))
    elif isinstance(source, Record):
        done.look(name, lambda notes: audit_json(source.to_dict(), notes))
    elif isinstance(source, Mapping) and not hasattr(source, "attrs"):
        done.look(name, lambda notes: audit_values(source, notes))
    elif hasattr(source, "attrs"):
        done.look(name, lambda notes: audit_json(_attributes(source), notes))
    else:
        raise QueryError(
            f"cannot look through a {type(source).__name__}\n"
            "  give a path, an address, plain JSON values, a record, an xarray object or a pydicom dataset",
            kind="source-type",
        )
    if done.unread:
        raise done.unread[0][1]
    return done.findings()


def _attributes(source: Any) -> dict[str, Any]:
    """The attributes of an xarray or pandas object, of its variables and of the nodes below it."""
    if hasattr(source, "subtree"):
        return {node.path.lstrip("/") or "attributes": _attributes(node.dataset) for node in source.subtree}
    variables = getattr(source, "variables", None) or getattr(source, "coords", {})
    own = {
        str(name): dict(variable.attrs)
        for name, variable in variables.items()
        if getattr(variable, "attrs", None)
    }
    return {"attributes": dict(source.attrs), **({"variables": own} if own else {})}


# ── files ────────────────────────────────────────────────────────────────────────────────────────────


def _file(path: Path) -> Findings:
    done = _Scan(str(path), 1)
    kind = kind_of(path)
    if kind is None:
        raise QueryError(
            f"{shown((path.name,))} is of a kind that is not looked into\n"
            "  give DICOM, OME-XML, JSON, text or a table, or an OME-Zarr (folder, zip file or address)",
            kind="source-type",
        )
    done.look((path.name,), lambda notes: audit_file(path, kind, notes))
    if done.unread:
        raise done.unread[0][1]
    return done.findings()


def _folder(root: Path, limit: int) -> Findings:
    from fairlab.net.listing import LocalPlace

    done = _Scan(str(root), limit)
    place = LocalPlace(root)
    entries = 0
    todo: list[tuple[str, ...]] = [()]
    while todo and done.whole:
        folder = todo.pop()
        try:
            listing = place.listing("/".join(folder))
        except FairlabError as error:
            done.unread.append((folder, error))
            continue
        names = Notes(document=folder or (".",))
        done.notes.append(names)
        entries += len(listing.files) + len(listing.folders)
        for number, name in enumerate((*listing.folders, *listing.files), start=1):
            done.numbers[(*folder, name)] = number
            for rule in of_name(name):
                names.add(rule, f"{{{number}}}", advice=_RENAME)
        for name in listing.files:
            _one_of_folder(done, root, (*folder, name))
        if not is_array(root.joinpath(*folder), listing.files):
            todo += [(*folder, name) for name in reversed(listing.folders)]
        if (done.is_full or entries > limit * _ENTRIES) and todo:
            done.whole = False
    return done.findings()


def _one_of_folder(done: _Scan, root: Path, document: tuple[str, ...]) -> None:
    path = root.joinpath(*document)
    kind = kind_of(path)
    if kind is None:
        done.others += 1
    elif done.is_full:
        done.whole = False
    else:
        done.look(document, lambda notes: audit_file(path, kind, notes))


# ── OME-Zarr anywhere ────────────────────────────────────────────────────────────────────────────────


def _opened(source: str, limit: int) -> Findings:
    from fairlab.fair.privacy.stores import documents_of
    from fairlab.opening import first_that_opens

    def read(location: str | Mapping[str, bytes]) -> Findings:
        found = documents_of(location, limit=limit)
        done = _Scan(found.location, limit)
        done.whole = found.whole
        for key, body in found.bodies.items():
            suffix = Path(key).suffix.lower()
            kind = {".xml": "xml", ".dcm": "dicom"}.get(suffix, "json")
            document = tuple(key.split("/"))
            if isinstance(body, FairlabError):
                done.unread.append((document, body))
            else:
                done.look(document, lambda notes, b=body, k=kind: audit_body(b, k, "", notes))
        return done.findings()

    return first_that_opens(source, read)[1]
