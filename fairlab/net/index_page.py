"""Index pages of web servers: what a folder holds, as far as its page links to it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from fairlab.errors import FormatError, NotFoundError
from fairlab.net import http
from fairlab.net.address import redact
from fairlab.net.listing import Listing, in_order, joined

_MAX_PAGE_BYTES: Final = 16 * 1024 * 1024


class IndexPlace:
    """Folders that a web server shows as pages of links (Apache, nginx, Caddy, ``python -m http.server``)."""

    shows_all = False

    def __init__(self, url: str):
        self._url = url.split("#")[0].rstrip("/")
        self.location = redact(self._url)

    def listing(self, path: str) -> Listing:
        """See :class:`fairlab.net.listing.Place`.

        Raises
        ------
        NotFoundError
            kind ``"path-missing"``.
        FormatError
            kind ``"no-listing"``: no index page.
        """
        page = f"{self.address(path)}/"
        answer = http.get(page, max_bytes=_MAX_PAGE_BYTES)
        if answer.missing:
            raise NotFoundError(
                f"there is nothing at {answer.url}\n  give the address of a page that lists a folder",
                kind="path-missing",
                url=answer.url,
            )
        if "html" not in answer.headers.get("content-type", "text/html"):
            raise FormatError(
                f"{answer.url} is no index page ({answer.headers['content-type'][:60]})\n"
                "  this server does not list folders; give the addresses of its images one by one",
                kind="no-listing",
                url=answer.url,
            )
        return listed(answer.body.decode("utf-8", "replace"), page)

    def address(self, path: str) -> str:
        """See :class:`fairlab.net.listing.Place`."""
        return joined(self._url, path)


def listed(html: str, page: str) -> Listing:
    """What a page links to directly below its own address; all other links are left out.

    Parameters
    ----------
    html : str
        The page.
    page : str
        Its address, with a slash at the end.

    Examples
    --------
    >>> listed('<a href="../">up</a> <a href="?C=N">Name</a> <a href="a.zarr/">a</a> <a href="b.txt">b</a>',
    ...        "https://example.org/images/")
    Listing(folders=('a.zarr',), files=('b.txt',))
    """
    links = _Links()
    links.feed(html)
    folders: list[str] = []
    files: list[str] = []
    for href in links.found:
        name = _name_below(href, page)
        if name:
            # Some servers leave out the slash; what ends in .zarr is a folder all the same.
            (folders if name.endswith(("/", ".zarr")) else files).append(name.rstrip("/"))
    return Listing(folders=in_order(folders), files=in_order(files))


def _name_below(href: str, page: str) -> str | None:
    """The one step that a link goes down from its page, or None where it leads anywhere else."""
    try:
        here, there = urlsplit(page), urlsplit(urljoin(page, href.strip()))
    except ValueError:
        return None
    if (there.scheme, there.netloc) != (here.scheme, here.netloc) or there.query:
        return None
    base, path = unquote(here.path), unquote(there.path)
    step = path.removeprefix(base)
    name = step.removesuffix("/")
    outside = not path.startswith(base) or "/" in name or "\\" in name or unquote(name) in ("", ".", "..")
    return None if outside or not name.isprintable() else step


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]
