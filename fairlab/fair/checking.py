"""Check anything against REMBI, MITI or the ontologies: what is given becomes a description or a table first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fairlab.fair import miti_coverage, rembi_coverage, term_checks
from fairlab.fair.checkable import given
from fairlab.fair.description import Description
from fairlab.fair.miti_items import MODULES, items_of
from fairlab.fair.rembi_values import described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.fair.checkable import Checkable
    from fairlab.fair.coverage import Coverage, Finding
    from fairlab.fair.term_report import TermReport


def rembi(source: Checkable, *more: Checkable) -> Coverage:
    """How much of REMBI an image, a study or a filled-in template fills in, and what is missing.

    Parameters
    ----------
    source : str, path-like, Description, Record, DataTree, Dataset, DataArray or mapping
        A CSV, TSV or JSON file of fields (see :func:`fairlab.fair.template`), an RO-Crate, a record or a description
        as JSON; an identifier (``"idr:idr0062"``), of which the catalogue's record is checked; the address or folder
        of an OME-Zarr, or an opened image, beside which about ten small documents are read. A mapping holds fields
        by module.
    *more : the same
        Other documents about the same: a crate and the table with what it lacks are checked together.

    Returns
    -------
    Coverage
        True when all 16 core fields are there; prints as text, shows as a table in a notebook.

    Raises
    ------
    NotFoundError
        kind ``"path-missing"``; nothing is known under an identifier; there is no OME-Zarr at an address.
    Unavailable, AccessError
        The documents beside an image cannot be had.
    FormatError
        kind ``"table-empty"``, ``"table-form"``, ``"table-encoding"``, ``"table-too-large"``,
        ``"fields-unknown"``, ``"crate-empty"`` or ``"document-damaged"``.
    QueryError
        kind ``"source-type"``.

    Examples
    --------
    >>> import fairlab.fair
    >>> known = fairlab.fair.rembi({"Biosample": {"organism": "Homo sapiens (NCBITaxon:9606)"}})
    >>> bool(known), [field.field for field in known.of("Biosample").missing(optional=False)]
    (False, ['biological_entity'])
    """
    known, where, findings = _known(source, *more)
    return replace(rembi_coverage.coverage(known, source=where), findings=findings)


def miti(source: Checkable, *, modules: Sequence[str] | None = None) -> Coverage:
    """How much of MITI a tissue image or a filled-in template fills in, and which rules it breaks.

    Parameters
    ----------
    source : str, path-like, Description, Record, DataTree, Dataset, DataArray or mapping
        As for :func:`rembi`; a channel table has one row per channel and MITI's names as columns.
    modules : sequence of str, optional
        Modules that must be there: ``["Channel"]``. By default those that a table has; of a record or description,
        File, Channel and OME-TIFF header.

    Returns
    -------
    Coverage
        True when all required fields of the modules are there and no rule is broken.

    Raises
    ------
    NotFoundError, FormatError
        As for :func:`rembi`.
    QueryError
        kind ``"module-unknown"`` or ``"source-type"``.

    Examples
    --------
    >>> import fairlab.fair
    >>> told = fairlab.fair.miti({"Channel": [{"Channel ID": "0", "Channel Name": "DAPI", "Cycle Number": 0}]})
    >>> told.findings[0].rule, told.findings[0].message
    ('range', '"0" is below 1')
    """
    asked = miti_coverage.known_modules(modules)
    told, where = given(source)
    if isinstance(told, Description):
        return miti_coverage.coverage(items_of(told), modules=asked or MODULES, source=where)
    return miti_coverage.coverage_of_cells(told, modules=asked, where=where)


def check_terms(source: Checkable, *more: Checkable) -> TermReport:
    """Whether the ontology terms of an image or study exist, are current, labelled right, specific and true.

    Parameters
    ----------
    source, *more : str, path-like, Description, Record, DataTree, Dataset, DataArray or mapping
        As for :func:`rembi`.

    Returns
    -------
    TermReport
        True when no check fails; each finding names the term, what is wrong, and what may be meant instead.

    Raises
    ------
    NotFoundError, FormatError, QueryError
        As for :func:`rembi`.

    Examples
    --------
    >>> import fairlab.fair
    >>> report = fairlab.fair.check_terms({"imaging_method": "two-photon (FBbi:00000253)", "title": "Cells"})
    >>> print(report.failed()[0])
    fail: FBbi:00000253 is "spinning disk confocal microscopy", not "two-photon"; suggested:
    two-photon laser scanning microscopy (FBbi:00000254), spinning disk confocal microscopy (FBbi:00000253)
    """
    known, where, _ = _known(source, *more)
    return term_checks.judged(known, source=where)


def _known(*sources: Checkable) -> tuple[Description, str, tuple[Finding, ...]]:
    """What all sources together say, their names, and what is wrong with tables among them."""
    known, names, findings = Description(), [], []
    for source in sources:
        told, where = given(source)
        if not isinstance(told, Description):
            told, wrong = described(told, where=where)
            findings += wrong
        known = known.merged(told)
        names.append(where)
    return known, " + ".join(names), tuple(findings)
