"""``fairlab catalogue``: what the catalogue holds, your own records in it, and keeping it alive."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

_BAD_DATA, _NOBODY_COULD_TELL = 1, 2
_ADD_EXAMPLE = "example: fairlab catalogue add plates.csv --name lab; then: fairlab search --repository lab"


def info(options: argparse.Namespace) -> None:
    """Print what the embedded catalogue and the user's own hold."""
    from fairlab import catalogue

    facts = catalogue.info()
    if options.json:
        _print_json(facts)
        return
    _print_tables(facts)
    print(f"your own: {facts['own']['folder']}")
    for source in facts["own"]["sources"]:
        print(
            f"{source['records']:8} records in {source['name']}, from {source['address']}, {source['made']}"
        )
    if not facts["own"]["sources"]:
        print("    none yet: fairlab catalogue add PATH|BUCKET|CSV")
    for failure in facts["failures"]:
        print(f"fairlab: {failure['message']}\n  {failure['advice']}", file=sys.stderr)


def add(parser: Any, shared: argparse.ArgumentParser) -> None:
    """Define the actions."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION")

    def action(name: str, command: Any, text: str, **more: Any) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = actions.add_parser(
            name, help=text, description=text, parents=[shared], **more
        )
        made.set_defaults(command=command)
        return made

    action("info", info, "what is in it")
    adding = action("add", _add, "add a list, folder or bucket of your own to it", epilog=_ADD_EXAMPLE)
    adding.add_argument(
        "source", metavar="PATH|BUCKET|CSV", help="a CSV file with a column url, or where OME-Zarr lie"
    )
    adding.add_argument("--name", help="what to call it (default: the last part of its address)")
    adding.add_argument("--title", help="title of the images that are of no study")
    adding.add_argument("--limit", type=int, default=1000, metavar="N", help="images to find (default: 1000)")
    adding.add_argument(
        "--depth", type=int, default=6, metavar="N", help="folders within folders (default: 6)"
    )
    action("remove", _remove, "take a source of your own out of it").add_argument("name")
    refreshing = action("refresh", _refresh, "harvest the studies of live archives into it")
    refreshing.add_argument("--repository", action="append", metavar="NAME", help="may be repeated; else all")
    refreshing.add_argument(
        "--restart", action="store_true", help="begin anew, also when most of an archive is gone"
    )
    checking = action("check", _check, "ask whether its addresses are alive", epilog=_CHECK_CODES)
    checking.add_argument("--sample", type=int, default=50, metavar="N", help="addresses (default: 50)")
    checking.add_argument("--repository", action="append", metavar="NAME", help="only of this publisher")
    checking.add_argument("--seed", type=int, default=0, metavar="N", help="which sample (default: 0)")
    pixels = action("pixels", _pixels, "how many studies resolve to pixels, per source")
    pixels.add_argument("--markdown", action="store_true", help="as the table of the README")
    archives = action("archives", _archives, "whom a live search asks, and what each can do")
    archives.add_argument("--markdown", action="store_true", help="as the table of the README")
    facets = action("facets", _facets, "counts over the whole catalogue")
    facets.add_argument("--kind", default="image", help="image (default) or study")
    build = action("build", _build, "make the tables again from fact tables")
    build.add_argument("source", type=Path, help="folder with known_images.csv, known_studies.csv, …")
    build.add_argument(
        "--out", type=Path, default=None, metavar="DIR", help="default: the package's data folder"
    )


_CHECK_CODES = "exit code: 0 alive, 1 some are dead, 2 nobody could tell"


def _add(options: argparse.Namespace) -> None:
    from fairlab import catalogue

    def progress(*, looked: int, found: int, place: str) -> None:
        print(f"looked into {looked}, found {found}: {place}", file=sys.stderr)

    change = catalogue.add(
        options.source,
        name=options.name,
        title=options.title,
        limit=options.limit,
        depth=options.depth,
        progress=progress,
    )
    _print_json(change.to_dict()) if options.json else print(change)


def _remove(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from fairlab import catalogue

    origin = catalogue.remove(options.name)
    if options.json:
        _print_json({"removed": options.name, "origin": asdict(origin) if origin else None})
    else:
        print(f"removed {options.name}" + (f", {origin.records} records" if origin else ""))


def _refresh(options: argparse.Namespace) -> int:
    from fairlab import catalogue

    def progress(*, repository: str, records: int, total: int | None) -> None:
        print(f"{repository}: {records}{f' of {total}' if total else ''} studies", file=sys.stderr)

    done = catalogue.refresh(options.repository, restart=options.restart, progress=progress)
    _print_json(done.to_dict()) if options.json else print(done)
    return _NOBODY_COULD_TELL if done.failures else 0


def _check(options: argparse.Namespace) -> int:
    from fairlab import catalogue

    checked = catalogue.check(sample=options.sample, repository=options.repository, seed=options.seed)
    _print_json(checked.to_dict()) if options.json else print(checked)
    if checked.of("dead"):
        return _BAD_DATA
    return 0 if checked.of("alive") else _NOBODY_COULD_TELL


def _pixels(options: argparse.Namespace) -> None:
    from fairlab import catalogue

    report = catalogue.pixels()
    if options.json:
        _print_json(report.to_dict())
    else:
        print(report.to_markdown() if options.markdown else report)


def _archives(options: argparse.Namespace) -> None:
    from fairlab.catalogue.archives import archives, to_markdown

    if options.json:
        _print_json(archives())
    elif options.markdown:
        print(to_markdown())
    else:
        for row in archives():
            print(
                f"{row['name']:12}{row['archive']}: {row['finds']}; pixels: {row['pixels']}; {row['checked live']}"
            )


def _facets(options: argparse.Namespace) -> None:
    from fairlab import catalogue

    found = catalogue.facets(options.kind)
    _print_json({"kind": found.kind, "total": found.total, **found}) if options.json else print(found)


def _build(options: argparse.Namespace) -> None:
    from fairlab.repositories.catalogue_tables import build_tables

    facts = build_tables(options.source, options.out)
    _print_json(facts) if options.json else _print_tables(facts)


def _print_tables(facts: dict[str, Any]) -> None:
    print(", ".join(f"{count} {name}" for name, count in facts["counts"].items()))
    print(f"{facts['bytes'] / 1000:.0f} kB in {facts['folder']}, made {facts['built']}")
    for repository, count in facts["images_by_repository"].items():
        print(f"{count:8} images from {repository}")


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
