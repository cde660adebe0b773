"""How much of a checklist is filled in, module by module, and what is wrong with what is there.

The same answer for REMBI and MITI; it says nothing of values, only of fields, so it may be shown to anybody.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from fairlab.foreign_text import escaped, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

Requirement = Literal["core", "required", "recommended"]


@dataclass(frozen=True, kw_only=True)
class FieldCoverage:
    """One field of a checklist, and how far it is filled in."""

    module: str
    """Module of the checklist: ``"Biosample"``."""
    field: str
    """Name in the checklist: ``"organism"``."""
    requirement: Requirement
    """``"core"`` (REMBI) and ``"required"`` (MITI) must be there; the rest is recommended."""
    weight: float = 1.0
    """Its part in the share; 0 where the checklist lists it without asking for it."""
    credit: float | None
    """0 (missing) to 1 (given for all items); None where the field does not apply."""
    note: str = ""
    """Why it does not count, does not apply, or could be better."""
    advice: str = ""
    """What belongs there, with an example."""

    @property
    def state(self) -> Literal["given", "partial", "missing", "not applicable"]:
        """The credit in words."""
        if self.credit is None:
            return "not applicable"
        return "given" if self.credit >= 1 else "partial" if self.credit > 0 else "missing"

    @property
    def name(self) -> str:
        """Module and field: ``"Biosample.organism"``."""
        return f"{self.module}.{self.field}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with a value or with the table that holds it."""

    level: Literal["error", "warning"]
    """An error breaks a rule of the checklist; a warning is worth a look."""
    rule: str
    """Which rule: ``"type"``, ``"range"``, ``"value"``, ``"unit"``, ``"unknown-field"`` …"""
    module: str = ""
    """Module of the checklist."""
    field: str = ""
    """Name in the checklist, or as written where it is unknown there."""
    item: int | None = None
    """Which channel, file or other item, counted from 1; None where it is not about one."""
    message: str
    """What is wrong, what was expected, and what to do."""

    def __str__(self) -> str:
        place = ".".join(filter(None, (self.module, self.field)))
        place += f" (item {self.item})" if self.item is not None else ""
        return f"{self.level}: {place}: {self.message} [{self.rule}]"


