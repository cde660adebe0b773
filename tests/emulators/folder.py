"""Folders of OME-Zarr on somebody's server: as index pages that link to one another, and as objects of a bucket."""

from __future__ import annotations

import functools
import html
import json
import tempfile
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest

from fairlab.net import line
from fairlab.repositories import folder
from fairlab.repositories.folder import Folder
from tests.emulators import Asked, Emulator, Reply
from tests.stores import write_plate, write_store

CRATE = {
    "@context": "https://w3id.org/ro/crate/1.1/context",
    "@graph": [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}},
        {
            "@id": "./",
            "@type": "Dataset",
            "name": "Nuclei of a fish Ω",
            "description": "Nuclei of zebrafish embryos, one day old",
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "datePublished": "2021-05-01",
            "resultOf": {"@id": "#acquisition"},
        },
        {"@id": "#acquisition", "@type": "image_acquisition", "specimen": {"@id": "#specimen"},
         "fbbi_id": {"@id": "obo:FBbi_00000246"}},
        {"@id": "#specimen", "@type": "specimen", "biosample": {"@id": "#biosample"}},
        {"@id": "#biosample", "@type": "biosample", "organism_classification": {"@id": "NCBI:txid7955"}},
    ],
}  # fmt: skip


@functools.cache
def tree() -> dict[str, bytes]:
    """Path below the place to content: images in folders, a plate, and what is no image."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        small: dict[str, Any] = {"shape": (2, 20, 20), "chunk": 32, "levels": 1}
        write_store(root / "fish.zarr", name="Nuclei of a fish Ω", labels=("cells",), **small)
        (root / "fish.zarr/ro-crate-metadata.json").write_text(json.dumps(CRATE), "utf-8")
        write_store(root / "würmer 2021/worm.ome.zarr", name="Nuclei of a worm", version="0.4", **small)
        write_store(root / "würmer 2021/deep/er/fly 1.zarr", name="Nuclei of a fly", scale=0.1, **small)
        write_plate(
            root / "plates/p1.zarr",
            version="0.4",
            rows=("A",),
            columns=("1",),
            shape=(2, 16, 16),
            levels=1,
            edit=lambda stated: stated["plate"].update(name="Nuclei, a plate"),
        )
        write_store(root / "actin.zarr", name="Actin", **small)
        (root / "notes.txt").write_text("no image")
        (root / "würmer 2021/.listing").write_text("hidden")
        return {
            file.relative_to(root).as_posix(): file.read_bytes()
            for file in sorted(root.rglob("*"))
            if file.is_file()
        }


class Shelves(Emulator):
    """What both forms have in common."""

    repository = "fairlab.repositories.folder:Folder"
    question, nothing = "nuclei", "qwertzuiop"
    first, limit_s = 80, 300.0
    wrongs = 1  # its documents have some eighty fields, and a question takes a hundred requests
    slow_s = 0.02
    per_page: ClassVar = 2
    senseless: ClassVar = {
        "test_what_was_answered_is_remembered_and_serves_when_the_archive_is_away": (
            "a folder is looked through anew for each question: what lies there may have changed since"
        ),
    }
    place: ClassVar = ""
    """Address of the place, below that of the server."""

    def __enter__(self) -> Any:
        super().__enter__()
        # Pages of twenty would need a hundred images to turn one.
        self._stack.enter_context(pytest.MonkeyPatch.context()).setattr(folder, "_PER_PAGE", self.per_page)
        return self

    def forgive(self) -> None:
        line.forget(self.url)

    def adapter(self) -> Any:
        return Folder() if hasattr(self, "_server") else Folder("https://images.example.org/data")

    @property
    def known(self) -> str:  # type: ignore[override]
        return f"folder:{self.address}/fish.zarr"

    @property
    def address(self) -> str:
        raise NotImplementedError  # each form of listing has its own

    def may_grow(self, content: Any) -> bool:
        # Zarr 3: what a reader does not know of an array stops it. A .zarray is an array, too.
        return content.get("node_type") != "array" and "chunks" not in content

    @staticmethod
    def names(path: str) -> tuple[list[str], list[str]]:
        """Folders and files directly in a folder."""
        below = [name.removeprefix(path) for name in tree() if name.startswith(path)]
        return (
            sorted({name.split("/")[0] for name in below if "/" in name}),
            sorted(name for name in below if "/" not in name),
        )

    @staticmethod
    def stored(path: str, *, as_it_is: bool = False) -> Any:
        """An object; of documents what they state, so that it can be altered."""
        if path not in tree():
            return Reply(content="<h1>Not Found</h1>", status=404, type="text/html")
        if not as_it_is and Path(path).name in (
            "zarr.json",
            ".zattrs",
            ".zgroup",
            ".zarray",
            "ro-crate-metadata.json",
        ):
            return json.loads(tree()[path])
        return tree()[path]


class IndexPages(Shelves):
    """A web server; each folder's page is written as another server would write it."""

    apis: ClassVar = {"folder": "/data"}

    def __init__(self) -> None:
        super().__init__()
        self.route("GET", r"/data/((?:[^/]+/)*)", self._page)
        self.route("GET", r"/data/(.*[^/])", lambda asked: self.stored(asked.groups[0]))
        self.route("GET", r"/data", lambda _: Reply(status=301, content="", headers={"Location": "/data/"}))

    @property
    def address(self) -> str:
        return f"{self.url}/data"

    def settings(self) -> dict[str, Any]:
        return {"folders": [self.address]}

    def _page(self, asked: Asked) -> Any:
        path = asked.groups[0]
        folders, files = self.names(path)
        if not folders and not files:
            return Reply(content="<h1>Not Found</h1>", status=404, type="text/html")
        shown = [name for name in (*(f"{one}/" for one in folders), *files) if not name.startswith(".")]
        write = (apache, nginx, python, go)[path.count("/") % 4]
        return Reply(content=write(f"/data/{path}", shown), type="text/html;charset=UTF-8")


