"""Conditions of use in a crate: DUO codes as defined terms, embargo and residency as property values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.use_conditions import duo_terms

if TYPE_CHECKING:
    from fairlab.fair.crate_terms import Entity
    from fairlab.fair.description import Description


def conditions(known: Description) -> list[Entity]:
    """One entity for each condition of use; :func:`fairlab.use_conditions.stated` reads them back.

    Examples
    --------
    >>> from fairlab.fair.description import Description
    >>> from fairlab.record import Record
    >>> record = Record(id="lab:1", kind="image", repository="lab", use_conditions=("DUO:0000046",))
    >>> conditions(Description.of(record))[0]["name"]
    'non-commercial use only'
    """
    codes = [str(code) for code in known.get("access.conditions") or ()]
    found = [
        {
            "@id": f"http://purl.obolibrary.org/obo/{code.replace(':', '_')}",
            "@type": "DefinedTerm",
            "name": term.label if (term := duo_terms().get(code)) else code,
            "termCode": code,
        }
        for code in codes
    ]
    facts = {"embargo_until": known.get("access.embargo_until")}
    facts |= {f"residency_{name}": value for name, value in (known.get("access.residency") or {}).items()}
    return found + [
        {"@id": f"#{name.replace('_', '-')}", "@type": "PropertyValue", "propertyID": name, "value": value}
        for name, value in facts.items()
        if value
    ]
