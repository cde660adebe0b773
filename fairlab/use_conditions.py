"""Conditions under which data may be used, as documents state them: DUO codes, embargo, residency. Pure.

Codes are those of the Data Use Ontology; ``data/duo.csv`` says of each whether a copy may be made ("freely"),
may be made and carries the condition along ("with its terms"), or only by who meets it ("when met").
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from fairlab.terms import read_table

MAX_VALUES: Final = 1_000_000
"""Values of one document that are looked at."""
_DUO: Final = re.compile(r"(?:^|[/#]|\bobo:)DUO[:_](\d{7})$")
_COAR: Final = {
    "c_abf2": "open",
    "c_f1cf": "embargoed",
    "c_16ec": "restricted",
    "c_14cb": "metadata only",
}
_COAR_ADDRESS: Final = re.compile(r"coar/access_right/(c_\w{4})$")
_LEVELS: Final = re.compile(r"(open|embargoed|restricted|metadata[ -]only)( access)?", re.IGNORECASE)
_EMBARGO: Final = frozenset({"embargountil", "embargodate", "embargoenddate", "embargoeduntil", "embargo"})
_RESIDENCY: Final = ("country", "jurisdiction", "basis")


class UseTerm(NamedTuple):
    """One code of the Data Use Ontology."""

    label: str
    """What it asks."""
    leaves: str
    """``"freely"``, ``"with its terms"`` or ``"when met"``."""


@dataclass(frozen=True, kw_only=True)
class UseConditions:
    """What documents state of the use of one image or study; nothing stated is not "no restriction".

    Examples
    --------
    >>> UseConditions(codes=("DUO:0000046",)) + UseConditions(embargo_until="2027-01-01")
    UseConditions(codes=('DUO:0000046',), embargo_until='2027-01-01', residency={}, access=None)
    """

    codes: tuple[str, ...] = ()
    """DUO codes: ``"DUO:0000022"``."""
    embargo_until: str | None = None
    """ISO 8601 date."""
    residency: Mapping[str, str] = field(default_factory=dict)
    """``country``, ``jurisdiction`` and ``basis`` (``"declared"`` by the provider, or ``"inferred"``)."""
    access: str | None = None
    """``"open"``, ``"embargoed"``, ``"restricted"`` or ``"metadata only"``."""

    @property
    def level(self) -> Literal["open", "restricted"] | None:
        """Whether everybody may read it, as records say it."""
        return None if self.access is None else "open" if self.access == "open" else "restricted"

    def __bool__(self) -> bool:
        return bool(self.codes or self.embargo_until or self.residency or self.access)

    def __add__(self, other: UseConditions) -> UseConditions:
        """Both at once: of data that went into one thing, the strictest counts."""
        codes = dict.fromkeys((*self.codes, *other.codes))
        order = [None, "open", "restricted", "embargoed", "metadata only"]
        return UseConditions(
            codes=tuple(codes),
            embargo_until=max(filter(None, (self.embargo_until, other.embargo_until)), default=None),
            residency={**other.residency, **self.residency}
            if self.residency.get("basis") == "declared" or not other.residency
            else {**self.residency, **other.residency},
            access=max((self.access, other.access), key=order.index),
        )


@functools.cache
def duo_terms() -> dict[str, UseTerm]:
    """Code to label and effect, of all codes that fairlab knows.

    Examples
    --------
    >>> duo_terms()["DUO:0000022"]
    UseTerm(label='geographical restriction', leaves='when met')
    """
    return {row["id"]: UseTerm(row["label"], row["leaves"]) for row in read_table("duo.csv")}


def duo(text: str) -> str | None:
    """The one form of a DUO code, in whatever form documents write it; None when it is none.

    Examples
    --------
    >>> duo("http://purl.obolibrary.org/obo/DUO_0000022"), duo("obo:DUO_0000006"), duo("DUO is a vocabulary")
    ('DUO:0000022', 'DUO:0000006', None)
    """
    found = _DUO.search(text.strip())
    return f"DUO:{found[1]}" if found else None


def stated(document: Any) -> UseConditions:
    """What a document states: attributes of a Zarr, an RO-Crate, a Croissant or any other JSON.

    Parameters
    ----------
    document : Any
        Plain JSON values. Codes count wherever they stand; an embargo and a residency by the names of their
        fields, as ``PropertyValue`` of a crate, or as an ODRL constraint.

    Examples
    --------
    >>> access = {"conditions": ["DUO:0000022"], "residency": {"country": "DE", "basis": "declared"}}
    >>> stated({"access": {**access, "embargo_until": "2027-01-01"}})
    UseConditions(codes=('DUO:0000022',), embargo_until='2027-01-01',
                  residency={'country': 'DE', 'basis': 'declared'}, access=None)
    """
    found = UseConditions()
    for key, value, holder in _values(document):
        if isinstance(value, str):
            found += _of_text(key, value, holder)
        elif key == "residency" and isinstance(value, Mapping):
            found += UseConditions(residency=_residency(value))
        elif key == "access" and isinstance(value, Mapping):
            found += _of_text("access level", str(value.get("level", "")), value)
    return found


def _of_text(key: str, value: str, holder: Mapping[str, Any]) -> UseConditions:
    codes = [duo(part) for part in value.split(";")] if "DUO" in value else []
    if codes and all(codes):
        return UseConditions(codes=tuple(code for code in codes if code))
    if address := _COAR_ADDRESS.search(value.strip()):
        return UseConditions(access=_COAR.get(address[1]))
    name = _folded(holder.get("propertyID")) if key == "value" else _folded(key)
    if name in _EMBARGO:
        return UseConditions(embargo_until=iso_date(value))
    if name.startswith("residency") and name.removeprefix("residency") in _RESIDENCY:
        return UseConditions(residency=_residency({name.removeprefix("residency"): value}))
    if name in ("accesslevel", "accessrights", "conditionsofaccess") and (
        level := _LEVELS.fullmatch(value.strip())
    ):
        return UseConditions(access=level[1].lower().replace("-", " "))
    operand = str(holder.get("leftOperand") or holder.get("odrl:leftOperand") or "")
    if name in ("rightoperand", "odrlrightoperand") and operand.endswith("spatial"):
        return UseConditions(residency=_residency({"country": value, "basis": "declared"}))
    return UseConditions()


def _residency(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value.strip()
        for name in _RESIDENCY
        if isinstance(value := values.get(name), str) and value.strip()
    }


def iso_date(text: str) -> str | None:
    """The day that an ISO 8601 date or time names; None when it names none.

    Examples
    --------
    >>> iso_date("2027-01-01T00:00:00Z"), iso_date("soon")
    ('2027-01-01', None)
    """
    try:
        return dt.date.fromisoformat(text.strip()[:10]).isoformat()
    except ValueError:
        return None


def _folded(name: Any) -> str:
    return re.sub(r"[\W_]+", "", str(name or "")).lower()


def _values(document: Any) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Every value with the key it stands under and the object that key is in, level by level."""
    todo: list[tuple[str, Any, Mapping[str, Any]]] = [("", document, {})]
    count = 0
    while todo and count < MAX_VALUES:
        key, value, holder = todo.pop()
        count += 1
        yield key, value, holder
        inside: Iterable[tuple[str, Any, Mapping[str, Any]]] = ()
        if isinstance(value, Mapping):
            inside = [(str(name), one, value) for name, one in value.items()]
        elif isinstance(value, list | tuple):
            inside = [(key, one, holder) for one in value]
        todo.extend(reversed(list(inside)))
