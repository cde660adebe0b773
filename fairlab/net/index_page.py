"""Index pages of web servers: what a folder holds, as far as its page links to it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

from fairlab.errors import NotFoundError, UnexpectedAnswer
from fairlab.net import http
from fairlab.net.address import redact
from fairlab.net.listing import Listing, in_order, joined

_MAX_PAGE_BYTES: Final = 16 * 1024 * 1024
_TITLE: Final = re.compile(
    r"\b(index of|directory listing|listing of|directory:|files within|contents of)", re.IGNORECASE
)


class IndexPlace:
    """Folders that a web server shows as pages of links (Apache, nginx, Caddy, ``python -m http.server``)."""

    shows_all = False
    pause_s = 0.05

    def __init__(self, url: str):
        self._url = url.split("#")[0].rstrip("/")
        self.location = redact(self._url)

    @property
    def server(self) -> str:
        """See :class:`fairlab.net.listing.Place`."""
        return "{0.scheme}://{0.netloc}".format(urlsplit(self._url))

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
        stated = answer.headers.get("content-type", "text/html")
        if "html" not in stated:
            raise _no_listing(answer.url, f"it answers with {stated[:60]}")
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

    Raises
    ------
    UnexpectedAnswer
        kind ``"no-listing"``: nothing says that this page lists a folder; ``"listing-cut"``: it ends in the middle.

    Examples
    --------
    >>> listed('<a href="../">up</a> <a href="?C=N">Name</a> <a href="a.zarr/">a</a> <a href="b.txt">b</a>',
    ...        "https://example.org/images/")
    Listing(folders=('a.zarr',), files=('b.txt',))
    """
    links = _Links()
    links.feed(html)
    links.close()
    if any(links.open.values()):
        raise UnexpectedAnswer(
            f"the index page ends in the middle\n  at {redact(page)}\n  try again later, or tell the server's keeper",
            kind="listing-cut",
            url=redact(page),
        )
    names = [name for href in links.found if (name := _name_below(href, page))]
    if (
        not names
        and not _TITLE.search(links.title)
        and not any(_leads_up(href, page) for href in links.found)
    ):
        # A page that says "back soon" must not look like an empty folder.
        raise _no_listing(redact(page), "its page names nothing below it")
    # Some servers leave out the slash; what ends in .zarr is a folder all the same.
    folders = [name for name in names if name.endswith(("/", ".zarr"))]
    return Listing(
        folders=in_order(name.rstrip("/") for name in folders),
        files=in_order(name for name in names if name not in folders),
    )


def _no_listing(where: str, why: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"{where} is no index page: {why}\n"
        "  this server does not list folders, or is under repair; images can be opened by their own addresses",
        kind="no-listing",
        url=where,
    )


def _leads_up(href: str, page: str) -> bool:
    try:
        here, there = urlsplit(page), urlsplit(urljoin(page, href.strip()))
    except ValueError:
        return False
    above = here.path.rstrip("/").rpartition("/")[0]
    return there.netloc == here.netloc and not there.query and there.path.rstrip("/") == above


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
        self.title = ""
        self.open = dict.fromkeys(("html", "pre", "table", "ul"), 0)
        """Elements that hold a whole listing, and how many of them have not ended."""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]
        if tag in self.open:
            self.open[tag] += 1
        self._in_title = tag in ("title", "h1")

    def handle_endtag(self, tag: str) -> None:
        if self.open.get(tag):
            self.open[tag] -= 1
        self._in_title = self._in_title and tag not in ("title", "h1")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += f" {data}"
