"""What went wrong with a chunk: whether another try may go better, and an error that names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fairlab.errors import ChunkError, FairlabError
from fairlab.net.guard import DECODING_FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable

_MAY_PASS: Final = frozenset({"html-page", "range-wrong", "encoding", "http-416"})


@dataclass(frozen=True, kw_only=True)
class Naming:
    """``with Naming(…):`` turns whatever goes wrong inside into a :class:`~fairlab.errors.ChunkError`."""

    location: str
    """Of the store."""
    key: str
    """Of the chunk."""
    tries: int
    """How often it was fetched, so far as the error does not know better."""
    spare: Callable[[], bool]
    """Asked when what came is damaged: whether that is borne with, as it is going to be fetched again."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> bool:
        if exc is None or not isinstance(exc, (FairlabError, *DECODING_FAULTS)):
            return False
        if _is_damage(exc) and self.spare():
            return True
        raise self._named(exc) from exc

    def _named(self, exc: BaseException) -> ChunkError:
        place = f"chunk {self.key} of {self.location}"
        known = {"tries": self.tries}
        if isinstance(exc, FairlabError):
            known |= {name: value for name, value in exc.context.items() if name != "key"}
        if isinstance(exc, FairlabError) and not isinstance(exc, ChunkError):
            text, code = f"a chunk could not be read: {exc.message}\n  {place}", exc.kind
        else:
            what = exc.message if isinstance(exc, FairlabError) else f"{type(exc).__name__}: {exc}"
            often = "once" if self.tries == 1 else "twice"
            text = (
                f"the chunk does not decode ({what})\n  {place}, fetched {often}\n"
                "  it is damaged in the store or on the way; read again, or tell the repository"
            )
            code = exc.kind if isinstance(exc, FairlabError) else "chunk-damaged"
        return ChunkError(text, kind=code, url=f"{self.location}/{self.key}", key=self.key, **known)


def _is_damage(exc: BaseException) -> bool:
    """Whether something came, but not the chunk: on the way, or by an intermediary, such things happen once."""
    return isinstance(exc, ChunkError) or not isinstance(exc, FairlabError) or exc.kind in _MAY_PASS
