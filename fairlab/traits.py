"""What filters and counts see of a record: labels to count under, and keys to match on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlab import terms
from fairlab.ngff.versions import is_read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.record import Kind, Record
    from fairlab.terms import Term, Vocabulary

UNKNOWN = "unknown"
"""Filter value, and value to count under, for "not stated"."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What filters ask about, of one record or of the images of one study."""

    kind: Kind
    """``"image"`` or ``"study"``."""
    organism: tuple[str, ...] = ()
    """Labels to count under; empty when not stated."""
    imaging_method: tuple[str, ...] = ()
    """Labels to count under; empty when not stated."""
    license: str = UNKNOWN
    """SPDX identifier, else the address, else ``"unknown"``."""
    repository: str = UNKNOWN
    """Who publishes it."""
    ngff_version: tuple[str, ...] = ()
    """OME-Zarr versions; several for a study."""
    layout: tuple[str, ...] = ()
    """Layouts; several for a study."""
    openable: bool = False
    """Whether fairlab opens it: its address is known, and its version is one that is read or not stated."""
    keys: frozenset[str] = frozenset()
    """Keys of its terms and of all broader terms."""
    names: frozenset[str] = frozenset()
    """Case-folded names of the repository, for ``repository=``."""

    def counted(self) -> dict[str, tuple[str, ...]]:
        """Facet name to the values this record counts under."""
        return {
            "organism": self.organism or (UNKNOWN,),
            "imaging_method": self.imaging_method or (UNKNOWN,),
            "license": (self.license,),
            "repository": (self.repository,),
            "ngff_version": self.ngff_version or (UNKNOWN,),
            "layout": self.layout or (UNKNOWN,),
        }


def traits_of(record: Record) -> Traits:
    """What filters see of a record.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> from fairlab.terms import Term
    >>> traits = traits_of(Record(id="x:1", kind="image", repository="X", organism=(Term(label="mouse"),)))
    >>> traits.organism, "NCBITaxon:10090" in traits.keys, traits.openable
    (('Mus musculus',), True, False)
    """
    organism, organism_keys = _labels_and_keys(record.organism, terms.organisms())
    method, method_keys = _labels_and_keys(record.imaging_method, terms.imaging_methods())
    return Traits(
        kind=record.kind,
        organism=organism,
        imaging_method=method,
        license=license_label(record.license),
        repository=record.repository,
        ngff_version=(record.ngff_version,) if record.ngff_version else (),
        layout=(record.layout,) if record.layout else (),
        openable=is_openable(record.url, record.ngff_version),
        keys=organism_keys | method_keys,
        names=frozenset({record.repository.casefold(), record.id.split(":")[0].casefold()}),
    )


def is_openable(url: str | None, ngff_version: str | None) -> bool:
    """Whether ``fairlab.open_image`` or, for plates, ``fairlab.open_plate`` reads what is listed under these facts."""
    return bool(url) and (ngff_version is None or is_read(ngff_version))


def license_label(text: str | None) -> str:
    """What a licence counts under: SPDX identifier, family without version, or the address itself."""
    known = terms.license(text)
    if known is None:
        return text or UNKNOWN
    return known.spdx or known.code


def _labels_and_keys(found: Sequence[Term], vocabulary: Vocabulary) -> tuple[tuple[str, ...], frozenset[str]]:
    labels: dict[str, None] = {}
    keys: set[str] = set()
    for term in found:
        key = vocabulary.key(term)
        labels[vocabulary.entries[key].term.label if key else term.label] = None
        keys |= vocabulary.ancestors(key) if key else set()
        if term.id:
            keys.add(term.id)
    return tuple(labels), frozenset(keys)


def group_of(record: Record) -> str:
    """The group that a record is shown in: its study, or the scheme of its source.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> group_of(Record(id="idr:idr0062/a.zarr", kind="image", repository="IDR", accession="idr0062"))
    'idr:idr0062'
    """
    scheme = record.id.split(":", 1)[0]
    return (
        record.id
        if record.kind == "study"
        else f"{scheme}:{record.accession}"
        if record.accession
        else scheme
    )
