"""Valid documents of every version and kind, and edits that break one rule each."""

from __future__ import annotations

import copy
from typing import Any

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
GONE = object()
"""An edit to this value takes the key away."""

_AXES = [
    {"name": "t", "type": "time", "unit": "second"},
    {"name": "c", "type": "channel"},
    {"name": "z", "type": "space", "unit": "micrometer"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]


def _scale(level: int) -> dict[str, Any]:
    return {"type": "scale", "scale": [1.0, 1.0, 2.0, 0.5 * 2**level, 0.5 * 2**level]}


def _translation(level: int) -> dict[str, Any]:
    return {"type": "translation", "translation": [0.0, 0.0, 0.0, 0.25 * level, 0.25 * level]}


def _multiscale(version: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": "cells", "type": "mean", "metadata": {"method": "numpy.mean"}}
    entry["datasets"] = [{"path": "s0"}, {"path": "s1"}]
    if version == "0.3":
        entry["axes"] = ["t", "c", "z", "y", "x"]
    if version in ("0.4", "0.5"):
        entry["axes"] = copy.deepcopy(_AXES)
        entry["coordinateTransformations"] = [{"type": "scale", "scale": [0.1, 1.0, 1.0, 1.0, 1.0]}]
        for level, dataset in enumerate(entry["datasets"]):
            dataset["coordinateTransformations"] = [_scale(level), _translation(level)]
    if version == "0.6":
        entry["coordinateSystems"] = [
            {"name": name, "axes": copy.deepcopy(_AXES)} for name in ("physical", "stage")
        ]
        entry["coordinateTransformations"] = [
            {**_translation(4), "input": {"name": "physical"}, "output": {"name": "stage"}}
        ]
        for level, dataset in enumerate(entry["datasets"]):
            steps = [_scale(level), _translation(level)]
            ends = {"input": {"path": dataset["path"]}, "output": {"name": "physical"}}
            dataset["coordinateTransformations"] = [{"type": "sequence", "transformations": steps, **ends}]
    return entry


def _omero() -> dict[str, Any]:
    window = {"min": 0, "max": 255, "start": 10, "end": 200}
    return {"channels": [{"label": "DAPI", "color": "0000FF", "active": True, "window": window}]}


def _plate(version: str) -> dict[str, Any]:
    wells = [
        {"path": "A/1", "rowIndex": 0, "columnIndex": 0},
        {"path": "B/2", "rowIndex": 1, "columnIndex": 1},
    ]
    return {
        "name": "a screen",
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}],
        "wells": [{"path": well["path"]} for well in wells] if version < "0.4" else wells,
        "field_count": 2,
        "acquisitions": [
            {
                "id": 1,
                "name": "first",
                "maximumfieldcount": 2,
                "starttime": 1343731272000,
                "endtime": 1343737645000,
            }
        ],
    }


def _label() -> dict[str, Any]:
    return {
        "colors": [{"label-value": 1, "rgba": [255, 0, 0, 255]}, {"label-value": 2}],
        "properties": [{"label-value": 1, "class": "nucleus"}, {"label-value": 2}],
        "source": {"image": "../../"},
    }


def _scene() -> dict[str, Any]:
    def step(tile: int) -> dict[str, Any]:
        ends = {"input": {"path": f"tile{tile}", "name": "physical"}, "output": {"name": "world"}}
        return {"type": "translation", "translation": [0.0, 100.0 * tile], **ends}

    return {
        "coordinateSystems": [{"name": "world", "axes": copy.deepcopy(_AXES[3:])}],
        "coordinateTransformations": [step(0), step(1)],
    }


def kinds(version: str) -> list[str]:
    """Kinds of documents that a version knows."""
    return [
        "image",
        "label",
        "plate",
        "well",
        "labels",
        *(["bioformats2raw", "series"] if version >= "0.4" else []),
    ] + (["scene"] if version == "0.6" else [])


def valid(version: str, kind: str) -> dict[str, Any]:
    """A document that keeps every rule, SHOULDs included."""
    blocks: dict[str, dict[str, Any]] = {
        "image": {"multiscales": [_multiscale(version)], "omero": _omero()},
        "label": {"multiscales": [_multiscale(version)], "image-label": _label()},
        "plate": {"plate": _plate(version)},
        "well": {"well": {"images": [{"path": "0", "acquisition": 1}, {"path": "1", "acquisition": 1}]}},
        "labels": {"labels": ["cells", "nuclei/2"]},
        "bioformats2raw": {"bioformats2raw.layout": 3},
        "series": {"series": ["0", "1"]},
        "scene": {"scene": _scene()},
    }
    block = blocks[kind]
    if version >= "0.5":
        if version == "0.5":
            for key in {"plate", "image-label"} & block.keys():
                block[key]["version"] = version
        return {"ome": {"version": version, **block}}
    for entry in [
        *block.get("multiscales", []),
        *(block.get(key) for key in ("plate", "well", "image-label")),
    ]:
        if entry is not None:
            entry["version"] = version
    return block


def edited(document: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """A copy with the value at a place (``"multiscales/0/name"``, under ``ome`` where that is) changed."""
    copied = copy.deepcopy(document)
    node: Any = copied.get("ome", copied)
    *parents, last = place.split("/")
    for part in parents:
        node = node[_key(node, part)]
    if value is GONE:
        del node[_key(node, last)]
    elif last == "-":
        node.append(value)
    else:
        node[_key(node, last)] = value
    return copied


def _key(node: Any, part: str) -> int | str:
    return int(part) if isinstance(node, list) else part
