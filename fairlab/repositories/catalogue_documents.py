"""The documents of the catalogue's database: one per study or image, whoever states it.

Rows of the shipped tables come first; a record of the user that is of the same study, or of an image at the
same address, is joined to it field by field, the user's word before ours, and keeps the identifier it had.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fairlab import terms
from fairlab.moves import address_key
from fairlab.repositories.catalogue_records import addresses, image_record, study_record
from fairlab.traits import Traits, group_of, traits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fairlab.record import Record
    from fairlab.repositories.catalogue_own import Kept

Row = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Document:
    """One study or image as it is indexed."""

    record: Record
    """What is known of it."""
    row: Row
    """The row of a shipped table; empty where only the user knows it."""
    text: str = ""
    """The record as JSON, where the user states it; else it is made from the row again."""
    group: str
    """What it is shown under."""
    study: str
    """Identifier of its study's record, or empty."""
    study_title: str
    """Title of that study."""
    studies: frozenset[str]
    """Every study and group that an image is a member of."""
    traits: Traits
    """What filters see of it."""
    titles: tuple[str, ...]
    """Its own title and name."""
    codes: tuple[str, ...]
    """Accessions and names it is found by, too."""
    names: frozenset[str]
    """What it is looked up by besides its identifier, case-folded."""


def documents(studies: Sequence[Row], images: Sequence[Row], own: Iterable[Kept]) -> list[Document]:
    """All documents, each study and image once."""
    by_id = {row["id"]: row for row in studies}
    found = [_listed_image(row, by_id.get(row["study"])) for row in images]
    found += [_listed_study(row) for row in studies]
    _join(found, own)
    of_study: dict[str, list[Document]] = defaultdict(list)
    for document in found:
        if document.record.kind == "image":
            for study in document.studies:
                of_study[study].append(document)
    studied = {d.record.id: d.record.title or "" for d in found if d.record.kind == "study"}
    return [
        _with_images(document, of_study[document.record.id])
        if document.record.kind == "study"
        else _in_study(document, studied)
        for document in found
    ]


# ── the shipped tables ───────────────────────────────────────────────────────────────────────────────


def _listed_image(row: Row, study: Row | None) -> Document:
    record = image_record(row, study)
    also = terms.split(row["also"])
    traits = traits_of(record)
    return Document(
        record=record,
        row={name: value for name, value in row.items() if value},
        group=row["group"],
        study=row["study"],
        study_title=study["title"] if study else "",
        studies=frozenset({row["group"], row["study"], *also} - {""}),
        traits=replace(traits, names=traits.names | _more_names(record, study)),
        titles=(record.title or "", record.id.split(":", 1)[1]),
        codes=(
            record.repository,
            record.id.split(":")[0],
            *_codes(row["also"]),
            study["names"] if study else "",
            record.doi or "",
        ),
        names=frozenset(address.casefold() for address in addresses(row)),
    )


def _listed_study(row: Row) -> Document:
    record = study_record(row)
    traits = traits_of(record)
    return Document(
        record=record,
        row={name: value for name, value in row.items() if value},
        group=row["id"],
        study=row["id"],
        study_title=record.title or "",
        studies=frozenset(),
        traits=replace(traits, names=traits.names | _more_names(record, row)),
        titles=(),
        codes=(
            record.repository,
            record.id.split(":")[0],
            row["names"],
            row["collection"],
            *_codes(row["same_as"]),
            row["doi"],
        ),
        names=_study_names(record),
    )


def _codes(studies: str) -> list[str]:
    return [key.split(":", 1)[1] for key in terms.split(studies)]


def _more_names(record: Record, study: Row | None) -> set[str]:
    # "EMPIAR" asks for EMPIAR's accessions, "NFDI4BIOIMAGE" for all its places, "SSBD:database" for a part.
    first = record.repository.split()[0].casefold()
    collection = study["collection"].casefold() if study else ""
    return {record.id.split(":")[0].casefold(), first, collection} - {""}


def _study_names(record: Record) -> frozenset[str]:
    found = {address_key(url) for url in (record.landing_url, record.url) if url}
    if record.accession:
        found |= {record.accession, f"{record.repository}:{record.accession}"}
    if record.doi:
        found.add(record.doi)
    return frozenset(name.casefold() for name in found)