@dataclass(frozen=True, kw_only=True, repr=False)
class Coverage:
    """How much of a checklist is filled in.

    True when all that must be there is there, and no rule is broken.

    Examples
    --------
    >>> field = FieldCoverage(module="Study", field="title", requirement="core", credit=1.0)
    >>> whole = Coverage(standard="REMBI", source="a table", fields=(field,))
    >>> bool(whole), whole.share, whole.missing()
    (True, 1.0, ())
    """

    standard: str
    """``"REMBI"`` or ``"MITI"``."""
    source: str
    """What was checked."""
    fields: tuple[FieldCoverage, ...]
    """Every field of the checked modules, in the order of the checklist."""
    findings: tuple[Finding, ...] = ()
    """What is wrong."""

    def __bool__(self) -> bool:
        return not self.missing(optional=False) and not any(one.level == "error" for one in self.findings)

    @property
    def modules(self) -> tuple[str, ...]:
        """The checked modules."""
        return tuple(dict.fromkeys(one.module for one in self.fields))

    @property
    def share(self) -> float | None:
        """Weighted share of the fields that apply; None when none does."""
        return _share(self.fields)

    @property
    def core_share(self) -> float | None:
        """The same over the core or required fields alone."""
        return _share(one for one in self.fields if one.requirement != "recommended")

    def of(self, module: str) -> Coverage:
        """One module by itself.

        Examples
        --------
        >>> field = FieldCoverage(module="Study", field="title", requirement="core", credit=0.0)
        >>> Coverage(standard="REMBI", source="a table", fields=(field,)).of("Study").core_share
        0.0
        """
        return Coverage(
            standard=self.standard,
            source=self.source,
            fields=tuple(one for one in self.fields if one.module == module),
            findings=tuple(one for one in self.findings if one.module == module),
        )

    def missing(self, *, optional: bool = True) -> tuple[FieldCoverage, ...]:
        """The fields that apply, count, and are not, or not everywhere, filled in.

        Parameters
        ----------
        optional : bool
            Whether recommended fields are listed, too.
        """
        return tuple(
            one
            for one in self.fields
            if one.weight
            and one.credit is not None
            and one.credit < 1
            and (optional or one.requirement != "recommended")
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "standard": self.standard,
            "source": self.source,
            "complete": bool(self),
            "share": _rounded(self.share),
            "core_share": _rounded(self.core_share),
            "modules": {
                module: {
                    "share": _rounded(part.share),
                    "core_share": _rounded(part.core_share),
                    "missing": [one.field for one in part.missing()],
                }
                for module in self.modules
                for part in (self.of(module),)
            },
            "fields": [{**asdict(one), "state": one.state} for one in self.fields],
            "findings": [asdict(one) for one in self.findings],
        }

    def __repr__(self) -> str:
        return str(self)  # a notebook shows what the command line prints

    def __str__(self) -> str:
        lines = [self._headline()]
        width = max(map(len, self.modules), default=0)
        for module in self.modules:
            part = self.of(module)
            gaps = ", ".join(one.field for one in part.missing())
            lines.append(
                f"  {module:{width}}  {_percent(part.share):>4}  {'missing: ' + gaps if gaps else ''}".rstrip()
            )
        needed = self.missing(optional=False)
        if needed:
            lines.append("to be filled in first:")
        lines += [f"  {one.name}: {one.note or one.advice}" for one in needed]
        told = [one for one in self.fields if one.note and one.credit and one not in needed]
        lines += [f"note: {one.name}: {one.note}" for one in told]
        lines += map(str, self.findings)
        return "\n".join(map(printable, lines))

    def _headline(self) -> str:
        required = [one for one in self.fields if one.requirement != "recommended" and one.credit is not None]
        word = required[0].requirement if required else "required"
        given = sum(one.credit == 1 for one in required)
        return (
            f"{self.standard}: {given} of {len(required)} {word} fields, {_percent(self.share)} of all that apply"
            f"  {self.source}"
        )

    def _repr_html_(self) -> str:
        rows = "".join(self._html_row(module) for module in self.modules)
        notes = [f"{one.name}: {one.note}" for one in self.fields if one.note and one.credit is not None]
        listed = "".join(f"<li>{escaped(text)}</li>" for text in [*map(str, self.findings), *notes])
        return (
            f"<p><b>{escaped(self._headline())}</b></p>"
            f"<table><thead><tr><th {_LEFT}>module</th><th {_LEFT}>filled in</th><th {_LEFT}>missing</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>" + (f"<ul>{listed}</ul>" if listed else "")
        )

    def _html_row(self, module: str) -> str:
        part = self.of(module)
        if part.share is None:
            bar, told = "does not apply", escaped(", ".join(dict.fromkeys(one.note for one in part.fields)))
        else:
            bar = f"<progress max='1' value='{part.share:.3f}' style='width:6em'></progress> {_percent(part.share)}"
            # What must be there stands out.
            told = ", ".join(
                f"<b>{escaped(one.field)}</b>" if one.requirement != "recommended" else escaped(one.field)
                for one in part.missing()
            )
        cells = (f"<td {_LINE}>{cell}</td>" for cell in (escaped(module), bar))
        return f"<tr>{''.join(cells)}<td {_LEFT}>{told}</td></tr>"


_LEFT: Final = "style='text-align:left'"
_LINE: Final = "style='text-align:left;white-space:nowrap'"


def _share(fields: Iterable[FieldCoverage]) -> float | None:
    applying = [(one.weight, one.credit) for one in fields if one.credit is not None]
    total = sum(weight for weight, _ in applying)
    return sum(weight * credit for weight, credit in applying) / total if total else None


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _percent(share: float | None) -> str:
    # Never "100 %" while something is missing.
    return "–" if share is None else f"{int(share * 100 + 1e-9)} %"
