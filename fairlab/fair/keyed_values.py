"""Key and value pairs, as archives and map annotations hold them, sorted into what they are about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.values import plain_text, term_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# Folded key, and where its values go. Keys are those of IDR's studies and of its annotations (mapr).
_TERMS: Final = {
    "organism": "biosample.organism",
    "cell line": "biosample.cell_line",
    "strain": "biosample.strain",
    "organism part": "biosample.biological_entity",
    "cell type": "biosample.biological_entity",
    "tissue": "biosample.biological_entity",
}
_VARIABLES: Final = {
    "biosample.variables.intrinsic": ("gene symbol", "gene identifier", "genotype", "strain", "orf identifier"),
    "biosample.variables.extrinsic": (
        "compound name", "compound", "sirna identifier", "sirna pool identifier", "antibody identifier", "antibody",
        "antibody target", "reagent", "treatment", "drug",
    ),
    "biosample.variables.experimental": ("experimental condition", "experimental conditions", "time point", "dose",
                                         "concentration"),
    "specimen.experimental_status": ("control type", "control"),
    "image.qc": ("quality control", "quality control description"),
}  # fmt: skip
_OF_PEOPLE: Final = re.compile(
    r"patient|person|operator|experimenter|user|owner|email|e mail|phone|contact|birth|address|surname|"
    r"(?:first|last|family|given) name"
)


def pairs_kept(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Values by key, without what is of people and without contact details.

    Examples
    --------
    >>> pairs_kept([("Gene Symbol", "CDK1"), ("Gene Symbol", "PLK1"), ("Operator", "Ada")])
    {'Gene Symbol': ['CDK1', 'PLK1']}
    """
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        name, text = plain_text(key), plain_text(value)
        if name and text and not _OF_PEOPLE.search(_folded(name)):
            known = found.setdefault(name, [])
            if text not in known:
                known.append(text)
    return found


def sorted_out(pairs: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Any]]:
    """Path and value of what a description has a place of its own for.

    Examples
    --------
    >>> dict(sorted_out({"Gene Symbol": ["CDK1"], "Organism": ["Homo sapiens"], "Mood": ["good"]}))
    {'biosample.organism': [{'label': 'Homo sapiens'}],
     'biosample.variables.intrinsic': [{'name': 'Gene Symbol', 'value': 'CDK1'}]}
    """
    by_name = {_folded(name): (name, values) for name, values in pairs.items()}
    for path in dict.fromkeys(_TERMS.values()):
        told = [one for key, at in _TERMS.items() if at == path for one in by_name.get(key, ("", ()))[1]]
        if told:
            yield path, [term_value(one) for one in told]
    for path, keys in _VARIABLES.items():
        held = [by_name[key] for key in keys if key in by_name]
        named = [(name, value) for name, values in held for value in values]
        if named and ".variables." in path:
            yield path, [{"name": name, "value": value} for name, value in named]
        elif named:
            yield path, [value for _, value in named]


def _folded(name: str) -> str:
    inner = re.search(r"\[([^\]]+)\]", name)  # "Characteristics [Organism]"
    return " ".join(re.findall(r"[a-z0-9]+", (inner[1] if inner else name).casefold()))
