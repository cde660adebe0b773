"""MITI: which fields a tissue image's metadata fill in, and where they break a rule.

Each module is a list of items: one file, one row per channel, one row per mask. A field counts as far as the items
that need it have it. Whether an item needs it may hang on its other fields, or on the assay.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.checklist import by_module, chosen_modules
from fairlab.fair.coverage import Coverage, FieldCoverage, Finding
from fairlab.fair.field_names import sort_out
from fairlab.fair.field_tables import key
from fairlab.fair.miti_fields import MitiField, fields, word
from fairlab.fair.miti_values import findings, is_placeholder, not_applicable, number, truth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fairlab.fair.field_tables import Cell

    Given = Mapping[str, Sequence[Mapping[str, Any]]]
    Numbered = Sequence[tuple[int, Mapping[str, Any]]]

_RECOMMENDED_WEIGHT: Final = 0.5
_LABELS: Final = {
    "imc": "metal", "mibi": "metal", "codex": "oligo", "saber": "oligo", "tcycif": "fluorophore",
    "cycif": "fluorophore", "ihc": "fluorophore", "mihc": "fluorophore", "mxif": "fluorophore", "he": "",
}  # fmt: skip
"""Assay to what its channels are labelled with. MITI requires all three of each channel, which has but one."""
_LABEL_OF: Final = {
    "Fluorophore": "fluorophore",
    "Metal isotope: Element": "metal",
    "Metal isotope: Mass": "metal",
    "Oligo barcode: upper strand": "oligo",
    "Oligo barcode: lower strand": "oligo",
}
_CONDITION: Final = re.compile(r"(.+?)\s*([>=])\s*(.+)")
_MOST_FINDINGS: Final = 100


def coverage_of_cells(cells: Sequence[Cell], *, modules: Sequence[str] | None = None, where: str) -> Coverage:
    """How much of MITI a table fills in.

    Parameters
    ----------
    cells : sequence of Cell
        From :func:`~fairlab.fair.field_tables.cells_of_text`.
    modules : sequence of str, optional
        Modules that must be there; by default those that the table has.
    where : str
        Name of the table.

    Raises
    ------
    FormatError
        kind ``"fields-unknown"``: nothing in it is a field of MITI.
    QueryError
        kind ``"module-unknown"``.
    """
    asked = known_modules(modules)
    known = {module: listed for module, listed in by_module(fields()).items() if not asked or module in asked}
    values, odd = sort_out(cells, known, standard="MITI", where=where)
    items: dict[str, list[dict[str, Any]]] = {}
    for (module, name), written in values.items():
        listed = items.setdefault(module, [])
        for number_, value in written:
            place = number_ or 1
            listed += ({} for _ in range(place - len(listed)))
            if listed[place - 1].setdefault(name, value) != value:
                message = "it is stated twice, with different values"
                odd.append(_finding("several", module, name, number_, message))
    return coverage(items, modules=asked, source=where, odd=odd)


def known_modules(modules: Sequence[str] | None) -> tuple[str, ...]:
    """Modules by any spelling of their names.

    Raises
    ------
    QueryError
        kind ``"module-unknown"``.

    Examples
    --------
    >>> known_modules(["channel", "OME-TIFF header"])
    ('Channel', 'OME-TIFF header')
    """
    return chosen_modules(modules, by_module(fields()), standard="MITI")


def coverage(
    items: Given,
    *,
    modules: Sequence[str] | None = None,
    source: str = "",
    odd: Sequence[Finding] = (),
) -> Coverage:
    """How much of MITI some items fill in.

    Parameters
    ----------
    items : mapping
        Module to its items; an item maps names of fields to values.
    modules : sequence of str, optional
        Modules that must be there; by default those of ``items``.
    source : str
        What was checked.
    odd : sequence of Finding
        What is wrong with the table, to be told with the rest.

    Examples
    --------
    >>> whole = coverage({"Channel": [{"Channel ID": "0", "Channel Name": "DAPI", "RRID identifier": "none yet"}]})
    >>> [finding.rule for finding in whole.findings]
    ['type']
    >>> "Target name" in [field.field for field in whole.missing(optional=False)]
    True
    """
    checked = [module for module in by_module(fields()) if module in (modules or items)]
    told: list[Finding] = [*odd]
    covered: list[FieldCoverage] = []
    for module in checked:
        own = [(place, item) for place, item in enumerate(items.get(module, ()), 1) if item] or [(1, {})]
        for field in fields():
            if field.module == module:
                covered.append(_field_coverage(field, own, items, told))
        told += _across(module, own, items)
    return Coverage(standard="MITI", source=source, fields=tuple(covered), findings=tuple(_bounded(told)))


def _bounded(told: Sequence[Finding]) -> Iterator[Finding]:
    """At most a hundred of each rule: a table of ten thousand cells may break one rule in each."""
    seen: Counter[str] = Counter()
    for one in told:
        seen[one.rule] += 1
        if seen[one.rule] <= _MOST_FINDINGS:
            yield one


def _field_coverage(field: MitiField, own: Numbered, items: Given, told: list[Finding]) -> FieldCoverage:
    credits: list[float] = []
    for place, item in own:
        credit, more = _judged(field, item, items, place if len(own) > 1 else None)
        told += more
        credits += [] if credit is None else [credit]
    credit_ = sum(credits) / len(credits) if credits else None
    given = sum(credits)
    note = f"{given:.0f} of {len(credits)} items" if credits and 0 < given < len(credits) else ""
    if credit_ is None:
        note = _why_not(field.condition)
    return FieldCoverage(
        module=field.module,
        field=field.name,
        requirement=field.level,
        weight=_weight(field),
        credit=credit_,
        note=note,
        advice=field.advice,
    )


def _weight(field: MitiField) -> float:
    if field.name == "Comment":
        return 0.0  # there need not be anything else to say
    return 1.0 if field.level == "required" else _RECOMMENDED_WEIGHT


def _why_not(condition: str) -> str:
    if condition.startswith("label "):
        return f"no channel here is labelled so ({condition.removeprefix('label ')})"
    return "stated as not applicable" if condition in ("", "unless n/a") else f"asked for when {condition}"


def _judged(
    field: MitiField, item: Mapping[str, Any], items: Given, number_: int | None
) -> tuple[float | None, list[Finding]]:
    """Credit of one field in one item (None: not asked for), and what is wrong."""
    value = item.get(field.name)
    # "Not Applicable" is a placeholder, unless the list has it as an answer.
    answered = value is not None and word(str(value)) in field.accepts
    if value is not None and not answered and is_placeholder(value):
        if not_applicable(value) and (field.condition == "unless n/a" or field.name in _LABEL_OF):
            return None, []
        if _needed(field, item, items):
            message = "a placeholder stands where a value is needed"
            return 0.0, [_finding("placeholder", field.module, field.name, number_, message, level="warning")]
        value = None
    if value is None:
        return (0.0, []) if _needed(field, item, items) else (None, [])
    told = list(findings(field, value, item=number_))
    return (0.0 if any(one.level == "error" for one in told) else 1.0), told


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────


def _needed(field: MitiField, item: Mapping[str, Any], items: Given) -> bool:
    """Whether an item must have a field that it lacks; not where the deciding field is missing itself."""
    if field.condition in ("", "unless n/a"):
        return True
    if field.condition.startswith("label "):
        return field.condition.removeprefix("label ") in _labels(item, items)
    found = _CONDITION.fullmatch(field.condition)
    if found is None:
        return True
    name, sign, wanted = found.groups()
    value = item.get(name)
    if value is None:
        return False
    if sign == ">":
        size = number(value)
        return size is not None and size > float(wanted)
    if (flag := truth(wanted)) is not None:
        return truth(value) is flag
    return word(str(value)) == word(wanted)


def _labels(item: Mapping[str, Any], items: Given) -> set[str]:
    """What a channel must be labelled with: by its assay, else by what it has, else a fluorophore."""
    assays = {key(str(file["Assay Type"])) for file in items.get("File", ()) if file.get("Assay Type")}
    if assays and assays <= _LABELS.keys():
        return {_LABELS[assay] for assay in assays}
    given = {
        label
        for name, label in _LABEL_OF.items()
        if item.get(name) is not None and not is_placeholder(item[name])
    }
    return given or {"fluorophore"}


# ── across fields and items ──────────────────────────────────────────────────────────────────────────


def _across(module: str, own: Numbered, items: Given) -> Iterator[Finding]:
    if module == "Channel":
        yield from _doubled(own)
        yield from _counted(own, items)
    for place, item in own:
        if module == "OME-TIFF header":
            yield from _planes(item, place)
        if module == "Processed data":
            yield from _display(item, place)


def _finding(
    rule: str, module: str, field: str, item: int | None, message: str, *, level: Any = "error"
) -> Finding:
    return Finding(level=level, rule=rule, module=module, field=field, item=item, message=message)


def _doubled(own: Numbered) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, item in own:
        identifier = str(item.get("Channel ID") or "")
        if identifier in seen:
            message = f'"{identifier[:60]}" is the identifier of another channel, too'
            yield _finding("doubled", "Channel", "Channel ID", place, message)
        if identifier:
            seen.add(identifier)


def _counted(own: Numbered, items: Given) -> Iterator[Finding]:
    headers = items.get("OME-TIFF header", ())
    stated = number(headers[0].get("SizeC")) if len(headers) == 1 else None
    if stated is not None and items.get("Channel") and len(own) != stated:
        message = f"{len(own)} channels are described, the image has {stated:.0f}"
        yield _finding("disagree", "Channel", "Channel ID", None, message, level="warning")


def _planes(item: Mapping[str, Any], place: int) -> Iterator[Finding]:
    sizes = [number(item.get(name)) for name in ("SizeC", "SizeT", "SizeZ")]
    stated = number(item.get("PlaneCount"))
    planes = math.prod(size for size in sizes if size is not None)
    if stated is not None and None not in sizes and planes != stated:
        message = f"{stated:.0f} planes, but SizeC x SizeT x SizeZ is {planes:.0f}"
        yield _finding("disagree", "OME-TIFF header", "PlaneCount", place, message, level="warning")


def _display(item: Mapping[str, Any], place: int) -> Iterator[Finding]:
    names_ = [f"{end} Intensity Display Range" for end in ("Minimum", "Maximum")]
    low, high = (number(item.get(name)) for name in names_)
    if low is not None and high is not None and low > high:
        yield _finding("range", "Processed data", names_[0], place, f"{low:g} is above the maximum {high:g}")
