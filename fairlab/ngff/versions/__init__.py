"""One module for each version of OME-Zarr: attributes in, :class:`~fairlab.ngff.model.Image` out.

Which versions there are is known here without loading what reads them.
"""

from __future__ import annotations

import re
from typing import Final

READ: Final = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
"""Versions that are read."""


def is_read(version: str) -> bool:
    """Whether images of a version are read; of drafts, as of what they became.

    Examples
    --------
    >>> is_read("0.1"), is_read("0.6rc0"), is_read("0.9")
    (True, True, False)
    """
    return without_draft(version) in READ


def without_draft(version: str) -> str:
    """A version without its draft number, or the name under which SpatialData extends it.

    Examples
    --------
    >>> without_draft("0.6rc0"), without_draft("0.6.dev4"), without_draft("0.4-dev-spatialdata"), without_draft("next")
    ('0.6', '0.6', '0.4', 'next')
    """
    match = re.fullmatch(r"(0\.\d)(?:[.-]?(?:dev|rc)\d*(?:-spatialdata)?)?", version.strip())
    return match[1] if match else version
