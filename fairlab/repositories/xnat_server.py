"""One XNAT server: who asks it, what it answers, and what a log-in page in place of an answer means.

Credentials are read from the environment each time that they are sent. They are sent to one server only, over
https (or to this machine), and are never kept, shown or written.
"""

from __future__ import annotations

import base64
import os
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fairlab.errors import AccessError, UnexpectedAnswer
from fairlab.net.address import THIS_MACHINE
from fairlab.net.api import Api
from fairlab.repositories.answers import objects
from fairlab.repositories.facts import mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.net.api import Document

USER: Final = "FAIRLAB_XNAT_USER"
PASSWORD: Final = "FAIRLAB_XNAT_PASSWORD"
TOKEN: Final = "FAIRLAB_XNAT_TOKEN"
HOST: Final = "FAIRLAB_XNAT_HOST"
_HOW: Final = (
    f"set {USER} and {PASSWORD}, or {TOKEN} to an alias token as XNAT issues it (alias:secret), in the "
    "environment"
)
_LOGIN: Final = re.compile(r"log[- ]?in|sign[- ]?in|type=[\"']?password", re.IGNORECASE)


class Server:
    """One XNAT server.

    Parameters
    ----------
    address : str
        Of the site, without ``/data``.
    alone : bool
        Whether it is the only one: of several, credentials go to the one that ``FAIRLAB_XNAT_HOST`` names.
    """

    def __init__(self, address: str, *, alone: bool):
        self.address = address.rstrip("/")
        self.host = urlsplit(self.address).netloc.rpartition("@")[2]
        self._alone = alone
        # Not by the name that the option ``hosts`` knows: its several addresses are not one another's spare.
        self._api = Api(f"XNAT at {self.host}", self.address, pause_s=0.2, headers=self._headers)

    @property
    def is_guest(self) -> bool:
        """Whether it is asked without credentials, so that it shows only what everybody may see."""
        return _credentials() is None or not self._is_meant()

    def rows(self, path: str, **params: str | int) -> tuple[Document, list[dict[str, Any]]]:
        """The rows of a table.

        Raises
        ------
        AccessError
            kind ``"credentials"``: the server wants to know who asks, or does not accept who does.
        UnexpectedAnswer
            kind ``"answer-form"``: no table.
        """
        document = self._asked(path, {"format": "json", **params})
        rows = mapping(mapping(document.content).get("ResultSet")).get("Result")
        if not isinstance(rows, list):
            raise self._no_table(document.url)
        return document, objects(rows)

    def word(self, path: str) -> str:
        """An answer of one word, such as ``public``; empty where the server says something else."""
        found = str(self._api.text(path).content).strip()
        return found if re.fullmatch(r"\w{1,20}", found) else ""

    def _asked(self, path: str, params: Mapping[str, str | int]) -> Document:
        try:
            return self._api.json(path, params)
        except AccessError as exc:
            if exc.kind.startswith("credentials"):  # it did not come from the server
                raise
            raise self._refused() from exc
        except UnexpectedAnswer as exc:
            # Whom it does not know a server sends a page, or to the single sign-on of another host.
            if exc.kind == "redirect-elsewhere" or (
                exc.kind == "answer-form" and self._shows_login(path, params)
            ):
                raise self._refused() from exc
            raise

    def _shows_login(self, path: str, params: Mapping[str, str | int]) -> bool:
        page = str(self._api.text(path, params).content).lstrip()[:5000]
        return page.startswith("<") and bool(_LOGIN.search(page))

    def _headers(self) -> Mapping[str, str]:
        found = _credentials()
        if found is None or not self._is_meant():
            return {}
        split = urlsplit(self.address)
        if split.scheme != "https" and split.hostname not in THIS_MACHINE:
            raise AccessError(
                f"credentials are not sent to {self.host} without encryption\n  name its https:// address",
                kind="credentials-not-encrypted",
                url=self.address,
            )
        return {"Authorization": f"Basic {base64.b64encode(found.encode()).decode()}"}

    def _is_meant(self) -> bool:
        named = os.environ.get(HOST, "").strip()
        return named == self.host if named else self._alone

    def _refused(self) -> AccessError:
        if self.is_guest:
            what = f"the XNAT server {self.host} wants to know who asks"
            how = _HOW + ("" if self._alone else f", and {HOST} to {self.host}")
        else:
            what = f"the XNAT server {self.host} does not accept the credentials of the environment, or not for this"
            how = f"check {TOKEN if os.environ.get(TOKEN) else f'{USER} and {PASSWORD}'}"
        return AccessError(f"{what}\n  {how}", kind="credentials", url=self.address)

    def _no_table(self, url: str) -> UnexpectedAnswer:
        return UnexpectedAnswer(
            f"the XNAT server {self.host} answers without a table\n  at {url}, where XNAT has ResultSet and Result\n"
            "  it may be under repair, or no XNAT",
            kind="answer-form",
            url=url,
        )


def _credentials() -> str | None:
    """``user:password`` or ``alias:secret`` of the environment.

    Raises
    ------
    AccessError
        kind ``"credentials"``: half of it is there.
    """
    token, user, password = (os.environ.get(name, "").strip() for name in (TOKEN, USER, PASSWORD))
    if token:
        if ":" not in token or any(ord(c) < 33 for c in token):
            raise AccessError(
                f"{TOKEN} is no alias token\n  expected alias:secret, as /data/services/tokens/issue gives them",
                kind="credentials",
            )
        return token
    if bool(user) != bool(password):
        missing = PASSWORD if user else USER
        raise AccessError(f"{missing} is not set\n  {_HOW}", kind="credentials")
    return f"{user}:{password}" if user else None
