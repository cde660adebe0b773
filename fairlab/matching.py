"""Whether a record meets a question's filters, by what the record states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab import terms
from fairlab.query import TOPICS
from fairlab.traits import traits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fairlab.query import Query
    from fairlab.record import Record

_KEYS = {
    "anatomy": ("anatomy", "organism part", "tissue", "organ", "cell type", "body part", "brain region"),
    "disease": ("disease", "pathology", "diagnosis"),
    "cell_line": ("cell line", "cell lines"),
    "phenotype": ("phenotype",),
    "compound": ("compound", "drug", "small molecule", "chemical", "treatment"),
}
"""What archives call the attributes that each of these filters asks for."""


def fits(query: Query, record: Record) -> bool:
    """Whether a record meets every filter but the free words; what it does not state, it does not meet.

    Examples
    --------
    >>> from fairlab.query import make_query
    >>> from fairlab.record import Record
    >>> spindle = Record(id="x:1", kind="image", repository="X", attributes={"Gene Symbol": ("CDK1",)})
    >>> fits(make_query(attributes={"gene symbol": "cdk1"}), spindle), fits(make_query(year=2019), spindle)
    (True, False)
    """
    return (
        query.allows(traits_of(record))
        and query.allows_size(record.bytes)
        and all(_has_pair(record, key, values) for key, values in query.attributes)
        and all(_mentions(record, topic, getattr(query, topic)) for topic in TOPICS)
        and _in_years(query, record.release_date)
        and (not query.channel or _any_holds(record.channels, query.channel))
        and (query.has_labels is None or record.has_labels is query.has_labels)
        and (query.pixel_size_below is None or _is_finer(record, query.pixel_size_below))
    )


def _has_pair(record: Record, key: str, values: Sequence[str]) -> bool:
    wanted = {terms.fold(value) for value in values}
    return any(
        terms.fold(name) == terms.fold(key) and wanted & {terms.fold(value) for value in stated}
        for name, stated in record.attributes.items()
    )


def _mentions(record: Record, topic: str, asked: Sequence[str]) -> bool:
    if not asked:
        return True
    stated = [
        value for name, values in record.attributes.items() if is_about(name, topic) for value in values
    ]
    # An ontology term does not say what it is a term of: "HeLa" is no tissue, so its label decides.
    named = [text for term in record.other_terms for text in (term.label, term.id) if text]
    return _any_holds([*stated, *named], asked)


def is_about(name: str, topic: str) -> bool:
    """Whether an attribute of this name is about this topic."""
    return any(_holds(name, key) for key in _KEYS[topic])


def _any_holds(texts: Iterable[str], asked: Sequence[str]) -> bool:
    return any(_holds(text, value) for text in texts for value in asked)


def _holds(text: str, phrase: str) -> bool:
    """Whether ``phrase`` stands in ``text``, word by word ("CDK1" is not in "CDK10")."""
    return f" {' '.join(terms.fold(phrase))} " in f" {' '.join(terms.fold(text))} "


def _in_years(query: Query, date: str | None) -> bool:
    if query.year is None:
        return True
    stated = (date or "")[:4]
    first, last = query.year
    return stated.isdigit() and (first or 0) <= int(stated) <= (last or 9999)


def _is_finer(record: Record, limit: float) -> bool:
    lateral = [size for axis, size in record.pixel_size.items() if axis in ("x", "y")]
    return bool(lateral) and max(lateral) < limit
