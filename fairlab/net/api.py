"""The polite client of an archive: says who it is, waits its turn, remembers answers, gives up in time.

Nothing about the user is sent: a question holds its words, the name and version of fairlab, and no more.
"""

from __future__ import annotations

import contextlib
import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import QueryError, Unavailable, UnexpectedAnswer
from fairlab.net import http, line, remembered
from fairlab.net.address import redact
from fairlab.net.arrival import Document, json_of, now, text_of
from fairlab.net.deadline import QuestionDeadline, in_force, limit
from fairlab.net.question import Question, joined, public
from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fairlab.net.answers import Answer
    from fairlab.net.deadline import Deadline
    from fairlab.net.question import Params

__all__ = ["Api", "Document", "harvest", "limit"]

MAX_BYTES: Final = 32 * 1024 * 1024
"""Most that one answer may be; what is larger is not an answer to a question."""
_READERS: Final[dict[str, Callable[[Answer], Any]]] = {"application/json": json_of, "*/*": text_of}


class _Harvest:
    """Asking for everything."""

    def __init__(self, pause_s: float):
        self.pause_s = pause_s
        self.asked: set[tuple[str, Question]] = set()
        """What was asked, of whom: archives without pages of their own are asked the same for each of ours."""


_harvest: ContextVar[_Harvest | None] = ContextVar("harvest", default=None)


@contextlib.contextmanager
def harvest(pause_s: float = 1.0) -> Iterator[None]:
    """Ask for everything, politely: a pause between requests, only what has changed, and nothing twice.

    Parameters
    ----------
    pause_s : float
        Least time between two requests to an archive; one that asks for longer pauses gets them.
    """
    token = _harvest.set(_Harvest(pause_s))
    try:
        yield
    finally:
        _harvest.reset(token)


