"""How one value of a REMBI template is read: a term, a length for each axis, a person, a date."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import SelectionError
from fairlab.fair.values import doi, license_value, orcid, publication, term_value, without_email
from fairlab.ngff.units import unit_name
from fairlab.quantities import quantity_bytes, unit_um
from fairlab.terms import fold

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER: Final = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_LENGTH: Final = re.compile(rf"([a-zA-Z])\s*[:=]?\s*({_NUMBER})\s*([^\W\d_]*)")
_EXTENT: Final = re.compile(r"([a-zA-Z])\s*[:=]\s*(\d+)")
_TERM: Final = re.compile(r"(.*?)\s*[(\[]\s*([^()\[\]]*[:_/][^()\[\]]*)\s*[)\]]\s*")
_ORCID: Final = re.compile(
    r"(.*?)\s*[(\[]?\s*((?:https?://orcid\.org/)?\d{4}-\d{4}-\d{4}-\d{3}[\dXx])\s*[)\]]?\s*"
)
_OBJECTIVE: Final = re.compile(rf"({_NUMBER})\s*[xX×]|({_NUMBER})\s*NA\b|\bNA\s*({_NUMBER})", re.ASCII)
_MEDIA: Final = ("air", "water", "glycerol", "glycerin", "oil", "silicone", "multi")
_FLAGS: Final = {"yes": True, "true": True, "no": False, "false": False}


class Unreadable(ValueError):
    """A value that is not what its field asks for; the message says what was expected."""


def wavelengths(text: str) -> dict[str, float]:
    """Excitation and emission of a channel, in nanometer.

    Examples
    --------
    >>> wavelengths("405 / 460 nm"), wavelengths("/ 520")
    ({'excitation_nm': 405.0, 'emission_nm': 460.0}, {'emission_nm': 520.0})
    """
    found = re.fullmatch(rf"\s*({_NUMBER})?\s*(?:nm)?\s*(?:/\s*({_NUMBER})?\s*(?:nm)?\s*)?", text)
    named = {"excitation_nm": found and found[1], "emission_nm": found and found[2]}
    stated = {name: float(number) for name, number in named.items() if number}
    if not stated:
        raise Unreadable('excitation / emission in nanometer: "405 / 460"')
    return stated


def _term(value: Any) -> Any:
    if isinstance(value, dict):
        label, id_ = (str(value[key]) if value.get(key) else None for key in ("label", "id"))
        return term_value(label, id_)
    found = _TERM.fullmatch(value)
    return term_value(found[1], found[2]) if found else term_value(None, value)


def _creator(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: one for name, one in value.items() if name in {"name", "orcid", "affiliations", "roles"}
        }
    text = without_email(value)
    found = _ORCID.fullmatch(text)
    name, number = (found[1], orcid(found[2])) if found else (text, None)
    if not name.strip(" ,;"):
        raise Unreadable("a name, or a name with an ORCID")
    return {"name": name.strip(" ,;"), **({"orcid": number} if number else {})}


def _date(value: Any) -> str:
    try:
        return dt.date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError as exc:
        raise Unreadable("a day as YYYY-MM-DD") from exc


def _doi(value: Any) -> str:
    if (found := doi(str(value))) is None:
        raise Unreadable('a DOI: "10.6019/S-BIAD1234"')
    return found


def _variable(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {name: one for name, one in value.items() if name in {"name", "value"}}
    name, mark, rest = value.partition("=")
    return {"name": name.strip(), "value": rest.strip()} if mark else {"value": value}


def _objective(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    found: dict[str, Any] = {"model": value}
    for match in _OBJECTIVE.finditer(value):
        magnification, before, after = match.groups()
        found |= {"magnification": float(magnification)} if magnification else {"na": float(before or after)}
    words = fold(value)
    return {**found, **next(({"immersion": medium} for medium in _MEDIA if medium in words), {})}


def _extents(value: Any) -> dict[str, int]:
    found = value if isinstance(value, dict) else {name.lower(): int(n) for name, n in _EXTENT.findall(value)}
    if not found or not all(isinstance(n, int) and n > 0 for n in found.values()):
        raise Unreadable('sizes of named axes: "t=10, c=2, z=30, y=1024, x=1024"')
    return found


def _written(length: Any) -> str:
    """A length as text; JSON may hold its number and unit apart."""
    return f"{length.get('value')} {length.get('unit') or ''}" if isinstance(length, dict) else str(length)


def _lengths(value: Any) -> dict[str, dict[str, Any]]:
    if isinstance(value, dict):
        value = ", ".join(f"{axis} {_written(length)}" for axis, length in value.items())
    found: dict[str, dict[str, Any]] = {}
    for axis, number, unit in _LENGTH.findall(value):
        factor = unit_um(unit) if unit else None
        if unit and factor is None:
            raise Unreadable(
                f'a length for each axis: "{unit}" is no unit of length ({unit_name(unit) or "unknown"})'
            )
        length = float(number) * (factor or 1.0)
        if not math.isfinite(length):
            raise Unreadable(f"a length for each axis: {number} is too large")
        found[axis.lower()] = {"value": float(f"{length:.12g}"), **({"unit": "micrometer"} if unit else {})}
    if not found or any(one["value"] <= 0 for one in found.values()):
        raise Unreadable('a length for each axis: "z 0.5 µm, y 0.13 µm, x 0.13 µm"')
    return found


def _flag(value: Any) -> bool:
    found = _FLAGS.get(str(value).strip().lower())
    if found is None:
        raise Unreadable("yes or no")
    return found


def _bytes(value: Any) -> int:
    try:
        return quantity_bytes(int(value) if str(value).strip().isdigit() else str(value))
    except SelectionError as exc:
        raise Unreadable('an amount of data: 52428800 or "50 MiB"') from exc


def _format(value: Any) -> dict[str, Any]:
    found = re.fullmatch(
        r"\s*(OME-?Zarr|OME-?NGFF)\b\s*v?(\d+\.\d+)?.*", str(value), re.IGNORECASE | re.DOTALL
    )
    if not found:
        return {"name": str(value).strip()}
    return {"name": "OME-Zarr", **({"ngff_version": found[2]} if found[2] else {})}


def _matrix(value: Any) -> Any:
    try:
        return json.loads(str(value))
    except (ValueError, RecursionError):
        return str(value)  # a file's name, or words


def _relation(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"type": "related", "target": value}


def _funding(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    funder, mark, grant = value.rpartition(",")
    if mark and re.search(r"\d", grant):
        return {
            "funder": funder.strip(),
            "id": re.sub(r"^\s*(?:grant|award)\s+", "", grant, flags=re.I).strip(),
        }
    return {"funder": value}


def _license(value: Any) -> Any:
    return value if isinstance(value, dict) else license_value(value)


def _publication(value: Any) -> Any:
    return value if isinstance(value, dict) else publication(value)


def _processing(value: Any) -> Any:
    return value if isinstance(value, dict) else {"tool": value}


READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "text": str,
    "texts": str,
    "kind": str,
    "terms": _term,
    "creators": _creator,
    "license": _license,
    "date": _date,
    "doi": _doi,
    "publications": _publication,
    "funding": _funding,
    "variables": _variable,
    "objectives": _objective,
    "extents": _extents,
    "lengths": _lengths,
    "flag": _flag,
    "bytes": _bytes,
    "format": _format,
    "matrices": _matrix,
    "relations": _relation,
    "processing": _processing,
}
