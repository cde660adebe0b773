"""Links that keep working: where the data of an address lies now, and one form of every address to compare them by.

Which addresses have moved is data: see :mod:`fairlab.moves_table`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from fairlab import moves_table
from fairlab.copied import address_meant, path_meant

if TYPE_CHECKING:
    from fairlab.moves_table import Kind

_LONGEST_CHAIN: Final = 8
_SAFE: Final = "/%~!$&'()*+,;=:@"


def current_address(url: str) -> str:
    """Where the data of an address lies now, with what may not stand in an address quoted.

    Examples
    --------
    >>> current_address("https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data/S-BIAD1/a b.zarr")
    'https://livingobjects.ebi.ac.uk/bioimaging-integrator-data/S-BIAD1/a%20b.zarr'
    >>> current_address("https://uk1s3.embassy.ebi.ac.uk/testbucket-bia/a.zarr")
    'https://uk1s3.embassy.ebi.ac.uk/testbucket-bia/a.zarr'
    """
    return _followed(url, ("moved",))


def web_address(url: str) -> str:
    """The one https address of public data, whatever host or bucket form it is listed under.

    Examples
    --------
    >>> web_address("gs://jax-public-ngff-2024/a.zarr"), web_address("s3://a-bucket-of-mine/a.zarr")
    ('https://storage.googleapis.com/jax-public-ngff-2024/a.zarr', 's3://a-bucket-of-mine/a.zarr')
    """
    return _followed(url, ("moved", "alias"))


def addresses_to_try(url: str, *, listed: str | None = None) -> tuple[str, ...]:
    """The addresses under which data may be found, most likely first.

    Parameters
    ----------
    url : str
        The address given.
    listed : str, optional
        The address under which a repository lists it, where that differs.

    Examples
    --------
    >>> addresses_to_try("https://uk1s3.embassy.ebi.ac.uk/idr/a.zarr")
    ('https://livingobjects.ebi.ac.uk/idr/a.zarr', 'https://uk1s3.embassy.ebi.ac.uk/idr/a.zarr')
    >>> addresses_to_try("https://example.org/a.zarr")
    ('https://example.org/a.zarr',)
    """
    given = [address_meant(url), *([address_meant(listed)] if listed else ())]
    found = [current_address(url), *given, *map(web_address, given)]
    by_form: dict[str, str] = {}
    for address in found:
        by_form.setdefault(tidy(address).rstrip("/"), address)
    return tuple(by_form.values())


def address_key(address: str) -> str:
    """An address in the one form under which it is looked up and compared.

    http or https, capitals in the host, a closing slash, percent signs, a metadata file at the end, moves and
    the several forms of a bucket's address make no difference.

    Examples
    --------
    >>> address_key("http://UK1S3.embassy.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr/.zattrs")
    'livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr'
    >>> address_key("s3://janelia-cosem-datasets/jrc_hela-2/a.zarr") == address_key(
    ...     "https://janelia-cosem-datasets.s3.amazonaws.com/jrc_hela-2/a.zarr")
    True
    """
    try:
        parts = urlsplit(address_meant(address))
    except ValueError:  # for example an IPv6 bracket left open
        return address.strip()
    path = path_meant(unquote(parts.path).rstrip("/")).rstrip("/")
    key = _bare(parts.scheme, parts.netloc, path)
    key = _moved(key + "/", ("moved", "alias")).rstrip("/") if parts.netloc else key
    return re.sub("^https?://", "", key) + (f"?{parts.query}" if parts.query else "")


def tidy(url: str) -> str:
    """A web address with spaces and other characters that may not stand in one quoted; keys of buckets stay.

    Examples
    --------
    >>> tidy("https://example.org/a b%20c.zarr")
    'https://example.org/a%20b%20c.zarr'
    """
    try:
        parts = urlsplit(address_meant(url))
    except ValueError:
        return url.strip()
    if parts.scheme not in ("http", "https"):
        return address_meant(url) if parts.netloc else url.strip()
    return urlunsplit(parts._replace(path=quote(parts.path, safe=_SAFE), fragment=""))


def _bare(scheme: str, netloc: str, path: str) -> str:
    scheme = "" if scheme in ("http", "https") else f"{scheme}://"
    return f"{scheme}{netloc.lower() if not scheme else netloc}{path}"


def _followed(url: str, kinds: tuple[Kind, ...]) -> str:
    tidied = tidy(url)
    try:
        parts = urlsplit(tidied)
    except ValueError:
        return tidied
    if not parts.netloc:
        return tidied
    before = _bare(parts.scheme, parts.netloc, parts.path)
    after = _moved(before, kinds)
    if after == before:
        return tidied
    # The query stays behind: it may hold a signature, which is the old host's business only.
    return tidy(after if "://" in after else f"https://{after}")


def _moved(address: str, kinds: tuple[Kind, ...]) -> str:
    for _ in range(_LONGEST_CHAIN):  # a table may send an address round in circles
        following = _step(address, kinds)
        if following == address:
            break
        address = following
    return address


def _step(address: str, kinds: tuple[Kind, ...]) -> str:
    for move in moves_table.about(address):
        if not move.new and move.pattern.match(address):
            return address
        following = move.apply(address) if move.kind in kinds else None
        if following is not None:
            return following
    return address
