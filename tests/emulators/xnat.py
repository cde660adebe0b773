"""An XNAT as documented: tables whose values are all strings, and a log-in page for whoever it does not know."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from tests.emulators import Asked, Emulator, Reply

LOGIN = "<!doctype html><html><title>XNAT</title><form name=form1><input type='password' name=password></form></html>"


class Xnat(Emulator):
    repository = "fairlab.repositories.xnat:XnatRepository"
    question = "cohort"
    apis: ClassVar = {"xnat": ""}
    credentials: ClassVar = ("authorization",)

    def __init__(self) -> None:
        super().__init__()
        self.users: tuple[str, ...] = ()
        """``user:password`` of those who may ask; empty: guests, too."""
        self.pages = True
        """Whether ``limit`` and ``offset`` are understood."""
        self.columns = True
        """Whether ``columns`` is."""
        self.projects = [
            {
                "ID": f"C{number}",
                "secondary_ID": f"C{number}",
                "name": f"Cohort {number}",
                "description": "Brains under MR"
                if number % 2
                else "Mitosis in a phantom"
                if number == 4
                else "",
                "pi_firstname": "Ada",
                "pi_lastname": "Example",
                "URI": f"/data/projects/C{number}",
            }
            for number in range(1, 26)
        ]
        self.sessions = [("XNAT_E1", "MR1", "xnat:mrSessionData"), ("XNAT_E2", "PET1", "xnat:petSessionData"),
                         ("XNAT_E3", "QC", "xnat:qcManualAssessorData")]  # fmt: skip
        self.access = {"C1": "public", "C2": "private"}
        self.route("GET", r"/data/projects", self._known(lambda _: self.table(self.projects)))
        self.route("GET", r"/data/projects/(\w+)/accessibility", self._known(self._accessibility))
        self.route("GET", r"/data/projects/(\w+)/subjects", self._known(self._subjects))
        self.route("GET", r"/data/projects/(\w+)/experiments", self._known(self._experiments))
        self.route("GET", r"/data/experiments/(\w+)/scans", self._known(self._scans))

    @property
    def known(self) -> str:  # type: ignore[override]
        return f"xnat:127.0.0.1:{self._server.server_address[1]}/C1"

    def _known(self, answer: Any) -> Any:
        def guarded(asked: Asked) -> Any:
            given = asked.headers.get("authorization", "").removeprefix("Basic ")
            if self.users and base64.b64decode(given).decode() not in self.users:
                return Reply(content="", status=401) if given else Reply(content=LOGIN, type="text/html")
            return answer(asked)

        return guarded

    @staticmethod
    def table(rows: list[dict[str, str]]) -> dict[str, Any]:
        return {"ResultSet": {"Result": rows, "totalRecords": str(len(rows)), "title": "Matching"}}

    def _accessibility(self, asked: Asked) -> Any:
        return self.access.get(asked.groups[0], "protected")

    def _subjects(self, asked: Asked) -> Any:
        return self.table(
            [
                {
                    "ID": f"XNAT_S{n}",
                    "label": f"subject {n}",
                    "project": asked.groups[0],
                    "insert_date": "2020-01-01 10:00:00.0",
                    "insert_user": "radiographer7",
                    "URI": f"/data/subjects/XNAT_S{n}",
                }
                for n in range(3)
            ]
        )

    def _experiments(self, asked: Asked) -> Any:
        rows = [
            {
                "ID": key,
                "label": label,
                "project": asked.groups[0],
                "date": "",
                "insert_date": "2020-01-01 10:00:00.0",
                "xsiType": kind,
                "URI": f"/data/experiments/{key}",
            }
            for key, label, kind in self.sessions
        ]
        if (wanted := asked.param("columns")) and self.columns:
            known = [{**row, "subject_ID": f"XNAT_S{n % 3}"} for n, row in enumerate(rows)]
            rows = [{name: row.get(name, "") for name in wanted.split(",")} for row in known]
        if self.pages:
            start = asked.number("offset", 0)
            rows = rows[start : start + asked.number("limit", 10**6)]
        return self.table(rows)

    def _scans(self, asked: Asked) -> Any:
        names = ("ID", "type", "series_description", "quality", "note", "xsiType")
        row = ("1", "T1", "t1_mprage", "usable", "", "xnat:mrScanData")
        return self.table(
            [{**dict(zip(names, row, strict=True)), "URI": "/data/experiments/XNAT_E1/scans/1"}]
        )
