"""Are the addresses of the catalogue still alive? A sample of them is asked, politely."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from fairlab.errors import AccessError, FairlabError, FormatError, NotFoundError, QueryError
from fairlab.filters import count
from fairlab.moves import addresses_to_try
from fairlab.net.store import open_store
from fairlab.query import Query, make_query
from fairlab.repositories.catalogue import CatalogueRepository
from fairlab.repositories.folder_records import look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.record import Record

_AT_ONCE, _PER_HOST = 8, 2
_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What became of one address."""

    id: str
    """Identifier of the image."""
    verdict: Literal["alive", "dead", "unknown"]
    """``"dead"``: every address says that nothing is there; ``"unknown"``: nobody could tell."""
    tried: tuple[str, ...]
    """Addresses, in the order in which they were asked."""
    said: tuple[str, ...] = ()
    """What each of them answered."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A sample of addresses, probed."""

    probes: tuple[Probe, ...]
    """One per image."""
    listed: int
    """How many addresses the sample is of."""
    seed: int
    """Gives the same sample again."""

    def of(self, verdict: str) -> tuple[Probe, ...]:
        """The probes with one verdict."""
        return tuple(probe for probe in self.probes if probe.verdict == verdict)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        counts = {name: len(self.of(name)) for name in ("alive", "dead", "unknown")}
        return {
            "listed": self.listed,
            "sample": len(self.probes),
            "seed": self.seed,
            **counts,
            "probes": [asdict(probe) for probe in self.probes],
        }

    def __str__(self) -> str:
        lines = [
            f"{len(self.probes):,} of {self.listed:,} addresses asked (seed {self.seed}): "
            + ", ".join(f"{len(self.of(name)):,} {name}" for name in ("alive", "dead", "unknown"))
        ]
        for probe in [*self.of("dead"), *self.of("unknown")][:_NAMED]:
            lines.append(f"{probe.verdict}: {probe.id}")
            lines += [f"  {url}: {said}" for url, said in zip(probe.tried, probe.said, strict=True)]
        return "\n".join(lines)


def check(
    *, sample: int = 50, repository: str | Sequence[str] | None = None, seed: int = 0, pause_s: float = 0.1
) -> Checked:
    """Ask a sample of the catalogue's addresses whether they are still there.

    Each image's address is asked for its metadata, and where it has moved, the old and the new one; no pixels
    are read. At most two requests go to one server at a time.

    Parameters
    ----------
    sample : int
        How many addresses to ask.
    repository : str or sequence of str, optional
        Only those of these publishers, as for :func:`fairlab.search`.
    seed : int
        Which sample to take.
    pause_s : float
        Time to wait before each address.

    Returns
    -------
    Checked
        A verdict per address, with what was tried and what it said.

    Raises
    ------
    QueryError
        kind ``"query-value"``: a sample below one; ``"catalogue-empty"``: no address of this publisher.
    """
    wanted = count("sample", sample)
    if wanted is None:
        raise QueryError("sample is None; expected how many addresses to ask", kind="query-value")
    query = make_query(repository=repository, limit=None) if repository else Query(limit=None)
    listed = [record for record in CatalogueRepository().search(query) if record.url]
    if not listed:
        raise QueryError(
            f"the catalogue lists no address of {repository}\n"
            '  fairlab.catalogue.facets()["repository"] names whose addresses it lists',
            kind="catalogue-empty",
        )
    chosen = random.Random(seed).sample(listed, min(wanted, len(listed)))
    turns: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(_PER_HOST))
    for record in chosen:
        turns[_host(record)]  # made before threads ask for them
    waiting = threading.Event()

    def probe(record: Record) -> Probe:
        with turns[_host(record)]:
            waiting.wait(pause_s)
            return _probe(record)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return Checked(probes=tuple(pool.map(probe, chosen)), listed=len(listed), seed=seed)


def _host(record: Record) -> str:
    return urlsplit(str(record.url)).netloc


def _probe(record: Record) -> Probe:
    tried: list[str] = []
    said: list[str] = []
    verdicts: list[str] = []
    for url in addresses_to_try(str(record.url), listed=record.listed_url):
        verdict, answer = _asked(url)
        tried.append(url)
        said.append(answer)
        verdicts.append(verdict)
        if verdict == "alive":
            break
    # Dead is only what every address denies; a server that is away denies nothing.
    whole: Literal["alive", "dead", "unknown"] = (
        "alive" if "alive" in verdicts else "unknown" if "unknown" in verdicts else "dead"
    )
    return Probe(id=record.id, verdict=whole, tried=tuple(tried), said=tuple(said))


def _asked(url: str) -> tuple[str, str]:
    try:
        found = look(open_store(url), url)
    except (NotFoundError, AccessError) as error:
        return "dead", error.kind
    except FormatError as error:
        return "alive", f"there, but {error.kind}"
    except FairlabError as error:
        return "unknown", error.kind
    return ("dead", "nothing that is OME-Zarr") if found.kind == "none" else ("alive", found.kind)
