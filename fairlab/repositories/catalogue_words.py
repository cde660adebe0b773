"""The words of the catalogue: the tables of FBbi and taxa, and the labels and identifiers that lists give."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fairlab.errors import FormatError
from fairlab.terms import Term, Vocabulary, fold, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Row = dict[str, str]

_IMAGING_METHOD = "FBbi:00000222"


def method_rows(fbbi: Sequence[Row], words: Sequence[Row]) -> list[Row]:
    """FBbi with the names hidden in its labels and synonyms, the terms it lacks, and everyday words."""
    found = {row["id"]: {**row, "synonyms": "|".join(_hidden_names(row))} for row in fbbi}
    for row in words:
        key = row["id"] or row["label"]
        if key not in found:
            if not row["label"] or not row["parents"]:
                raise FormatError(
                    f"method_words.csv gives words to {key}, which is neither in FBbi nor described there "
                    "(a new term needs a label and parents)",
                    kind="table-columns",
                )
            found[key] = {"id": row["id"], "label": row["label"], "synonyms": "", "parents": row["parents"]}
        found[key]["synonyms"] = _joined(found[key]["synonyms"], row["words"])
    return sorted(
        found.values(), key=lambda row: (not _is_imaging_method(row, found), row["id"] or "~", row["label"])
    )


def _hidden_names(row: Row) -> list[str]:
    # Labels such as "scanning electron microscopy (SEM)" hold two names; synonyms are separated
    # by "|", ", " or two spaces.
    names = [name for cell in row["synonyms"].split("|") for name in re.split(r"\s{2,}|, ", cell)]
    label = re.fullmatch(r"(.+?)\s*\((.+)\)", row["label"])
    return _unique([*(label.groups() if label else ()), *names], but=row["label"])


def _is_imaging_method(row: Row, found: dict[str, Row]) -> bool:
    # A word may name a method and an illumination ("light sheet"): the method comes first.
    seen: set[str] = set()
    waiting = [row["id"] or row["label"]]
    while waiting:
        key = waiting.pop()
        if key == _IMAGING_METHOD:
            return True
        if key not in seen and key in found:
            seen.add(key)
            waiting.extend(split(found[key]["parents"]))
    return False


def taxon_rows(taxa: Sequence[Row], common_names: Sequence[Row]) -> list[Row]:
    """Taxa with common names and abbreviations; a genus stands above its species."""
    found = {
        row["id"]: {
            "id": row["id"],
            "label": row["scientific_name"],
            "synonyms": "|".join(_spellings(row)),
            "parents": "",
        }
        for row in taxa
    }
    for row in common_names:
        for key in split(row["ids"]):
            if key not in found:
                raise FormatError(
                    f"common_names.csv names {key}, which no list mentions", kind="table-columns"
                )
            found[key]["synonyms"] = _joined(found[key]["synonyms"], row["name"])
    for row in found.values():
        row["parents"] = "|".join(_broader(row, found.values()))
    return list(found.values())


def _spellings(row: Row) -> list[str]:
    spellings = [name for name in split(row["other_spellings"]) if not name.startswith("NCBITaxon:")]
    binomial = re.match(r"([A-Z])[a-z]{2,} ([a-z]{2,}.*)", row["scientific_name"])
    return _unique(
        [*([f"{binomial[1]}. {binomial[2]}"] if binomial else []), *spellings], but=row["scientific_name"]
    )


def _broader(row: Row, taxa: Iterable[Row]) -> list[str]:
    # "Drosophila" is above "Drosophila melanogaster", "Escherichia coli" above its strains; a hybrid is neither.
    if " x " in row["label"]:
        return []
    above = [other for other in taxa if row["label"].startswith(other["label"] + " ")]
    longest = max((len(other["label"]) for other in above), default=0)
    return [other["id"] for other in above if len(other["label"]) == longest]


def _joined(before: str, more: str) -> str:
    return "|".join(_unique([*split(before), *split(more)]))


def _unique(names: Iterable[str], *, but: str = "") -> list[str]:
    kept: dict[tuple[str, ...], str] = {}
    for name in names:
        words = fold(name)
        if words and words != fold(but):
            kept.setdefault(words, name.strip())
    return list(kept.values())


# ── words and identifiers side by side ───────────────────────────────────────────────────────────


def values(cell: str) -> list[str]:
    """The values of one cell of a source list, which holds them separated by ``;``."""
    return [value.strip().replace("|", "/") for value in cell.split(";")] if cell.strip() else []


@dataclass(frozen=True, kw_only=True)
class Vocabularies:
    """The vocabularies that labels are looked up in, and what was not found there."""

    organisms: Vocabulary
    """Taxa."""
    imaging_methods: Vocabulary
    """Methods."""
    _missed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def pair(self, kind: str, labels: str, ids: str) -> str:
        """Labels and identifiers that belong together, packed into one cell; see :func:`packed`."""
        vocabulary: Vocabulary = getattr(self, kind)
        pairs = paired(values(labels), values(ids), vocabulary)
        self._missed[kind] |= {term.label for term in pairs if vocabulary.key(term) is None}
        return packed(pairs)

    def unresolved(self) -> dict[str, list[str]]:
        """Labels that no vocabulary knows."""
        return {kind: sorted(missed) for kind, missed in self._missed.items() if missed}


def packed(found: Iterable[Term]) -> str:
    """Terms as one table cell: ``"Mus musculus <NCBITaxon:10090>|mixed"``."""
    return "|".join(f"{term.label} <{term.id}>" if term.id else term.label for term in found)


@functools.lru_cache(maxsize=4096)
def unpacked(cell: str) -> tuple[Term, ...]:
    """The terms of one table cell.

    Examples
    --------
    >>> unpacked("Mus musculus <NCBITaxon:10090>|mixed")
    (Term(label='Mus musculus', id='NCBITaxon:10090'), Term(label='mixed', id=None))
    """
    found = []
    for value in split(cell):
        match = re.fullmatch(r"(.*) <(\S+:\S+)>", value)
        found.append(Term(label=match[1], id=match[2]) if match else Term(label=value))
    return tuple(found)


def paired(labels: Sequence[str], ids: Sequence[str], vocabulary: Vocabulary) -> tuple[Term, ...]:
    """Join labels and identifiers that a list gives side by side but not always in step.

    When a label is known under another identifier than the one beside it, both statements are kept as two
    terms. When the counts differ, the labels speak for the image (the identifiers are its whole study's).
    """
    labels = [label for label in labels if fold(label) != ("unknown",)]
    if not labels:
        return tuple(_from_id(key, vocabulary) for key in dict.fromkeys(ids))
    found: list[Term] = []
    for position, label in enumerate(labels):
        known = vocabulary.keys(label)
        beside = ids[position] if len(ids) == len(labels) else ""
        if not beside:
            within = [key for key in known if key in ids]
            found.append(Term(label=label, id=within[0] if within else None))
        elif known and beside not in known:
            found += [Term(label=label, id=_identifier(known[0], vocabulary)), _from_id(beside, vocabulary)]
        else:
            found.append(Term(label=_usual(label, beside, vocabulary), id=beside))
    return tuple(dict.fromkeys(found))


def _usual(label: str, key: str, vocabulary: Vocabulary) -> str:
    # "homo sapiens" and "Homo sapiens" are one label; "SPIM" and "light sheet microscopy" stay as listed.
    usual = vocabulary.entries[key].term.label if key in vocabulary.entries else label
    return usual if fold(usual) == fold(label) else label


def _from_id(key: str, vocabulary: Vocabulary) -> Term:
    entry = vocabulary.entries.get(key)
    return entry.term if entry else Term(label=key, id=key)


def _identifier(key: str, vocabulary: Vocabulary) -> str | None:
    return vocabulary.entries[key].term.id
