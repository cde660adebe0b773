"""The commands that ask: ``fairlab search`` and ``fairlab lookup``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from fairlab.errors import QueryError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

NOBODY_COULD_TELL = 2


def search(options: argparse.Namespace) -> int:
    """Print what was found; 2 when nobody who was asked answered."""
    from fairlab.conversation import LiveResults
    from fairlab.federation import search

    results = search(
        " ".join(options.text),
        organism=options.organism,
        imaging_method=options.method,
        license=options.license,
        repository=options.repository,
        kind=options.kind,
        ngff_version=options.ngff_version,
        layout=options.layout,
        openable=True if options.openable else None,
        max_bytes=options.max_bytes,
        attributes=_pairs(options.attribute),
        anatomy=options.anatomy,
        disease=options.disease,
        cell_line=options.cell_line,
        phenotype=options.phenotype,
        compound=options.compound,
        year=options.year,
        channel=options.channel,
        has_labels=True if options.has_labels else None,
        pixel_size_below=_number_or_text(options.pixel_size_below),
        match=options.match,
        group_by=options.group_by,
        limit=options.limit,
        live=options.live,
        repositories=options.repositories,
        timeout_s=options.timeout,
    )
    if isinstance(results, LiveResults) and sys.stderr.isatty():
        print("fairlab: asking archives …", file=sys.stderr)
    print(results.to_json() if options.json else results)
    nobody = not results.records and len(results.failures) == len(results.asked) > 0
    return NOBODY_COULD_TELL if nobody else 0


def lookup(options: argparse.Namespace) -> None:
    """Print one record, or one field of it."""
    from fairlab.lookups import lookup

    record = lookup(
        options.identifier, live=options.live, repositories=options.repositories, timeout_s=options.timeout
    )
    if options.field:
        if options.field not in record.__dataclass_fields__:
            raise QueryError(
                f'records have no field "{options.field}"; fields are: {", ".join(record.__dataclass_fields__)}',
                kind="field-unknown",
            )
        value = record.to_dict().get(options.field, "unknown")
        print(json.dumps(value, ensure_ascii=False) if options.json or not isinstance(value, str) else value)
    elif options.json:
        print(json.dumps(record.to_dict(), ensure_ascii=False, indent=2))
    else:
        print(record)


def _pairs(assignments: Sequence[str]) -> dict[str, list[str]] | None:
    """Key/value pairs as typed; a key that is repeated asks for any of its values."""
    found: dict[str, list[str]] = {}
    for text in assignments:
        key, mark, value = text.partition("=")
        if not mark:
            raise QueryError(
                f'--attribute is "{text}"; expected KEY=VALUE: --attribute "Gene Symbol=CDK1"',
                kind="query-value",
            )
        found.setdefault(key.strip(), []).append(value)
    return found or None


def _number_or_text(text: str | None) -> float | str | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text  # with its unit


def add_search(parser: argparse.ArgumentParser) -> None:
    """The words of ``fairlab search``."""
    add = parser.add_argument
    add("text", nargs="*", help="words; may be left out when a filter is given")
    add("--organism", metavar="NAME", help="name, everyday name or NCBITaxon id")
    add("--method", metavar="NAME", help="imaging method, with all its kinds, or FBbi id")
    add("--license", metavar="NAME", help="CC-BY-4.0, CC0, … or an address")
    add("--repository", metavar="NAME", help="who publishes it: IDR, BIA, SSBD, …")
    add("--kind", default="image", help="image (default) or study")
    add("--ngff-version", metavar="V", help="0.4, 0.5, …")
    add("--layout", metavar="NAME", help="image, plate or bioformats2raw")
    add("--openable", action="store_true", help="only what resolves to pixels")
    add("--max-bytes", type=int, metavar="N", help="only images stored in at most N bytes")
    add(
        "--attribute",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help='key/value pair as archives state it: "Gene Symbol=CDK1"; may be repeated',
    )
    for name in ("anatomy", "disease", "cell line", "phenotype", "compound", "channel"):
        add(f"--{name.replace(' ', '-')}", metavar="WORD", help=f"a word of its {name}")
    add("--year", metavar="Y", help="2019, 2019-2021 or 2019-")
    add("--has-labels", action="store_true", help="only with label images")
    add("--pixel-size-below", metavar="LENGTH", help='micrometer, or with its unit: "200 nm"')
    add("--match", choices=["best", "all"], default="best", help="all: no partial matches")
    add("--group-by", default="study", help="study (default): its images stand together; or image")
    add("--limit", type=int, default=20, metavar="N", help="at most N records (default: 20)")
    _add_live(parser)


def add_lookup(parser: argparse.ArgumentParser) -> None:
    """The words of ``fairlab lookup``."""
    parser.add_argument(
        "identifier", help="idr:idr0062, S-BIAD634, EMPIAR-10310, a DOI, sample:nuclei, or an address"
    )
    parser.add_argument("--field", metavar="NAME", help="print one field only")
    _add_live(parser)


def _add_live(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--live", action="store_true", help="ask archives over the network, too")
    parser.add_argument(
        "--repositories", nargs="+", metavar="NAME", help="ask exactly these, over the network or not"
    )
    parser.add_argument("--timeout", type=float, metavar="S", help="seconds for each archive (default: 10)")
