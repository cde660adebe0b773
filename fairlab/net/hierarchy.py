"""Every document of a hierarchy, generation by generation: few round trips, however many groups there are."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fairlab.errors import AccessError, FairlabError, FormatError
from fairlab.net import pool
from fairlab.ngff.documents import MAX_BYTES, parse
from fairlab.ngff.validation.document import odd, unread
from fairlab.ngff.validation.tree import Node, Wanted, children, understood

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.net.store import Store
    from fairlab.ngff.validation.findings import Finding

MAX_NODES: Final = 100_000
"""Groups and arrays that are looked at; a plate of 1536 wells with 9 fields has fewer."""


class _Answer(NamedTuple):
    there: bool
    value: Any = None
    findings: tuple[Finding, ...] = ()
    refusal: FairlabError | None = None


def walk(store: Store) -> tuple[dict[str, Node], bool]:
    """All groups and arrays that the metadata of a store speaks of, and whether these are really all.

    A refusal (403) or a web page counts as absence once something else is there: buckets that may not be
    listed refuse what they do not have, and some servers answer every address with a page.

    Raises
    ------
    AccessError, FormatError, Unavailable
        The store answers with nothing but refusals, or not at all.
    """
    tree: dict[str, Node] = {}
    generation: Sequence[Wanted] = [Wanted(path="", role="root", zarr_format=None)]
    whole = True
    while generation:
        root = tree[""].document if tree else None
        nodes = _fetched(store, generation, version=root.version if root else None)
        tree |= {node.path: node for node in nodes}
        following = {w.path: w for node in nodes for w in children(node) if w.path not in tree}
        room = MAX_NODES - len(tree)
        whole = whole and len(following) <= room
        generation = list(following.values())[:room]
    return tree | _elsewhere(store, tree), whole


def _elsewhere(store: Store, tree: dict[str, Node]) -> dict[str, Node]:
    """What is missing, but there in the other zarr format: worth another word than missing."""
    missing = [n for n in tree.values() if not n.values and n.wanted.required and n.wanted.zarr_format]
    found = _fetched(store, [node.wanted.in_other_zarr() for node in missing]) if missing else []
    return {
        node.path: dataclasses.replace(node, elsewhere=True)
        for node, there in zip(missing, found, strict=True)
        if there.values
    }


def _fetched(store: Store, generation: Sequence[Wanted], *, version: str | None = None) -> list[Node]:
    keys = [key for wanted in generation for key in wanted.keys]
    answers = dict(zip(keys, pool.each(lambda key: _answer(store, key), keys), strict=True))
    if generation[0].role == "root" and not any(answer.there for answer in answers.values()):
        refusal = next((answer.refusal for answer in answers.values() if answer.refusal), None)
        if refusal is not None:
            raise refusal
    return [_node(wanted, answers, version) for wanted in generation]


def _node(wanted: Wanted, answers: dict[str, _Answer], version: str | None) -> Node:
    mine = {key.rpartition("/")[2]: answers[key] for key in wanted.keys}
    findings = tuple(finding for answer in mine.values() for finding in answer.findings)
    values = {name: answer.value for name, answer in mine.items() if answer.there}
    return understood(wanted, values, findings, version=version)


def _answer(store: Store, key: str) -> _Answer:
    is_json = key.rpartition("/")[2] in ("zarr.json", ".zgroup", ".zattrs", ".zarray")
    try:
        body = store.get(key, part=None if is_json else slice(0, 1), max_bytes=MAX_BYTES if is_json else None)
    except (AccessError, FormatError) as refusal:
        return _Answer(there=False, refusal=refusal)
    except FairlabError:
        raise
    except (OSError, ValueError):  # a name that no file system can have
        return _Answer(there=False)
    if body is None or not is_json:
        return _Answer(there=body is not None)
    try:
        value, remarks = parse(body, where=key)
    except FormatError as exc:
        return _Answer(there=True, findings=tuple(unread(exc)))
    return _Answer(there=True, value=value, findings=tuple(odd(remarks)))
