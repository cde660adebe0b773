"""How studies and images of EBI's archives are named: by accession, DOI, page, or the address of an OME-Zarr copy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlab import moves

if TYPE_CHECKING:
    from re import Pattern


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of one archive."""

    scheme: str
    """Of its identifiers."""
    accession: Pattern[str]
    """A whole accession."""
    places: Pattern[str]
    """What stands before an accession in the address of a page or in a DOI."""
    store: Pattern[str]
    """The beginning of the address of a copy, without ``https://``; its group is the accession."""

    def identifier(self, text: str) -> str | None:
        """What a text names, or None when that is nothing of this archive."""
        wanted = text.strip()
        key = moves.address_key(wanted) if "://" in wanted else ""
        if found := self.store.match(key):
            from fairlab.repositories.answers import image_id

            return image_id(f"{self.scheme}:{found[1].upper()}", f"https://{key}")
        accession, slash, image = self.bare(wanted).partition("/")
        if self.accession.fullmatch(accession) and not (slash and "://" in wanted):
            return f"{self.scheme}:{accession.upper()}{slash}{image}"
        return None

    def bare(self, text: str) -> str:
        """A text without the place or the scheme at its head."""
        place = self.places.match(text)
        rest = text[place.end() :] if place else re.sub(f"(?i)^{self.scheme}:", "", text)
        return rest.rstrip("/")
