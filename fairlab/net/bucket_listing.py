"""What lies in a bucket, prefix by prefix: unsigned first, signed when that is refused and credentials are there.

Unsigned listings go through the one transport, as all else that is read; a listing that must be signed is obstore's,
which knows how each service wants that.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urlsplit

from fairlab.errors import AccessError, FairlabError, NotFoundError, Unavailable, UnexpectedAnswer
from fairlab.net import http, s3
from fairlab.net.list_objects import BLOBS, MAX_PAGES, OBJECTS, listed, step_below
from fairlab.net.listing import Listing, in_order
from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fairlab.net.s3 import Bucket

_MAX_BYTES: Final = 16 * 1024 * 1024


class BucketPlace:
    """Objects below one prefix of a bucket, as if prefixes were folders."""

    shows_all = True
    pause_s = 0.0

    def __init__(self, address: str):
        self.location = address.rstrip("/")
        self._bucket, self._prefix = s3.parse(address)

    @property
    def server(self) -> str:
        """See :class:`fairlab.net.listing.Place`."""
        return "{0.scheme}://{0.netloc}".format(urlsplit(self._bucket.url("")))

    def listing(self, path: str) -> Listing:
        """See :class:`fairlab.net.listing.Place`.

        Raises
        ------
        Unavailable
            kind ``"offline"``, and what the transport says.
        AccessError, NotFoundError, UnexpectedAnswer
            It may not be listed, is not there, or answers with something else.
        """
        prefix = "".join(f"{part}/" for part in (self._prefix, path) if part)
        signed = option("s3_anonymous") is False
        try:
            return self._signed(prefix) if signed else self._unsigned(prefix)
        except AccessError as exc:
            if signed or option("s3_anonymous") or not s3.has_credentials(self._bucket):
                raise _refused(self.location) from exc
        return self._signed(prefix)

    def address(self, path: str) -> str:
        """See :class:`fairlab.net.listing.Place`."""
        return f"{self.location}/{path}" if path else self.location

    def _unsigned(self, prefix: str) -> Listing:
        try:
            return self._asked(prefix)
        except FairlabError as exc:
            if not self._moves_to(s3.stated_region(exc)):
                raise
        return self._asked(prefix)

    def _asked(self, prefix: str) -> Listing:
        dialect = BLOBS if self._bucket.scheme == "az" else OBJECTS
        params: dict[str, str | int] = {**dialect.asks, **({"prefix": prefix} if prefix else {})}
        folders: list[str] = []
        files: list[str] = []
        for _ in range(MAX_PAGES):
            url = f"{self._bucket.url('')}?{urlencode(params, quote_via=quote, safe='')}"
            answer = http.get(url, max_bytes=_MAX_BYTES, headers=dialect.headers)
            if answer.missing:
                raise _no_bucket(self.location)
            page = listed(answer.body, where=self.location, dialect=dialect)
            folders += page.folders
            files += page.files
            if page.next is None:
                return _listing(folders, files, prefix)
            if page.next == params.get(dialect.goes_on):  # it would go round in circles
                break
            params[dialect.goes_on] = page.next
        raise UnexpectedAnswer(
            f"the listing does not end\n  at {self.location}\n  give a folder further down, or tell its keeper",
            kind="listing-endless",
            url=self.location,
        )

    def _signed(self, prefix: str) -> Listing:
        self._check_online()
        try:
            return self._listed(prefix)
        except Unavailable:
            if not self._moves_to(self._stated_region()):
                raise
        return self._listed(prefix)

    def _moves_to(self, region: str | None) -> bool:
        """Whether the bucket is in another region than thought; it is asked there from now on."""
        if self._bucket.scheme != "s3" or region in (None, self._bucket.region):
            return False
        self._bucket = replace(self._bucket, region=region)
        return True

    def _stated_region(self) -> str | None:
        """Where the service says that the bucket is; obstore does not tell."""
        if self._bucket.scheme == "s3":
            try:
                http.get(self._bucket.url(""))
            except FairlabError as exc:
                return s3.stated_region(exc)
        return None

    def _listed(self, prefix: str) -> Listing:
        from obstore import list_with_delimiter
        from obstore.exceptions import BaseError

        try:
            answer = list_with_delimiter(s3.client(self._bucket), prefix or None)
        except (BaseError, OSError, ValueError) as exc:
            raise _translated(exc, self.location, self._bucket) from None  # its text may quote credentials
        return _listing(
            (f"{folder.rstrip('/')}/" for folder in answer["common_prefixes"]),
            (found["path"] for found in answer["objects"]),
            prefix,
        )

    def _check_online(self) -> None:
        if option("offline") and not s3.is_here(self._bucket):
            raise Unavailable(
                f"offline: {self.location} was not listed\n  fairlab.set_options(offline=False) allows it",
                kind="offline",
                url=self.location,
            )


def _listing(folders: Iterable[str], files: Iterable[str], prefix: str) -> Listing:
    return Listing(
        folders=in_order(step for name in folders if (step := step_below(name, prefix))),
        files=in_order(step for name in files if (step := step_below(name, prefix))),
    )


def _refused(where: str) -> AccessError:
    return AccessError(
        f"the bucket may not be listed\n  at {where}\n"
        "  its objects may still open one by one; credentials come from the environment or a profile",
        kind="listing-refused",
        url=where,
    )


def _no_bucket(where: str) -> NotFoundError:
    return NotFoundError(
        f"there is no such bucket\n  at {where}\n  check its name and the options s3_endpoint, gs_endpoint and "
        "azure_endpoint",
        kind="path-missing",
        url=where,
    )


def _translated(exc: Exception, where: str, bucket: Bucket) -> FairlabError:
    stated = re.search(r"status code: (\d{3})", str(exc))
    kind = stated[1] if stated else type(exc).__name__
    if kind in ("401", "403", "PermissionDeniedError", "UnauthenticatedError"):
        return _refused(where)
    if kind in ("404", "NotFoundError"):
        return _no_bucket(where)
    region = f" in region {bucket.region or 'us-east-1'}" if bucket.scheme == "s3" else ""
    return Unavailable(
        f"the bucket could not be listed{region} ({kind})\n  at {where}\n"
        "  check the connection, the credentials and the options of its service (s3_endpoint, s3_region …)",
        kind="listing",
        url=where,
    )
