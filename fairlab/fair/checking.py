"""Check anything against REMBI, MITI or the ontologies: what is given becomes a description or a table first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import FormatError, QueryError
from fairlab.fair import miti_coverage, rembi_coverage, term_checks
from fairlab.fair.crate_reader import statements
from fairlab.fair.description import SCHEMA, Description
from fairlab.fair.field_tables import Cell, cells_of_json, not_empty, parse_json, read_cells, read_text
from fairlab.fair.miti_items import MODULES, items_of
from fairlab.fair.rembi_values import described
from fairlab.record import Record, Source
from fairlab.repositories import base

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.fair.coverage import Coverage, Finding
    from fairlab.fair.term_report import TermReport

    Checkable = str | os.PathLike[str] | Description | Record | Mapping[str, Any]


def rembi(source: Checkable, *more: Checkable) -> Coverage:
    """How much of REMBI an image, a study or a filled-in template fills in, and what is missing.

    Parameters
    ----------
    source : str, path-like, Description, Record or mapping
        A CSV, TSV or JSON file of fields (see :func:`fairlab.fair.template`), an RO-Crate, a record or a description
        as JSON, an identifier (``"idr:idr0062"``), or any of these as objects. A mapping holds fields by module.
    *more : the same
        Other documents about the same: a crate and the table with what it lacks are checked together.

    Returns
    -------
    Coverage
        True when all 16 core fields are there; prints as text, shows as a table in a notebook.

    Raises
    ------
    NotFoundError
        kind ``"path-missing"``, or nothing is known under an identifier.
    FormatError
        kind ``"table-empty"``, ``"table-form"``, ``"table-encoding"``, ``"table-too-large"``,
        ``"fields-unknown"`` or ``"crate-empty"``.
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
    source : str, path-like, Description, Record or mapping
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
    given, where = _given(source)
    if isinstance(given, Description):
        return miti_coverage.coverage(items_of(given), modules=asked or MODULES, source=where)
    return miti_coverage.coverage_of_cells(given, modules=asked, where=where)


def check_terms(source: Checkable, *more: Checkable) -> TermReport:
    """Whether the ontology terms of an image or study exist, are current, labelled right, specific and true.

    Parameters
    ----------
    source, *more : str, path-like, Description, Record or mapping
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
        given, where = _given(source)
        if not isinstance(given, Description):
            given, wrong = described(given, where=where)
            findings += wrong
        known = known.merged(given)
        names.append(where)
    return known, " + ".join(names), tuple(findings)


def _given(source: Checkable) -> tuple[Description | list[Cell], str]:
    """What is given, as a description or as the cells of a table; and its name."""
    if isinstance(source, Description):
        return source, rembi_coverage.name_of(source)
    if isinstance(source, Record):
        return Description.of(source), source.id
    if isinstance(source, Mapping):
        return _of_document(dict(source), where="these fields")
    if isinstance(source, str | os.PathLike):
        return _of_text(source)
    raise QueryError(
        f"{type(source).__name__} is nothing that can be checked\n"
        "  give a file, an identifier, a Record, a Description, or fields as a dict",
        kind="source-type",
    )


def _of_text(source: str | os.PathLike[str]) -> tuple[Description | list[Cell], str]:
    path = Path(source)
    if isinstance(source, str) and not _exists(path) and ("://" in source or base.scheme(source) is not None):
        from fairlab.lookups import lookup

        record = lookup(source)
        return Description.of(record), record.id
    return _of_file(path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file system takes
        return False


def _of_file(path: Path) -> tuple[Description | list[Cell], str]:
    if path.suffix.lower() in (".json", ".jsonld"):
        return _of_document(parse_json(read_text(path), where=str(path)), where=str(path))
    return read_cells(path), str(path)


def _of_document(document: Any, *, where: str) -> tuple[Description | list[Cell], str]:
    if isinstance(document, dict):
        if document.get("schema") == SCHEMA:
            return Description.from_dict(document), where
        if "@graph" in document:
            return _of_crate(document, where), where
        if {"id", "kind", "repository"} <= document.keys():
            return Description.of(Record.from_dict(document)), where
    return not_empty(cells_of_json(document, where=where), where=where), where


def _of_crate(document: Mapping[str, Any], where: str) -> Description:
    known = Description(statements=tuple(statements(document, source=Source(document=where))))
    if not known.statements:
        raise FormatError(
            f"the RO-Crate says nothing of an image or study\n  {where}; expected a root data set with a name",
            kind="crate-empty",
        )
    return known
