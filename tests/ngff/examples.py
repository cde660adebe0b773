"""Valid attributes of every version and kind: broken ones are one edit of these."""

from __future__ import annotations

import copy
from typing import Any

OLD = ("0.1", "0.2", "0.3")
VERSIONS = (*OLD, "0.4", "0.5", "0.6")
AXES = [
    {"name": "c", "type": "channel"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]
OMERO = {
    "channels": [
        {"label": "DAPI", "color": "0000FF", "window": {"start": 0, "end": 200, "min": 0, "max": 255}},
        {"label": "GFP", "color": "00FF00", "active": False},
    ]
}


def zarr_format(version: str) -> int:
    return 3 if version >= "0.5" else 2


def put(block: dict[str, Any], version: str) -> dict[str, Any]:
    """Attributes in the place that a version has for them."""
    block = copy.deepcopy(block)
    if version >= "0.5":
        return {"ome": {"version": version, **block}}
    for holder in (*block.get("multiscales", ()), block.get("plate"), block.get("well")):
        if holder is not None:
            holder["version"] = version
    return block


def steps(level: int) -> list[dict[str, Any]]:
    factor = 2.0**level
    return [
        {"type": "scale", "scale": [1.0, 0.5 * factor, 0.5 * factor]},
        {"type": "translation", "translation": [0.0, 0.25 * (factor - 1), 0.25 * (factor - 1)]},
    ]


def entry(version: str) -> dict[str, Any]:
    """One two-level entry of ``multiscales``; c, y, x, or t, c, z, y, x up to 0.2."""
    found: dict[str, Any] = {"name": "cells", "datasets": [{"path": str(level)} for level in range(2)]}
    if version == "0.3":
        found["axes"] = ["c", "y", "x"]
    elif version in ("0.4", "0.5"):
        found["axes"] = copy.deepcopy(AXES)
        for level, dataset in enumerate(found["datasets"]):
            dataset["coordinateTransformations"] = steps(level)
    elif version == "0.6":
        found["coordinateSystems"] = [{"name": "physical", "axes": copy.deepcopy(AXES)}]
        for level, dataset in enumerate(found["datasets"]):
            reference = {"input": {"path": str(level)}, "output": {"name": "physical"}}
            dataset["coordinateTransformations"] = [
                {"type": "sequence", "transformations": steps(level), **reference}
            ]
    return found


def image(version: str) -> dict[str, Any]:
    return put({"multiscales": [entry(version)], "omero": OMERO}, version)


def label(version: str) -> dict[str, Any]:
    facts = {
        "colors": [
            {"label-value": 1, "rgba": [255, 0, 0, 128]},
            {"label-value": 2, "rgba": [0, 255, 0, 255]},
        ],
        "properties": [{"label-value": 1, "class": "mitotic", "area": 12.5, "nested": {"a": 1}}],
        "source": {"image": "../../"},
    }
    return put({"multiscales": [entry(version)], "image-label": facts}, version)


def plate(version: str) -> dict[str, Any]:
    wells = [{"path": "A/1"}, {"path": "B/3", "gene": "TP53", "dose": 0.5, "tags": ["a"]}]
    if version >= "0.4":
        wells[0] |= {"rowIndex": 0, "columnIndex": 0}
        wells[1] |= {"rowIndex": 1, "columnIndex": 2}
    acquisition = {"id": 1, "name": "first", "starttime": 1343731272000, "maximumfieldcount": 2}
    return put(
        {
            "plate": {
                "name": "a screen",
                "rows": [{"name": "A"}, {"name": "B"}],
                "columns": [{"name": "1"}, {"name": "2"}, {"name": "3"}],
                "wells": wells,
                "acquisitions": [acquisition],
                "field_count": 2,
            }
        },
        version,
    )


def well(version: str) -> dict[str, Any]:
    return put({"well": {"images": [{"path": "0", "acquisition": 1}, {"path": "1"}]}}, version)


def block(attributes: dict[str, Any]) -> dict[str, Any]:
    """OME-Zarr's part of attributes, for editing."""
    return attributes.get("ome", attributes)


def first(attributes: dict[str, Any]) -> dict[str, Any]:
    """The first multiscale of attributes, for editing."""
    return block(attributes)["multiscales"][0]
