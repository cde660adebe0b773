"""From a location to a read-only store: web address, bucket, folder, zip file or mapping.

Every store answers one question: the bytes of a key, a part of them, or None when the store itself says
that there is no such object.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from fairlab.copied import address_meant, path_meant
from fairlab.errors import NotFoundError, QueryError
from fairlab.net import s3
from fairlab.net.address import redact
from fairlab.net.file_in_parts import LocalFile, WebFile
from fairlab.net.http_store import HttpStore
from fairlab.net.local_store import DirectoryStore, MemoryStore, unreadable
from fairlab.net.zip_store import ZipStore

if TYPE_CHECKING:
    from fairlab.net.checksums import Verify
    from fairlab.net.deadline import Deadline


class Store(Protocol):
    """A read-only tree of objects; it can be pickled, and holds no secret that its location did not hold."""

    location: str
    """Redacted address, for people."""

    def get(
        self,
        key: str,
        *,
        part: slice | None = None,
        deadline: Deadline | None = None,
        max_bytes: int | None = None,
    ) -> bytes | None:
        """Bytes of one object, or of a part such as ``slice(-4, None)``; None when there is no such object.

        What is longer than ``max_bytes`` is refused before it takes that much memory; by default what no read
        could use.
        """
        ...


def open_store(
    location: str | os.PathLike[str] | Mapping[str, bytes], *, verify: Verify | None = None
) -> Store:
    """The store at a location; nothing is read yet, except a zip file's table of contents.

    Parameters
    ----------
    location : str, path-like or mapping
        ``http(s)://…``, ``s3://bucket/key``, ``gs://bucket/key``, ``az://container/key``, ``file://…``, a folder,
        any of these ending in ``.zip`` or ``.ozx``, or a mapping from key to bytes. Endpoint, region, profile
        and account of buckets are options (:class:`fairlab.set_options`).
    verify : {"auto", True, False}, optional
        Whether checksums that a web store states are compared; by default as the option ``verify`` says.

    Raises
    ------
    NotFoundError
        kind ``"path-missing"``: no such folder or file.
    FormatError
        kind ``"not-a-zip"``, ``"zip-name"`` or ``"no-ranges"``.
    QueryError
        kind ``"location"``: not a location of any known form.
    """
    if isinstance(location, Mapping):
        return MemoryStore(location)
    text = address_meant(os.fspath(location))
    split = _split(text)
    if split.scheme in ("http", "https", *s3.SCHEMES):
        web = (
            HttpStore(_quoted(split), verify=verify)
            if split.scheme.startswith("http")
            else s3.BucketStore(*s3.parse(text), verify=verify)
        )
        return ZipStore(WebFile(web)) if split.path.lower().endswith((".zip", ".ozx")) else web
    if "://" in text and split.scheme != "file":
        raise _unknown_scheme(text)
    if split.scheme == "file" and split.netloc not in ("", "localhost"):
        raise QueryError(
            f'"{redact(text)}" names another machine\n'
            "  a file of this one has three slashes, file:///folder/image.ome.zarr, or is a path alone",
            kind="location",
        )
    return _local_store(Path(path_meant(unquote(split.path) if split.scheme == "file" else text)))


def _unknown_scheme(text: str) -> QueryError:
    scheme = text.partition("://")[0]
    near = difflib.get_close_matches(scheme.lower(), ("http", "https", "file", *s3.SCHEMES), n=1)
    hint = f"; did you mean {near[0]}://?" if near else ""
    if "::" in text:  # fsspec's way to say how something is reached
        hint = f"; give the address alone: {redact(text.rpartition('::')[2])}"
    return QueryError(
        f"fairlab does not open addresses that begin with {scheme}://{hint}\n"
        "  it opens http, https, s3, gs, az and file addresses, folders and zip files",
        kind="location",
    )


def _split(text: str) -> SplitResult:
    try:
        if "\x00" in text:
            raise ValueError("it holds a null character")
        return urlsplit(text)
    except ValueError as exc:
        raise QueryError(
            f"{redact(text)!r} is neither an address nor a path ({exc})\n"
            '  expected like "https://example.org/image.ome.zarr" or "folder/image.ome.zarr"',
            kind="location",
        ) from exc


def _local_store(path: Path) -> Store:
    try:
        path = path.expanduser()
        if path.is_dir():
            return DirectoryStore(path)
        if path.is_file():
            return ZipStore(LocalFile(path))
    except PermissionError as exc:
        raise unreadable(exc, str(path)) from exc
    except (OSError, RuntimeError):  # a name longer than any, or a home of nobody: there is no such path
        pass
    raise NotFoundError(
        f'there is no file or folder "{path}"\n  {_instead_of(path)}', kind="path-missing", path=str(path)
    )


def _instead_of(path: Path) -> str:
    """What may have been meant by a path where nothing is: an address, an identifier, or another path."""
    first, *others = path.parts or ("",)
    if others and re.fullmatch(r"localhost(:\d+)?|[\w-]+(\.[\w-]+)+(:\d+)?", first):
        return f'if {first} is a host, write "https://{path}"'
    if not others and re.fullmatch(r"[\w-]+", first):
        return (
            f'if it is an identifier: fairlab.lookup("{path}"), "sample:nuclei"; if it is a path, an OME-Zarr '
            f"folder or zip file, looked for in {Path.cwd()}"
        )
    looked = "" if path.is_absolute() else f"; this one was looked for in {Path.cwd()}"
    return f"give the path of an OME-Zarr folder or zip file, or an address{looked}"


def _quoted(parts: SplitResult) -> str:
    """A web address with what may not stand in one quoted, without a slash at the end."""
    if not parts.netloc:
        raise QueryError(
            f'"{redact(parts.geturl())}" names no host\n  expected like "https://example.org/image.ome.zarr"',
            kind="location",
        )
    path = quote(parts.path.rstrip("/"), safe="/%~!$&'()*+,;=:@")
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
