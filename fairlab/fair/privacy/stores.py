"""The documents of one OME-Zarr, wherever it lies: all that its metadata speaks of, and what stands beside it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

from fairlab.errors import AccessError, FairlabError, FormatError, NotFoundError
from fairlab.net import pool
from fairlab.net.deadline import Deadline
from fairlab.net.image_group import CRATE
from fairlab.net.store import open_store
from fairlab.ngff import documents as json_documents
from fairlab.ngff.validation.tree import OME_XML, Node, Wanted, children, understood

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fairlab.net.store import Store

_BESIDE: Final = (
    ".zmetadata",
    CRATE,
    OME_XML,
    "OME/zarr.json",
    "OME/.zattrs",
    "labels/zarr.json",
    "labels/.zattrs",
)
_SINGLE: Final = (".json", ".jsonld", ".xml", ".dcm")
_GROUP: Final = ("zarr.json", ".zattrs")


@dataclass
class Found:
    """Documents by their place, as bytes, or as what became of asking for them."""

    location: str
    bodies: dict[str, bytes | FairlabError] = field(default_factory=dict)
    """By key; an error where something that has to be there was refused."""
    whole: bool = True
    """Whether the limit let all of them be asked for."""


def documents_of(location: str | Mapping[str, bytes], *, limit: int) -> Found:
    """Every document of an OME-Zarr, generation by generation; or the one that an address names.

    Raises
    ------
    NotFoundError
        kind ``"no-documents"``: there is none.
    AccessError, FormatError, Unavailable
        The store answers with nothing but refusals, or not at all.
    """
    if isinstance(location, str) and "://" in location and urlsplit(location).path.lower().endswith(_SINGLE):
        return _single(location)
    store = open_store(location)
    found = Found(store.location)
    generation: list[Wanted] = [Wanted(path="", role="root", zarr_format=None)]
    asked: set[str] = set()
    seen: set[str] = set()
    while generation:
        keys = [key for wanted in generation for key in wanted.keys if key.rpartition("/")[2] in _GROUP]
        keys = [key for key in dict.fromkeys((*keys, *(() if asked else _BESIDE))) if key not in asked]
        room = len(_GROUP) * limit + len(_BESIDE) - len(asked)
        found.whole = found.whole and len(keys) <= room
        asked.update(keys[:room])
        refusals = _ask(store, keys[:room], found)
        _note_refused(generation, refusals, found)
        if not found.bodies:
            raise NotFoundError(
                f"there is nothing to look into\n  at {store.location}\n"
                "  expected an OME-Zarr: zarr.json, .zattrs, ro-crate-metadata.json or OME/METADATA.ome.xml",
                kind="no-documents",
                url=store.location,
            )
        nodes = [_node(wanted, found) for wanted in generation]
        seen |= {wanted.path for wanted in generation}
        below = {w.path: w for node in nodes for w in children(node) if w.role not in ("array", "file")}
        generation = [w for path, w in below.items() if path not in seen] if found.whole else []
    return found


def _single(location: str) -> Found:
    split = urlsplit(location)
    folder, name = posixpath.split(split.path)
    found = Found(location)
    store = open_store(urlunsplit((split.scheme, split.netloc, folder, split.query, "")))
    found.location = f"{store.location}/{name}"
    _ask(store, [name], found)
    if not found.bodies:
        raise NotFoundError(
            f"there is no such document\n  at {found.location}", kind="no-documents", url=found.location
        )
    return found


def _ask(store: Store, keys: Iterable[str], found: Found) -> dict[str, FairlabError]:
    """Ask for documents at once, and return what was refused: all of it is an error, some may be absence."""
    keys = list(keys)
    answers = dict(zip(keys, pool.each(lambda key: _answer(store, key), keys), strict=True))
    refusals = {key: answer for key, answer in answers.items() if isinstance(answer, FairlabError)}
    there = {key: answer for key, answer in answers.items() if isinstance(answer, bytes)}
    if refusals and not there and not found.bodies and len(refusals) == len(keys):
        raise next(iter(refusals.values()))
    found.bodies |= there
    return refusals


def _note_refused(wanted: Iterable[Wanted], refusals: Mapping[str, FairlabError], found: Found) -> None:
    """Keep the refusal (403, a web page) of what has to be there; elsewhere it is how buckets say "no such key"."""
    for one in wanted:
        if one.required and not any(key in found.bodies for key in one.keys):
            refused = next((key for key in one.keys if key in refusals), None)
            if refused is not None:
                found.bodies[refused] = refusals[refused]


def _answer(store: Store, key: str) -> bytes | FairlabError | None:
    try:
        return store.get(key, deadline=Deadline())
    except (AccessError, FormatError) as refusal:
        return refusal
    except FairlabError:
        raise
    except (OSError, ValueError):  # a name that no file system can have
        return None


def _node(wanted: Wanted, found: Found) -> Node:
    values: dict[str, Any] = {}
    for name in _GROUP:
        body = found.bodies.get(posixpath.join(wanted.path, name))
        if isinstance(body, bytes):
            try:
                values[name], _ = json_documents.parse(body, where=name)
            except FormatError:
                continue  # the audit says that it cannot be read
    return understood(wanted, values, (), version=None)
