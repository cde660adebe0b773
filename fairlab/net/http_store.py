"""Objects below one web address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from fairlab.errors import FormatError, UnexpectedAnswer
from fairlab.net import cache, checksums, http
from fairlab.net.address import redact
from fairlab.net.deadline import Deadline
from fairlab.net.traffic import ledger
from fairlab.ngff.paths import inner_path
from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.net.answers import Answer, Version
    from fairlab.net.checksums import Checksum, Verify
    from fairlab.net.curl import Begun
    from fairlab.net.traffic import Ledger


@dataclass(frozen=True)
class Question:
    """What is asked of a store, whatever the address and the headers are."""

    key: str
    part: slice | None
    deadline: Deadline
    max_bytes: int | None

    def put_to(self, url: str, headers: tuple[str, ...], sums: Ledger) -> Answer:
        """The answer of an address."""
        return http.get(
            url,
            part=self.part,
            deadline=self.deadline,
            max_bytes=self.max_bytes,
            headers=headers,
            ledger=sums,
        )


class HttpStore:
    """Objects below one web address.

    Parameters
    ----------
    url : str
        Quoted, without a slash at the end. A query stays with every request: it may be what opens the door.
    verify : {"auto", True, False}, optional
        Whether checksums that the server states are compared; by default as the option ``verify`` says then.
    """

    _speaks_s3 = False

    def __init__(self, url: str, *, verify: Verify | None = None):
        self._url, self._verify = url, verify
        self._base, mark, query = url.partition("?")
        self._query = mark + query
        self.location = redact(url)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.location}>"

    def get(
        self,
        key: str,
        *,
        part: slice | None = None,
        deadline: Deadline | None = None,
        max_bytes: int | None = None,
    ) -> bytes | None:
        """See :class:`fairlab.net.store.Store`."""
        return self.get_version(key, part=part, deadline=deadline, max_bytes=max_bytes)[0]

    def get_version(
        self,
        key: str,
        *,
        part: slice | None = None,
        deadline: Deadline | None = None,
        max_bytes: int | None = None,
    ) -> tuple[bytes | None, Version]:
        """What :meth:`get` gives, and of which version of the object it is."""
        place = inner_path(key, where=self.location)
        answer = self.answer(place, part=part, deadline=deadline, max_bytes=max_bytes)
        if answer.status == 410:  # it was there once: the fill value in its place would be a guess
            raise UnexpectedAnswer(
                f"the server answers 410 for {answer.url}\n  what was there is gone for good; ask who keeps the data",
                kind="http-410",
                url=answer.url,
                tries=answer.tries,
            )
        return None if answer.missing else answer.body, answer.version

    def forget(self, key: str, *, part: slice | None = None) -> None:
        """Keep nothing of what was answered: it was damaged, and what the server says of it would not tell."""
        cache.forget(self._address(inner_path(key, where=self.location)), part)

    def begin(
        self,
        key: str,
        *,
        part: slice | None = None,
        deadline: Deadline,
        max_bytes: int | None = None,
        then: Callable[[Begun], None],
    ) -> Begun | None:
        """Ask ahead what :meth:`get` is to be asked with the same words; None when that has to be waited for.

        See :func:`fairlab.net.http.begin`.
        """
        if option("cache_max_bytes"):  # what is asked depends on what is kept
            return None
        url, headers = self._plain(inner_path(key, where=self.location))
        sums = ledger(self.location)
        return http.begin(
            url,
            part=part,
            deadline=deadline,
            max_bytes=max_bytes,
            headers=headers,
            ledger=sums,
            then=then,
        )

    def _plain(self, key: str) -> tuple[str, tuple[str, ...]]:
        """Address of a key, and further headers, as they are asked for first."""
        return self._address(key), ()

    def answer(
        self,
        key: str,
        *,
        part: slice | None = None,
        deadline: Deadline | None = None,
        headers: tuple[str, ...] = (),
        max_bytes: int | None = None,
    ) -> Answer:
        """What the server says about a key that is known to be clean (``""`` is the address itself).

        Its body is the part that was asked for, also when the server sent the whole. ``headers`` are further
        ones of the request.

        Raises
        ------
        FormatError
            kind ``"html-page"``: a web page came in place of data.
        UnexpectedAnswer
            kind ``"checksum-mismatch"``: twice, what came is not what the server states.
        """
        question = Question(key, part, deadline or Deadline(), max_bytes)

        def ask(conditions: tuple[str, ...]) -> Answer:
            answer = self._ask(question, conditions + headers)
            if self._differs(answer):  # it may have happened on the way
                answer = self._ask(question, conditions + headers)
                if self._differs(answer):
                    raise _differing(answer, self._checksum(answer))
            return answer

        answer = cache.through(self._address(key), part, ask, where=self.location)
        if answer.is_page and not answer.missing:
            raise FormatError(
                f"{answer.url} is a web page, not data\n  it may be a log-in or an error page; open it in a browser",
                kind="html-page",
                url=answer.url,
            )
        if part is not None and answer.status == 200:  # a server may ignore Range and send the whole
            return replace(answer, body=answer.body[part])
        return answer

    def _ask(self, question: Question, headers: tuple[str, ...]) -> Answer:
        return question.put_to(self._address(question.key), headers, ledger(self.location))

    def _address(self, key: str) -> str:
        return f"{self._base}/{quote(key)}{self._query}" if key else self._url

    def _differs(self, answer: Answer) -> bool:
        checksum = self._checksum(answer) if answer.status == 200 else None
        return (
            checksum is not None
            and checksums.wanted(checksum.algorithm, ledger(self.location).rate(), self._verify)
            and not checksums.matches(checksum, answer.body)
        )

    def _checksum(self, answer: Answer) -> Checksum | None:
        return checksums.stated(answer.headers, s3=self._speaks_s3)


def _differing(answer: Answer, checksum: Checksum | None) -> UnexpectedAnswer:
    algorithm = checksum.algorithm if checksum else ""
    return UnexpectedAnswer(
        f"the bytes are not those of the checksum that the server states ({algorithm})\n"
        f"  at {answer.url}, fetched twice\n"
        "  the object is damaged in the store; tell the repository "
        "(fairlab.set_options(verify=False) reads it nevertheless)",
        kind="checksum-mismatch",
        url=answer.url,
        algorithm=algorithm,
        tries=2,
    )