def apache(path: str, names: list[str]) -> str:
    rows = "".join(
        f'<tr><td valign="top"><img src="/icons/x.gif" alt="[   ]"></td><td><a href="{quote(name)}">{html.escape(name)}'
        '</a></td><td align="right">2021-05-01 10:00  </td><td align="right">  - </td><td>&nbsp;</td></tr>\n'
        for name in names
    )
    return (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<html>\n <head>\n  <title>Index of '
        f"{html.escape(path)}</title>\n </head>\n <body>\n<h1>Index of {html.escape(path)}</h1>\n  <table>\n   <tr>"
        '<th valign="top"><img src="/icons/blank.gif" alt="[ICO]"></th><th><a href="?C=N;O=D">Name</a></th>'
        '<th><a href="?C=M;O=A">Last modified</a></th></tr>\n<tr><td><a href="/">Parent Directory</a></td></tr>\n'
        f"{rows}</table>\n<address>Apache/2.4.57 (Debian) Server</address>\n</body></html>\n"
    )


def nginx(path: str, names: list[str]) -> str:
    rows = "".join(
        f'<a href="{quote(name)}">{html.escape(name)}</a>      01-May-2021 10:00       -\r\n'
        for name in names
    )
    title = f"Index of {html.escape(path)}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<h1>{title}</h1><hr><pre>"
        f'<a href="../">../</a>\r\n{rows}</pre><hr></body>\r\n</html>\r\n'
    )


def python(path: str, names: list[str]) -> str:
    rows = "".join(f'<li><a href="{quote(name)}">{html.escape(name)}</a></li>\n' for name in names)
    title = f"Directory listing for {html.escape(path)}"
    return (
        f'<!DOCTYPE HTML>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n</head>\n<body>\n'
        f"<h1>{title}</h1>\n<hr>\n<ul>\n{rows}</ul>\n<hr>\n</body>\n</html>\n"
    )


def go(path: str, names: list[str]) -> str:
    rows = "".join(f'<a href="{quote(name)}">{html.escape(name)}</a>\n' for name in names)
    return f'<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n{rows}</pre>\n'


class ObjectService(Shelves):
    """A bucket of an S3 service, whose listings come in parts of two names."""

    apis: ClassVar = {"folder": "/images"}
    protocol: ClassVar = ("x-amz-checksum-mode",)

    def __init__(self) -> None:
        super().__init__()
        self.route("GET", r"/images/?", self._listing)
        # Its documents are those of the index pages, where all that they state is altered; here it is the listings.
        self.route("GET", r"/images/data/(.+)", lambda asked: self.stored(asked.groups[0], as_it_is=True))
        self.route("GET", r"/images/data", lambda _: self.stored(""))

    @property
    def address(self) -> str:
        return "s3://images/data"

    def settings(self) -> dict[str, Any]:
        return {"folders": [self.address], "s3_endpoint": self.url, "s3_anonymous": True}

    def _listing(self, asked: Asked) -> Any:
        prefix, start = asked.param("prefix"), asked.number("continuation-token", 0)
        assert (asked.param("list-type"), asked.param("delimiter")) == ("2", "/")
        folders, files = (
            self.names(prefix.removeprefix("data/")) if prefix.startswith("data/") else (["data"], [])
        )
        names = sorted([*(f"{one}/" for one in folders), *files])
        part = names[start : start + 2]
        more = start + 2 < len(names)
        return Reply(
            content=as_xml(
                "ListBucketResult",
                self.altered(
                    {
                        "Name": "images",
                        "Prefix": prefix,
                        "KeyCount": len(part),
                        "MaxKeys": 2,
                        "Delimiter": "/",
                        "IsTruncated": more,
                        **({"NextContinuationToken": str(start + 2)} if more else {}),
                        "Contents": [
                            {
                                "Key": f"{prefix}{name}",
                                "LastModified": "2021-05-01T10:00:00.000Z",
                                "ETag": '"5d41402abc4b2a76b9719d911017c592"',
                                "Size": 5,
                                "StorageClass": "STANDARD",
                            }
                            for name in part
                            if not name.endswith("/")
                        ],
                        "CommonPrefixes": [
                            {"Prefix": f"{prefix}{name}"} for name in part if name.endswith("/")
                        ],
                    }
                ),
            ),
            type="application/xml",
        )


def as_xml(root: str, content: Any) -> str:
    """Content under an element, a list as its elements one after the other."""
    inside = "".join(map("".join, _elements(content))) if isinstance(content, dict) else escape(str(content))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inside}</{root}>'


def _elements(content: Any) -> list[str]:
    found = []
    for name, value in content.items():
        for one in value if isinstance(value, list) else [value]:
            inside = "".join(_elements(one)) if isinstance(one, dict) else _text(one)
            found.append(f"<{name.strip('@')}>{inside}</{name.strip('@')}>")
    return found


def _text(value: Any) -> str:
    plain = str(value).lower() if isinstance(value, bool) else str(value)
    return escape("".join(c for c in plain if c.isprintable()))
