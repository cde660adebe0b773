"""Records for widgets, with what repositories should not have written into them."""

from __future__ import annotations

from typing import Any

from fairlab.record import Record
from fairlab.terms import Term

HOSTILE = "<img src=x onerror=alert(1)>\ud800 $x$"


def record(number: int = 1, **facts: Any) -> Record:
    whole = {
        "id": f"idr:idr0001/{number}.zarr",
        "kind": "image",
        "repository": "IDR",
        "accession": "idr0001",
        "title": f"A cell {number}",
        "url": f"https://example.org/{number}.zarr",
        "organism": (Term(label="Mus musculus", id="NCBITaxon:10090"),),
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "axes": ("t", "c", "z", "y", "x"),
        "shape": (1, 2, 30, 600, 800),
        "pixel_size": {"z": 1.0, "y": 0.5, "x": 0.5},
        "bytes": 57_600_000,
        "layout": "image",
    }
    return Record(**{**whole, **facts})
