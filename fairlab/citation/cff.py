"""Citations as ``CITATION.cff``, version 1.2.0 of the format."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from fairlab.citation.reference import UNKNOWN, doi_of, people

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.citation.reference import Reference

# The format's own pattern: narrower than what DOIs may be.
_DOI = re.compile(r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")


def cff(references: Sequence[Reference]) -> str:
    """One data set as the cited work with the software as reference; several as references of a collection."""
    data = [reference for reference in references if reference.type == "dataset"]
    others = [reference for reference in references if reference.type != "dataset"]
    if not data:
        work = {"message": "Please cite this software.", "type": "software", **_work(others[-1])}
        return "\n".join(_yaml({"cff-version": "1.2.0", **work, "version": others[-1].version})) + "\n"
    work = _single(data[0]) if len(data) == 1 else _collection(data)
    listed = others if len(data) == 1 else [*data, *others]
    whole = {"cff-version": "1.2.0", **work, "references": [_listed(reference) for reference in listed]}
    return "\n".join(_yaml(whole)) + "\n"


def _single(reference: Reference) -> dict[str, Any]:
    stated = f"Licence: {reference.license_label}."
    credit = f" Credit: {reference.attribution}." if reference.attribution else ""
    return {
        "message": f"Please cite these data as below. {stated}{credit}",
        "type": "dataset",
        **_work(reference),
        "identifiers": _identifiers(reference),
    }


def _collection(data: Sequence[Reference]) -> dict[str, Any]:
    # The format wants one title and authors; each source keeps its own beside its own licence below.
    names = list(dict.fromkeys(name for reference in data for name in reference.authors))
    return {
        "message": "Please cite every data set under references; each has its own licence.",
        "type": "dataset",
        "title": f"{len(data)} data sets analysed together",
        "authors": _authors(names),
    }


def _listed(reference: Reference) -> dict[str, Any]:
    dataset = reference.type == "dataset"
    return {
        "type": {"dataset": "data", "software": "software"}.get(reference.type, "article"),
        **_work(reference),
        "version": reference.version,
        "publisher": {"name": reference.publisher or UNKNOWN} if dataset else None,
        "date-accessed": reference.accessed,
        "notes": f"Licence: {reference.license_label}" if dataset else None,
        "identifiers": _identifiers(reference) if dataset else None,
    }


def _work(reference: Reference) -> dict[str, Any]:
    """Fields that a cited work and a reference share."""
    known = reference.license
    return {
        "title": reference.title or "unknown title",
        "authors": _authors(reference.authors),
        "date-released": "-".join(f"{n:02d}" for n in reference.date) if len(reference.date) == 3 else None,
        "doi": reference.doi if _DOI.fullmatch(reference.doi or "") else None,
        "url": reference.address,
        "license": known.spdx if known else None,
        "license-url": known.url if known and not known.spdx else None,
    }


def _authors(names: Sequence[str]) -> list[dict[str, str]]:
    return [
        {"name": name} if isinstance(name, str) else {"family-names": name[0], "given-names": name[1]}
        for name in people(names) or ["unknown author"]
    ]


def _identifiers(reference: Reference) -> list[dict[str, str]]:
    found = [{"type": "other", "value": reference.id, "description": "identifier in fairlab"}]
    if reference.accession:
        place = reference.publisher or "the repository"
        found.append({"type": "other", "value": reference.accession, "description": f"accession in {place}"})
    for article in reference.articles:
        doi = doi_of(article) or ""
        kind = "doi" if _DOI.fullmatch(doi) else "url" if article.startswith("http") else "other"
        value = doi if kind == "doi" else article
        found.append({"type": kind, "value": value, "description": "article about the data"})
    return found


def _yaml(value: dict[str, Any], indent: str = "") -> list[str]:
    """Block YAML; every text is quoted as JSON, which YAML reads the same way."""
    lines = []
    for name, entry in value.items():
        if entry in (None, [], {}):
            continue
        if isinstance(entry, dict):
            lines += [f"{indent}{name}:", *_yaml(entry, indent + "  ")]
        elif isinstance(entry, list):
            lines.append(f"{indent}{name}:")
            for one in entry:
                first, *rest = _yaml(one, indent + "    ")
                lines += [f"{indent}  - {first.strip()}", *rest]
        else:
            lines.append(f"{indent}{name}: {json.dumps(entry, ensure_ascii=False)}")
    return lines
