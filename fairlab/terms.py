"""Vocabularies as data: licences, taxa (NCBITaxon) and imaging methods (FBbi).

Words of people ("mouse", "light sheet", "CC BY 4.0") become terms with identifiers here, and nowhere else.
The tables lie in ``fairlab/data`` and are made by ``fairlab catalogue build``.
"""

from __future__ import annotations

import csv
import difflib
import functools
import gzip
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fairlab.errors import FormatError
from fairlab.licenses import License, license

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "DATA",
    "Entry",
    "License",
    "Term",
    "Vocabulary",
    "entries",
    "fold",
    "identifier",
    "imaging_methods",
    "license",
    "nearest",
    "organisms",
    "read_table",
    "split",
]

DATA = Path(__file__).with_name("data")
_WORD = re.compile(r"[^\W_]+")
# "NCBITaxon_07227", "NCBI:txid9606", "NCBITaxon9606", ".../datasets/taxonomy/10090", "…wwwtax.cgi?id=9606".
_TAXON = re.compile(
    r"(?:^|[/#:])(?:obo:)?(?:NCBI[\s:_]*)?(?:taxon(?:omy)?|tax_?id|txid)"
    r"(?:/browser/wwwtax\.cgi\?(?:\S*&)?id=|[\s:_/]*)0*([0-9]{1,9})$",
    re.IGNORECASE,
)
_METHOD = re.compile(r"(?:^|[/#:])(?:obo:)?FBbi[\s:_/]*0*([0-9]{1,8})$", re.IGNORECASE)
_OTHER = re.compile(r"(?:^|[/#]|^obo:)([A-Za-z]{2,12})[:_]([0-9]{3,})$")


@dataclass(frozen=True, kw_only=True)
class Term:
    """One word of a vocabulary."""

    label: str
    """What people read: ``"Mus musculus"``."""
    id: str | None = None
    """Compact identifier: ``"NCBITaxon:10090"``, ``"FBbi:00000246"``; None when only words are known."""


def fold(text: str) -> tuple[str, ...]:
    """The words of a text: letters and digits only, without case and accents.

    Examples
    --------
    >>> fold("Light-Sheet  (SPIM), Münster")
    ('light', 'sheet', 'spim', 'munster')
    """
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return tuple(_WORD.findall(text.casefold()))


def identifier(text: str, *, scheme: str | None = None) -> str | None:
    """The one compact form of a term's identifier, in whatever form archives write it; None when it is none.

    Parameters
    ----------
    text : str
        A compact identifier with any separator, an OBO or NCBI address, an ontology browser's address.
    scheme : {"NCBITaxon", "FBbi"}, optional
        What a bare number stands for; a method's has all its eight digits.

    Examples
    --------
    >>> identifier("NCBI:txid9606"), identifier("https://www.ncbi.nlm.nih.gov/datasets/taxonomy/10090/")
    ('NCBITaxon:9606', 'NCBITaxon:10090')
    >>> identifier("obo:FBbi_246"), identifier("http://purl.obolibrary.org/obo/GO_0044309")
    ('FBbi:00000246', 'GO:0044309')
    >>> identifier("07227", scheme="NCBITaxon"), identifier("07227")
    ('NCBITaxon:7227', None)
    """
    text = unquote(unquote(text)).strip().rstrip("/") if "%" in text else text.strip().rstrip("/")
    if found := _TAXON.search(text):
        return f"NCBITaxon:{int(found[1])}"
    if found := _METHOD.search(text):
        return f"FBbi:{int(found[1]):08d}"
    if found := _OTHER.search(text):
        return f"{found[1]}:{found[2]}"
    if scheme == "NCBITaxon" and re.fullmatch("[0-9]{1,9}", text):
        return f"NCBITaxon:{int(text)}"
    if scheme == "FBbi" and re.fullmatch("[0-9]{8}", text):
        return f"FBbi:{text}"
    return None


