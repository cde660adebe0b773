"""What people write into a REMBI template, as statements of a description; and what cannot be read as such.

A filled-in template is one more document about an image: it merges with what its files and its archive say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.checklist import by_module
from fairlab.fair.coverage import Finding
from fairlab.fair.description import Description, Statement
from fairlab.fair.field_names import Values, sort_out
from fairlab.fair.rembi_fields import RembiField, fields
from fairlab.fair.rembi_forms import READERS, Unreadable, wavelengths
from fairlab.fair.values import without_email
from fairlab.record import Source
from fairlab.terms import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.fair.field_tables import Cell

_AXIS_TYPES: Final = {"t": "time", "c": "channel"}
_LONGEST_WORDS: Final = 2000
_LONGEST: Final = {"text": 100_000, "texts": 100_000, "matrices": 100_000}
"""Characters by form: what is longer was not written by hand, and patterns take the square of its length."""
_ONE: Final = frozenset(
    {"text", "license", "date", "doi", "kind", "format", "extents", "lengths", "flag", "bytes"}
)
"""Forms of which there is one value."""


def described(cells: Sequence[Cell], *, where: str) -> tuple[Description, list[Finding]]:
    """The description that filled-in fields amount to, and what is wrong with them.

    Parameters
    ----------
    cells : sequence of Cell
        Values as written, from :func:`~fairlab.fair.field_tables.cells_of_text`.
    where : str
        Name of the file, which becomes the source of each value.

    Raises
    ------
    FormatError
        kind ``"fields-unknown"``: nothing in it is a field of REMBI.

    Examples
    --------
    >>> from fairlab.fair.field_tables import Cell
    >>> known, findings = described([Cell(field="organism", value="mouse (NCBI:txid10090)")], where="here")
    >>> known.get("biosample.organism"), findings
    ([{'label': 'mouse', 'id': 'NCBITaxon:10090'}], [])
    """
    also = {(field.module, field.name): field.also for field in fields()}
    values, findings = sort_out(cells, by_module(fields()), standard="REMBI", where=where, also=also)
    statements: list[Statement] = []
    for field in fields():
        written = values.get((field.module, field.name), [])
        if written and not field.path.partition(":")[1]:
            statements += _statements(field, _flat(written), where, findings)
    statements += _channel_statements(values, where, findings)
    return Description(statements=tuple(statements)), findings


def _flat(written: Sequence[tuple[int | None, Any]]) -> list[Any]:
    """The values alone, without contact data; JSON may hold the values of a field as a list."""
    values = [one for _, value in written for one in (value if isinstance(value, list) else [value])]
    return [without_email(value) if isinstance(value, str) and "@" in value else value for value in values]


def _statements(
    field: RembiField, written: Sequence[Any], where: str, findings: list[Finding]
) -> list[Statement]:
    if field.form in _ONE and len(set(map(str, written))) > 1:
        findings.append(_finding(field, "several", "it is stated more than once, with different values"))
    read: list[Any] = []
    for value in written:
        if told := _too_long(field, value):
            findings.append(told)
            continue
        try:
            read.append(READERS[field.form](value if isinstance(value, dict) else str(value)))
        except Unreadable as unreadable:
            findings.append(_finding(field, "type", f'"{str(value)[:60]}" is not {unreadable}'))
    findings += _choices(field, read)
    if not read:
        return []
    stated = _placed(field, read[0] if field.form in _ONE else read)
    return [
        Statement(
            path=path,
            value=value,
            raw=written[0] if len(written) == 1 else list(written),
            source=Source(document=where, pointer=field.name_in_full),
            kind="user",
        )
        for path, value in stated.items()
    ]


def _too_long(field: RembiField, value: Any) -> Finding | None:
    length = len(str(value))
    if length <= _LONGEST.get(field.form, _LONGEST_WORDS):
        return None
    return _finding(field, "type", f"it has {length} characters, too many to be read")


def _placed(field: RembiField, value: Any) -> dict[str, Any]:
    """Path to value: most fields have one path; sizes are axes and shape, a format has its parts."""
    if field.form == "extents":
        axes = [{"name": name, "type": _AXIS_TYPES.get(name, "space")} for name in value]
        return {"image.axes": axes, "image.shape": list(value.values())}
    if field.form == "format":
        return {f"image.format.{name}": part for name, part in value.items()}
    return {re.split("[|&]", field.path)[0]: value}


def _choices(field: RembiField, read: Sequence[Any]) -> list[Finding]:
    if not field.values:
        return []
    odd = [one for one in read if isinstance(one, str) and one not in field.values]
    return [
        _finding(
            field, "value", f'"{one[:60]}" is none of {", ".join(field.values)}'
            + (f"; did you mean {near[0]}?" if (near := nearest(one, field.values)) else ""),
            level="warning",
        )
        for one in odd
    ]  # fmt: skip


def _finding(
    field: RembiField, rule: str, message: str, *, level: Any = "error", item: int | None = None
) -> Finding:
    return Finding(level=level, rule=rule, module=field.module, field=field.name, item=item, message=message)


# ── channels ─────────────────────────────────────────────────────────────────────────────────────────


def _channel_statements(values: Values, where: str, findings: list[Finding]) -> list[Statement]:
    """Fields about channels, one value for each: they go together into the lists of channels."""
    lists: dict[str, dict[int, dict[str, Any]]] = {}
    for field in fields():
        written = values.get((field.module, field.name), [])
        if not written or not field.path.partition(":")[1]:
            continue
        place, _, name = field.path.split("|")[0].partition(":")
        for item, value in _numbered(written):
            if told := _too_long(field, value):
                findings.append(told)
                continue
            channel = lists.setdefault(place, {}).setdefault(item, {})
            if field.form == "wavelengths":
                try:
                    channel.update(wavelengths(str(value)))
                except Unreadable as unreadable:
                    findings.append(
                        _finding(field, "type", f'"{str(value)[:60]}" is not {unreadable}', item=item)
                    )
            else:
                channel[name] = str(value)
    return [
        Statement(
            path=path,
            value=[
                {**({"index": number - 1} if path.startswith("specimen") else {}), **channels.get(number, {})}
                for number in range(1, max(channels) + 1)
            ],
            source=Source(document=where, pointer="channels"),
            kind="user",
        )
        for path, channels in lists.items()
        if any(channels.values())
    ]


def _numbered(written: Sequence[tuple[int | None, Any]]) -> list[tuple[int, Any]]:
    """Each value with its channel; without numbers, the first value is the first channel's."""
    if any(item is None for item, _ in written):
        return list(enumerate(_flat(written), 1))
    return [(item, value) for item, one in written if item is not None for value in _flat([(item, one)])]
