"""From an address to a place that can be looked through: a folder, a bucket, or index pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from fairlab.errors import QueryError
from fairlab.net import s3
from fairlab.net.address import redact
from fairlab.net.bucket_listing import BucketPlace
from fairlab.net.index_page import IndexPlace
from fairlab.net.listing import LocalPlace

if TYPE_CHECKING:
    from fairlab.net.listing import Place


def open_place(address: str | os.PathLike[str]) -> Place:
    """The place at an address; nothing is listed yet.

    Parameters
    ----------
    address : str or path-like
        A folder, ``file://…``, ``s3://bucket/prefix``, ``gs://…``, ``az://…``, or the ``http(s)://`` address of
        an index page.

    Raises
    ------
    QueryError
        kind ``"location"``: not an address of these forms, or one with a password or a query in it.
    NotFoundError
        kind ``"path-missing"``: no such folder on this machine.
    """
    text = os.fspath(address).strip()
    try:
        split = urlsplit(text)
        userinfo = split.username
    except ValueError as exc:
        raise _not_a_place(text, f"it cannot be taken apart: {exc}") from exc
    if not text or "\x00" in text:
        raise _not_a_place(text, "it is empty" if not text else "it holds a null character")
    if split.scheme in s3.SCHEMES:
        return BucketPlace(text)
    if split.scheme in ("http", "https"):
        if userinfo or split.query:
            # Records of what is found here are kept and shared: a secret in the address would go along.
            raise _not_a_place(text, "it holds a password or a query, which every record would repeat")
        return IndexPlace(text)
    if "://" in text and split.scheme != "file":
        raise _not_a_place(text, f"{split.scheme}:// is not known")
    return LocalPlace(Path(url2pathname(split.path)) if split.scheme == "file" else Path(text).expanduser())


def _not_a_place(text: str, why: str) -> QueryError:
    return QueryError(
        f"{redact(text)!r} is no place that can be looked through: {why}\n"
        "  give a folder, a bucket (s3://bucket/prefix, gs://, az://) or the address of an index page",
        kind="location",
    )
