"""The flat records of search and opening as statements, and statements as a flat record."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from fairlab.fair.keyed_values import sorted_out
from fairlab.fair.statement import Kind, Statement, is_empty
from fairlab.fair.values import creator_value, is_anatomy, license_value, publication, term_of, term_value
from fairlab.record import Creator, Record, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Fields whose value is the same in both forms.
_SAME: Final = {
    "repository": "identity.repository", "accession": "identity.accession", "uid": "identity.uid",
    "title": "citation.title", "description": "citation.description", "attribution": "citation.attribution",
    "doi": "identity.doi", "release_date": "citation.date_published", "url": "identity.url",
    "listed_url": "identity.listed_url", "landing_url": "identity.landing_page",
    "thumbnail_url": "identity.thumbnail", "ngff_version": "image.format.ngff_version", "layout": "image.layout",
    "has_labels": "image.has_labels", "bytes": "image.bytes", "n_images": "study.n_images",
    "n_files": "study.n_files", "access": "access.level", "note": "identity.note",
    "embargo_until": "access.embargo_until",
}  # fmt: skip
_LISTS: Final = {
    "keywords": "citation.keywords", "see_also": "citation.links", "shape": "image.shape",
    "use_conditions": "access.conditions",
}  # fmt: skip
_TERMS: Final = {"organism": "biosample.organism", "imaging_method": "acquisition.method"}
PATH_OF: Final = {
    **_SAME, **_LISTS, **_TERMS, "license": "citation.license", "license_as_listed": "citation.license",
    "authors": "citation.creators", "creators": "citation.creators", "publications": "citation.publications",
    "attributes": "biosample.attributes", "axes": "image.axes", "channels": "image.channels",
    "pixel_size": "image.scale",
}  # fmt: skip
"""Field of a record to the path of a description that says the same."""
_LAYOUTS: Final = {"plate": "plate", "bioformats2raw": "collection"}
_ZARR: Final = re.compile(r"\.zarr(?:\.zip|/[^.?#]*)?/?$|/(?:zarr\.json|\.zattrs|\.zgroup)$")


class Described(Protocol):
    """What a description answers."""

    def best(self, path: str) -> Statement | None:
        """The preferred statement about a path."""
        ...

    def statements_of(self, path: str) -> tuple[Statement, ...]:
        """All statements about a path, the preferred first."""
        ...


def kind_of(source: Source) -> Kind:
    """Which kind of document a source is, by its name.

    Examples
    --------
    >>> from fairlab.record import Source
    >>> kind_of(Source(document="https://x.org/1.zarr/ro-crate-metadata.json"))
    'crate'
    >>> kind_of(Source(document="https://idr.example/api/v0/m/images/1/", retrieved_at="2026-01-01T00:00:00Z"))
    'api'
    >>> kind_of(Source(document="IDR/ome-ngff-samples _data/table.csv @858067f"))
    'catalogue'
    """
    return _kind_of(source.document)


@functools.lru_cache(maxsize=4096)
def _kind_of(document: str) -> Kind:
    name = re.sub(r"[?#].*$|\s@\w+$", "", document)
    last = name.rsplit("/", 1)[-1].rsplit(" ", 1)[-1]
    if last.endswith("ro-crate-metadata.json"):
        return "crate" if last == "ro-crate-metadata.json" else "study-crate"
    if last.casefold().endswith(".ome.xml"):
        return "ome-xml"
    if last == ".zarray":
        return "array"
    if _ZARR.search(name):
        return "ngff"
    return "api" if re.match(r"https?://", name) else "catalogue"


def statements_of_record(record: Record) -> list[Statement]:
    """What a flat record states; of what it does not say the source, the record itself is the source."""
    return [one for one in _statements(record) if one is not None]


def _statements(record: Record) -> Iterator[Statement | None]:
    unnamed = Source(document=record.landing_url or record.url or record.id)

    def told(field: str, path: str, value: Any, raw: Any = None) -> Statement | None:
        if is_empty(value):
            return None
        source = record.source(field) or unnamed
        kind = _kind_of(source.document)
        if path == "citation.title" and kind in ("ngff", "ome-xml"):
            path = "image.name"
        return Statement(path=path, value=value, raw=raw, source=source, kind=kind)

    is_study = record.kind == "study"
    yield told("id", "identity.study_id" if is_study else "identity.image_id", record.id)
    object_type = "study" if is_study else _LAYOUTS.get(record.layout or "", "image")
    yield told("kind", "identity.object_type", object_type, record.kind)
    for field, path in _SAME.items():
        yield told(field, path, getattr(record, field))
    for field, path in _LISTS.items():
        yield told(field, path, list(getattr(record, field)))
    for field, path in _TERMS.items():
        yield told(
            field,
            path,
            [term_value(t.label, t.id) for t in getattr(record, field)],
            _terms(getattr(record, field)),
        )
    entities = [t for t in record.other_terms if is_anatomy(t.id or "")]
    others = [t for t in record.other_terms if t not in entities]
    yield told("other_terms", "biosample.biological_entity", _terms(entities))
    yield told("other_terms", "study.about", _terms(others))
    yield told(
        "authors", "citation.creators", [{"name": name} for name in record.authors], list(record.authors)
    )
    yield told("creators", "citation.creators", [creator_value(one) for one in record.creators])
    yield told(
        "publications",
        "citation.publications",
        [publication(p) for p in record.publications],
        list(record.publications),
    )
    yield told("pmid", "citation.publications", [{"pmid": number} for number in record.pmid])
    yield told("funding", "citation.funding", [{"funder": text} for text in record.funding])
    if record.license:
        yield told(
            "license",
            "citation.license",
            license_value(record.license),
            record.license_as_listed or record.license,
        )
    elif record.license_as_listed:
        yield told(
            "license_as_listed",
            "citation.license",
            license_value(record.license_as_listed),
            record.license_as_listed,
        )
    attributes = {name: list(found) for name, found in record.attributes.items()}
    yield told("attributes", "biosample.attributes", attributes)
    for path, value in sorted_out(attributes):
        yield told("attributes", path, value)
    yield told("residency", "access.residency", dict(record.residency))
    yield told("axes", "image.axes", [{"name": name} for name in record.axes])
    yield told("channels", "image.channels", [{"label": label} for label in record.channels])
    yield told(
        "pixel_size",
        "image.scale",
        {axis: {"value": step, "unit": "micrometer"} for axis, step in record.pixel_size.items()},
    )


def _terms(found: Any) -> list[dict[str, str]]:
    return [{"label": t.label, **({"id": t.id} if t.id else {})} for t in found]


def record_of(described: Described) -> Record:
    """The flat record of a description: the preferred value of each field, and its source."""
    kept = _Kept(described)
    study = kept.value("identity.object_type") == "study"
    identity = "identity.study_id" if study else "identity.image_id"
    url = kept.value("identity.url")
    values: dict[str, Any] = {
        "id": kept.take("id", identity) or kept.value("identity.uid") or url or "unknown",
        "kind": "study" if study else "image",
    }
    for field, path in _SAME.items():
        values[field] = kept.take(field, path)
    values["repository"] = values["repository"] or "unknown"
    values["title"] = values["title"] or kept.take("title", "image.name")
    for field, path in _LISTS.items():
        values[field] = tuple(kept.take(field, path, ()))
    for field, path in _TERMS.items():
        values[field] = tuple(map(term_of, kept.take(field, path, ())))
    values["other_terms"] = tuple(
        term_of(one)
        for path in ("biosample.biological_entity", "study.about")
        for one in kept.take("other_terms", path, ())
        if one.get("id") or path == "study.about"
    )
    values["attributes"] = {
        name: tuple(found) for name, found in kept.take("attributes", "biosample.attributes", {}).items()
    }
    values["residency"] = dict(kept.take("residency", "access.residency", {}))
    values |= _credit(kept) | _pixels(kept)
    return Record(
        **{name: value for name, value in values.items() if value is not None}, sources=kept.sources
    )


def _credit(kept: _Kept) -> dict[str, Any]:
    creators = kept.take("creators", "citation.creators", ())
    license = kept.take("license", "citation.license", {})
    words = kept.words("citation.license")
    articles = [entry for one in kept.all("publications", "citation.publications") for entry in one.value]
    funding = kept.take("funding", "citation.funding", ())
    if license:
        kept.sources["license_as_listed"] = kept.sources["license"]
    if creators:
        kept.sources["authors"] = kept.sources["creators"]
    return {
        "authors": tuple(one["name"] for one in creators if one.get("name")),
        "creators": tuple(_creator(one) for one in creators if one.get("name") and len(one) > 1),
        "publications": tuple(dict.fromkeys(link for one in articles if (link := _link(one)))),
        "pmid": tuple(dict.fromkeys(one["pmid"] for one in articles if one.get("pmid"))),
        "funding": tuple(text for one in funding if (text := one.get("funder") or one.get("id"))),
        "license": license.get("url"),
        "license_as_listed": words if words != license.get("url") else None,
    }


def _pixels(kept: _Kept) -> dict[str, Any]:
    scale: Mapping[str, Mapping[str, Any]] = kept.take("pixel_size", "image.scale", {})
    return {
        "axes": tuple(one["name"] for one in kept.take("axes", "image.axes", ())),
        "channels": tuple(
            one["label"] for one in kept.take("channels", "image.channels", ()) if one.get("label")
        ),
        "pixel_size": {
            axis: step["value"] for axis, step in scale.items() if step.get("unit") == "micrometer"
        },
    }


def _creator(value: Mapping[str, Any]) -> Creator:
    places = value.get("affiliations") or [{}]
    return Creator(
        name=value["name"],
        orcid=value.get("orcid"),
        affiliation=places[0].get("name"),
        ror=places[0].get("ror"),
        roles=tuple(value.get("roles") or ()),
    )


def _link(article: Mapping[str, str]) -> str | None:
    return f"https://doi.org/{article['doi']}" if article.get("doi") else article.get("url")


class _Kept:
    """Reads a description field by field and keeps the source of each."""

    def __init__(self, described: Described) -> None:
        self._described = described
        self.sources: dict[str, Source] = {}

    def value(self, path: str, default: Any = None) -> Any:
        found = self._described.best(path)
        return default if found is None else found.value

    def take(self, field: str, path: str, default: Any = None) -> Any:
        found = self._described.best(path)
        if found is None:
            return default
        self.sources.setdefault(field, found.source)
        return found.value

    def words(self, path: str) -> str | None:
        """The document's own words for the preferred value."""
        found = self._described.best(path)
        raw = None if found is None else found.raw
        return raw if isinstance(raw, str) else None

    def all(self, field: str, path: str) -> tuple[Statement, ...]:
        found = self._described.statements_of(path)
        if found:
            self.sources[field] = found[0].source
        return found
