"""The documents beside an image as they were answered: from this bundle everything is computed again, offline."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fairlab.errors import FormatError
from fairlab.ngff.documents import parse

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
        """Whether what was asked for came."""
        return self.status in (200, 206) and self.error is None

    def json(self) -> Any:
        """The document as JSON; None when there is none, or when it is no JSON within the bounds of metadata.

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
            value, _ = parse(self.text.encode("utf-8", "replace"), where=self.url)
        except FormatError:
            return None
        return value


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
    groups above), ``"ome"``, ``"ome-xml"``, ``"array:first"``, ``"array:last"``, ``"chunk"``; of a plate or
    collection also ``"image"``, the group of its first image, and ``"well"``."""
    chunk: Mapping[str, Any] | None = None
    """What one chunk of the last level decoded to: ``key, bytes, decoded, missing, shape, min, max, mean, std,
    nan_share, error``; None: not tried."""

    def document(self, role: str) -> Any:
        """The document of a role as JSON; None when there is none."""
        answer = self.answers.get(role)
        return None if answer is None else answer.json()

    @property
    def zarr_format(self) -> int | None:
        """3 or 2, by which document is there; None: neither."""
        if _is_group(self.document("zarr.json")):
            return 3
        return 2 if any(isinstance(self.document(role), dict) for role in (".zattrs", ".zgroup")) else None

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of what was probed; none where there are none.

        Examples
        --------
        >>> text = '{"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5"}}}'
        >>> bundle = Probe(url="u", retrieved_at="t", answers={"zarr.json": Answer(url="z", status=200, text=text)})
        >>> bundle.attributes, bundle.zarr_format
        ({'ome': {'version': '0.5'}}, 3)
        """
        return self._attributes_of("zarr.json" if self.zarr_format == 3 else ".zattrs")

    @property
    def image_attributes(self) -> Mapping[str, Any]:
        """The attributes of the image that was looked at: of a plate or collection, its first one's."""
        return self._attributes_of("image") if "image" in self.answers else self.attributes

    def _attributes_of(self, role: str) -> Mapping[str, Any]:
        document = self.document(role)
        if not isinstance(document, dict):
            return {}
        found = document.get("attributes") if self.zarr_format == 3 else document
        return found if isinstance(found, dict) else {}

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


def _is_group(document: Any) -> bool:
    return isinstance(document, dict) and document.get("node_type") != "array"
