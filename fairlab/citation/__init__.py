"""Cite what went into a result: text, BibTeX, CSL-JSON and CITATION.cff, with what the licences ask.

Every form is made from the same :class:`~fairlab.citation.reference.Reference`; a new form is one module
with one function, and one line in ``FORMS``.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.citation import bibtex, cff, csl, plain
from fairlab.citation.duties import duties
from fairlab.citation.reference import Reference, data_references, software_reference
from fairlab.errors import QueryError
from fairlab.foreign_text import escaped
from fairlab.provenance import records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fairlab.record import Record

__all__ = ["FORMS", "Citation", "cite"]

FORMS: dict[str, Callable[[Sequence[Reference]], str]] = {
    "text": plain.text,
    "bibtex": bibtex.bibtex,
    "csl-json": csl.csl_json,
    "cff": cff.cff,
}
"""Name of each form, and the function that writes it."""


@dataclass(frozen=True, kw_only=True)
class Citation:
    """How to cite one or more sources of data, and what their licences ask.

    What is not known says "unknown". ``str(citation)`` is the text with the licence's duties; a notebook
    shows the same.
    """

    records: tuple[Record, ...]
    """What is cited, each once."""

    @property
    def _data(self) -> tuple[Reference, ...]:
        # Everything that is shown is made from these: their text is clean, that of the records need not be.
        return data_references(self.records)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The data, in order, then fairlab itself."""
        return (*self._data, software_reference())

    @property
    def text(self) -> str:
        """One line for each reference, in the form that DataCite recommends."""
        return self.format("text")

    @property
    def bibtex(self) -> str:
        """BibTeX entries with unique ASCII keys."""
        return self.format("bibtex")

    @property
    def csl_json(self) -> str:
        """CSL-JSON text, as Zotero and citeproc read it: a list of items."""
        return self.format("csl-json")

    @property
    def cff(self) -> str:
        """A ``CITATION.cff`` of version 1.2.0."""
        return self.format("cff")

    @property
    def license(self) -> str:
        """The licence, as SPDX identifier where there is one; several are joined, never merged."""
        return "; ".join(dict.fromkeys(one.license_label for one in self._data))

    @property
    def duties(self) -> tuple[str, ...]:
        """What each licence asks, one sentence for each licence and credit."""
        return duties(self._data)

    def format(self, name: str) -> str:
        """The citation in one form.

        Parameters
        ----------
        name : {"text", "bibtex", "csl-json", "cff"}
            Name of the form.

        Raises
        ------
        QueryError
            kind ``"form-unknown"``.
        """
        wanted = name.lower().replace("_", "-")
        if wanted not in FORMS:
            near = difflib.get_close_matches(wanted, FORMS, n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise QueryError(
                f'there is no citation form "{name}"{hint}\n  forms are: {", ".join(FORMS)}',
                kind="form-unknown",
            )
        return FORMS[wanted](self.references)

    def __str__(self) -> str:
        asked = "\n".join(f"- {duty}" for duty in self.duties)
        return f"{self.text}\n\nWhat the licence asks:\n{asked}"

    def _repr_html_(self) -> str:
        entries = "".join(f"<li>{_linked(reference)}</li>" for reference in self.references)
        asked = "".join(f"<li>{escaped(duty)}</li>" for duty in self.duties)
        return f"<div><ul>{entries}</ul><p>What the licence asks:</p><ul>{asked}</ul></div>"


def cite(obj: Any) -> Citation:
    """Citation of everything that went into an object; nothing is asked of the network.

    Parameters
    ----------
    obj : Record, DataTree, Dataset, DataArray, DataFrame, str, or an iterable of these
        What to cite; a str is an identifier such as ``"idr:idr0062"``. Several are cited together.

    Raises
    ------
    QueryError
        kind ``"no-provenance"``: the object does not say where it comes from.
    NotFoundError
        kind ``"identifier-unknown"``: no catalogue here knows the identifier.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> record = Record(id="bia:S-BIAD1261", kind="study", repository="BIA", accession="S-BIAD1261",
    ...                 title="Dividing cells", authors=("Jane Roe",), release_date="2024-05-06",
    ...                 license="https://creativecommons.org/licenses/by/4.0/")
    >>> citation = cite(record)
    >>> print(citation.text.splitlines()[0])
    Jane Roe (2024): Dividing cells. BioImage Archive. Dataset. bia:S-BIAD1261 (S-BIAD1261, CC-BY-4.0)
    >>> citation.duties[0]
    'CC-BY-4.0: credit Jane Roe, link to the licence (https://creativecommons.org/licenses/by/4.0/), ...'
    """
    if isinstance(obj, str):
        from fairlab.repositories.base import lookup

        return Citation(records=(lookup(obj),))
    return Citation(records=records_of(obj))


def _linked(reference: Reference) -> str:
    line = escaped(plain.line(reference))
    if reference.address:
        shown = escaped(reference.address)
        return line.replace(shown, f'<a href="{shown}">{shown}</a>', 1)
    return line
