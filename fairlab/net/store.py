"""From a location to a read-only store: web address, bucket, folder or zip file.

Every store answers one question: the bytes of a key, a part of them, or None when the store itself says
that there is no such object.
"""

from __future__ import annotations

import io
import os
import posixpath
import threading
import weakref
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from fairlab.errors import AccessError, FairlabError, FormatError, NotFoundError, QueryError
from fairlab.net import http
from fairlab.net.address import redact
from fairlab.net.guard import DECODING_FAULTS
from fairlab.net.traffic import ledger
from fairlab.ngff.paths import inner_path
from fairlab.options import option

if TYPE_CHECKING:
    from fairlab.net.http import Deadline

_BUCKET_HOSTS = {"gs": "https://storage.googleapis.com"}


class Store(Protocol):
    """A read-only tree of objects."""

    location: str
    """Redacted address, for people."""

    def get(self, key: str, *, part: slice | None = None, deadline: Deadline | None = None) -> bytes | None:
        """Bytes of one object, or of a part such as ``slice(-4, None)``; None when there is no such object."""
        ...


def open_store(location: str | os.PathLike[str]) -> Store:
    """The store at a location; nothing is read yet, except a zip file's table of contents.

    Parameters
    ----------
    location : str or path-like
        ``http(s)://…``, ``s3://bucket/key`` (anonymous; endpoint from the option ``s3_endpoint`` or
        ``$AWS_ENDPOINT_URL``), ``gs://bucket/key`` (anonymous), ``file://…``, a folder, or any of these
        ending in ``.zip`` or ``.ozx``.

    Raises
    ------
    NotFoundError
        kind ``"path-missing"``: no such folder or file.
    FormatError
        kind ``"not-a-zip"``.
    QueryError
        kind ``"location"``: not a location of any known form.
    """
    text = os.fspath(location).strip()
    split = _split(text)
    if split.scheme in ("http", "https", "s3", "gs"):
        url = _web_address(text)
        if split.path.lower().endswith((".zip", ".ozx")):
            return ZipStore(cast("IO[bytes]", io.BufferedReader(_RemoteFile(url), 64 * 1024)), text)
        return HttpStore(url)
    if "://" in text and split.scheme != "file":
        raise QueryError(
            f"fairlab does not open addresses that begin with {split.scheme}://\n"
            "  it opens http, https, s3, gs and file addresses, folders and zip files",
            kind="location",
        )
    return _local_store(Path(unquote(split.path)) if split.scheme == "file" else Path(text).expanduser())


def _split(text: str) -> SplitResult:
    try:
        if "\x00" in text:
            raise ValueError("it holds a null character")
        return urlsplit(text)
    except ValueError as exc:
        raise QueryError(f"{text!r} is neither an address nor a path ({exc})", kind="location") from exc


def _local_store(path: Path) -> Store:
    if path.is_dir():
        return DirectoryStore(path)
    if path.is_file():
        return ZipStore(path.open("rb"), str(path))
    raise NotFoundError(
        f'there is no file or folder "{path}"\n  give the path of an OME-Zarr folder or zip file, or an address',
        kind="path-missing",
        path=str(path),
    )


def _web_address(text: str) -> str:
    """An http address for a bucket address; quoted, without a trailing slash."""
    parts = urlsplit(text)
    scheme, netloc, path = parts.scheme, parts.netloc, parts.path
    if not netloc:
        raise QueryError(
            f'"{redact(text)}" names no {"bucket" if scheme in ("s3", "gs") else "host"}', kind="location"
        )
    if scheme in ("s3", "gs"):
        endpoint = _BUCKET_HOSTS.get(scheme) or _s3_endpoint()
        if endpoint:
            base = urlsplit(endpoint)
            scheme, netloc, path = base.scheme, base.netloc, f"{base.path.rstrip('/')}/{netloc}{path}"
        else:
            scheme, netloc = "https", f"{netloc}.s3.amazonaws.com"
    return urlunsplit((scheme, netloc, quote(path.rstrip("/"), safe="/%~!$&'()*+,;=:@"), parts.query, ""))


def _s3_endpoint() -> str | None:
    return (
        option("s3_endpoint") or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    )


