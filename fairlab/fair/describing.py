"""``describe()``: everything that is stated of an image or study, fetched and merged."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fairlab.fair import record_builder
from fairlab.fair.identifying import known
from fairlab.fair.probe import probe
from fairlab.provenance import records_of
from fairlab.record import Record
from fairlab.repositories import base

if TYPE_CHECKING:
    import xarray as xr

    from fairlab.fair.description import Description


def describe(
    target: str | os.PathLike[str] | Mapping[str, bytes] | Record | xr.DataTree | xr.Dataset | xr.DataArray,
) -> Description:
    """Everything that is stated of an image or study: the documents beside it are fetched, what is known is added.

    Parameters
    ----------
    target : str, path-like, mapping, Record, DataTree, Dataset or DataArray
        What :func:`fairlab.open_image` takes, or what it gave.

    Returns
    -------
    Description
        Every statement with its document, place and time; see :meth:`Description.conflicts`.

    Raises
    ------
    NotFoundError
        Nothing is at the address, or nothing is known of the identifier.

    Examples
    --------
    >>> import fairlab
    >>> known = fairlab.fair.describe("sample:nuclei")
    >>> known.get("image.scale")["x"]
    {'value': 0.25, 'unit': 'micrometer'}
    >>> [one.kind for one in known.statements_of("citation.license")]
    ['catalogue', 'crate']
    """
    records = _records(target)
    is_identifier = isinstance(target, str) and base.scheme(target.strip()) is not None
    if records and records[0].kind == "study" and (is_identifier or isinstance(target, Record)):
        return record_builder.describe(None, *records)
    return record_builder.describe(probe(target, chunk=False), *records)


def _records(target: Any) -> tuple[Record, ...]:
    if isinstance(target, Record):
        return known(target)
    if isinstance(target, str):
        return known(target.strip())
    if isinstance(target, os.PathLike) or (isinstance(target, Mapping) and not hasattr(target, "attrs")):
        return ()
    return known(records_of(target)[0])
