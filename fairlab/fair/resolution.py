"""Whether the DOI and the page of a data set lead anywhere; asked in one round trip."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from fairlab.errors import FairlabError
from fairlab.fair.bundle import Answer
from fairlab.net import http, pool
from fairlab.net.address import redact
from fairlab.net.deadline import Deadline

if TYPE_CHECKING:
    from fairlab.fair.description import Description

RESOLVER: Final = "https://doi.org"
_SECONDS: Final = 15.0
_TRIES: Final = 2
_MAX_BYTES: Final = 16_000_000


def asked(description: Description) -> dict[str, Answer]:
    """What the DOI (role ``"doi"``) and the landing page (``"landing"``) of a description answer.

    A resolver that sends elsewhere has answered; the page behind it belongs to somebody else and is not opened.
    """
    doi, page = description.get("identity.doi"), description.get("identity.landing_page")
    addresses = {"doi": f"{RESOLVER}/{doi}" if doi else None, "landing": page}
    known = [
        (role, address)
        for role, address in addresses.items()
        if isinstance(address, str) and address.startswith(("https://", "http://"))
    ]
    deadline = Deadline(_SECONDS)
    answers = pool.each(lambda one: _answer(one[1], deadline), known)
    return {role: answer for (role, _), answer in zip(known, answers, strict=True)}


def _answer(url: str, deadline: Deadline) -> Answer:
    began = time.perf_counter()
    status, error = None, None
    try:
        status = http.get(
            url, part=slice(0, 1), deadline=deadline, max_bytes=_MAX_BYTES, max_tries=_TRIES
        ).status
    except FairlabError as exc:
        stated = exc.kind.removeprefix("http-")
        status = 302 if exc.kind == "redirect-elsewhere" else int(stated) if stated.isdigit() else None
        error = None if status == 302 else f"{exc.kind}: {exc.message.splitlines()[0]}"
    return Answer(url=redact(url), status=status, seconds=round(time.perf_counter() - began, 4), error=error)
