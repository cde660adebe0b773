"""What a group's attributes are: where OME-Zarr's part of them is, its kind, and the version it follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fairlab.ngff.values import number, text

Attributes = Mapping[str, Any]

KINDS: Final = {
    "multiscales": "image",
    "plate": "plate",
    "well": "well",
    "bioformats2raw.layout": "bioformats2raw",
    "labels": "labels",
    "scene": "scene",
}


def kind_of(attributes: Attributes) -> str | None:
    """What attributes describe: ``image``, ``plate``, ``well``, ``bioformats2raw``, ``labels``, ``scene`` or None.

    Examples
    --------
    >>> kind_of({"ome": {"version": "0.5", "plate": {}}})
    'plate'
    """
    block = block_of(attributes)
    return next((kind for key, kind in KINDS.items() if key in block), None)


def block_of(attributes: Attributes) -> Attributes:
    """The part of a group's attributes that OME-Zarr owns: under ``ome`` since 0.5, all of them before.

    Examples
    --------
    >>> block_of({"ome": {"version": "0.5", "labels": ["nuclei"]}, "mine": 1})
    {'version': '0.5', 'labels': ['nuclei']}
    """
    own = attributes.get("ome")
    if isinstance(own, Mapping) and (
        any(key in own for key in KINDS) or not any(k in attributes for k in KINDS)
    ):
        return own
    return attributes


def version_of(attributes: Attributes, *, zarr_format: int, position: int = 0) -> tuple[str, bool]:
    """Version of a group's metadata, and whether it is stated rather than inferred from what is there.

    Of several images each may state its own; ``position`` is that of the one that is meant.

    Examples
    --------
    >>> version_of({"multiscales": [{"axes": ["y", "x"], "datasets": []}]}, zarr_format=2)
    ('0.3', False)
    """
    block = block_of(attributes)
    image = _image(block, position)
    # The attributes themselves are everybody's: a "version" among them is not OME-Zarr's.
    own = [] if block is attributes else [block]
    for holder in (*own, image, block.get("plate"), block.get("well")):
        stated = holder.get("version") if isinstance(holder, Mapping) else None
        # Some writers state a number.
        if text(stated) or (stated is not None and number(stated) is not None):
            return str(stated), True
    form = _form(image) if image else "0.4"
    if block is not attributes:
        form = max(form, "0.5")
    elif zarr_format == 3:
        form = max(form, "0.4")  # nobody wrote 0.1 to 0.3 in zarr v3, and without axes it would be a guess
    return form, False


def dialect(version: str, entry: Attributes) -> tuple[str, tuple[str, ...]]:
    """The version in whose form an image is written, and a remark where it is not the one that is stated.

    Examples
    --------
    >>> dialect("0.3", {"axes": [{"name": "y"}, {"name": "x"}]})
    ('0.4', ('the version is 0.3, but the image is described as in 0.4',))
    """
    form = _form(entry)
    own = {"0.1": "0.2", "0.5": "0.4"}.get(version, version)
    # What is too old for its version lacks something, which the version's own reader will name.
    if form <= own and (form == own or form == "0.2" or own >= "0.4" > form):
        return version, ()
    return form, (f"the version is {version}, but the image is described as in {form}",)


def _image(block: Attributes, position: int) -> Attributes:
    stated = block.get("multiscales")
    image = stated[position] if isinstance(stated, list) and position < len(stated) else None
    return image if isinstance(image, Mapping) else {}


def _form(entry: Attributes) -> str:
    """The version in whose form an image is written: each changed how axes are stated."""
    stated = entry.get("axes")
    if isinstance(entry.get("coordinateSystems"), list):
        return "0.6"
    if not isinstance(stated, list) or not stated:
        return "0.2"
    return "0.3" if all(isinstance(axis, str) for axis in stated) and not _scaled(entry) else "0.4"


def _scaled(entry: Attributes) -> bool:
    stated = entry.get("datasets")
    return isinstance(stated, list) and any(
        isinstance(dataset, Mapping) and dataset.get("coordinateTransformations") for dataset in stated
    )
