"""What OMERO servers of archives share: lists cut without a word, absent keys, annotations, 404 in HTML."""

from __future__ import annotations

from typing import Any

from tests.emulators import Asked, Emulator, Reply

SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06#"
DETAILS = {"@type": "TBD#Details", "owner": {"UserName": "demo", "Email": "demo@example.org"}}


class OmeroServer(Emulator):
    """Containers, images and annotations below a path of this server."""

    def __init__(self, below: str = "") -> None:
        super().__init__()
        self.max_limit = 1000
        """Most that one page holds, whatever is asked for."""
        self.containers: dict[str, list[dict[str, Any]]] = {"projects": [], "screens": []}
        """By plural: ``{"id", "name", "description"}``."""
        self.datasets: dict[int, list[dict[str, Any]]] = {}
        """Datasets of a project."""
        self.contents: dict[int, list[int]] = {}
        """Images of a dataset."""
        self.images: dict[int, dict[str, Any]] = {}
        """What is said of an image; keys may be absent."""
        self.notes: dict[tuple[str, int], list[tuple[str, list[list[str]]]]] = {}
        """Kind and number to namespaces and key/value pairs."""
        api = f"{below}/api/v0/m"
        self.route("GET", rf"{api}/(projects|screens)/", self.listed)
        self.route("GET", rf"{api}/projects/(\d+)/datasets/", self.datasets_of)
        self.route("GET", rf"{api}/datasets/(\d+)/images/", self.images_of)
        self.route("GET", rf"{api}/images/(\d+)/", self.image)
        self.route("GET", rf"{below}/webclient/api/annotations/", self.annotations)
        self.route("GET", rf"{api}/.*", lambda _: Reply(content="<h1>404</h1>", status=404, type="text/html"))

    def listed(self, asked: Asked) -> Any:
        return self.page(
            asked, [self._container(asked.groups[0], one) for one in self.containers[asked.groups[0]]]
        )

    def datasets_of(self, asked: Asked) -> Any:
        found = self.datasets.get(int(asked.groups[0]), [])
        return self.page(asked, [self._container("datasets", one) for one in found])

    def images_of(self, asked: Asked) -> Any:
        numbers = self.contents.get(int(asked.groups[0]), [])
        return self.page(asked, [self._image(number) for number in numbers])

    def image(self, asked: Asked) -> Any:
        number = int(asked.groups[0])
        if number not in self.images:
            return Reply(content={"message": f"Image {number} not found"}, status=404)
        return {"data": self._image(number)}

    def annotations(self, asked: Asked) -> Any:
        kind, number = next((k, int(v[-1])) for k, v in asked.params.items() if k != "type")
        return {
            "annotations": [
                {
                    "id": place,
                    "ns": namespace,
                    "class": "MapAnnotationI",
                    "owner": {"id": 2},
                    "link": {"parent": {"id": number, "name": "…", "class": f"{kind.capitalize()}I"}},
                    "values": values,
                }
                for place, (namespace, values) in enumerate(self.notes.get((kind, number), []), start=1)
            ],
            "experimenters": [{"id": 2, "email": "demo@example.org"}],
        }

    def page(self, asked: Asked, found: list[dict[str, Any]]) -> Any:
        """One page: ``limit`` is cut to what the server likes, unknown parameters filter nothing."""
        limit = min(asked.number("limit", 200), self.max_limit)
        offset = asked.number("offset", 0)
        meta = {"totalCount": len(found), "limit": limit, "maxLimit": self.max_limit, "offset": offset}
        return {"data": found[offset : offset + limit], "meta": meta}

    def _container(self, plural: str, one: dict[str, Any]) -> dict[str, Any]:
        return {
            "@id": one["id"],
            "@type": f"{SCHEMA}{plural.capitalize()[:-1]}",
            "Name": one["name"],
            "Description": one.get("description", ""),
            "omero:details": DETAILS,
            f"url:{plural[:-1]}": f"https://example.org/api/v0/m/{plural}/{one['id']}/",
        }

    def _image(self, number: int) -> dict[str, Any]:
        return {"@id": number, "@type": f"{SCHEMA}Image", "omero:details": DETAILS, **self.images[number]}


def pixels(
    x: int, y: int, *, z: int = 1, c: int = 1, t: int = 1, size: float | None = None, channels: Any = ()
) -> dict[str, Any]:
    """What OMERO says of an image's pixels; what is not given is absent."""
    spacing = {"@type": "TBD#LengthI", "Unit": "MICROMETER", "Symbol": "µm", "Value": size}
    return {
        "@type": f"{SCHEMA}Pixels",
        "SizeX": x,
        "SizeY": y,
        "SizeZ": z,
        "SizeC": c,
        "SizeT": t,
        **({"PhysicalSizeX": spacing, "PhysicalSizeY": spacing} if size else {}),
        "Type": {"@type": "TBD#PixelsType", "value": "uint16"},
        **({"Channels": [{"Name": name} if name else {} for name in channels]} if channels else {}),
    }
