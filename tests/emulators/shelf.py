"""The archive that CONTRIBUTING.md adds as its example, and the adapter as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from tests.emulators import Asked, Emulator, Reply

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
_PER_PAGE = 2
_STUDIES = [
    {
        "id": f"S{number}",
        "title": f"Plankton of the bay, haul {number} Ω",
        "organism": organism,
        "license": license_,
        "published": f"20{17 + number}-03-01",
        "contact": {"email": "keeper@shelf.example.org"},
    }
    for number, (organism, license_) in enumerate(
        [
            ("Danio rerio", "CC BY 4.0"),
            ("Mus musculus", "CC0"),
            ("Danio rerio", "CC BY-NC 4.0"),
            ("Homo sapiens", "CC BY 4.0"),
            ("Danio rerio", "CC0"),
        ],
        start=1,
    )
]


def adapter_code() -> str:
    """The example's file, from the section "Add a repository"."""
    section = PAGE.read_text("utf-8").split("## Add a repository", 1)[1].split("\n## ", 1)[0]
    (code,) = re.findall(r"^```python\n(.*?)^```", section, flags=re.M | re.S)
    return str(code)


class ShelfServer(Emulator):
    """Words are matched by "and"; pages of two; parameters that it does not know are ignored in silence."""

    apis: ClassVar = {"shelf": "/api"}
    question: ClassVar = "plankton"
    known: ClassVar = "shelf:S2"

    def __init__(self) -> None:
        super().__init__()
        self.route("GET", "/api/studies", self._search)
        self.route("GET", "/api/studies/([^/]+)", self._study)
        self.route("GET", "/api/studies/([^/]+)/images", self._images)

    def adapter(self) -> Any:
        scope: dict[str, Any] = {"__name__": "shelf_plugin"}
        exec(compile(adapter_code(), str(PAGE), "exec"), scope)  # the page's own code
        return scope["Shelf"]()

    def _search(self, asked: Asked) -> Any:
        words = asked.param("q").casefold().split()
        hits = [one for one in _STUDIES if all(word in one["title"].casefold() for word in words)]
        start = (max(1, asked.number("page", 1)) - 1) * _PER_PAGE
        return {"total": len(hits), "hits": hits[start : start + _PER_PAGE]}

    def _study(self, asked: Asked) -> Any:
        found = [one for one in _STUDIES if one["id"] == asked.groups[0]]
        return found[0] if found else Reply(content={"error": "no such study"}, status=404)

    def _images(self, asked: Asked) -> Any:
        address = f"https://shelf.example.org/data/{asked.groups[0]}"
        return {"images": [{"name": f"haul {n}", "zarr": f"{address}/{n}.ome.zarr"} for n in (1, 2)]}
