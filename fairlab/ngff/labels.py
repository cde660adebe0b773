"""Label images: their names in a group, and what one says of its labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fairlab.errors import MetadataError
from fairlab.ngff.model import LabelFacts
from fairlab.ngff.paths import inner_path, inner_reference
from fairlab.ngff.values import broken, integer, scalars, shown

_UP = "../../"
_VALUE = "label-value"


def names(block: Mapping[str, Any], *, where: str) -> tuple[str, ...]:
    """Paths of the label images that a ``labels`` group lists, each once; empty when there is no list.

    Raises
    ------
    MetadataError
        kind ``"labels"``: the list is none; ``"path-outside"``: a path leaves the group.
    """
    stated = block.get("labels")
    if stated is None:
        return ()
    if not isinstance(stated, list) or not all(isinstance(name, str) for name in stated):
        raise broken(f"labels is {shown(stated)}; expected a list of paths", "labels", where)
    return tuple(dict.fromkeys(inner_path(name, where=where) for name in stated))


def facts(block: Mapping[str, Any], *, inside: str, remarks: list[str]) -> LabelFacts:
    """What the ``image-label`` block says; what cannot be read of it is left out with a remark.

    Parameters
    ----------
    block : mapping
        The metadata of one label image.
    inside : str
        Path of its group in the store, which its source is relative to.
    remarks : list of str
        Filled.
    """
    stated = block.get("image-label")
    if stated is None:
        return LabelFacts()
    if not isinstance(stated, Mapping):
        remarks.append(f"image-label is {shown(stated)} and was left out; expected an object")
        return LabelFacts()
    colors = {
        value: color for value, entry in _entries(stated, "colors", remarks) if (color := _color(entry))
    }
    properties = {
        value: scalars(entry, but=frozenset({_VALUE}))
        for value, entry in _entries(stated, "properties", remarks)
    }
    return LabelFacts(colors=colors, properties=properties, source=_source(stated, inside, remarks))


def _entries(
    stated: Mapping[str, Any], key: str, remarks: list[str]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Entries by label value. Of two for one label the last counts, as the first specification said."""
    entries = stated.get(key)
    if entries is None:
        return
    if not isinstance(entries, list):
        remarks.append(f"image-label.{key} is {shown(entries)} and was left out; expected a list")
        return
    left = 0
    for entry in entries:
        value = integer(entry.get(_VALUE)) if isinstance(entry, Mapping) else None
        if value is None:
            left += 1
        else:
            yield value, entry
    if left:
        remarks.append(
            f"{left} of {len(entries)} image-label.{key} have no integer {_VALUE} and were left out"
        )


def _color(entry: Mapping[str, Any]) -> str | None:
    rgba = entry.get("rgba")
    parts = [integer(part) for part in rgba] if isinstance(rgba, list) else []
    if len(parts) != 4 or not all(part is not None and 0 <= part <= 255 for part in parts):
        return None
    return "#" + "".join(f"{part:02X}" for part in parts)


def _source(stated: Mapping[str, Any], inside: str, remarks: list[str]) -> str | None:
    source = stated.get("source")
    path = source.get("image", _UP) if isinstance(source, Mapping) else _UP
    if path in (_UP, _UP.rstrip("/")) and inside.count("/") < 1:
        return None  # opened by itself: the image lies above the store, which is no oddity
    try:
        return inner_reference(path, inside=inside, where="image-label.source.image")
    except MetadataError:
        remarks.append(f"the labelled image {shown(path)} lies outside this store and is not followed")
        return None