class HttpStore:
    """Objects below one web address."""

    def __init__(self, url: str):
        self._parts = urlsplit(url)
        self.location = redact(url)

    def get(self, key: str, *, part: slice | None = None, deadline: Deadline | None = None) -> bytes | None:
        """See :class:`Store`."""
        answer = http.get(self._url(key), part=part, deadline=deadline, ledger=ledger(self.location))
        if answer.missing:
            return None
        if answer.headers.get("content-type", "").startswith("text/html"):
            raise FormatError(
                f"{answer.url} is a web page, not data\n  it may be a log-in or an error page; open it in a browser",
                kind="html-page",
                url=answer.url,
            )
        if answer.status == 200:  # a server may ignore Range and send the whole
            return _part(answer.body, part)
        return answer.body

    def _url(self, key: str) -> str:
        # The query stays: it may be what opens the door (a signed or token address).
        scheme, netloc, path, query, _ = self._parts
        return urlunsplit((scheme, netloc, f"{path}/{quote(key)}", query, ""))


class DirectoryStore:
    """Files below one folder; links that lead out of it are not followed."""

    def __init__(self, root: Path):
        self._root = root.resolve()
        self.location = str(root)

    def get(self, key: str, *, part: slice | None = None, deadline: Deadline | None = None) -> bytes | None:
        """See :class:`Store`."""
        path = self._root / inner_path(key, where=self.location)
        if not path.resolve().is_relative_to(self._root):
            raise FormatError(
                f"{path} is a link out of its store\n  it was not followed", kind="link-outside"
            )
        body, sums = None, ledger(self.location)
        sums.began()
        try:
            with path.open("rb") as file:
                body = _read_part(file, part)
            return body
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except PermissionError as exc:
            raise AccessError(
                f"{path} may not be read by this user", kind="permission", path=str(path)
            ) from exc
        finally:
            sums.ended(len(body or b""))


class ZipStore:
    """Entries of one zip file (RFC-9 ``.ozx`` or ``.zip``), local or on the web."""

    def __init__(self, file: IO[bytes], source: str):
        self._source = source
        self.location = location = redact(source)
        self._lock = threading.Lock()
        weakref.finalize(
            self, file.close
        )  # also when the store is part of a cycle, where __del__ comes too late
        try:
            self._zip = zipfile.ZipFile(file)
        except zipfile.BadZipFile as exc:
            file.close()
            raise FormatError(
                f"{location} is not a zip file ({exc})\n  expected a folder, or an OME-Zarr packed as zip",
                kind="not-a-zip",
                url=location,
            ) from exc
        self._entries = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
        self._prefix = self._root_prefix()

    def _root_prefix(self) -> str:
        # Most tools zip the folder's content; some zip the folder itself.
        roots = [
            name for name in self._entries if posixpath.basename(name) in ("zarr.json", ".zgroup", ".zattrs")
        ]
        shallowest = min(roots, key=lambda name: name.count("/"), default="")
        return shallowest.rpartition("/")[0] + "/" if "/" in shallowest else ""

    def get(self, key: str, *, part: slice | None = None, deadline: Deadline | None = None) -> bytes | None:
        """See :class:`Store`."""
        info = self._entries.get(self._prefix + inner_path(key, where=self.location))
        if info is None:
            return None
        try:
            with self._lock, self._zip.open(info) as entry:  # one file position for all threads
                return _part(entry.read(), part)
        except FairlabError:
            raise  # the web, not the zip, is at fault, and says so
        except DECODING_FAULTS as exc:
            raise FormatError(
                f'the zip entry "{info.filename}" cannot be unpacked ({exc})\n  in {self.location}',
                kind="zip-damaged",
                url=self.location,
            ) from exc

    def __reduce__(self) -> tuple[Any, ...]:
        return open_store, (self._source,)  # file handles do not travel: the other process opens its own


class _RemoteFile(io.RawIOBase):
    """A seekable view of one web object, read by ranges."""

    def __init__(self, url: str):
        self._url, self._position = url, 0
        answer = http.get(url, part=slice(-1, None))
        if answer.missing:
            raise NotFoundError(f"there is nothing at {redact(url)}", kind="http-404", url=redact(url))
        total = answer.headers.get("content-range", "").rpartition("/")[2]
        if not total.isdigit():
            raise FormatError(
                f"{redact(url)} cannot be read in parts\n"
                "  a zip on the web needs a server that answers range requests; download it and open the file",
                kind="no-ranges",
                url=redact(url),
            )
        self._size = int(total)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed wants WriteableBuffer
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        body = http.get(self._url, part=slice(self._position, end)).body
        buffer[: len(body)] = body
        self._position += len(body)
        return len(body)


def _read_part(file: IO[bytes], part: slice | None) -> bytes:
    if part is None:
        return file.read()
    start, stop, _ = part.indices(file.seek(0, os.SEEK_END))
    file.seek(start)
    return file.read(max(0, stop - start))


def _part(whole: bytes, part: slice | None) -> bytes:
    return whole if part is None else whole[part]
