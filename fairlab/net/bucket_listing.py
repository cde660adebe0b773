"""What lies in a bucket, prefix by prefix: unsigned first, signed when that is refused and credentials are there."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fairlab.errors import AccessError, FairlabError, NotFoundError, Unavailable
from fairlab.net import http, s3
from fairlab.net.listing import Listing, in_order
from fairlab.options import option

if TYPE_CHECKING:
    from fairlab.net.s3 import Bucket


class BucketPlace:
    """Objects below one prefix of a bucket, as if prefixes were folders."""

    shows_all = True

    def __init__(self, address: str):
        self.location = address.rstrip("/")
        self._bucket, self._prefix = s3.parse(address)
        self._clients: dict[bool, Any] = {}

    def listing(self, path: str) -> Listing:
        """See :class:`fairlab.net.listing.Place`.

        Raises
        ------
        Unavailable
            kind ``"offline"``; and what :class:`~fairlab.net.listing.Place` names.
        """
        if option("offline") and not s3.is_here(self._bucket):
            raise Unavailable(
                f"offline: {self.location} was not listed\n  fairlab.set_options(offline=False) allows it",
                kind="offline",
                url=self.location,
            )
        prefix = "/".join(part for part in (self._prefix, path) if part)
        signed = option("s3_anonymous") is False
        try:
            return self._in_region(prefix, signed=signed)
        except AccessError:
            if signed or option("s3_anonymous") or not s3.has_credentials(self._bucket):
                raise
        return self._in_region(prefix, signed=True)

    def address(self, path: str) -> str:
        """See :class:`fairlab.net.listing.Place`."""
        return f"{self.location}/{path}" if path else self.location

    def _in_region(self, prefix: str, *, signed: bool) -> Listing:
        try:
            return self._listed(prefix, signed=signed)
        except Unavailable:
            region = self._stated_region()
            if region in (None, self._bucket.region):
                raise
        self._bucket, self._clients = replace(self._bucket, region=region), {}
        return self._listed(prefix, signed=signed)

    def _stated_region(self) -> str | None:
        """Where the service says that the bucket is; obstore does not tell."""
        if self._bucket.scheme != "s3":
            return None
        try:
            http.get(self._bucket.url(""))
        except FairlabError as exc:
            return s3.stated_region(exc)
        return None

    def _listed(self, prefix: str, *, signed: bool) -> Listing:
        from obstore import list_with_delimiter
        from obstore.exceptions import BaseError

        if signed not in self._clients:
            self._clients[signed] = s3.client(self._bucket, signed=signed)
        try:
            answer = list_with_delimiter(self._clients[signed], prefix or None)
        except (BaseError, OSError, ValueError) as exc:
            raise _translated(exc, self.location, self._bucket) from None  # its text may quote credentials
        return Listing(
            folders=in_order(folder.rstrip("/").rpartition("/")[2] for folder in answer["common_prefixes"]),
            files=in_order(found["path"].rpartition("/")[2] for found in answer["objects"]),
        )


def _translated(exc: Exception, where: str, bucket: Bucket) -> FairlabError:
    stated = re.search(r"status code: (\d{3})", str(exc))
    kind = stated[1] if stated else type(exc).__name__
    if kind in ("401", "403", "PermissionDeniedError", "UnauthenticatedError"):
        return AccessError(
            f"the bucket may not be listed\n  at {where}\n"
            "  its objects may still open one by one; credentials come from the environment or a profile",
            kind="listing-refused",
            url=where,
        )
    if kind in ("404", "NotFoundError"):
        return NotFoundError(
            f"there is no such bucket\n  at {where}\n  check its name and the option s3_endpoint",
            kind="path-missing",
            url=where,
        )
    region = f" in region {bucket.region or 'us-east-1'}" if bucket.scheme == "s3" else ""
    return Unavailable(
        f"the bucket could not be listed{region} ({kind})\n  at {where}\n"
        "  check the connection, the credentials and the options s3_endpoint and s3_region",
        kind="listing",
        url=where,
    )
