"""Records as linked data: whether a crate has a root, and what of it survives JSON-LD expansion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.metrics import seen
from fairlab.fair.metrics.addresses import is_remote
from fairlab.fair.outcome import Evidence, Outcome, failed, graded, met, unknown
from fairlab.terms import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.fair.bundle import Probe
    from fairlab.fair.description import Description

_CONTEXT: Final = re.compile(r"w3id\.org/ro/crate/(\d\.\d)(?:-DRAFT)?/context")
_NOTHING: Final = "Write a ro-crate-metadata.json beside the image; fairlab can make it."


def root_of(crate: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The data set that a crate is about; None when it has none."""
    graph = crate.get("@graph")
    entities = {
        one["@id"]: one
        for one in (graph if isinstance(graph, list) else [])
        if isinstance(one, dict) and isinstance(one.get("@id"), str)
    }
    for name, entity in entities.items():
        about = entity.get("about")
        if name.endswith("ro-crate-metadata.json") and isinstance(about, dict):
            target = str(about.get("@id"))
            return entities.get(target) or entities.get(target.rstrip("/")) or entities.get(target + "/")
    return entities.get("./")


def machine_readable(probe: Probe | None, description: Description) -> Outcome:
    """I1-03: a JSON-LD record parses and its root data set is found."""
    rootless = None
    for document, crate in seen.crates(probe):
        if root_of(crate) is not None:
            return met(Evidence(text="an RO-Crate with its root", document=document, pointer="@graph"))
        rootless = rootless or Evidence(text="an RO-Crate without a root data set", document=document)
    for one in description.statements:
        if one.kind == "study-crate":
            return met(Evidence(text="an RO-Crate of the study", document=one.source.document))
    broken = [
        answer.url
        for role, answer in (probe.answers.items() if probe else ())
        if role.startswith("crate:") and answer.text is not None and seen.document(probe, role) is None
    ]
    if broken:
        return failed(
            Evidence(text="it is no JSON", document=broken[0]),
            fix="Repair the JSON of the ro-crate-metadata.json.",
        )
    if rootless:
        return failed(rootless, fix="Add the root data set (./) and the descriptor that points to it.")
    return seen.not_said(probe, description, "a record in JSON-LD", by=("study-crate", "crate"), fix=_NOTHING)


def keeps_content(probe: Probe | None, description: Description) -> Outcome:
    """I1-04: the share of property names that the context defines; the others vanish on expansion."""
    for document, crate in seen.crates(probe):
        found = undefined(crate)
        if found is None:
            return unknown(
                "its context is one that fairlab does not know", Evidence(text="the context", document=document),
                fix="Use the context of RO-Crate 1.1 or 1.2.",
            )  # fmt: skip
        names = used(crate)
        lost = ", ".join(sorted(found)[:8]) or "none"
        return graded(
            1 - len(found) / len(names) if names else 0.0,
            Evidence(
                text=f"{len(names)} names are used; not defined: {lost}",
                document=document,
                pointer="@context",
            ),
            fix=f"Define in the @context what it lacks: {lost}.",
        )
    return seen.not_said(probe, description, "a record in JSON-LD", by=seen.CRATE, fix=_NOTHING)


def schema_org(probe: Probe | None, description: Description) -> Outcome:
    """F4-02: a schema.org data set with name, description, license, creator and url."""
    for document, crate in seen.crates(probe):
        root = root_of(crate)
        if root is None:
            continue
        kinds = root.get("@type")
        parts = {
            "the type Dataset": "Dataset" in (kinds if isinstance(kinds, list) else [kinds]),
            "name": root.get("name"),
            "description": root.get("description"),
            "license": root.get("license"),
            "creator": root.get("creator") or root.get("author"),
            "url": root.get("url") or root.get("identifier") or is_remote(str(root.get("@id", ""))),
        }
        missing = [name for name, value in parts.items() if not value]
        told = Evidence(
            text=f"missing: {', '.join(missing) or 'nothing'}", document=document, pointer="@graph"
        )
        return graded(
            1 - len(missing) / len(parts), told, fix=f"Add to the root of the crate: {', '.join(missing)}."
        )
    if description.get("identity.landing_page"):
        return unknown(
            "whether the page carries it was not asked",
            seen.said(description, "identity.landing_page"),
            fix=seen.ASK_AGAIN,
        )
    return seen.not_said(
        probe, description, "a schema.org data set", by=("study-crate", "crate"), fix=_NOTHING
    )


def used(crate: Mapping[str, Any]) -> frozenset[str]:
    """Names of the properties in a crate's graph."""
    return frozenset(name for name in _names(crate.get("@graph")) if not name.startswith("@"))


def undefined(crate: Mapping[str, Any]) -> frozenset[str] | None:
    """The property names of a crate that its context does not define; None when the context is not known here.

    Examples
    --------
    >>> graph = [{"@id": "./", "name": "A fly", "fbbi_id": "FBbi:00000243"}]
    >>> sorted(undefined({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}))
    ['fbbi_id']
    >>> here = {"fbbi_id": "https://example.org/fbbi"}
    >>> undefined({"@context": ["https://w3id.org/ro/crate/1.1/context", here], "@graph": graph})
    frozenset()
    """
    context = crate.get("@context")
    defined: set[str] = set()
    prefixes: set[str] = set()
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, Mapping):
            if part.get("@vocab"):
                return frozenset()
            defined |= {name for name, meaning in part.items() if meaning}
        elif isinstance(part, str) and (found := _CONTEXT.search(part)) and found[1] in _terms():
            defined |= _terms()[found[1]]
        elif part is not None:
            return None
    prefixes = {name for name in defined if ":" not in name}
    return frozenset(name for name in used(crate) if not _is_defined(name, defined, prefixes))


def _is_defined(name: str, defined: set[str], prefixes: set[str]) -> bool:
    prefix, colon, rest = name.partition(":")
    return name in defined or (bool(colon) and (prefix in prefixes or rest.startswith("//")))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


@cache
def _terms() -> dict[str, frozenset[str]]:
    """Property names and prefixes that the contexts of RO-Crate define, by its version."""
    rows = [(row["term"], row["versions"].split("|")) for row in read_table("crate_terms.csv.gz")]
    versions = {version for _, stated in rows for version in stated}
    return {version: frozenset(term for term, stated in rows if version in stated) for version in versions}
