"""Cite what went into a result: text, BibTeX, RIS, CSL-JSON and CITATION.cff, with what the licences ask.

Every form is made from the same :class:`~fairlab.citation.reference.Reference`; a new form is one module
with one function, and one line in ``FORMS``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab import session
from fairlab.citation import bibtex, cff, csl, plain, ris
from fairlab.citation.credit import Credit, credit_of
from fairlab.citation.duties import duties
from fairlab.citation.pool import Pool, pool
from fairlab.citation.reference import (
    Reference,
    archive_references,
    article_references,
    data_references,
    software_reference,
)
from fairlab.citation.styled import styled
from fairlab.errors import QueryError
from fairlab.foreign_text import escaped
from fairlab.hints import did_you_mean
from fairlab.provenance import records_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from fairlab.record import Record

__all__ = ["FORMS", "Citation", "cite", "cite_session"]

FORMS: dict[str, Callable[[Sequence[Reference]], str]] = {
    "text": plain.text,
    "bibtex": bibtex.bibtex,
    "ris": ris.ris,
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
        """The data, in order; the articles about them; their archives; fairlab itself."""
        data = self._data
        archives = archive_references(self.records)
        return (*data, *article_references(data), *archives, software_reference())

    @property
    def text(self) -> str:
        """One line for each reference, in the form that DataCite recommends."""
        return self.format("text")

    @property
    def bibtex(self) -> str:
        """BibTeX entries with unique ASCII keys."""
        return self.format("bibtex")

    @property
    def ris(self) -> str:
        """RIS, as EndNote and Mendeley read it."""
        return self.format("ris")

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

    @property
    def pooled(self) -> Pool:
        """What the licences ask of something that is made from all of them, and which exclude one another."""
        return pool(self._data)

    @property
    def credit(self) -> Credit:
        """People with ORCID and roles, institutions, funding and resources, as far as they are stated."""
        return credit_of(self.records)

    def format(self, name: str = "text", *, style: str | os.PathLike[str] | None = None) -> str:
        """The citation in one form.

        Parameters
        ----------
        name : {"text", "bibtex", "ris", "csl-json", "cff"}
            Name of the form.
        style : str or path-like, optional
            Write the text as a CSL style does: path of a ``.csl`` file, or the name of one that citeproc-py
            ships (``"harvard-cite-them-right"``).

        Raises
        ------
        QueryError
            kind ``"form-unknown"``; ``"style-unknown"``, ``"style-unreadable"``.
        MissingExtraError
            A style needs the extra ``cite``.

        Examples
        --------
        >>> import fairlab
        >>> print(fairlab.cite("idr:idr0062").format("ris").splitlines()[0])
        TY  - DATA
        """
        wanted = name.lower().replace("_", "-")
        if wanted not in FORMS:
            raise QueryError(
                f'there is no citation form "{name}"{did_you_mean(wanted, FORMS)}\n  forms are: {", ".join(FORMS)}',
                kind="form-unknown",
            )
        if style is not None:
            if wanted != "text":
                raise QueryError(
                    f'a style is a form of text; format(style=...) without "{name}"', kind="form-unknown"
                )
            return styled(self.references, style)
        return FORMS[wanted](self.references)

    def __str__(self) -> str:
        if not self.records:
            return self.text
        asked = "\n".join(f"- {duty}" for duty in self.duties)
        whole = f"\n\nTaken together:\n{self.pooled}" if ";" in self.license else ""
        return f"{self.text}\n\nWhat the licence asks:\n{asked}{whole}"

    def _repr_html_(self) -> str:
        if not self.records:
            return f"<div>{escaped(self.text)}</div>"
        entries = "".join(f"<li>{_linked(reference)}</li>" for reference in plain.shown(self.references))
        asked = "".join(f"<li>{escaped(duty)}</li>" for duty in self.duties)
        whole = f"<p>Taken together:</p>{self.pooled._repr_html_()}" if ";" in self.license else ""
        return f"<div><ul>{entries}</ul><p>What the licence asks:</p><ul>{asked}</ul>{whole}</div>"


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


def cite_session(*, clear: bool = False) -> Citation:
    """Citation of everything that this process opened since fairlab was imported.

    Parameters
    ----------
    clear : bool
        Begin a new list, for the next part of a notebook.

    Examples
    --------
    >>> import fairlab
    >>> _ = fairlab.cite_session(clear=True)
    >>> tree = fairlab.open_image("sample:nuclei")
    >>> [record.id for record in fairlab.cite_session().records]
    ['sample:nuclei']
    """
    return Citation(records=session.opened(clear=clear))


def _linked(reference: Reference) -> str:
    line = escaped(plain.line(reference))
    if reference.address:
        shown = escaped(reference.address)
        return line.replace(shown, f'<a href="{shown}">{shown}</a>', 1)
    return line
