"""Whether one value is what a field of MITI asks for: type, range, unit, pattern, list."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.coverage import Finding
from fairlab.fair.miti_fields import PRIVATE, MitiField, word
from fairlab.fair.values import without_email
from fairlab.quantities import unit_um
from fairlab.terms import fold, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NOT_APPLICABLE: Final = frozenset({"na", "n a", "not applicable"})
_PLACEHOLDERS: Final = _NOT_APPLICABLE | {"none", "null", "tbd", "tba", "todo", "unknown", "missing", ""}
_TRUE: Final = frozenset({"true", "yes", "1"})
_FALSE: Final = frozenset({"false", "no", "0"})
_DOI: Final = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?10\.\d{4,9}/\S+", re.IGNORECASE)
_RRID: Final = re.compile(r"(RRID:\s*)?[A-Za-z]+[_:][A-Za-z0-9][\w:.-]*", re.IGNORECASE)
_FILENAME: Final = re.compile(r"(?!-)[A-Za-z0-9._-]{1,255}")
_PATTERNS: Final[dict[str, tuple[re.Pattern[str], str]]] = {
    "sha": (re.compile(r"[0-9a-fA-F]{7,64}"), "a commit: 7 to 64 hexadecimal digits"),
    "magnification": (re.compile(r"\d+(?:\.\d+)?\s*[xX×]"), 'a magnification: "20X"'),
    "sequence": (re.compile(r"[ACGTUNRYSWKMBDHVacgtunryswkmbdhv\s-]+"), "a sequence of bases"),
    "filename": (_FILENAME, "a portable file name: letters, digits, point, hyphen and underscore"),
}


def is_placeholder(value: Any) -> bool:
    """Whether a value says that nothing is said: "unknown", "tbd", "n/a".

    Examples
    --------
    >>> is_placeholder("TBD"), is_placeholder(False), is_placeholder("DAPI")
    (True, False, False)
    """
    return isinstance(value, str) and " ".join(fold(value)) in _PLACEHOLDERS


def not_applicable(value: Any) -> bool:
    """Whether a value says that the field does not apply.

    Examples
    --------
    >>> not_applicable("N/A"), not_applicable("unknown")
    (True, False)
    """
    return isinstance(value, str) and " ".join(fold(value)) in _NOT_APPLICABLE


def truth(value: Any) -> bool | None:
    """What a boolean field says; None when it is neither.

    Examples
    --------
    >>> truth("Yes"), truth(False), truth("maybe")
    (True, False, None)
    """
    text = str(value).strip().lower()
    return True if text in _TRUE else False if text in _FALSE else None


def number(value: Any) -> float | None:
    """A finite number; None when it is none.

    Examples
    --------
    >>> number("0.65"), number(2), number("0,65"), number(True)
    (0.65, 2.0, None, None)
    """
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def findings(field: MitiField, value: Any, *, item: int | None = None) -> Iterator[Finding]:
    """What is wrong with one value; nothing where all is well.

    Parameters
    ----------
    field : MitiField
        What it is a value of.
    value : object
        As written: text, or a plain JSON value.
    item : int, optional
        Which item, for the message.

    Examples
    --------
    >>> from fairlab.fair.miti_fields import fields
    >>> magnification = next(field for field in fields() if field.name == "Lens NA")
    >>> [(one.rule, one.level) for one in findings(magnification, "20x")]
    [('type', 'error')]
    """

    def made(rule: str, message: str, *, level: Any = "error") -> Finding:
        return Finding(
            level=level, rule=rule, module=field.module, field=field.name, item=item, message=message
        )

    shown = "the value" if field.module in PRIVATE else f'"{without_email(str(value))[:60]}"'
    if expected := _wrong_type(field, value):
        yield made("unit" if field.type == "unit" else "type", f"{shown} is not {expected}")
        return
    if field.type == "rrid" and not str(value).upper().startswith("RRID:"):
        yield made(
            "pattern", f"{shown} lacks its prefix; write RRID:{str(value).strip()[:60]}", level="warning"
        )
    if field.type in ("integer", "float") and (told := _out_of_range(field, value)):
        yield made("range", f"{shown} is {told}")
    if (field.values or field.also) and word(str(value)) not in field.accepts:
        yield made("value", f"{shown} is not in MITI's list{_near(field, value)}", level="warning")


def _wrong_type(field: MitiField, value: Any) -> str | None:
    """What was expected, where the value is something else."""
    if field.type in _PATTERNS:
        pattern, expected = _PATTERNS[field.type]
        return None if pattern.fullmatch(str(value).strip()) else expected
    check = _CHECKS.get(field.type)
    return check(value) if check else (None if isinstance(value, str | int | float) else "text")


def _boolean(value: Any) -> str | None:
    return None if truth(value) is not None else "true or false"


def _integer(value: Any) -> str | None:
    found = number(value)
    return None if found is not None and found.is_integer() else f"a whole number{_comma(value)}"


def _float(value: Any) -> str | None:
    return None if number(value) is not None else f"a number without its unit{_comma(value)}"


def _comma(value: Any) -> str:
    return "; write the decimals after a point" if re.fullmatch(r"\s*-?\d+,\d+\s*", str(value)) else ""


def _unit(value: Any) -> str | None:
    return None if unit_um(str(value)) else "a unit of length: µm, nm, mm …"


def _date(value: Any) -> str | None:
    try:
        dt.date.fromisoformat(str(value).strip())
    except ValueError:
        return "a day as YYYY-MM-DD"
    return None


def _doi(value: Any) -> str | None:
    parts = [part for part in re.split(r"[,;\s]+", str(value).strip()) if part and part.lower() != "doi:"]
    return (
        None
        if parts and all(_DOI.fullmatch(part) for part in parts)
        else "a DOI, or several separated by commas"
    )


def _rrid(value: Any) -> str | None:
    return (
        None if _RRID.fullmatch(str(value).strip()) else 'a Research Resource Identifier: "RRID:AB_2138153"'
    )


_CHECKS: Final[dict[str, Callable[[Any], str | None]]] = {
    "boolean": _boolean,
    "integer": _integer,
    "float": _float,
    "unit": _unit,
    "date": _date,
    "doi": _doi,
    "rrid": _rrid,
}


def _out_of_range(field: MitiField, value: Any) -> str | None:
    found = number(value)
    if found is None:
        return None
    if field.minimum is not None and found < field.minimum:
        return f"below {field.minimum:g}"
    if field.maximum is not None and found > field.maximum:
        return f"above {field.maximum:g}"
    return None


def _near(field: MitiField, value: Any) -> str:
    if field.module in PRIVATE:
        return ""  # what it is near to would tell it
    near = nearest(str(value), (*field.allowed, *field.also), n=2)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    words = (*field.allowed, *field.also)
    return f": {', '.join(words)}" if len(words) <= 12 else ""
