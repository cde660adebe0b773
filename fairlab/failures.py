"""What became of asking a repository that did not answer well, and what the reader can do."""

from __future__ import annotations

from typing import Final

from fairlab.errors import AccessError, FairlabError, UnexpectedAnswer
from fairlab.record import Failure

_ADVICE: Final = {
    "offline": "fairlab.set_options(offline=False) lets it be asked",
    "timeout": "give it longer with timeout_s=…; results.more() asks it again",
    "host-unknown": "see that there is a network; fairlab.set_options(hosts=…) names another address",
    "circuit-open": "it failed several times in a row and is left in peace for a while",
    "http-429": "it is asked too often; wait before asking again",
    "adapter": "this is a fault of the repository's adapter, not yours: please report it",
}
_OTHERWISE: Final = "the others' answers are not affected; results.more() asks it again"


def failure(name: str, error: Exception) -> Failure:
    """What became of asking a repository, and what the reader can do."""
    if not isinstance(error, FairlabError):
        return Failure(
            repository=name,
            kind="adapter",
            message=f"its answer could not be read ({type(error).__name__}: {error})",
            advice=_ADVICE["adapter"],
        )
    if isinstance(error, AccessError):
        advice = "the others' answers are not affected; this one wants to know who asks"
    elif isinstance(error, UnexpectedAnswer):
        advice = "its interface may have changed: a newer fairlab may know it, else please report it"
    else:
        advice = _OTHERWISE
    return Failure(
        repository=name, kind=error.kind, message=error.message, advice=_ADVICE.get(error.kind, advice)
    )


def late(name: str, *, given: int, limit_s: float) -> Failure:
    """What became of a repository whose time was over when it had given so many records."""
    said = f"{given} records and then nothing more" if given else "no answer"
    return Failure(
        repository=name,
        kind="timeout",
        message=f"{said} within {limit_s:g} s",
        advice=_ADVICE["timeout"],
    )
