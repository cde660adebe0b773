"""The samples as a repository among others: ``"sample:nuclei"`` is found, looked up and opened like any image."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from fairlab.repositories.base import scheme
from fairlab.samples import recipes, store

if TYPE_CHECKING:
    from pathlib import Path

    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.results import Results
    from fairlab.samples.server import Server


class SampleRepository:
    """Real and synthetic images that fairlab makes on this machine.

    Examples
    --------
    >>> SampleRepository().lookup("sample:retina").organism[0].label
    'Homo sapiens'
    """

    name: ClassVar[str] = "sample"
    prefixes: ClassVar[tuple[str, ...]] = ("sample",)
    live: ClassVar[bool] = False

    def search(self, query: Query) -> Results:
        """Samples that match, synthetic ones first; in OME-Zarr 0.4 only when just that is asked for."""
        from fairlab.results import select

        version = "0.4" if query.ngff_version == ("0.4",) else recipes.VERSIONS[0]
        records = [recipes.record(name, version=version) for name in recipes.names()]
        return select(query, records, name=self.name)

    def lookup(self, identifier: str) -> Record | None:
        """The record of ``sample:<name>`` or of an address at which a sample is served now.

        Raises
        ------
        NotFoundError
            kind ``"sample-unknown"``: the scheme is ours, the name is not.
        UnsupportedVersionError
            kind ``"version-unsupported"``.
        """
        if scheme(identifier) in self.prefixes:
            name, version = recipes.split(identifier.partition(":")[2])
            return recipes.record(name, version=version)
        return _served_at(identifier)

    def locate(self, record: Record) -> str | None:
        """Loopback address of a sample, which is made and served from now on."""
        url = record.url or record.id
        if scheme(url) not in self.prefixes:
            return record.url
        name, version = recipes.split(url.partition(":")[2])
        place = store.path(name, version=version)
        return _server_of(place.parent).url_for(place.name)


_servers: dict[Path, Server] = {}
_starting = store.ThreadLock()


def _server_of(folder: Path) -> Server:
    """The one server of this process for a folder, started when first needed and again after a fork."""
    from fairlab.samples.server import Server

    with _starting:
        found = _servers.get(folder)
        if found is None or found.closed:
            found = _servers[folder] = Server(folder)
        return found


def _served_at(address: str) -> Record | None:
    for folder, server in list(_servers.items()):
        if address.startswith(f"{server.url}/") and folder == store.folder():
            name = store.identifier(address.removeprefix(f"{server.url}/").strip("/"))
            if name is not None:
                record = recipes.record(name[0], version=name[1])
                return dataclasses.replace(record, url=address)
    return None
