"""SSBD of RIKEN: projects of its OMERO server, and what its knowledge base and crates say of them.

The server's certificate chain was reported to be incomplete; that is an error like any other here, and never a
reason to talk to it unchecked.
"""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import quote

from fairlab.errors import RepositoryError
from fairlab.repositories.base import Archive, Capabilities, Page, position
from fairlab.results import select

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.api import Api, Document
    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.repositories.omero import Omero
    from fairlab.repositories.ssbd_knowledge import Knowledge, Known

_FROM_KNOWLEDGE: Final = frozenset({"organism", "imaging_method"})
_OF_STUDIES: Final = frozenset({"text", "repository"}) | _FROM_KNOWLEDGE
_PER_PAGE: Final = 20
_PROJECT: Final = re.compile(r"\d{1,6}-[A-Za-z]+-[A-Za-z0-9]+|ssbd-repos-\d{6}")
_ADDRESSES: Final = (
    re.compile(r"https?://ssbd\.riken\.jp/(?:database/|v\d/)?project/([\w-]+)/?$"),
    re.compile(r"https?://ssbd\.riken\.jp/repository/(ssbd-repos-\d{6})/?$"),
    re.compile(r"https?://ssbd\.riken\.jp/(?:ssbd-)?omero/web.*?\b(image-\d+)"),
)


