"""Which imaging methods a text names, and whether that agrees with the terms that were given."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fairlab.terms import fold, imaging_methods

if TYPE_CHECKING:
    from collections.abc import Collection

PRINCIPLES: Final = (
    "FBbi:00000369",  # light sheet
    "FBbi:00000255",  # multi-photon
    "FBbi:00000251",  # confocal
    "FBbi:00000617",  # TIRF
    "FBbi:00100013",  # wide-field fluorescence
    "FBbi:00000334",  # STED
    "FBbi:00000332",  # structured illumination
    "FBbi:00000333",  # single-molecule localization
    "FBbi:00000257",  # SEM
    "FBbi:00000258",  # TEM
    "FBbi:00000380",  # STEM
    "FBbi:00000256",  # electron microscopy
    "FBbi:00000259",  # atomic force
    "FBbi:00001001",  # X-ray
    "FBbi:00000371",  # optical coherence tomography
    "magnetic resonance imaging",
    "FBbi:00000243",  # bright field
    "FBbi:00000244",  # dark field
    "FBbi:00000245",  # DIC
    "FBbi:00000247",  # phase contrast
)
"""How an image is made: methods that exclude one another, the narrower before the broader. What can be done on
top of any of them (time lapse, FRET, fluorescence as such) is not here: a text that names it contradicts nothing."""
_LIGHT: Final = "FBbi:00000345"
_FLUORESCENCE: Final = "FBbi:00000246"
_SHEET_ILLUMINATION: Final = "FBbi:00000364"
# FBbi has these beside fluorescence microscopy, not below it; they are done on confocal, TIRF and wide-field
# microscopes, so that either name is right.
_ON_TOP_OF_FLUORESCENCE: Final = frozenset({"FBbi:00000334", "FBbi:00000332", "FBbi:00000333"})
# Taken beside fluorescence on the same microscope, often in the same image.
_BESIDE_FLUORESCENCE: Final = frozenset({"FBbi:00000243", "FBbi:00000244", "FBbi:00000245", "FBbi:00000247"})
# "Light and electron microscopy" names both: beside electron microscopy these words speak of another image.
_LIGHT_WORDS: Final = frozenset({"light", "fluorescence", "fluorescent", "correlative", "clem"})
_LONGEST_TEXT: Final = 20_000
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A method that a text names."""

    written: str
    """As the text has it: ``"light-sheet"``."""
    principle: str
    """Key of the method in :data:`PRINCIPLES` that it is a kind of."""


@functools.cache
def _names() -> dict[tuple[str, ...], tuple[str, bool]]:
    """Folded name to its principle, and whether it is one only in capitals."""
    methods = imaging_methods()
    found: dict[tuple[str, ...], tuple[str, bool]] = {}
    for principle in PRINCIPLES:
        for key in sorted(methods.descendants(principle)):
            for name in (methods.entries[key].term.label, *methods.entries[key].synonyms):
                # "SIM" is a method, "sim" may be anything; "stem cells" are no STEM.
                found.setdefault(fold(name), (principle, name.isupper()))
    return found


def mentions(text: str) -> tuple[Mention, ...]:
    """The methods that a text names, each once, in its order; longer names win over shorter.

    Examples
    --------
    >>> [one.written for one in mentions("Light-sheet images, beside SEM of stem cells")]
    ['Light-sheet', 'SEM']
    """
    names, beginnings = _names(), _beginnings()
    longest = max(map(len, names))
    words = list(_WORD.finditer(text[:_LONGEST_TEXT]))
    folded = [_folded(word[0]) for word in words]
    found: dict[str, Mention] = {}
    position = 0
    while position < len(words):
        if folded[position][:1] not in beginnings:
            position += 1
            continue
        for count in range(min(longest, len(words) - position), 0, -1):
            phrase = tuple(part for parts in folded[position : position + count] for part in parts)
            known = names.get(phrase)
            written = text[words[position].start() : words[position + count - 1].end()]
            if known and not (known[1] and not written.isupper()):
                found.setdefault(known[0], Mention(written=written, principle=known[0]))
                break
        else:
            count = 1
        position += count
    return tuple(found.values())


@functools.cache
def _beginnings() -> frozenset[tuple[str, ...]]:
    return frozenset(phrase[:1] for phrase in _names())


def _folded(word: str) -> tuple[str, ...]:
    return (word.casefold(),) if word.isascii() else fold(word)


def contradicted(text: str, keys: Collection[str]) -> bool:
    """Whether none of the methods that a text names can be one of those that were given.

    A broader or narrower term agrees; so does a term that says nothing of how the image is made.

    Parameters
    ----------
    text : str
        A title or a description.
    keys : collection of str
        Keys of the given methods in :func:`~fairlab.terms.imaging_methods`.

    Examples
    --------
    >>> contradicted("light sheet microscopy of brains", ["FBbi:00000251"])       # confocal
    True
    >>> contradicted("confocal stacks", ["FBbi:00000253"])                        # spinning disk
    False
    """
    principles = [one.principle for one in mentions(text)]
    telling = [key for key in keys if _tells(key)]
    if not telling or not principles:
        return False
    if any(_agree(principle, key) for principle in principles for key in telling):
        return False
    light = any(_is_light(principle) for principle in principles)
    return light or not (any(map(_is_light, telling)) and _LIGHT_WORDS & set(fold(text)))


def _is_light(key: str) -> bool:
    return _LIGHT in imaging_methods().ancestors(key) or key in _ON_TOP_OF_FLUORESCENCE


def _tells(key: str) -> bool:
    above = imaging_methods().ancestors(key)
    return _FLUORESCENCE in above or key == _SHEET_ILLUMINATION or bool(above & set(PRINCIPLES))


def _agree(principle: str, key: str) -> bool:
    methods = imaging_methods()
    above = methods.ancestors(key)
    if principle in above or key in methods.ancestors(principle):
        return True
    if key == _SHEET_ILLUMINATION:
        return principle == PRINCIPLES[0]
    fluorescent = _FLUORESCENCE in above
    if principle in _ON_TOP_OF_FLUORESCENCE | _BESIDE_FLUORESCENCE:
        return fluorescent or bool(above & (_ON_TOP_OF_FLUORESCENCE | _BESIDE_FLUORESCENCE))
    # FRET says fluorescence and no more; so does a transmitted-light channel beside it.
    on_any_microscope = bool(above & (_ON_TOP_OF_FLUORESCENCE | _BESIDE_FLUORESCENCE))
    no_principle = fluorescent and not above & set(PRINCIPLES)
    return (on_any_microscope or no_principle) and _FLUORESCENCE in methods.ancestors(principle)
