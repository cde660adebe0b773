"""Answers of archives kept on disk, with their age: what is kept is cleaned, and never was asked with a secret."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.net.arrival import Document
from fairlab.net.kept import Folder
from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Mapping

_CLOCKS_DIFFER_S: Final = 300.0
_answers: Final = Folder("answers")


@dataclass(frozen=True, kw_only=True)
class Memory:
    """One answer that was kept."""

    document: Document
    """What the archive said, and when."""
    conditions: tuple[str, ...]
    """Request headers that ask for it only if it is another one by now."""

    def is_fresh(self, max_age_s: float) -> bool:
        """Whether it may stand for an answer of now; what comes from the future was kept by a wrong clock."""
        return -_CLOCKS_DIFFER_S < self.document.age_s < max_age_s


def recall(key: str) -> Memory | None:
    """The answer that is kept under a key, if one is, whole."""
    if not option("answers_max_bytes"):
        return None
    entry = _answers.load(key)
    if entry is None:
        return None
    facts = entry.facts
    document = Document(
        content=json.loads(entry.body), url=facts["url"], retrieved_at=facts["retrieved_at"], from_cache=True
    )
    return Memory(document=document, conditions=tuple(facts["conditions"]))


def remember(key: str, document: Document, headers: Mapping[str, str]) -> None:
    """Keep an answer under a key.

    Parameters
    ----------
    key : str
        What was asked.
    document : Document
        What was answered.
    headers : mapping of str to str
        Of the answer, names in lower case.
    """
    _keep(key, document, _conditions(headers))


def renew(key: str, memory: Memory, retrieved_at: str) -> Document:
    """The same answer, which the archive has just confirmed."""
    document = Document(content=memory.document.content, url=memory.document.url, retrieved_at=retrieved_at)
    _keep(key, document, memory.conditions)
    return document


def _keep(key: str, document: Document, conditions: tuple[str, ...]) -> None:
    if limit := int(option("answers_max_bytes")):
        facts: dict[str, Any] = {
            "url": document.url,
            "retrieved_at": document.retrieved_at,
            "conditions": conditions,
        }
        _answers.save(key, facts, json.dumps(document.content).encode(), limit=limit)


def _conditions(headers: Mapping[str, str]) -> tuple[str, ...]:
    # A weak tag says that the meaning is the same, which is all that is asked of an archive's answer.
    with contextlib.suppress(KeyError):
        return (f"If-None-Match: {headers['etag']}",)
    with contextlib.suppress(KeyError):
        return (f"If-Modified-Since: {headers['last-modified']}",)
    return ()
