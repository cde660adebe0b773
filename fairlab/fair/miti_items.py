"""What a description holds for MITI: the file, its channels and its header, as far as they are known.

Nothing about people: modules Clinical and Biospecimen are never filled from a description.
"""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.promised import channels, dicts, mapping, text
from fairlab.quantities import unit_um
from fairlab.terms import Term, imaging_methods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.description import Description

MODULES: Final = ("File", "Channel", "OME-TIFF header")
"""The modules that say something about an image by itself."""
_MODALITIES: Final = {
    "FBbi:00000369": "lightsheet",
    "FBbi:00000251": "confocal",
    "FBbi:00050000": "ion beam",
    "FBbi:00000246": "epifluorescence",
}
"""Imaging method to MITI's word, the narrower first; other methods have none."""
_REAGENT: Final = {
    "Antibody Name": "name",
    "RRID identifier": "rrid",
    "Clone": "clone",
    "Lot": "lot",
    "Vendor": "vendor",
    "Catalog #": "catalog",
}
_CHANNEL: Final = {
    "Channel ID": "id",
    "Channel Name": "label",
    "Cycle Number": "cycle",
    "Target name": "target",
    "Fluorophore": "fluorophore",
    "Excitation wavelength": "excitation_nm",
    "Emission wavelength": "emission_nm",
    "Passed QC": "qc",
}


def items_of(known: Description) -> dict[str, list[dict[str, Any]]]:
    """MITI's items that a description amounts to.

    Examples
    --------
    >>> import fairlab
    >>> from fairlab.fair import Description
    >>> record = fairlab.Record(id="a:1", kind="image", repository="a", axes=("c", "y", "x"), shape=(2, 8, 9),
    ...                         channels=("DAPI", "CD3"), pixel_size={"y": 0.5, "x": 0.5})
    >>> items = items_of(Description.of(record))
    >>> items["OME-TIFF header"][0]["SizeX"], items["File"][0]["Fov_Sizex"]
    (9, 4.5)
    """
    sizes = _sizes(known)
    found = {
        "File": [_file(known, sizes)],
        "Channel": [_channel(one) for one in _channels(known)],
        "OME-TIFF header": [_header(known, sizes)],
    }
    return {module: [_stated(item) for item in listed] for module, listed in found.items()}


def _stated(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if value not in (None, "")}


def _sizes(known: Description) -> dict[str, int]:
    axes = [str(axis.get("name")) for axis in dicts(known, "image.axes")]
    shape = known.get("image.shape")
    if (
        not isinstance(shape, list | tuple)
        or len(shape) != len(axes)
        or not all(isinstance(n, int) for n in shape)
    ):
        return {}
    return dict(zip(axes, shape, strict=True))


def _file(known: Description, sizes: Mapping[str, int]) -> dict[str, Any]:
    objective: Mapping[str, Any] = next(iter(dicts(known, "acquisition.objective")), {})
    levels = dicts(known, "image.levels")
    url = text(known, "identity.url") or ""
    magnification = objective.get("magnification")
    return {
        "Data File Id": known.get("identity.image_id"),
        "Filename": url.rstrip("/").rpartition("/")[2],
        "File Format": known.get("image.format.name"),
        "Imaging modality": _modality(known),
        "Image Acquisition Date": (text(known, "acquisition.date") or "")[:10],
        "Microscope": text(known, "acquisition.instrument"),
        "Objective": objective.get("model"),
        "Nominal Magnification": f"{magnification:g}X" if isinstance(magnification, int | float) else None,
        "Lens NA": objective.get("na"),
        "Immersion Medium": objective.get("immersion"),
        "Fov_Sizex": _extent(known, sizes, "x"),
        "Fov_Sizey": _extent(known, sizes, "y"),
        "Pyramid": len(levels) > 1 if levels else None,
        "Z_Stack": sizes.get("z", 1) > 1 if sizes else None,
        "T_Series": sizes.get("t", 1) > 1 if sizes else None,
    }


def _modality(known: Description) -> str | None:
    methods = imaging_methods()
    for value in dicts(known, "acquisition.method"):
        key = methods.key(Term(label=str(value.get("label") or ""), id=value.get("id")))
        above = methods.ancestors(key) if key else frozenset()
        if word := next((word for method, word in _MODALITIES.items() if method in above), None):
            return word
    return None


def _pixel(known: Description, axis: str) -> tuple[float | None, str | None]:
    stated = mapping(known, "image.scale").get(axis)
    stated = stated if isinstance(stated, dict) else {}
    value, unit = stated.get("value"), stated.get("unit")
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    return number, unit if isinstance(unit, str) else None


def _extent(known: Description, sizes: Mapping[str, int], axis: str) -> float | None:
    pixel, unit = _pixel(known, axis)
    factor = unit_um(unit) if unit else None
    return (
        None
        if pixel is None or factor is None or axis not in sizes
        else round(pixel * factor * sizes[axis], 6)
    )


def _channels(known: Description) -> list[dict[str, Any]]:
    """The channels of the image with what is said of them as parts of the specimen."""
    image, more = channels(known, "image.channels"), channels(known, "specimen.channels")
    nothing: dict[str, Any] = {}
    return [{**second, **first} for first, second in zip_longest(image, more, fillvalue=nothing)]


def _channel(one: Mapping[str, Any]) -> dict[str, Any]:
    reagent = one.get("reagent")
    reagent = reagent if isinstance(reagent, dict) else {}
    return {
        **{name: _plain(one.get(key)) for name, key in _CHANNEL.items()},
        **{name: _plain(reagent.get(key)) for name, key in _REAGENT.items()},
    }


def _plain(value: Any) -> Any:
    return value.get("label") if isinstance(value, dict) else value


def _header(known: Description, sizes: Mapping[str, int]) -> dict[str, Any]:
    labels = [str(one["label"]) for one in channels(known, "image.channels") if one.get("label")]
    header: dict[str, Any] = {
        "Image ID": known.get("image.name"),
        "DimensionOrder": "".join(reversed(list(sizes))).upper() if sizes else None,
        "Type": known.get("image.dtype"),
        "Channel Name": ", ".join(labels),
        "PlaneCount": math.prod(sizes.get(axis, 1) for axis in "zct") if sizes else None,
    }
    for axis in "xyzct":
        header[f"Size{axis.upper()}"] = sizes.get(axis, 1) if sizes else None
    for axis in "xyz":
        header[f"PhysicalSize{axis.upper()}"], header[f"PhysicalSize{axis.upper()}Unit"] = _pixel(known, axis)
    return header