# ── the user's records ───────────────────────────────────────────────────────────────────────────────


def _join(found: list[Document], own: Iterable[Kept]) -> None:
    places: dict[str, int] = {}
    for place, document in enumerate(found):
        for key in _keys(document.record):
            places.setdefault(key, place)
    for record, text in own:
        keys = _keys(record)
        held = next((places[key] for key in keys if key in places), None)
        if held is None:
            held = len(found)
            found.append(_own_document(record, text))
        elif found[held].record.kind == record.kind:
            found[held] = _joined(found[held], record)
        for key in keys:
            places.setdefault(key, held)


def _keys(record: Record) -> tuple[str, ...]:
    """What makes two records the same: the identifier, and the address of the pixels."""
    at = (f"@{address_key(record.url)}",) if record.url and record.kind == "image" else ()
    return (record.id.casefold(), *at)


def _own_document(record: Record, text: str) -> Document:
    traits = traits_of(record)
    group = group_of(record)
    image = record.kind == "image"
    within = record.accession.split("/")[0].casefold() if record.accession and _is_own(record) else ""
    urls = {record.url, record.listed_url, record.landing_url} - {None}
    return Document(
        record=record,
        row={},
        text=text,
        group=group,
        study=group,
        study_title="" if image else record.title or "",
        studies=frozenset({group}) if image else frozenset(),
        traits=replace(traits, names=traits.names | _more_names(record, None) | ({within} - {""})),
        titles=(record.title or "", record.id.split(":", 1)[1]) if image else (),
        codes=(record.repository, *record.id.split(":", 1), record.doi or ""),
        names=frozenset(address_key(url).casefold() for url in urls if url)
        if image
        else _study_names(record),
    )


def _is_own(record: Record) -> bool:
    return record.id.startswith("own:")


def _joined(held: Document, record: Record) -> Document:
    """A document that two state: the user's values, ours where there are none."""
    both = joined(record, held.record)
    new = _own_document(both, both.to_json())
    return replace(
        new,
        row=held.row,
        group=held.group,
        study=held.study,
        study_title=new.study_title or held.study_title,
        studies=held.studies,
        traits=replace(new.traits, names=new.traits.names | held.traits.names | traits_of(record).names),
        codes=(*held.codes, record.id.split(":", 1)[1]),
        names=held.names | new.names | {record.id.casefold()},
    )


def joined(first: Record, second: Record) -> Record:
    """Two records of the same thing as one, with the identifier and place of the second.

    Every value is the first's, the second's where the first has none; its source comes with it.

    Examples
    --------
    >>> from fairlab.record import Record, Source
    >>> ours = Record(id="x:1", kind="study", repository="X", title="A", sources={"*": Source(document="list")})
    >>> new = Record(id="y:1", kind="study", repository="Y", license="L", sources={"*": Source(document="API")})
    >>> both = joined(new, ours)
    >>> both.id, both.title, both.source("title").document, both.source("license").document
    ('x:1', 'A', 'list', 'API')
    """
    kept = {"id", "kind", "repository", "accession", "sources", "seen_in", "found_by", "raw", "note"}
    values, sources = {}, dict(second.sources)
    if first.sources.get("*") and second.sources.get("*") is None:
        sources["*"] = first.sources["*"]
    for field in dataclasses.fields(first):
        if field.name in kept or getattr(first, field.name) in (None, (), {}):
            continue
        values[field.name] = getattr(first, field.name)
        source = first.source(field.name)
        if source is not None:
            sources[field.name] = source
    return replace(second, **values, sources=sources)


# ── studies and their images ─────────────────────────────────────────────────────────────────────────


def _with_images(document: Document, images: Sequence[Document]) -> Document:
    traits = replace(
        document.traits,
        ngff_version=tuple(sorted({version for image in images for version in image.traits.ngff_version})),
        layout=tuple(sorted({layout for image in images for layout in image.traits.layout})),
        openable=any(image.traits.openable for image in images),
    )
    return replace(document, traits=traits, row={**document.row, "listed": str(len(images))})


def _in_study(document: Document, titles: dict[str, str]) -> Document:
    if not document.text or document.study_title:
        return document
    return replace(document, study_title=titles.get(document.study, ""))
