"""The documents beside an image as they were answered: from this bundle everything is computed again, offline."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "fairlab-probe/1"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back for one document; a refusal is an answer too."""

    url: str
    """Address, redacted."""
    status: int | None = None
    """HTTP status, or what a file of a folder or archive would have been answered: 200, 404; None: no answer."""
    bytes: int | None = None
    """Length of what came back."""
    seconds: float | None = None
    """How long it took."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The few headers that say how it can be used, by lower-case name."""
    text: str | None = None
    """The document; None when there is none, or when it is too long to be kept."""
    error: str | None = None
    """Why there is no document, in words; None when there is one, or when nothing is there."""

    @property
    def ok(self) -> bool:
        """Whether the document came."""
        return self.text is not None and self.error is None

    def json(self) -> Any:
        """The document as JSON; None when there is none, or when it is not JSON.

        Examples
        --------
        >>> Answer(url="zarr.json", status=200, text='{"zarr_format": 3}').json()
        {'zarr_format': 3}
        >>> Answer(url="zarr.json", status=200, text="{").json() is None
        True
        """
        if self.text is None:
            return None
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, kw_only=True)
class Probe:
    """The documents beside one image.

    Examples
    --------
    >>> bundle = Probe(url="sample:nuclei", retrieved_at="2026-01-01T00:00:00Z",
    ...                answers={"zarr.json": Answer(url="zarr.json", status=404)})
    >>> Probe.from_json(bundle.to_json()) == bundle
    True
    """

    url: str
    """What was probed, redacted."""
    retrieved_at: str
    """ISO 8601 time, UTC."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """Role to answer: ``"zarr.json"``, ``".zattrs"``, ``".zgroup"``, ``"crate:0"`` (here) to ``"crate:3"`` (three
    groups above), ``"ome"``, ``"ome-xml"``, ``"array:first"``, ``"array:last"``, ``"chunk"``."""
    chunk: Mapping[str, Any] | None = None
    """What one chunk of the last level decoded to: ``key, bytes, decoded, min, max, mean, std, nan_share, error``;
    None: not tried."""

    def document(self, role: str) -> Any:
        """The document of a role as JSON; None when there is none."""
        answer = self.answers.get(role)
        return None if answer is None else answer.json()

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        answers = {role: _plain(answer) for role, answer in sorted(self.answers.items())}
        chunk = {} if self.chunk is None else {"chunk": dict(self.chunk)}
        return {
            "schema": SCHEMA,
            "url": self.url,
            "retrieved_at": self.retrieved_at,
            "answers": answers,
            **chunk,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Probe:
        """Rebuild a bundle from :meth:`to_dict`; fields of a newer fairlab are left out."""
        names = {one.name for one in dataclasses.fields(Answer)}
        return cls(
            url=values["url"],
            retrieved_at=values["retrieved_at"],
            answers={
                role: Answer(**{name: value for name, value in told.items() if name in names})
                for role, told in values.get("answers", {}).items()
            },
            chunk=values.get("chunk"),
        )

    def to_json(self, *, indent: int | None = None) -> str:
        """The bundle as JSON text."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)
        # A lone surrogate of a hostile document cannot be written to a file; \udc80 is JSON for it.
        return text.encode("utf-8", "backslashreplace").decode("utf-8")

    @classmethod
    def from_json(cls, text: str) -> Probe:
        """Rebuild a bundle from :meth:`to_json`."""
        return cls.from_dict(json.loads(text))


def _plain(answer: Answer) -> dict[str, Any]:
    values = {one.name: getattr(answer, one.name) for one in dataclasses.fields(answer)}
    values["headers"] = dict(answer.headers)
    return {name: value for name, value in values.items() if value not in (None, {})}
