"""Objects in a bucket (S3, Google, Azure): unsigned first, signed when that is refused and credentials are there.

obstore finds credentials and signs addresses (17 µs each); the request itself goes through the one transport,
so that limits, retries and checks are the same everywhere. libcurl signs S3 requests too, but knows neither
Google nor Azure, nor credentials of web identities, containers and instances. Google and Azure: addresses and
signatures are tested, live services are not.
"""

from __future__ import annotations

import configparser
import os
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from fairlab.errors import AccessError, FairlabError, QueryError
from fairlab.net.address import THIS_MACHINE
from fairlab.net.curl import USER_AGENT
from fairlab.net.deadline import Deadline
from fairlab.net.http_store import HttpStore
from fairlab.net.traffic import ledger
from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from obstore.store import AzureStore, GCSStore, S3Store

    from fairlab.net.answers import Answer
    from fairlab.net.checksums import Verify
    from fairlab.net.curl import Begun
    from fairlab.net.http_store import Question

SCHEMES: Final = ("s3", "gs", "az")
_VALID_FOR: Final = timedelta(minutes=15)
_CHECKSUMS: Final = ("x-amz-checksum-mode: ENABLED",)  # boto3 asks so too, signed or not
_ELSEWHERE: Final = {  # variables that obstore knows what to do with
    "s3": ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
           "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    "gs": ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_KEY"),
    "az": ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_CLIENT_SECRET",
           "AZURE_FEDERATED_TOKEN_FILE"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Which bucket of which service; no secrets."""

    scheme: str
    """``"s3"``, ``"gs"`` or ``"az"``."""
    name: str
    """Name of the bucket or container."""
    endpoint: str | None = None
    """Address of the service, if it is not the usual one."""
    region: str | None = None
    """Region of an S3 bucket, if known."""
    profile: str | None = None
    """Named set of S3 credentials."""
    account: str | None = None
    """Azure storage account."""

    def url(self, key: str) -> str:
        """Unsigned address of an object.

        Examples
        --------
        >>> Bucket(scheme="s3", name="images").url("a b+c.zarr")
        'https://images.s3.amazonaws.com/a%20b%2Bc.zarr'
        >>> Bucket(scheme="s3", name="my.images", region="eu-west-2").url("a.zarr")
        'https://s3.eu-west-2.amazonaws.com/my.images/a.zarr'
        >>> Bucket(scheme="gs", name="images").url("a.zarr")
        'https://storage.googleapis.com/images/a.zarr'
        """
        path = quote(key).rstrip("/")
        if self.scheme == "az":
            host = self.endpoint or f"https://{self.account}.blob.core.windows.net"
        elif self.scheme == "gs":
            host = self.endpoint or "https://storage.googleapis.com"
        elif self.endpoint:
            host = self.endpoint.rstrip("/")
        else:
            service = f"s3.{self.region}.amazonaws.com" if self.region else "s3.amazonaws.com"
            if "." not in self.name:  # a name with dots fits no certificate as a host
                return f"https://{self.name}.{service}/{path}"
            host = f"https://{service}"
        return f"{host}/{self.name}/{path}" if path else f"{host}/{self.name}"


def parse(text: str) -> tuple[Bucket, str]:
    """Bucket and key prefix of an address such as ``s3://bucket/prefix``, with the options now in force.

    Raises
    ------
    QueryError
        kind ``"location"``: no bucket, or a secret in the address; ``"azure-account"``; ``"s3-profile"``.
    """
    scheme, _, rest = text.partition("://")
    plain, mark, _ = rest.partition("?")
    if mark:  # as part of a key, a signature would be shown to everybody
        raise QueryError(
            f"{scheme}://{plain.rpartition('@')[2]}?… has a query, which {scheme}:// addresses have not\n"
            "  give a signed address as https://…",
            kind="location",
        )
    name, _, prefix = rest.partition("/")
    if not name or "@" in name or ":" in name:
        raise QueryError(
            f"this {scheme}:// address names no bucket\n  expected {scheme}://bucket/path; credentials come from the "
            "environment or a profile, never from an address",
            kind="location",
        )
    if scheme == "az":
        account = option("azure_account") or os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")
        if not account:
            raise QueryError(
                f"{text} names no storage account\n  say which: fairlab.set_options(azure_account=…)",
                kind="azure-account",
            )
        where = option("azure_endpoint") or _environ("AZURE_STORAGE_ENDPOINT")
        return Bucket(scheme=scheme, name=name, account=account, endpoint=_web(where)), prefix.strip("/")
    if scheme == "gs":
        where = option("gs_endpoint") or _environ("STORAGE_EMULATOR_HOST")
        return Bucket(scheme=scheme, name=name, endpoint=_web(where)), prefix.strip("/")
    facts = _profile(option("s3_profile"))
    bucket = Bucket(
        scheme=scheme,
        name=name,
        endpoint=_endpoint() or facts.get("endpoint_url"),
        region=option("s3_region") or _environ("AWS_REGION", "AWS_DEFAULT_REGION") or facts.get("region"),
        profile=option("s3_profile"),
    )
    return bucket, prefix.strip("/")


class BucketStore(HttpStore):
    """Objects below one prefix of a bucket."""

    def __init__(self, bucket: Bucket, prefix: str, *, verify: Verify | None = None):
        super().__init__(bucket.url(prefix), verify=verify)
        self._speaks_s3 = bucket.scheme == "s3"
        self._bucket, self._prefix = bucket, prefix
        self._signs = option("s3_anonymous") is False
        """Whether requests go signed at once: what worked last."""
        self._signer: Any = None

    def begin(
        self,
        key: str,
        *,
        part: slice | None = None,
        deadline: Deadline,
        max_bytes: int | None = None,
        then: Callable[[Begun], None],
    ) -> Begun | None:
        """See :meth:`HttpStore.begin`; a signature holds the moment, so that none is the same as another."""
        if self._signs:
            return None
        return super().begin(key, part=part, deadline=deadline, max_bytes=max_bytes, then=then)

    def _plain(self, key: str) -> tuple[str, tuple[str, ...]]:
        return self._bucket.url(self._path(key)), _CHECKSUMS if self._bucket.scheme == "s3" else ()

    def _path(self, key: str) -> str:
        return f"{self._prefix}/{key}".strip("/")

    def _ask(self, question: Question, headers: tuple[str, ...]) -> Answer:
        try:
            return self._ask_in_region(question, headers)
        except FairlabError as exc:
            region = stated_region(exc)
            if self._bucket.scheme != "s3" or region in (None, self._bucket.region):
                raise
            self._bucket, self._signer = replace(self._bucket, region=region), None
            return self._ask_in_region(question, headers)

    def _ask_in_region(self, question: Question, headers: tuple[str, ...]) -> Answer:
        sums = ledger(self.location)
        if not self._signs:
            url, more = self._plain(question.key)
            try:
                return question.put_to(url, headers + more, sums)
            except AccessError as exc:
                if stated_region(exc):
                    raise
                if option("s3_anonymous") or not has_credentials(self._bucket):
                    raise self._unsigned(exc) from exc
        # Further x-amz headers would have to be signed as well, and obstore signs none.
        answer = question.put_to(self._sign(self._path(question.key)), headers, sums)
        self._signs = True
        return answer

    def _unsigned(self, exc: AccessError) -> AccessError:
        """The refusal, with why nothing was signed."""
        why = "none are in the environment or a profile"
        if option("s3_anonymous"):
            why = "fairlab.set_options(s3_anonymous=None) allows them"
        elif self._bucket.scheme == "s3":
            why += ": AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or fairlab.set_options(s3_profile=…)"
        return AccessError(
            f"{exc.message}\n  it was asked without credentials; {why}",
            kind=exc.kind,
            url=exc.url,
            **exc.context,
        )

    def _sign(self, path: str) -> str:
        from obstore import sign
        from obstore.exceptions import BaseError

        try:
            if self._signer is None:
                self._signer = client(self._bucket)
            return sign(self._signer, "GET", path, _VALID_FOR)
        except (BaseError, OSError, ValueError) as exc:
            raise AccessError(
                f"the request could not be signed ({type(exc).__name__})\n  at {self.location}\n"
                "  check the credentials in the environment or the profile",
                kind="credentials",
                url=self.location,
            ) from None  # what obstore says may quote the credentials

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_signer": None}  # the other process finds credentials of its own


def client(bucket: Bucket) -> S3Store | GCSStore | AzureStore:
    """A bucket as obstore sees it, which signs addresses and listings; it has the time of ``timeout_s``."""
    from obstore import store

    given = timedelta(seconds=Deadline().left())
    limits: dict[str, Any] = {
        "client_options": {
            "timeout": given,
            "connect_timeout": min(given, timedelta(seconds=option("connect_timeout_s"))),
            "allow_http": bool(bucket.endpoint),
            "user_agent": USER_AGENT,
        },
        "retry_config": {"max_retries": 3, "retry_timeout": given},
    }
    if bucket.scheme == "gs":
        elsewhere: dict[str, Any] = {"base_url": bucket.endpoint} if bucket.endpoint else {}
        return store.GCSStore(bucket.name, **elsewhere, **limits)
    if bucket.scheme == "az":
        elsewhere = {"endpoint": bucket.endpoint} if bucket.endpoint else {}
        return store.AzureStore(bucket.name, account_name=bucket.account, **elsewhere, **limits)
    found: dict[str, Any] = dict(_s3_credentials(bucket.profile))
    if bucket.endpoint:
        found["endpoint"] = bucket.endpoint
    return store.S3Store(
        bucket.name,
        region=bucket.region or "us-east-1",
        virtual_hosted_style_request=not bucket.endpoint and "." not in bucket.name,
        **found,
        **limits,
    )


def is_here(bucket: Bucket) -> bool:
    """Whether the service runs on this machine, which the option ``offline`` allows."""
    return bool(bucket.endpoint) and urlsplit(bucket.endpoint or "").hostname in THIS_MACHINE


def has_credentials(bucket: Bucket) -> bool:
    """Whether there is anything to sign with."""
    elsewhere = any(os.environ.get(name) for name in _ELSEWHERE[bucket.scheme])
    return elsewhere or (bucket.scheme == "s3" and bool(_s3_credentials(bucket.profile)))


def _s3_credentials(profile: str | None) -> dict[str, str]:
    """Keys in obstore's words; a profile that was asked for by name comes before the environment's keys."""
    names = ("access_key_id", "secret_access_key", "session_token")
    found: Mapping[str, str] = (
        {} if profile else {f"aws_{n}": os.environ.get(f"AWS_{n.upper()}", "") for n in names}
    )
    if not found.get("aws_access_key_id"):
        found = _profile(profile)
    keys = {name: found[f"aws_{name}"] for name in names if found.get(f"aws_{name}")}
    return keys if "access_key_id" in keys and "secret_access_key" in keys else {}


def _profile(wanted: str | None) -> dict[str, str]:
    name = wanted or os.environ.get("AWS_PROFILE") or "default"
    files = {
        os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config": (
            "default" if name == "default" else f"profile {name}"
        ),
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials": name,
    }
    found: dict[str, str] = {}
    known = False
    for file, section in files.items():
        # A file of another program's: what cannot be read in it is not ours to judge.
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(Path(file).expanduser(), "utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        if parser.has_section(section):
            known = True
            found |= dict(parser.items(section))
    if wanted and not known:
        raise QueryError(
            f"there is no profile {wanted!r} in {' or '.join(files)}\n"
            "  name another: fairlab.set_options(s3_profile=…)",
            kind="s3-profile",
            profile=wanted,
        )
    return found


def stated_region(exc: FairlabError) -> str | None:
    """The region that a service names when it was asked in the wrong one."""
    if region := exc.context.get("bucket_region"):
        return str(region)
    host = urlsplit(str(exc.context.get("target", ""))).hostname or ""
    found = re.search(r"(?:^|\.)s3[.-]([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com$", host)
    return found[1] if found else None


def _endpoint() -> str | None:
    return option("s3_endpoint") or _environ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


def _web(address: str | None) -> str | None:
    """An address as its own service's tools understand it: Google's may leave out the scheme."""
    if not address:
        return None
    return (address if "://" in address else f"http://{address}").rstrip("/")


def _environ(*names: str) -> str | None:
    return next((value for name in names if (value := os.environ.get(name))), None)
