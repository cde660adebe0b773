"""The commands about metadata: ``fairlab check`` and ``fairlab template``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import OutputError

if TYPE_CHECKING:
    import argparse

_BAD_DATA = 1
CHECK_CODES = "exit code: 0 complete and right, 1 something is missing or wrong, 2 nobody can tell"
TEMPLATE_EXAMPLE = "example: fairlab template miti --module Channel --items 8 --out channels.csv"


def check(options: argparse.Namespace) -> int:
    """Print what is missing or wrong; 1 when that is anything that must be there."""
    from fairlab import fair

    if options.standard == "miti":
        answers: list[Any] = [fair.miti(source, modules=options.module) for source in options.source]
    else:
        verb = fair.rembi if options.standard == "rembi" else fair.check_terms
        answers = [verb(*options.source)] if options.together else [verb(one) for one in options.source]
    if options.json:
        told = [answer.to_dict() for answer in answers]
        print(json.dumps(told if len(told) > 1 else told[0], ensure_ascii=False, indent=2))
    else:
        print("\n\n".join(map(str, answers)))
    return 0 if all(answers) else _BAD_DATA


def template(options: argparse.Namespace) -> None:
    """Print or write a checklist to fill in; a file that is there, and may be filled in, stays as it is."""
    from fairlab import fair

    text = fair.template(
        options.standard,
        format="json" if options.json else options.format or _format_of(options.out),
        modules=options.module,
        items=options.items,
        gaps=getattr(fair, options.standard)(options.gaps_of) if options.gaps_of else None,
    )
    if options.out is None:
        sys.stdout.write(text)
        return
    try:
        with options.out.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
    except FileExistsError as exc:
        raise OutputError(
            f"{options.out} is there already, and may be filled in\n  choose another name with --out",
            kind="output-exists",
        ) from exc
    except (OSError, ValueError) as exc:
        raise OutputError(f"{options.out} cannot be written ({exc})", kind="output-unwritable") from exc
    print(options.out)


def _format_of(path: Path | None) -> str:
    ending = path.suffix.lower().removeprefix(".") if path else ""
    return ending if ending in ("tsv", "json") else "csv"


def add_check(parser: argparse.ArgumentParser) -> None:
    """The words of ``fairlab check``."""
    parser.add_argument(
        "standard", choices=["rembi", "miti", "terms"], help="two checklists, or the ontology terms"
    )
    parser.add_argument(
        "source",
        nargs="+",
        metavar="PATH|URL|ID",
        help="an OME-Zarr, a filled-in template, an RO-Crate, a record as JSON, or an identifier",
    )
    parser.add_argument(
        "--module", action="append", metavar="NAME", help="MITI: a module that must be there; may be repeated"
    )
    parser.add_argument(
        "--together",
        action="store_true",
        help="REMBI and terms: the sources are about one thing: a crate and its gaps",
    )


def add_template(parser: argparse.ArgumentParser) -> None:
    """The words of ``fairlab template``."""
    parser.add_argument("standard", choices=["rembi", "miti"], help="which checklist")
    parser.add_argument(
        "--format", choices=["csv", "tsv", "json"], help="default: by the ending of --out, else csv"
    )
    parser.add_argument("--module", action="append", metavar="NAME", help="only this module; may be repeated")
    parser.add_argument("--gaps-of", metavar="PATH|URL|ID", help="only what this lacks")
    parser.add_argument(
        "--items", type=int, default=1, metavar="N", help="how many channels or other items (default: 1)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write there; a file that exists is left alone"
    )
