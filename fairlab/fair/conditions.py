"""The gate: a copy is made, or handed on, only where the conditions of the data let it leave.

Conditions are what documents state (:mod:`fairlab.use_conditions`); nothing is inferred that would forbid, and
nothing stated is not "no restriction". Who meets a condition says so by naming it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fairlab.errors import QueryError, UseConditionError, warn
from fairlab.fair.description import Description
from fairlab.options import option
from fairlab.provenance import records_of
from fairlab.record import Record
from fairlab.use_conditions import UseConditions, UseTerm, duo, duo_terms, stated

if TYPE_CHECKING:
    from collections.abc import Sequence

Action = Literal["export", "upload"]
"""``"export"``: a copy is written here. ``"upload"``: a copy is handed to others."""
_WORDS = ("embargo", "residency", "restricted", "metadata only")
_UNION = frozenset(
    ("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU",
     "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE")
)  # fmt: skip
_EEA = _UNION | {"IS", "LI", "NO"}


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition, as it is named to be met."""

    id: str
    """``"DUO:0000022"``, ``"embargo"``, ``"residency"``, ``"restricted"`` or ``"metadata only"``."""
    label: str
    """What it asks."""
    forbids: frozenset[Action]
    """What it forbids to who does not meet it."""

    def __str__(self) -> str:
        return f"{self.id}: {self.label}"


def use_conditions_of(obj: Any) -> UseConditions:
    """What is stated of the use of everything that went into an object; the strictest counts.

    Parameters
    ----------
    obj : Record, Description, xarray object, DataFrame, mapping, or an iterable of these
        What is to leave. A mapping is a crate, the attributes of a Zarr, or any other JSON.

    Examples
    --------
    >>> use_conditions_of({"access": {"conditions": ["DUO:0000046"]}}).codes
    ('DUO:0000046',)
    """
    if isinstance(obj, UseConditions):
        return obj
    if isinstance(obj, Record):
        return UseConditions(
            codes=obj.use_conditions,
            embargo_until=obj.embargo_until,
            residency=obj.residency,
            access=obj.access,
        )
    if isinstance(obj, Description):
        # Of documents that disagree none is preferred: each may forbid.
        said = [one for one in obj.statements if one.path.startswith("access.")]
        told = (stated({"access": {one.path.removeprefix("access."): one.value}}) for one in said)
        return sum(told, start=UseConditions())
    attrs = getattr(obj, "attrs", None)
    if attrs is not None:
        found = UseConditions() + stated({k: v for k, v in dict(attrs).items() if k != "fairlab_record"})
        try:
            return found + use_conditions_of(records_of(obj))
        except QueryError:  # it does not say where it comes from
            return found
    if isinstance(obj, Mapping):
        return stated(obj)
    total = UseConditions()
    for one in obj if isinstance(obj, Iterable) and not isinstance(obj, str | bytes) else ():
        total += use_conditions_of(one)
    return total


def conditions_of(
    obj: Any, *, today: dt.date | None = None, country: str | None = None
) -> tuple[Condition, ...]:
    """The conditions that hold for an object now, each with what it forbids.

    Parameters
    ----------
    obj : Any
        See :func:`use_conditions_of`.
    today : datetime.date, optional
        An embargo is over on the day that it names; by default this day.
    country : str, optional
        Where a copy would be (ISO 3166, two letters); by default the option ``country``.

    Examples
    --------
    >>> [str(condition) for condition in conditions_of({"embargo_until": "2999-01-01"})]
    ['embargo: not before 2999-01-01']
    """
    stated_ = use_conditions_of(obj)
    both, upload = frozenset[Action](("export", "upload")), frozenset[Action](("upload",))
    found = [_coded(code) for code in stated_.codes if duo_terms().get(code, _UNKNOWN).leaves != "freely"]
    day = stated_.embargo_until
    if day and day > (today or dt.date.today()).isoformat():
        found.append(Condition(id="embargo", label=f"not before {day}", forbids=both))
    elif not day and stated_.access == "embargoed":
        found.append(Condition(id="embargo", label="until a day that is not stated", forbids=both))
    if _stays(stated_.residency, country or option("country")):
        where = stated_.residency.get("jurisdiction") or stated_.residency.get("country", "a stated place")
        found.append(Condition(id="residency", label=f"the data stay in {where[:80]}", forbids=both))
    if stated_.access == "restricted":
        found.append(Condition(id="restricted", label="not everybody may read it", forbids=upload))
    if stated_.access == "metadata only":
        found.append(Condition(id="metadata only", label="pixels are not given away", forbids=both))
    return tuple(found)


