"""Which image and which study of which archive an address belongs to, from its form and the catalogues; no request."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from fairlab.errors import NotFoundError
from fairlab.net.s3 import SCHEMES
from fairlab.record import Record
from fairlab.repositories import base
from fairlab.traits import group_of

# An archive's scheme, and how its accessions look in a path: "idr0062A", "S-BIAD885", "EMPIAR-10311-IM1.zarr".
_ACCESSIONS: Final = (
    ("idr", re.compile(r"(?<![A-Za-z0-9])(idr\d{4})(?=[A-Z]?(?![A-Za-z0-9]))")),
    ("bia", re.compile(r"(?<![A-Za-z0-9])(S-(?:BIAD|BSST)\d+)(?![A-Za-z0-9])")),
    ("empiar", re.compile(r"(?<![A-Za-z0-9])(EMPIAR-\d{4,6})(?![A-Za-z0-9])")),
    ("ssbd", re.compile(r"(?<![A-Za-z0-9])(ssbd-repos-\d{6})(?![A-Za-z0-9])")),
    ("ssbd", re.compile(r"/(\d+-[A-Z][a-z]+-[A-Za-z0-9]+)(?=/|$)")),
)


def study_of_address(address: str) -> str | None:
    """The identifier of the study that an address speaks of; of several the one that stands last.

    Examples
    --------
    >>> study_of_address("https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr")
    'idr:idr0062'
    >>> study_of_address("https://x.org/S-BIAD885/b3a3e1b2/b3a3e1b2.zarr"), study_of_address("https://x.org/a.zarr")
    ('bia:S-BIAD885', None)
    """
    try:
        split = urlsplit(address)
    except ValueError:
        return None
    if split.scheme not in ("http", "https", *SCHEMES):
        return None  # what a folder of this machine is called says nothing
    path = unquote(split.path)
    found = [
        (one.start(), f"{scheme}:{one[1]}") for scheme, form in _ACCESSIONS for one in form.finditer(path)
    ]
    return max(found)[1] if found else None


def known(target: str | Record) -> tuple[Record, ...]:
    """What the catalogues know of an address or record: the image, and the study that it belongs to.

    Parameters
    ----------
    target : str or Record
        An address, an identifier, or a record, which is among what comes back.

    Returns
    -------
    tuple of Record
        Empty when nothing is known; a study that the image's record or the form of its address names comes last.

    Examples
    --------
    >>> [one.id for one in known("https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr")]
    ['idr:idr0062/idr0062A/6001240.zarr', 'idr:idr0062']
    >>> [one.id for one in known("https://elsewhere.example/copies/S-BIAD634/a.zarr")]
    ['bia:S-BIAD634']
    """
    image = target if isinstance(target, Record) else _lookup(target)
    if image is not None and image.kind == "study":
        return (image,)
    address = (image.url if image else None) or (target if isinstance(target, str) else "")
    named = group_of(image) if image is not None and image.accession else None
    study = (_lookup(named) if named else None) or _lookup(study_of_address(address))
    return tuple(one for one in (image, study) if one is not None)


def _lookup(identifier: str | None) -> Record | None:
    if identifier is None or ("://" not in identifier and base.scheme(identifier) is None):
        return None  # a path on this machine is in no catalogue
    try:
        return base.lookup(identifier)
    except NotFoundError:
        return None
