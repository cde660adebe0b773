"""Where the one image that a probe looks at lies below a plate, well or collection, and where its arrays lie.

Read from attributes that may be broken: what is no path inside its store is no path.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fairlab.errors import MetadataError
from fairlab.ngff.group import kind_of
from fairlab.ngff.identity import block_of
from fairlab.ngff.paths import inner_path


def below(attributes: Mapping[str, Any], series: Mapping[str, Any]) -> str | None:
    """Path of the first group below a plate, well or collection; None for an image.

    Parameters
    ----------
    attributes : mapping
        Attributes of the group.
    series : mapping
        Attributes of its group ``OME``, which may list the images of a collection.

    Examples
    --------
    >>> below({"plate": {"wells": [{"path": "A/1"}]}}, {}), below({"bioformats2raw.layout": 3}, {})
    ('A/1', '0')
    >>> below({"multiscales": [{}]}, {}) is None
    True
    """
    block = block_of(attributes)
    kind = kind_of(attributes)
    if kind == "plate":
        return _first(_list(_mapping(block.get("plate")).get("wells")), "path")
    if kind == "well":
        return _first(_list(_mapping(block.get("well")).get("images")), "path")
    if kind == "bioformats2raw":
        listed = _list(block_of(series).get("series"))
        return _path(listed[0]) if listed else "0"
    return None


def level_paths(attributes: Mapping[str, Any]) -> list[str]:
    """Paths of the arrays of a group's first image, finest first.

    Examples
    --------
    >>> level_paths({"multiscales": [{"datasets": [{"path": "0"}, {"path": "../1"}, {"path": "2"}]}]})
    ['0', '2']
    """
    entries = _list(block_of(attributes).get("multiscales"))
    levels = _list(_mapping(entries[0]).get("datasets")) if entries else []
    paths = (_path(_mapping(level).get("path")) for level in levels)
    return [path for path in paths if path is not None]


def _first(entries: list[Any], name: str) -> str | None:
    return _path(_mapping(entries[0]).get(name)) if entries else None


def _path(value: Any) -> str | None:
    with suppress(MetadataError):
        return inner_path(value, where="") if isinstance(value, str) else None
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
