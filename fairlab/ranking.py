"""The order in which answers of several repositories are shown.

Each repository's own order is kept; which repository's next record comes first is decided by the words
found in it and where they stand, then by its place in its own list. No clock decides, so that the same answers
always stand in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab import terms
from fairlab.traits import traits_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fairlab.record import Record
    from fairlab.words import Concept

# As in the embedded catalogue, so that its answers and those of archives can be compared.
_TITLE, _STUDY, _ORGANISM, _METHOD, _TOPICS, _CODES, _PEOPLE = 6.0, 6.0, 8.0, 5.0, 4.0, 3.0, 2.0


def weight(record: Record, concepts: Sequence[Concept], *, study_title: str = "") -> float:
    """Worth of a record for a text: for every concept that it has, the worth of the best place it stands in.

    Parameters
    ----------
    record : Record
        A study or an image.
    concepts : sequence of Concept
        What the text asks for.
    study_title : str
        Title of an image's study, in whose words it is found, too.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> from fairlab.words import concepts
    >>> titled = Record(id="x:1", kind="study", repository="X", title="Mitosis in flies")
    >>> tagged = Record(id="x:2", kind="study", repository="X", title="Flies", keywords=("mitosis",))
    >>> weight(titled, concepts("mitosis")) > weight(tagged, concepts("mitosis")) > 0
    True
    """
    if not concepts:
        return 0.0
    places = [(worth, terms.fold(text)) for worth, text in _places(record, study_title) if text]
    keys = traits_of(record).keys
    return sum(_worth(concept, places, keys) for concept in concepts)


def _worth(concept: Concept, places: Sequence[tuple[float, tuple[str, ...]]], keys: frozenset[str]) -> float:
    stated = _ORGANISM if concept.kind == "organism" else _METHOD
    found = [stated] if any(key in keys for key in concept.ids) else []
    found += [worth for worth, words in places if concept.found_in(words)]
    # A word that goes on ("CDK1" in "CDK10") may mean something else.
    found += [worth / 4 for worth, words in places if concept.found_in(words, go_on=True)]
    return max(found, default=0.0)


def _places(record: Record, study_title: str) -> Iterator[tuple[float, str]]:
    yield _TITLE, record.title or ""
    yield _STUDY, study_title
    yield _ORGANISM, " | ".join(term.label for term in record.organism)
    yield _METHOD, " | ".join(term.label for term in record.imaging_method)
    stated = [text for values in record.attributes.values() for text in values]
    topics = [*record.keywords, *stated, *record.channels, *(term.label for term in record.other_terms)]
    yield _TOPICS, " | ".join([*topics, record.description or ""])
    yield _CODES, f"{record.id} {record.accession or ''} {record.repository}"
    yield _PEOPLE, " | ".join([*record.authors, record.attribution or ""])


def fused(weights: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """The joint order of several ranked lists, as pairs of list and position.

    Parameters
    ----------
    weights : sequence of sequence of float
        The worth of each record of each list, in the list's order.

    Examples
    --------
    >>> fused([[6.0, 2.0, 5.0], [4.0, 4.0]])     # 5.0 stands behind 2.0 in its own list, and stays there
    [(0, 0), (1, 0), (1, 1), (0, 1), (0, 2)]
    >>> fused([[0.0, 0.0], [0.0]])     # nothing to tell them apart: by turns
    [(0, 0), (1, 0), (0, 1)]
    """
    keyed = []
    for number, column in enumerate(weights):
        lowest = float("inf")
        for position, worth in enumerate(column):
            lowest = min(lowest, worth)
            keyed.append((-lowest, position, number))
    return [(number, position) for _, position, number in sorted(keyed)]