class Api:
    """The HTTP interface of one archive.

    Parameters
    ----------
    name : str
        Of the archive, as the option ``hosts`` names it.
    *bases : str
        Addresses that paths are relative to; of several, the first that answers is used.
    pause_s : float
        Least time between two requests of this process to one address.
    max_age_s : float
        How long an answer that is kept stands for a new one; it is kept on, for when the archive is away.
    headers : callable, optional
        Gives headers with credentials; what is asked with them is never kept.

    Examples
    --------
    >>> api = Api("example", "https://example.org/api", pause_s=0.5)
    >>> with limit(0):
    ...     api.json("search", {"query": "mitosis", "size": 10})
    Traceback (most recent call last):
        ...
    fairlab.errors.Unavailable: example was not asked: no time is left
      give it longer with timeout_s=…, or fairlab.set_options(source_timeout_s=…)
    """

    def __init__(
        self,
        name: str,
        *bases: str,
        pause_s: float = 0.0,
        max_age_s: float = 86400.0,
        headers: Callable[[], Mapping[str, str]] | None = None,
    ):
        self.name, self.pause_s, self.max_age_s = name, pause_s, max_age_s
        self._bases, self._headers = tuple(base.rstrip("/") for base in bases), headers

    @property
    def bases(self) -> tuple[str, ...]:
        """The addresses in force: those of the option ``hosts``, or the archive's own."""
        told = option("hosts").get(self.name, self._bases)
        return tuple(base.rstrip("/") for base in ((told,) if isinstance(told, str) else told))

    def json(
        self,
        path: str = "",
        params: Params | None = None,
        *,
        missing_ok: bool = False,
        max_bytes: int = MAX_BYTES,
    ) -> Document:
        """Parsed JSON.

        Parameters
        ----------
        path : str
            Below the archive's address, percent-encoded where a value in it may hold anything; or a whole
            address of this archive, as its answers name their next page.
        params : mapping, optional
            Query of the address; a sequence repeats its name.
        missing_ok : bool
            Take 404 for an answer, with None as its content.
        max_bytes : int
            A longer answer is refused.

        Raises
        ------
        Unavailable
            No answer in time, or the archive is given a rest (kind ``"circuit-open"``), and none is kept.
        UnexpectedAnswer
            kind ``"answer-form"``: not JSON; ``"http-404"`` and others: not there; ``"address-elsewhere"``:
            a whole address that is not this archive's.
        AccessError
            401 or 403.
        """
        return self._ask(path, params, accept="application/json", missing_ok=missing_ok, max_bytes=max_bytes)

    def text(
        self,
        path: str = "",
        params: Params | None = None,
        *,
        missing_ok: bool = False,
        max_bytes: int = MAX_BYTES,
    ) -> Document:
        """Text of any type, XML, CSV or HTML; otherwise as :meth:`json`."""
        return self._ask(path, params, accept="*/*", missing_ok=missing_ok, max_bytes=max_bytes)

    def post_json(
        self, path: str, body: Any, params: Params | None = None, *, max_bytes: int = MAX_BYTES
    ) -> Document:
        """Parsed JSON, the answer to a question that is JSON itself; otherwise as :meth:`json`."""
        posted = json.dumps(body, sort_keys=True).encode()
        return self._ask(path, params, accept="application/json", body=posted, max_bytes=max_bytes)

    def reset(self) -> None:
        """Forget failures and turns, as in a new process."""
        for base in self.bases:
            line.forget(base)

    def _ask(self, path: str, params: Params | None, **how: Any) -> Document:
        question = Question(path=joined(self._relative(path), params), **how)
        secrets = tuple(f"{name}: {value}" for name, value in (self._headers or dict)().items())
        harvest = _harvest.get()
        memory = None if secrets else self._recall(question)
        known = (
            (self.name, question) in harvest.asked if harvest else memory and memory.is_fresh(self.max_age_s)
        )
        if memory and known:
            return memory.document
        try:
            document = self._asked(question, secrets)
        except Unavailable:
            if memory is None or harvest:
                raise
            return memory.document
        if harvest:
            harvest.asked.add((self.name, question))
        return document

    def _recall(self, question: Question) -> remembered.Memory | None:
        found = (remembered.recall(question.key(base + question.path)) for base in self.bases)
        return next(filter(None, found), None)

    def _asked(self, question: Question, secrets: tuple[str, ...]) -> Document:
        """The answer of the first address that has one; the time that is left is shared among them."""
        deadline, bases = in_force() or QuestionDeadline(option("source_timeout_s")), self.bases
        reason = None
        for number, base in enumerate(bases):
            try:
                return self._at(base, question, secrets, deadline.left() / (len(bases) - number))
            except Unavailable as error:
                reason = error if reason is None or reason.kind == "circuit-open" else reason
        if reason is None:
            raise QueryError(
                f'no address of {self.name} is known\n  fairlab.set_options(hosts={{"{self.name}": "https://…"}}) '
                "names one",
                kind="option-value",
            )
        raise reason

    def _at(self, base: str, question: Question, secrets: tuple[str, ...], given_s: float) -> Document:
        # The deadline of the answer runs from here, so that a turn that is long in coming counts, too.
        deadline, everything = QuestionDeadline(given_s), _harvest.get()
        pause_s = max(self.pause_s, everything.pause_s if everything else 0.0)
        with line.turn(self.name, base, pause_s=pause_s, given_s=given_s):
            return self._exchanged(base + question.path, question, secrets, deadline)

    def _exchanged(
        self, url: str, question: Question, secrets: tuple[str, ...], deadline: Deadline
    ) -> Document:
        key = question.key(url)
        memory = None if secrets else remembered.recall(key)
        headers = [f"Accept: {question.accept}", *secrets, *(memory.conditions if memory else ())]
        if contact := option("contact"):
            headers.append(f"From: {contact}")
        known: dict[str, Any] = {
            "deadline": deadline,
            "max_bytes": question.max_bytes,
        }
        if question.body is None:
            answer = http.get(url, headers=tuple(headers), **known)
        else:
            headers.append("Content-Type: application/json")
            answer = http.post(url, question.body, headers=tuple(headers), **known)
        if answer.status == 304 and memory:
            return remembered.renew(key, memory, now())
        shown = redact(url) if secrets else public(url)
        if answer.missing and question.missing_ok:
            return Document(content=None, url=shown, retrieved_at=now())
        if answer.status != 200:
            raise UnexpectedAnswer(
                f"{self.name} answers {answer.status} for {answer.url}\n"
                "  its interface may have moved: fairlab.set_options(hosts={…}) names another address",
                kind=f"http-{answer.status}",
                url=answer.url,
            )
        document = Document(content=_READERS[question.accept](answer), url=shown, retrieved_at=now())
        if not secrets:
            remembered.remember(key, document, answer.headers)
        return document

    def _relative(self, path: str) -> str:
        if "://" not in path:
            return f"/{path.lstrip('/')}" if path else ""
        # Answers name addresses as they are known outside, whatever the address they were asked at.
        bare = path.partition("://")[2]
        for base in (*self.bases, *self._bases):
            own = base.partition("://")[2]
            if bare == own or bare.startswith((f"{own}/", f"{own}?")):
                return bare[len(own) :]
        raise UnexpectedAnswer(
            f"{self.name} names an address that is not its own: {redact(path)}\n"
            f"  expected one below {' or '.join(map(redact, self.bases))}",
            kind="address-elsewhere",
            url=redact(path),
        )
