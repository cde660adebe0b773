"""XNAT servers: those of the Australian Imaging Service, or any other that the option ``hosts`` names.

Their images are DICOM or NIfTI: they are listed, and none of them opens here.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from fairlab.errors import FairlabError, QueryError
from fairlab.options import option
from fairlab.repositories.base import Archive, Capabilities, Page, position
from fairlab.results import select

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.api import Document
    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.repositories.xnat_server import Server

_PER_PAGE: Final = 20
_SESSIONS: Final = 200
_COLUMNS: Final = (
    "ID,label,project,date,insert_date,xsiType,URI,subject_ID"  # as by default, and whose they are
)
_HINT: Final = (
    'fairlab.set_options(hosts={"xnat": "https://xnat.example.edu.au"}) names one, or a list of several'
)
_ADDRESS: Final = re.compile(r"https?://([^/?#@]+)(?:/[^?#]*)?/data/(?:archive/)?projects/([^/?#]+)/?$")
_ACCESS: Final[dict[str, Literal["open", "restricted"]]] = {
    "public": "open",
    "protected": "restricted",
    "private": "restricted",
}


class XnatRepository(Archive):
    """Projects, subjects, sessions and scans of XNAT servers.

    Servers are named by the option ``hosts`` of ``"xnat"``; there is no list of open ones. Users are known by
    ``FAIRLAB_XNAT_USER`` and ``FAIRLAB_XNAT_PASSWORD``, or ``FAIRLAB_XNAT_TOKEN``, in the environment, which go to
    the only server, or to the one of several that ``FAIRLAB_XNAT_HOST`` names.
    """

    name: ClassVar[str] = "xnat"
    title: ClassVar[str] = "XNAT (Australian Imaging Service and others)"
    prefixes: ClassVar[tuple[str, ...]] = ("xnat",)
    publishers: ClassVar[tuple[str, ...]] = ("XNAT", "AIS")
    capabilities: ClassVar[Capabilities] = Capabilities(
        applies=frozenset({"study"}),
        states=frozenset({"text", "repository", "openable"}),
        pixels="none",
    )

    def idle(self) -> str | None:
        """See :meth:`fairlab.repositories.base.Archive.idle`."""
        return None if option("hosts").get(self.name) else f"no XNAT server is named; {_HINT}"

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Projects by twenty, or sessions project by project.

        Raises
        ------
        QueryError
            kind ``"no-host"``: no server is named.
        AccessError
            kind ``"credentials"``: the variables of the environment are missing, or not accepted.
        """
        begin = position(cursor, of=self.name)
        return (
            self._project_pages(query, begin) if query.kind == "study" else self._session_pages(query, begin)
        )

    def lookup(self, identifier: str) -> Record | None:
        """A project (``"xnat:host/PROJECT"``), or one of its sessions or subjects (``"xnat:host/PROJECT/XNAT_E1"``)."""
        scheme, _, rest = (self.recognises(identifier) or "").partition(":")
        parts = rest.split("/")
        if scheme.lower() != "xnat" or not 1 < len(parts) < 4:
            return None
        server = next((one for one in self._servers() if one.host == parts[0]), None)
        study = next((s for s in self._projects_of(server) if s.uid == parts[1]), None) if server else None
        if server is None or study is None:
            return None
        if len(parts) == 2:
            return self._in_full(server, study)
        within = chain(self._sessions_of(server, study), self._subjects_of(server, study))
        return next((one for one in within if one.uid == parts[2]), None)

    def subjects(self, project: Record) -> tuple[Record, ...]:
        """The subjects of a project, as the server names them; sessions state theirs as the attribute ``Subject``.

        Parameters
        ----------
        project : Record
            One of kind ``"study"`` that this archive answered.
        """
        server = self._server_of(project)
        return tuple(self._subjects_of(server, project)) if server and project.uid else ()

    def scans(self, session: Record) -> tuple[Record, ...]:
        """The scans of a session; none of them opens here.

        Parameters
        ----------
        session : Record
            One of kind ``"image"`` that this archive answered.
        """
        from fairlab.repositories import xnat_records
        from fairlab.repositories.facts import path_step

        server = self._server_of(session)
        if server is None or not session.uid:
            return ()
        document, rows = server.rows(f"data/experiments/{path_step(session.uid)}/scans")
        found = (xnat_records.scan(document, n, row, session) for n, row in enumerate(rows))
        return tuple(one for one in found if one is not None)

    def recognises(self, text: str) -> str | None:
        """The identifier that the address of a project on a server that is named means."""
        found = _ADDRESS.match(text.strip())
        if found and any(found[1] == server.host for server in self._servers()):
            return f"xnat:{found[1]}/{found[2]}"
        return super().recognises(text)

    def _servers(self) -> tuple[Server, ...]:
        from fairlab.repositories.xnat_server import Server

        told = option("hosts").get(self.name, ())
        addresses = (told,) if isinstance(told, str) else tuple(told)
        return tuple(Server(address, alone=len(addresses) == 1) for address in addresses)

    def _server_of(self, record: Record) -> Server | None:
        host = (record.accession or "").split("/")[0]
        return next((server for server in self._servers() if server.host == host), None)

    def _project_pages(self, query: Query, begin: int) -> Iterator[Page]:
        while True:
            found, notes = self._matching(query)
            end = begin + _PER_PAGE
            more = str(end) if end < len(found) else None
            yield Page(
                records=tuple(study for _, study in found[begin:end]),
                cursor=more,
                total=len(found),
                notes=notes,
            )
            if more is None:
                return
            begin = end

    def _session_pages(self, query: Query, begin: int) -> Iterator[Page]:
        found, notes = self._matching(query)
        if not found:
            yield Page(records=(), notes=notes)
        for number, (server, study) in enumerate(found[begin:], start=begin + 1):
            more = str(number) if number < len(found) else None
            yield Page(records=tuple(self._sessions_of(server, study)), cursor=more, notes=notes)

    def _matching(self, query: Query) -> tuple[list[tuple[Server, Record]], tuple[str, ...]]:
        """The projects that have the words of a question, and which servers did not answer."""
        servers = self._servers()
        if not servers:
            raise QueryError(f"no XNAT server is named\n  {_HINT}", kind="no-host")
        found: list[tuple[Server, Record]] = []
        failures: list[FairlabError] = []
        for server in servers:
            try:
                found += [(server, study) for study in self._projects_of(server)]
            except FairlabError as error:  # one of many sources
                failures.append(error)
        if len(failures) == len(servers):
            raise failures[0]
        studies = [study for _, study in found if query.study in (None, study.id)]
        asked = replace(query.only({"text"}), kind="study", limit=None)
        kept = {one.id for one in (select(asked, studies, name=self.name).records if query.text else studies)}
        notes = tuple(f"not all XNAT servers answered: {error.message.splitlines()[0]}" for error in failures)
        return [(server, study) for server, study in found if study.id in kept], notes

    def _projects_of(self, server: Server) -> list[Record]:
        from fairlab.repositories import xnat_records

        document, rows = server.rows("data/projects", accessible="true")
        found = (xnat_records.project(server, document, n, row) for n, row in enumerate(rows))
        return [one for one in found if one is not None]

    def _sessions_of(self, server: Server, study: Record) -> Iterator[Record]:
        from fairlab.repositories import xnat_records

        seen: set[str] = set()
        while True:
            document, rows = server.rows(
                f"{_path(study)}/experiments", columns=_COLUMNS, limit=_SESSIONS, offset=len(seen)
            )
            # A server that knows no limit sends everything, and sends it again.
            new = [(n, row) for n, row in enumerate(rows) if str(row.get("ID")) not in seen]
            seen |= {str(row.get("ID")) for _, row in new}
            records = (xnat_records.session(server, document, n, row, study) for n, row in new)
            yield from (one for one in records if one is not None)
            if not new or len(rows) != _SESSIONS:
                return

    def _subjects_of(self, server: Server, study: Record) -> Iterator[Record]:
        from fairlab.repositories import xnat_records

        document, rows = self._subject_rows(server, study)
        found = (xnat_records.subject(document, n, row, study) for n, row in enumerate(rows))
        yield from (one for one in found if one is not None)

    @staticmethod
    def _subject_rows(server: Server, study: Record) -> tuple[Document, list[dict[str, Any]]]:
        return server.rows(f"{_path(study)}/subjects")

    def _in_full(self, server: Server, study: Record) -> Record:
        """A project with what takes requests of its own: who may see it, and how many subjects it has."""
        from fairlab.repositories.facts import inferred

        path = _path(study)
        stated = _ACCESS.get(server.word(f"{path}/accessibility").casefold())
        document, subjects = self._subject_rows(server, study)
        here = replace(inferred(study.sources["*"]), document=document.url, pointer="/ResultSet/Result")
        said = replace(here, document=f"{server.address}/{path}/accessibility", pointer="", basis="asserted")
        return replace(
            study,
            access=stated or study.access,
            attributes={**study.attributes, "Number of subjects": (str(len(subjects)),)},
            sources={**study.sources, "attributes": here, **({"access": said} if stated else {})},
        )


def _path(study: Record) -> str:
    from fairlab.repositories.facts import path_step

    return f"data/projects/{path_step(study.uid or '')}"
