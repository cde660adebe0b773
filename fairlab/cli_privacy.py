"""``fairlab privacy``: look for what identifies people; values are never printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

_FOUND, _NOBODY_COULD_TELL = 1, 2
_CODES = "exit code: 0 nothing found, 1 something found, 2 nobody could tell, or not of everything"
_ABOUT = (
    "Look through a folder, a file or an OME-Zarr for what identifies people: OME-XML, DICOM headers, attributes, "
    "RO-Crates, other JSON, XML, text and tables. Places and rules are printed, values never."
)


def add(parser: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    """Define the actions."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    scanning = actions.add_parser(
        "scan", help="report where, by which rule", description=_ABOUT, epilog=_CODES, parents=[shared]
    )
    scanning.set_defaults(command=_scan, cannot_tell=True)
    scanning.add_argument("source", metavar="PATH|URL", help="folder, file, address or identifier")
    scanning.add_argument(
        "--level",
        choices=["review", "block"],
        default="review",
        help="the least severity that counts (default: review)",
    )
    scanning.add_argument("--limit", type=int, default=2000, metavar="N", help="documents (default: 2000)")


def _scan(options: argparse.Namespace) -> int:
    from fairlab.fair.privacy import scan

    found = scan(options.source, limit=options.limit)
    print(json.dumps(found.to_dict(), ensure_ascii=False, indent=2) if options.json else found)
    if found.at_least(options.level):
        return _FOUND
    return 0 if found.looked_at and found.whole and not found.unread else _NOBODY_COULD_TELL