_UNKNOWN = UseTerm("a condition that fairlab does not know", "when met")


def _coded(code: str) -> Condition:
    term = duo_terms().get(code, _UNKNOWN)
    actions: tuple[Action, ...] = ("upload",) if term.leaves == "with its terms" else ("export", "upload")
    return Condition(id=code, label=term.label, forbids=frozenset(actions))


def _stays(residency: Mapping[str, str], country: str | None) -> bool:
    """Whether data may not be in a country: only where the provider declared it, never where it was inferred."""
    if residency.get("basis", "").lower() not in ("declared", "asserted"):
        return False
    here = (country or "").upper()
    area = residency.get("jurisdiction", "").upper()
    if area:
        inside = {"EU": _UNION, "EEA": _EEA}.get(area, frozenset((area,)))
        return here not in inside
    return here != residency.get("country", "").upper()


def check_leaving(
    obj: Any,
    *,
    action: Action = "export",
    allow: Sequence[str] = (),
    country: str | None = None,
    today: dt.date | None = None,
) -> tuple[Condition, ...]:
    """Refuse to make or hand on a copy that the data's conditions forbid.

    Parameters
    ----------
    obj : Any
        What is to leave: see :func:`use_conditions_of`.
    action : {"export", "upload"}
        Whether a copy is written here, or handed to others.
    allow : sequence of str
        Conditions that are met, by name: ``("DUO:0000021", "embargo")``. Nothing else lifts one.
    country : str, optional
        Where the copy would be; by default the option ``country``.
    today : datetime.date, optional
        By default this day.

    Returns
    -------
    tuple of Condition
        Those that go along with the copy.

    Raises
    ------
    UseConditionError
        kind ``"embargo"``, ``"residency"``, ``"restricted"``, ``"metadata-only"`` or ``"use-condition"`` (DUO).
    QueryError
        kind ``"condition-unknown"``: ``allow`` names none of these.

    Warns
    -----
    FairlabWarning
        The copy may be made, and conditions go along with it.

    Examples
    --------
    >>> record = Record(id="lab:1", kind="image", repository="lab", use_conditions=("DUO:0000022",))
    >>> check_leaving(record)
    Traceback (most recent call last):
        ...
    fairlab.errors.UseConditionError: this may not be exported: DUO:0000022 (geographical restriction)
      stated of lab:1
      ...
    >>> check_leaving(record, allow=["DUO:0000022"])[0].id
    'DUO:0000022'
    """
    met = _named(allow)
    found = conditions_of(obj, today=today, country=country)
    refused = [one for one in found if action in one.forbids and one.id not in met]
    if refused:
        raise _refusal(refused, obj, action)
    going_along = [one for one in found if one.id not in met]
    if going_along:
        warn(
            f"conditions of use go along with this copy: {', '.join(map(str, going_along))}\n"
            f"  stated of {_whose(obj)}; whoever gets the copy has to be told"
        )
    return found


def _named(allow: Sequence[str]) -> frozenset[str]:
    names = (allow,) if isinstance(allow, str) else tuple(allow)
    met = {duo(name) or name.strip().lower().replace("metadata-only", "metadata only") for name in names}
    for name in sorted(met):
        if duo(name) is None and name not in _WORDS:
            raise QueryError(
                f"allow={name[:80]!r} names no condition\n"
                f"  name those that are met, one by one: a DUO code, {', '.join(_WORDS)}",
                kind="condition-unknown",
            )
    return frozenset(met)


def _refusal(refused: Sequence[Condition], obj: Any, action: Action) -> UseConditionError:
    first = refused[0]
    named = ", ".join(f'"{one.id}"' for one in refused)
    here = (
        "\n  say where this machine is, if it is there: fairlab.set_options(country=…)"
        if any(one.id == "residency" for one in refused)
        else ""
    )
    return UseConditionError(
        f"this may not be {action}ed: {'; '.join(f'{one.id} ({one.label})' for one in refused)}\n"
        f"  stated of {_whose(obj)}{here}\n"
        f"  ask who gives the data away; where the condition is met, say so by its name: allow=[{named}]",
        kind="use-condition" if first.id.startswith("DUO") else first.id.replace(" ", "-"),
        conditions=[one.id for one in refused],
        action=action,
    )


def _whose(obj: Any) -> str:
    try:
        return ", ".join(record.id for record in records_of(obj)[:5])
    except (QueryError, TypeError):
        return f"this {type(obj).__name__}"