class SsbdRepository(Archive):
    """SSBD:database and SSBD:repository.

    Words are looked for in the names and descriptions of projects and in the titles of their datasets; images
    are those whose address the knowledge base names. The options ``hosts`` of ``"ssbd"``, ``"ssbd-sparql"`` and
    ``"ssbd-crates"`` name other addresses.
    """

    name: ClassVar[str] = "ssbd"
    title: ClassVar[str] = "SSBD"
    prefixes: ClassVar[tuple[str, ...]] = ("ssbd",)
    publishers: ClassVar[tuple[str, ...]] = ("SSBD", "SSBD:database", "SSBD:repository")
    capabilities: ClassVar[Capabilities] = Capabilities(
        applies=frozenset({"study"}),
        states=_OF_STUDIES | {"openable", "ngff_version"},
        pixels="the few OME-Zarr that its knowledge base names",
    )

    @functools.cached_property
    def api(self) -> Api:
        """The OMERO server; made when first asked, as importing a transport takes time."""
        from fairlab.repositories.ssbd_records import SITE

        return _api("ssbd", f"{SITE}/omero")

    @functools.cached_property
    def _knowledge(self) -> Knowledge:
        from fairlab.repositories.ssbd_knowledge import Knowledge

        return Knowledge(_api("ssbd-sparql", "https://knowledge.brc.riken.jp/endpoint"))

    @functools.cached_property
    def _crates(self) -> Api:
        return _api(
            "ssbd-crates", "https://raw.githubusercontent.com/openssbd/gide-ro-crate/main/project-ro-crate"
        )

    @property
    def _omero(self) -> Omero:
        from fairlab.repositories.omero import Omero

        return Omero(self.api)

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Projects, or the OME-Zarr of those that match, by twenty."""
        begin = position(cursor, of=self.name)
        while True:
            # Asked anew for each page, which costs nothing: the client remembers the answers for a day.
            studies, notes = self._matching(query)
            found = studies if query.kind == "study" else self._zarr_of(studies)
            end = begin + _PER_PAGE
            more = str(end) if end < len(found) else None
            yield Page(records=tuple(found[begin:end]), cursor=more, total=len(found), notes=notes)
            if more is None:
                return
            begin = end

    def lookup(self, identifier: str) -> Record | None:
        """A project, one of its OME-Zarr, or an image of the OMERO server."""
        from fairlab.repositories import ssbd_records

        wanted = self.recognises(identifier)
        scheme, _, rest = (wanted or "").partition(":")
        if scheme.lower() != "ssbd":
            return None
        if numbered := re.fullmatch(r"image-(\d{1,12})", rest):
            found = self._omero.image(int(numbered[1]))
            if found is None:
                return None
            annotations = self._omero.annotations("image", int(numbered[1]))
            return ssbd_records.image_of_server(int(numbered[1]), *found, annotations)
        accession, _, name = rest.partition("/")
        if not _PROJECT.fullmatch(accession):
            return None
        study = self._study(accession)
        if study is None or not name:
            return study
        images = (image for page in self.images(study) for image in page.records)
        return next((image for image in images if image.id.endswith(f"/{name}")), None)

    def images(self, study: Record) -> Iterator[Page]:
        """The OME-Zarr of a project that the knowledge base names."""
        found = self._zarr_of([study])
        yield Page(records=tuple(found), total=len(found))

    def recognises(self, text: str) -> str | None:
        """The identifier that the name of a project or an address of SSBD's means.

        Examples
        --------
        >>> ssbd = SsbdRepository()
        >>> ssbd.recognises("141-Sato-CellMorphology"), ssbd.recognises("https://ssbd.riken.jp/repository/ssbd-repos-000490/")
        ('ssbd:141-Sato-CellMorphology', 'ssbd:ssbd-repos-000490')
        """
        plain = text.strip()
        for pattern in _ADDRESSES:
            if found := pattern.match(plain):
                return f"ssbd:{found[1]}"
        return f"ssbd:{plain}" if _PROJECT.fullmatch(plain) else super().recognises(plain)

    def _matching(self, query: Query) -> tuple[list[Record], tuple[str, ...]]:
        """The projects that meet what of a question is about them, and what could not be asked."""
        from fairlab.repositories import ssbd_records

        projects = list(self._omero.containers("project"))
        known, notes = self._known(needed=bool(query.filters() & _FROM_KNOWLEDGE))
        found = [
            ssbd_records.study(one, known.get(one.name.casefold()), None, one.name)
            for one in projects
            if _PROJECT.fullmatch(one.name)
        ]
        studies = [one for one in found if one is not None and query.study in (None, one.id)]
        asked = replace(query.only(_OF_STUDIES), kind="study", limit=None)
        return (list(select(asked, studies, name=self.name).records) if asked.filters() else studies), notes

    def _known(self, *, needed: bool) -> tuple[dict[str, Known], tuple[str, ...]]:
        try:
            return self._knowledge.projects(), ()
        except RepositoryError as error:
            if needed:
                raise
            said = error.message.splitlines()[0]
            return {}, (
                f"SSBD's knowledge base was not reached, so organisms and methods are missing: {said}",
            )

    def _study(self, accession: str) -> Record | None:
        from fairlab.repositories import ssbd_records

        named = (
            one for one in self._omero.containers("project") if one.name.casefold() == accession.casefold()
        )
        project = next(named, None)
        name = project.name if project is not None else accession
        known, notes = self._known(needed=False)
        crate, more = self._crate(name)
        study = ssbd_records.study(project, known.get(name.casefold()), crate, name)
        return replace(study, note="; ".join(notes + more) or study.note) if study is not None else None

    def _crate(self, name: str) -> tuple[Document | None, tuple[str, ...]]:
        """The crate of a project, and why there is none when that is not because SSBD has none."""
        folder = "repository" if name.startswith("ssbd-repos-") else "database"
        try:
            found = self._crates.json(f"{folder}/{quote(name)}-ro-crate-metadata.json", missing_ok=True)
        except RepositoryError as error:
            return None, (f"its crate was not reached: {error.message.splitlines()[0]}",)
        return (found if found.content is not None else None), ()

    def _zarr_of(self, studies: list[Record]) -> list[Record]:
        from fairlab.repositories import ssbd_records

        by_name = {(one.accession or "").casefold(): one for one in studies}
        by_number = {name.split("-")[0]: one for name, one in by_name.items()}
        found = []
        for zarr in self._knowledge.zarr():
            name = (zarr.project or "").casefold()
            study = by_name.get(name) or by_number.get(name)
            if study is not None:
                found.append(ssbd_records.zarr_image(zarr, study))
        return found


def _api(name: str, base: str) -> Api:
    from fairlab.net.api import Api

    return Api(name, base, pause_s=0.2)
