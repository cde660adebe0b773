"""Who is to be credited beyond the reference: people and their roles, institutions, funding, named resources.

Only what is stated: an ORCID, a ROR, a role or a grant that no document gives is not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fairlab.foreign_text import clean
from fairlab.record import Creator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fairlab.record import Record

_RRID = re.compile(r"\bRRID:\s?([A-Za-z]+[_:][A-Za-z0-9_-]+)")


@dataclass(frozen=True, kw_only=True)
class Credit:
    """Whom data are owed to, as their documents state it.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> made = Creator(name="Ada Lovelace", orcid="0000-0002-1825-0097", roles=("Investigation",))
    >>> credit = credit_of([Record(id="x:1", kind="study", repository="X", creators=(made,), funding=("A fund",))])
    >>> print(credit)
    Ada Lovelace (https://orcid.org/0000-0002-1825-0097): Investigation
    Funded by: A fund
    """

    creators: tuple[Creator, ...] = ()
    """People and groups with their ORCID, institution (ROR) and roles (CRediT), each once."""
    funding: tuple[str, ...] = ()
    """Funders and grants, as published."""
    resources: tuple[str, ...] = ()
    """Facilities, instruments and reagents that are named by an RRID: ``"RRID:SCR_017803"``."""

    @property
    def institutions(self) -> tuple[tuple[str | None, str | None], ...]:
        """Name and ROR of each institution that people belong to."""
        places = ((one.affiliation, one.ror) for one in self.creators if one.affiliation or one.ror)
        return tuple(dict.fromkeys(places))

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for one in self.creators:
            known = (one.orcid and f"https://orcid.org/{one.orcid}", one.affiliation, one.ror)
            about = f" ({', '.join(filter(None, known))})" if any(known) else ""
            yield f"{one.name}{about}" + (f": {', '.join(one.roles)}" if one.roles else "")
        if self.funding:
            yield f"Funded by: {'; '.join(self.funding)}"
        if self.resources:
            yield f"Resources: {', '.join(self.resources)}"


def credit_of(records: Iterable[Record]) -> Credit:
    """What records state, each person once with the union of their roles."""
    people: dict[str, Creator] = {}
    funding: dict[str, None] = {}
    resources: dict[str, None] = {}
    for record in records:
        for one in record.creators or tuple(Creator(name=name) for name in record.authors):
            _add(people, one)
        funding |= dict.fromkeys(filter(None, map(clean, record.funding)))
        resources |= dict.fromkeys(_rrids(record))
    return Credit(creators=tuple(people.values()), funding=tuple(funding), resources=tuple(resources))


def _add(people: dict[str, Creator], stated: Creator) -> None:
    name = clean(stated.name)
    if name is None:
        return
    found = replace(
        stated,
        name=name,
        orcid=clean(stated.orcid),
        affiliation=clean(stated.affiliation),
        ror=clean(stated.ror),
        roles=tuple(filter(None, map(clean, stated.roles))),
    )
    key = found.orcid or found.name.casefold()
    before = people.get(key)
    people[key] = (
        found
        if before is None
        else replace(
            before,
            affiliation=before.affiliation or found.affiliation,
            ror=before.ror or found.ror,
            roles=tuple(dict.fromkeys((*before.roles, *found.roles))),
        )
    )


def _rrids(record: Record) -> Iterator[str]:
    texts = [record.description or "", record.attribution or "", *record.keywords]
    texts += [text for values in record.attributes.values() for text in values]
    for text in texts:
        for found in _RRID.finditer(text):
            yield f"RRID:{found[1]}"
