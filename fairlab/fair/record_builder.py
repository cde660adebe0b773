"""One description from all documents: attributes, arrays, OME-XML, RO-Crates, and what archives and catalogues say.

Pure: from a stored bundle and stored records the same description comes again. What a study states is inferred of
its image; what documents contradict one another about is kept.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FormatError
from fairlab.fair import crate_reader
from fairlab.fair.description import Description
from fairlab.fair.ngff_statements import array_statements, group_statements, image_statements
from fairlab.fair.ome_statements import ome_statements
from fairlab.fair.statement import Statement, is_empty
from fairlab.ngff import omexml
from fairlab.record import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fairlab.fair.bundle import Probe
    from fairlab.fair.statement import Kind
    from fairlab.record import Record

_CRATES: Final = tuple(f"crate:{number}" for number in range(4))
_OF_ONE: Final = (
    "image.", "relations", "annotation.labels", "identity.url", "identity.listed_url", "identity.object_type",
    "identity.image_id", "identity.uid", "identity.thumbnail", "identity.note", "identity.version",
    "identity.content_hash",
)  # fmt: skip
"""Paths that say of one thing what does not hold for a part of it."""
_NAMES: Final = {"citation.title": "study.title", "citation.description": "study.description"}


def describe(probe: Probe | None, *records: Record) -> Description:
    """What the documents of a probe and the records of archives and catalogues say together.

    Parameters
    ----------
    probe : Probe or None
        The documents beside the image, where it was probed.
    *records : Record
        Of the image itself, of its study, from any number of repositories.

    Returns
    -------
    Description
        With the source of every value, and all conflicts; the order of the records does not matter.

    Examples
    --------
    >>> import fairlab
    >>> from fairlab.fair.probe import probe
    >>> known = describe(probe("sample:nuclei", chunk=False), fairlab.lookup("sample:nuclei"))
    >>> known.get("image.shape"), known.get("citation.license")["spdx"], known.best("image.scale").source.pointer
    ([2, 2, 20, 224, 288], 'CC0-1.0', '/attributes/ome/multiscales/0/datasets/0/coordinateTransformations')
    """
    told = [Description.of(one) for one in records if one.kind == "image"]
    studies = [Description.of(one) for one in records if one.kind == "study"]
    if probe is None and not told:
        return Description().merged(*studies)
    inherited = [Description(statements=tuple(of_whole(one.statements))) for one in studies]
    found = () if probe is None else tuple(_probed(probe))
    return Description(statements=found).merged(*told, *inherited)


def of_whole(statements: Iterable[Statement]) -> Iterator[Statement]:
    """What is said of a study or a collection, as said of one image in it: inferred, and only what may hold for it."""
    for one in statements:
        if one.path.startswith(_OF_ONE):
            continue
        if one.path in _NAMES:
            yield dataclasses.replace(one, path=_NAMES[one.path])
        yield dataclasses.replace(one, source=dataclasses.replace(one.source, basis="inferred"))


def _probed(probe: Probe) -> Iterator[Statement]:
    here = Source(document=probe.url, retrieved_at=probe.retrieved_at)
    yield Statement(path="identity.url", value=probe.url, source=here, kind="ngff")
    protocol = probe.url.partition("://")[0] if "://" in probe.url else "file"
    seen = dataclasses.replace(here, basis="inferred")
    yield Statement(path="access.protocol", value=protocol, source=seen, kind="ngff")
    yield from _attributes(probe)
    yield from _ome_xml(probe)
    for role in _CRATES:
        document = probe.document(role)
        if document is None:
            continue
        told = crate_reader.statements(document, source=_source(probe, role))
        is_whole = role != "crate:0" or any(
            one.value == "study" for one in told if one.path == "identity.object_type"
        )
        yield from of_whole(told) if is_whole else told


def _attributes(probe: Probe) -> Iterator[Statement]:
    zarr_format = probe.zarr_format
    if zarr_format is None:
        return
    role = "zarr.json" if zarr_format == 3 else ".zattrs"
    found = list(group_statements(probe.attributes, zarr_format=zarr_format))
    yield from _told(found, _source(probe, role), "ngff")
    array = probe.document("array:first")
    shape: Any = ()
    if isinstance(array, dict):
        at_array = list(array_statements(array))
        shape = next((value for path, value, _, _ in at_array if path == "image.shape"), None) or ()
        yield from _told(at_array, _source(probe, "array:first"), "array")
    if "image" in probe.answers:
        role = "image"
    where = probe.answers[role].url if role in probe.answers else probe.url
    of_image = image_statements(probe.image_attributes, zarr_format=zarr_format, where=where, shape=shape)
    for one in _told(of_image, _source(probe, role), "ngff"):
        is_ours = one.path == "image.extent"
        yield (
            dataclasses.replace(one, source=dataclasses.replace(one.source, basis="inferred"))
            if is_ours
            else one
        )


def _ome_xml(probe: Probe) -> Iterator[Statement]:
    answer = probe.answers.get("ome-xml")
    if answer is None or answer.text is None:
        return
    try:
        document = omexml.parse(answer.text.encode("utf-8", "replace"), where=answer.url, encoding="utf-8")
    except FormatError:  # the answer is kept, and says so to whoever judges it
        return
    axes = [one[1] for one in _axes(probe)]
    yield from _told(ome_statements(document, axes=axes), _source(probe, "ome-xml"), "ome-xml")


def _axes(probe: Probe) -> list[tuple[int, str]]:
    found = image_statements(probe.image_attributes, zarr_format=probe.zarr_format or 2, where=probe.url)
    stated = next((value for path, value, _, _ in found if path == "image.axes"), ())
    return [(number, axis["name"]) for number, axis in enumerate(stated)]


def _source(probe: Probe, role: str) -> Source:
    answer = probe.answers.get(role)
    return Source(document=answer.url if answer else probe.url, retrieved_at=probe.retrieved_at)


def _told(found: Iterable[tuple[str, Any, Any, str]], source: Source, kind: Kind) -> Iterator[Statement]:
    for path, value, raw, pointer in found:
        if not is_empty(value):
            place = dataclasses.replace(source, pointer=pointer)
            yield Statement(path=path, value=value, raw=raw, source=place, kind=kind)
