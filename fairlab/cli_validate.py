"""The command ``fairlab validate``: whether an OME-Zarr, or one document of it, obeys the specification.

Exit codes: 0 valid; 1 not valid; 2 nobody can tell. With ``--exit-zero`` always 0, as conformance suites ask.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from fairlab.errors import FairlabError, NotFoundError

if TYPE_CHECKING:
    import argparse

    from fairlab.verdict import Verdict

NOT_VALID = 1
CODES = "exit code: 0 valid, 1 not valid, 2 nobody can tell"


def add(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.set_defaults(cannot_tell=True)
    parser.add_argument("source", metavar="PATH|URL", help="image, plate, well, label, scene or collection")
    parser.add_argument("--strict", action="store_true", help="a SHOULD counts as a MUST")
    parser.add_argument(
        "--attributes", action="store_true", help="judge one JSON document (.zattrs or zarr.json) by itself"
    )
    parser.add_argument(
        "--exit-zero", action="store_true", help="one line of JSON, and exit code 0 whatever the verdict"
    )


def validate(options: argparse.Namespace) -> int:
    """Judge, and print the verdict."""
    if options.exit_zero:
        print(json.dumps(_whatever_comes(options).to_dict()))
        return 0
    verdict = _verdict(options)
    print(json.dumps(verdict.to_dict(), ensure_ascii=False, indent=2) if options.json else verdict)
    return 0 if verdict else NOT_VALID


def _whatever_comes(options: argparse.Namespace) -> Verdict:
    from fairlab.verdict import untold

    try:
        return _verdict(options)
    except FairlabError as error:  # to a suite, any other exit code is a fault of the judge
        return untold(options.source, error)


def _verdict(options: argparse.Namespace) -> Verdict:
    from fairlab.verdict import judge, validate

    if not options.attributes:
        return validate(options.source, strict=options.strict)
    body, where = (_far if "://" in options.source else _near)(options.source)
    return judge(body, where=where, strict=options.strict)


def _near(path: str) -> tuple[bytes, str]:
    from fairlab.ngff.documents import MAX_BYTES

    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1), path
    except (OSError, ValueError) as exc:
        raise _no_document(path, str(exc)) from exc


def _far(address: str) -> tuple[bytes, str]:
    """A document at an address, and that address without what must not be shown."""
    from urllib.parse import urlsplit

    from fairlab.net.store import open_store
    from fairlab.ngff.documents import MAX_BYTES

    try:
        parts = urlsplit(address)
    except ValueError as exc:
        raise _no_document(address.partition("?")[0], str(exc)) from exc
    folder, _, name = parts.path.rpartition("/")
    store = open_store(parts._replace(path=folder).geturl())
    where = f"{store.location}/{name}"
    body = store.get(name, max_bytes=MAX_BYTES)
    if body is None:
        raise _no_document(where, "nothing is there")
    return body, where


def _no_document(where: str, why: str) -> NotFoundError:
    return NotFoundError(
        f'the document "{where}" cannot be read ({why})\n  --attributes takes a JSON file: .zattrs or zarr.json',
        kind="path-missing",
    )
