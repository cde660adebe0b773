"""What lies beside an image: at most a dozen small documents and one chunk, in four round trips.

A document that is refused, damaged or not there is evidence like any other, never an error: only where there is
no address to ask is there nothing to tell.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from fairlab.errors import FairlabError, NotFoundError
from fairlab.fair.bundle import Answer, Probe
from fairlab.fair.layout import below, level_paths
from fairlab.fair.one_chunk import looked_at
from fairlab.fair.witness import Witness
from fairlab.net import pool
from fairlab.net.address import redact
from fairlab.net.arrival import now
from fairlab.net.deadline import Deadline
from fairlab.net.documents import array_key, attributes_of, group_key
from fairlab.net.image_group import CRATE
from fairlab.net.series import OME_XML
from fairlab.net.store import open_store
from fairlab.ngff.group import kind_of
from fairlab.opening import first_that_opens
from fairlab.options import option
from fairlab.provenance import records_of
from fairlab.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

__all__ = ["Answer", "Probe", "probe"]

_TRIP_S: Final = 20.0
"""Seconds that the documents of one round trip have together; the option ``timeout_s`` may say less."""
_HERE: Final = {
    "zarr.json": "zarr.json", ".zattrs": ".zattrs", ".zgroup": ".zgroup", "crate:0": CRATE,
    "ome": "OME/zarr.json", "ome:v2": "OME/.zattrs", "ome-xml": OME_XML,
}  # fmt: skip
_PARENTS: Final = 3


def probe(
    target: str | os.PathLike[str] | Mapping[str, bytes] | Record | xr.DataTree | xr.Dataset | xr.DataArray,
    *,
    chunk: bool = True,
) -> Probe:
    """Fetch the documents beside an image, and one chunk of its coarsest level.

    Parameters
    ----------
    target : str, path-like, mapping, Record, DataTree, Dataset or DataArray
        What :func:`fairlab.open_image` takes, or what it gave.
    chunk : bool
        Whether one chunk is read and decoded.

    Returns
    -------
    Probe
        Attributes, RO-Crates here and in up to three groups above, OME-XML and the metadata of the first and the
        last level, each with status, time and the headers that matter. Of a plate or collection the first image
        is looked at. E-mail addresses in the documents are masked.

    Raises
    ------
    NotFoundError
        There is no address to ask: a folder that is not there, a study without an image of its own.
    QueryError
        The target is nothing that can be opened.

    Examples
    --------
    >>> bundle = probe("sample:nuclei")
    >>> bundle.answers["zarr.json"].status, bundle.answers["ome-xml"].status, bundle.chunk["decoded"]
    (200, 404, True)
    """
    source = _source(target)
    heard: list[_Inquiry] = []

    def begin(location: str | Mapping[str, bytes]) -> _Inquiry:
        inquiry = _Inquiry(location)
        heard.append(inquiry)
        if inquiry.told.zarr_format is None:
            raise NotFoundError(
                f"there is no Zarr at {inquiry.told.url}\n"
                "  give the address of the group that has zarr.json or .zattrs",
                kind="no-zarr",
            )
        return inquiry

    try:
        _, inquiry = first_that_opens(source, begin)
    except FairlabError:
        if not heard:
            raise
        return heard[0].told  # nothing is there, and that is what there is to tell
    inquiry.look_at_image(chunk=chunk)
    return inquiry.told


def _source(target: Any) -> str | os.PathLike[str] | Mapping[str, bytes] | Record:
    # A DataTree is a mapping, too.
    if isinstance(target, str | os.PathLike | Record) or (
        isinstance(target, Mapping) and not hasattr(target, "attrs")
    ):
        return target
    return records_of(target)[0]


class _Inquiry:
    """One address that is asked; the documents here and above are asked for at once."""

    def __init__(self, location: str | Mapping[str, bytes]) -> None:
        self._store = Witness(open_store(location))
        self._answers: dict[str, Answer] = {}
        self._chunk: Mapping[str, Any] | None = None
        self._retrieved_at = now()
        above = [] if isinstance(location, Mapping) else groups_above(location)
        asked: list[tuple[str, str | None, str]] = [(role, None, key) for role, key in _HERE.items()]
        asked += [(f"crate:{number}", place, CRATE) for number, place in enumerate(above, 1)]
        deadline = _deadline()
        answers = pool.each(lambda one: self._document(one[2], deadline, at=one[1]), asked)
        self._answers = {role: answer for (role, _, _), answer in zip(asked, answers, strict=True)}
        in_v2 = self._answers.pop("ome:v2")
        if self.told.zarr_format == 2:
            self._answers["ome"] = in_v2

    @property
    def told(self) -> Probe:
        return Probe(
            url=redact(self._store.location),
            retrieved_at=self._retrieved_at,
            answers=self._answers,
            chunk=self._chunk,
        )

    def look_at_image(self, *, chunk: bool) -> None:
        """Ask for the image, where this is a plate or a collection, for its arrays, and for a chunk."""
        zarr_format = self.told.zarr_format or 2
        place, attributes = self._image(zarr_format)
        levels = [f"{place}/{path}".lstrip("/") for path in level_paths(attributes)]
        if not levels:
            return
        first, last = self._documents([array_key(path, zarr_format) for path in (levels[0], levels[-1])])
        self._answers |= {"array:first": first, "array:last": last}
        document = last.json()
        if chunk and isinstance(document, dict):
            self._chunk = looked_at(self._store, levels[-1], document, deadline=_deadline())
            if self._chunk["key"] in self._store.answers:
                self._answers["chunk"] = self._store.answers[self._chunk["key"]]

    def _image(self, zarr_format: int) -> tuple[str, Mapping[str, Any]]:
        """Place and attributes of the image that is looked at; itself, unless it is a plate or collection."""
        place, attributes = "", self.told.attributes
        series = self._attributes("ome", zarr_format)
        for _ in range(2):
            path = below(attributes, series)
            if path is None:
                break
            place = f"{place}/{path}".lstrip("/")
            # Nearly every first field is called 0: asked for with its well, it costs no trip of its own.
            guess = [f"{place}/0"] if kind_of(attributes) == "plate" else []
            keys = [group_key(one, zarr_format) for one in (place, *guess)]
            role = "well" if guess else "image"
            self._answers[role] = self._documents(keys)[0]
            attributes = self._attributes(role, zarr_format)
        return place, attributes

    def _attributes(self, role: str, zarr_format: int) -> Mapping[str, Any]:
        document = self._answers[role].json()
        return attributes_of(document if isinstance(document, dict) else None, zarr_format)

    def _documents(self, keys: Sequence[str]) -> list[Answer]:
        """Several documents at once, each asked for once."""
        new = [key for key in dict.fromkeys(keys) if key not in self._store.answers]
        deadline = _deadline()
        pool.each(lambda key: self._document(key, deadline), new)
        return [self._store.answers[key] for key in keys]

    def _document(self, key: str, deadline: Deadline, *, at: str | None = None) -> Answer:
        if at is None:
            return self._store.document(key, deadline=deadline)
        try:
            return Witness(open_store(at)).document(key, deadline=deadline)
        except FairlabError as error:  # what lies above an image need not be a store
            where = f"{redact(at)}/{key}"
            return Answer(url=where, error=f"{error.kind}: {error.message.splitlines()[0]}")


def _deadline() -> Deadline:
    return Deadline(min(_TRIP_S, float(option("timeout_s"))))


def groups_above(location: str | os.PathLike[str]) -> list[str]:
    """The places above one, nearest first, at most three, never another host or bucket.

    Examples
    --------
    >>> groups_above("https://example.org/bucket/study/a.zarr")
    ['https://example.org/bucket/study', 'https://example.org/bucket', 'https://example.org']
    >>> groups_above("s3://bucket/a.zarr")
    ['s3://bucket']
    """
    text = os.fspath(location)
    split = urlsplit(text)
    if "://" not in text or split.scheme == "file":
        path = Path(unquote(split.path)) if split.scheme == "file" else Path(text).expanduser()
        return [str(parent) for parent in path.resolve().parents[:_PARENTS]]
    found: list[str] = []
    place = split.path.rstrip("/")
    while place and len(found) < _PARENTS:
        place = place.rpartition("/")[0].rstrip("/")
        found.append(urlunsplit((split.scheme, split.netloc, place, split.query, "")))
    return found
