"""How free text is understood: words, known names in it, and what to do when not all are found.

"zebrafish heart light sheet" is three concepts: a taxon, a word and a method. Each is satisfied by any of
its spellings or by an identifier; a search wants all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from fairlab import terms

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from fairlab.terms import Vocabulary

MAX_CONCEPTS = 24
"""Concepts of one text that are used; a longer text is cut there."""

# fmt: off
_STOP = {"a", "an", "and", "are", "at", "by", "for", "from", "image", "images", "in", "is", "of", "on", "or",
         "the", "to", "with"}
# Names that are everyday English too: only in capitals do they mean the method ("stem cell" is no STEM).
_CAPITALS_ONLY = {"ao", "artwork", "cars", "diagram", "drawing", "film", "flip", "gold", "montage", "paint",
                  "palm", "pi", "stem"}
# fmt: on
_CHUNK = re.compile(r'"([^"]*)"|([^\s,;/|()\[\]{}"]+)')
_IDENTIFIER = re.compile(r"(?:obo:|https?://)?(?:NCBITaxon|NCBI|FBbi|purl)", re.IGNORECASE)
_LATIN = (
    ("us", "i"), ("i", "us"), ("um", "a"), ("a", "um"), ("a", "ae"), ("ae", "a"), ("on", "a"), ("a", "on"),
    ("osis", "otic"), ("otic", "osis"), ("is", "es"), ("ria", "rion"),
)  # fmt: skip

Phrase = tuple[str, ...]
Key = TypeVar("Key", int, str)


@dataclass(frozen=True, kw_only=True)
class Concept:
    """One thing that a text asks for.

    Examples
    --------
    >>> concept = concepts("mice")[0]
    >>> concept.kind, concept.ids
    ('organism', ('NCBITaxon:10090',))
    """

    text: str
    """As written."""
    kind: Literal["word", "organism", "imaging_method"] = "word"
    """Which vocabulary knows it."""
    phrases: tuple[Phrase, ...] = ()
    """Spellings, as folded words; any of them will do."""
    ids: tuple[str, ...] = ()
    """Keys of the terms it means; narrower terms will do too."""
    open_ended: bool = False
    """Whether the last word may go on where nothing has it as it stands ("chromo" finds "chromosome")."""

    def found_in(self, words: Sequence[str], keys: Collection[str] = (), *, go_on: bool = False) -> bool:
        """Whether folded ``words`` contain a spelling, or ``keys`` one of the terms.

        With ``go_on`` the last word of the first spelling may go on into a longer one.
        """
        if any(key in keys for key in self.ids):
            return True
        text = f" {' '.join(words)} "
        if go_on and self.open_ended:
            return f" {' '.join(self.phrases[0])}" in text
        return any(f" {' '.join(phrase)} " in text for phrase in self.phrases)


def concepts(text: str) -> tuple[Concept, ...]:
    """The concepts of a text, in its order; known names win over their words, longer over shorter.

    Examples
    --------
    >>> [(c.text, c.kind) for c in concepts("the zebrafish heart, light-sheet")]
    [('zebrafish', 'organism'), ('heart', 'word'), ('light-sheet', 'imaging_method')]
    >>> concepts('"cell cycle"')[0].phrases
    (('cell', 'cycle'),)
    """
    pieces = _pieces(text)
    found: list[Concept] = []
    position = 0
    while position < len(pieces) and len(found) < MAX_CONCEPTS:
        concept, used = _known_name(pieces[position:])
        if concept is None:
            concept, used = _word(*pieces[position]), 1
        if concept.phrases not in [other.phrases for other in found]:
            found.append(concept)
        position += used
    meant = [c for c in found if c.kind != "word" or c.phrases[0][0] not in _STOP or len(c.phrases[0]) > 1]
    if meant or found:
        return tuple(meant or found)
    # Only signs, such as an emoji: an honest concept that nothing contains.
    return (Concept(text=text.strip()[:40], phrases=()),) if text.strip() else ()


def _pieces(text: str) -> list[tuple[str, Phrase]]:
    pieces: list[tuple[str, Phrase]] = []
    # Ten thousand characters hold more words than will be used; they need not all be looked at.
    for found in _CHUNK.finditer(text[:5000]):
        quoted, plain = found.groups()
        whole = quoted is not None or _IDENTIFIER.match(plain)
        for part in [found[0].strip('"')] if whole else plain.split(":"):
            words = terms.fold(part)
            if words:
                pieces.append((part.strip(" .,!?*'`\0"), words))
        if len(pieces) >= 3 * MAX_CONCEPTS:
            break
    return pieces


def _known_name(pieces: list[tuple[str, Phrase]]) -> tuple[Concept | None, int]:
    vocabularies: tuple[tuple[Literal["organism", "imaging_method"], Vocabulary], ...] = (
        ("organism", terms.organisms()),
        ("imaging_method", terms.imaging_methods()),
    )
    longest = max(vocabulary.longest for _, vocabulary in vocabularies)
    for count in range(min(len(pieces), longest), 0, -1):
        words = tuple(word for _, part in pieces[:count] for word in part)
        text = " ".join(written for written, _ in pieces[:count])
        for kind, vocabulary in vocabularies:
            keys = vocabulary.keys_of_words(words) or vocabulary.keys(text)
            if keys and not (text.casefold() in _CAPITALS_ONLY and not text.isupper()):
                spellings = _spellings(words, keys, vocabulary)
                return Concept(text=text, kind=kind, phrases=spellings, ids=keys), count
    return None, 0


def _spellings(words: Phrase, keys: Sequence[str], vocabulary: Vocabulary) -> tuple[Phrase, ...]:
    names = [name for key in keys for name in _names(key, vocabulary)]
    phrases = [words, *(terms.fold(name) for name in names)]
    return tuple(dict.fromkeys(p for p in phrases if p and " ".join(p) not in _CAPITALS_ONLY))[:16]


def _names(key: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    entry = vocabulary.entries[key]
    return (entry.term.label, *entry.synonyms)


def _word(written: str, words: Phrase) -> Concept:
    last = words[-1]
    variants = [(*words[:-1], last[: -len(end)] + other) for end, other in _LATIN if _bends(last, end)]
    return Concept(
        text=written,
        phrases=(words, *dict.fromkeys(variants)),
        # Short words and numbers go on into something else: "sim" is not "simulation".
        open_ended=len(last) >= 4 and not last.isdigit(),
    )


def _bends(word: str, end: str) -> bool:
    return word.endswith(end) and len(word) - len(end) >= 3


def best_partial(
    found: Sequence[set[Key]], asked: Sequence[Concept], *, worth: Sequence[float]
) -> tuple[set[Key], tuple[str, ...]]:
    """What comes closest when nothing has every concept.

    Taxa and methods are kept before words, then rare words before common ones; all that is returned has
    the same concepts, so one line can say truly which were dropped.

    Parameters
    ----------
    found : sequence of set
        For each concept, what has it.
    asked : sequence of Concept
        The concepts.
    worth : sequence of float
        Worth of each concept beside the others; the rarer, the more.

    Returns
    -------
    tuple
        What to show, and the texts of the concepts that it lacks.

    Examples
    --------
    >>> best_partial([{1, 2}, {3}, set()], concepts("mouse heart xyz"), worth=[0.5, 1.0, 0.0])
    ({1, 2}, ('heart', 'xyz'))
    """
    worth = [
        value + (100.0 if concept.kind != "word" else 0.0)
        for value, concept in zip(worth, asked, strict=True)
    ]
    have: dict[Key, int] = {}
    for bit, hits in enumerate(found):
        for key in hits:
            have[key] = have.get(key, 0) | 1 << bit

    def value(pattern: int) -> tuple[int, float, int]:
        bits = [bit for bit in range(len(asked)) if pattern >> bit & 1]
        return len(bits), sum(worth[bit] for bit in bits), -pattern

    if not have:
        return set(), ()
    best = max(set(have.values()), key=value)
    dropped = tuple(concept.text for bit, concept in enumerate(asked) if not best >> bit & 1)
    return {key for key, pattern in have.items() if pattern == best}, dropped
