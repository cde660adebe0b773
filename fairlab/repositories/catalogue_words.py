"""The vocabulary tables of the catalogue: FBbi and taxa, joined with everyday words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fairlab import terms
from fairlab.errors import FormatError

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
            waiting.extend(terms.split(found[key]["parents"]))
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
        for key in terms.split(row["ids"]):
            if key not in found:
                raise FormatError(
                    f"common_names.csv names {key}, which no list mentions", kind="table-columns"
                )
            found[key]["synonyms"] = _joined(found[key]["synonyms"], row["name"])
    for row in found.values():
        row["parents"] = "|".join(_broader(row, found.values()))
    return list(found.values())


def _spellings(row: Row) -> list[str]:
    spellings = [name for name in terms.split(row["other_spellings"]) if not name.startswith("NCBITaxon:")]
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
    return "|".join(_unique([*terms.split(before), *terms.split(more)]))


def _unique(names: Iterable[str], *, but: str = "") -> list[str]:
    kept: dict[tuple[str, ...], str] = {}
    for name in names:
        words = terms.fold(name)
        if words and words != terms.fold(but):
            kept.setdefault(words, name.strip())
    return list(kept.values())
