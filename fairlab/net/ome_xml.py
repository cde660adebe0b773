"""The OME-XML of the file that an image was made from, found beside the image or above it; read only when asked."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from fairlab.errors import FairlabError
from fairlab.net.series import ome_xml as read_ome_xml
from fairlab.net.store import open_store

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from fairlab.net.store import Store
    from fairlab.ngff.omexml import OmeXml


def ome_xml(location: str | os.PathLike[str], *, store: Store | None = None) -> OmeXml | None:
    """The OME-XML of the file that an image was made from, where the conversion kept it.

    Parameters
    ----------
    location : str or path-like
        Address of an image or collection; ``OME/METADATA.ome.xml`` is looked for there and in the two groups
        above it, where collections keep it.
    store : Store, optional
        What is open there already: it may be in memory, or know a signature that the address does not show.

    Returns
    -------
    OmeXml or None
        None when there is none, or none that can be read.
    """
    if store is not None and (found := read_ome_xml(store)) is not None:
        return found
    for place in list(_here_and_above(str(location)))[0 if store is None else 1 :]:
        try:
            found = read_ome_xml(open_store(place))
        except FairlabError:
            continue  # what lies above an image need not be a store
        if found is not None:
            return found
    return None


def _here_and_above(location: str) -> Iterator[str]:
    """The place itself and the two above it, as far as they are the same host's."""
    split = urlsplit(location)
    if "://" not in location or split.scheme == "file":
        path = Path(split.path if split.scheme == "file" else location)
        yield str(path)
        yield from (str(place) for place in path.resolve().parents[:2] if path.is_dir())
        return
    place = split.path.rstrip("/")
    for _ in range(3):
        yield urlunsplit((split.scheme, split.netloc, place, split.query, ""))
        place = posixpath.dirname(place).rstrip("/")
        if not place:
            return