def nearest(word: str, choices: Iterable[str], *, n: int = 3) -> tuple[str, ...]:
    """The choices that look most like ``word``, for "did you mean".

    Examples
    --------
    >>> nearest("mouze", ["mouse", "human", "rat"])
    ('mouse',)
    """
    by_folded = {" ".join(fold(choice)): choice for choice in choices}
    close = difflib.get_close_matches(" ".join(fold(word[:80])), by_folded, n=n, cutoff=0.67)
    return tuple(by_folded[key] for key in close)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a vocabulary table."""

    term: Term
    """The term under its usual label."""
    synonyms: tuple[str, ...]
    """Other names: abbreviations, everyday words, spellings seen in repositories."""
    parents: tuple[str, ...]
    """Keys of the broader terms."""


class Vocabulary:
    """Terms with their synonyms and broader terms.

    Parameters
    ----------
    known : mapping of str to Entry
        By key: the identifier, or the label of a term that has none.

    Examples
    --------
    >>> methods = imaging_methods()
    >>> methods.find("light sheet")[0].id
    'FBbi:00000369'
    >>> "FBbi:00000253" in methods.descendants("FBbi:00000251")     # spinning disk is confocal
    True
    """

    def __init__(self, known: Mapping[str, Entry]):
        self.entries = dict(known)
        self._keys: dict[tuple[str, ...], list[str]] = {}
        for key, entry in self.entries.items():
            for name in (entry.term.id or "", entry.term.label, *entry.synonyms):
                holders = self._keys.setdefault(fold(name), [])
                if key not in holders:
                    holders.append(key)
        self._keys.pop((), None)
        ids = (entry.term.id for entry in self.entries.values())
        self.scheme = next((key.partition(":")[0] for key in ids if key), None)
        """Scheme of its identifiers: ``"NCBITaxon"``, ``"FBbi"``."""
        self._ancestors: dict[str, frozenset[str]] = {}
        self.longest = max(map(len, self._keys), default=0)
        """Words of the longest name."""

    def keys(self, text: str) -> tuple[str, ...]:
        """Keys of the terms that a name, synonym, compact identifier or OBO address means."""
        return self.keys_of_words(fold(identifier(text) or text))

    def keys_of_words(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """As :meth:`keys`, for words that :func:`fold` made."""
        return tuple(self._keys.get(words, ()))

    def find(self, text: str) -> tuple[Term, ...]:
        """The terms that ``text`` means; usually one, none when it is not known here.

        Unlike in :meth:`keys`, whose text may be any words, a bare number is an identifier here.
        """
        keys = self.keys(text) or self.keys(identifier(text, scheme=self.scheme) or "")
        return tuple(self.entries[key].term for key in keys)

    def key(self, term: Term) -> str | None:
        """The key of a term from elsewhere: by its identifier however spelt, else by its label."""
        if term.id in self.entries:
            return term.id
        compact = identifier(term.id or "", scheme=self.scheme)
        if compact in self.entries:
            return compact
        keys = self.keys(term.label)
        return keys[0] if keys else None

    def names(self) -> list[str]:
        """Every label and synonym."""
        return [name for entry in self.entries.values() for name in (entry.term.label, *entry.synonyms)]

    def ancestors(self, key: str) -> frozenset[str]:
        """The term itself and all broader ones, as keys."""
        if key in self._ancestors:
            return self._ancestors[key]
        found: set[str] = set()
        waiting = [key]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(self.entries[current].parents if current in self.entries else ())
        return self._ancestors.setdefault(key, frozenset(found))

    def descendants(self, key: str) -> frozenset[str]:
        """The term itself and all narrower ones, as keys."""
        return frozenset(other for other in self.entries if key in self.ancestors(other)) | {key}


@functools.cache
def organisms() -> Vocabulary:
    """Taxa that occur in the repositories, with common names; genus stands above species."""
    return _vocabulary("taxa.csv.gz")


@functools.cache
def imaging_methods() -> Vocabulary:
    """FBbi with parents, the few terms it lacks, and everyday words for methods."""
    return _vocabulary("methods.csv.gz")


def _vocabulary(name: str) -> Vocabulary:
    return Vocabulary(entries(read_table(name)))


def entries(rows: Iterable[Mapping[str, str]]) -> dict[str, Entry]:
    """Vocabulary entries from table rows with ``id``, ``label``, ``synonyms`` and ``parents``."""
    return {
        row["id"] or row["label"]: Entry(
            term=Term(label=row["label"], id=row["id"] or None),
            synonyms=split(row["synonyms"]),
            parents=split(row["parents"]),
        )
        for row in rows
    }


def split(cell: str) -> tuple[str, ...]:
    """The values of one table cell, which holds them separated by ``|``."""
    return tuple(filter(None, cell.split("|")))


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of one table shipped in the package, as CSV or compressed with gzip.

    Parameters
    ----------
    name : str
        Name of the file: ``"duo.csv"``, ``"taxa.csv.gz"``.

    Raises
    ------
    FormatError
        kind ``"table-damaged"``: the table is missing or not readable.

    Examples
    --------
    >>> read_table("duo.csv")[0]["id"]
    'DUO:0000004'
    """
    opened = gzip.open if name.endswith(".gz") else open
    try:
        with opened(DATA / name, "rt", encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as exc:
        raise FormatError(
            f'the table "{name}" that comes with fairlab cannot be read ({exc})\n'
            "  reinstall fairlab, or make the tables again with: fairlab catalogue build",
            kind="table-damaged",
            table=name,
        ) from exc
