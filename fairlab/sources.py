"""Whom to ask a question, how long to wait for each, and why somebody is not asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlab import terms
from fairlab.errors import QueryError
from fairlab.filters import unknown_value
from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fairlab.query import Query
    from fairlab.repositories.base import Repository

LIVE = "live archives"
"""Stands in ``Results.not_asked`` where no repository is installed that asks archives over the network."""
Installed = Mapping[str, "Repository"]


class Choice(NamedTuple):
    """Who is asked, and who is not."""

    asked: tuple[Repository, ...]
    reasons: dict[str, str]
    """Name of a repository that cannot answer this question to why, and what to do."""


def choose(query: Query, installed: Installed, *, live: bool, names: Sequence[str] | str | None) -> Choice:
    """Whom a question goes to.

    Parameters
    ----------
    query : Query
        The question.
    installed : mapping of str to Repository
        Whom there is.
    live : bool
        Whether archives are asked over the network.
    names : sequence of str, optional
        Exactly these.

    Raises
    ------
    QueryError
        kind ``"repository-unknown"``.
    """
    check_publishers(query, installed.values())
    by_name = names is not None
    wanted = (
        [one for one in installed.values() if live or not one.live]
        if names is None
        else named(names, installed)
    )
    reasons = {one.name: reason for one in wanted if (reason := _cannot(one, query, by_name=by_name))}
    return Choice(tuple(one for one in wanted if one.name not in reasons), reasons)


def named(names: Sequence[str] | str, installed: Installed) -> list[Repository]:
    """The repositories of these names.

    Raises
    ------
    QueryError
        kind ``"repository-unknown"``: none is named, or none has this name.
    """
    wanted = (names,) if isinstance(names, str) else tuple(names)
    if not wanted:
        raise QueryError(
            "repositories is empty, so nobody would be asked; leave it out to ask every catalogue",
            kind="repository-unknown",
        )
    for name in wanted:
        if not isinstance(name, str) or name.casefold() not in installed:
            raise unknown_repository(str(name), installed)
    return [installed[name] for name in dict.fromkeys(name.casefold() for name in wanted)]


def unknown_repository(name: str, installed: Installed) -> QueryError:
    """The error for a repository that is not there, with the nearest that are."""
    near = terms.nearest(name, installed)
    hint = f'\n  did you mean "{near[0]}"?' if near else ""
    if name.casefold() in publishers(installed.values()):
        hint = (
            f"\n  {name} publishes data that catalogues list: filter with repository={name!r};\n"
            "  this version of fairlab cannot ask it over the network"
        )
    return QueryError(
        f'no repository "{name[:80]}" is installed; there are: {", ".join(installed)}{hint}',
        kind="repository-unknown",
        name=name[:80],
        nearest=near,
    )


def publishers(repositories: Iterable[Repository]) -> dict[str, str]:
    """Names that ``repository=`` understands, by their case-folded form."""
    names = [name for one in repositories for name in (*_publishes(one), one.name, *one.prefixes)]
    return {name.casefold(): name for name in reversed(names)}


def check_publishers(query: Query, repositories: Iterable[Repository]) -> None:
    """Refuse a ``repository=`` that nobody knows."""
    known = publishers(repositories)
    for name in query.repository:
        if name not in known:
            raise unknown_value("repository", name, list(known.values()))


def limits(timeout_s: Any, repositories: Iterable[Repository], installed: Installed) -> dict[str, float]:
    """Seconds for each repository.

    Parameters
    ----------
    timeout_s : float, mapping of str to float, or None
        For each of them, or by name; who is not named has what the option ``source_timeout_s`` says.

    Raises
    ------
    QueryError
        kind ``"query-value"``: no time at all; ``"repository-unknown"``.
    """
    given = timeout_s if isinstance(timeout_s, Mapping) else {}
    for name, seconds in given.items():
        if not isinstance(name, str) or name.casefold() not in installed:
            raise unknown_repository(str(name), installed)
        _check_seconds(seconds)
    if timeout_s is not None and not isinstance(timeout_s, Mapping):
        _check_seconds(timeout_s)
        return {one.name: float(timeout_s) for one in repositories}
    by_name = {name.casefold(): float(seconds) for name, seconds in given.items()}
    return {one.name: by_name.get(one.name, float(option("source_timeout_s"))) for one in repositories}


def _check_seconds(value: Any) -> None:
    right = isinstance(value, int | float) and not isinstance(value, bool)
    if not right or not math.isfinite(value) or value <= 0:
        raise QueryError(
            f"timeout_s is {value!r}; expected seconds above zero, for all or by name: "
            'timeout_s={"bia": 20}',
            kind="query-value",
            facet="timeout_s",
        )


def _publishes(repository: Repository) -> tuple[str, ...]:
    return tuple(getattr(repository, "publishers", ()))


def _cannot(repository: Repository, query: Query, *, by_name: bool) -> str | None:
    """Why a repository is not asked; who was named is asked even where it is not set up, and says so itself."""
    if not repository.live:
        return None
    idle = getattr(repository, "idle", None)
    if not by_name and idle is not None and (reason := idle()):
        return f"{repository.name} was not asked: {reason}"
    kinds = getattr(getattr(repository, "capabilities", None), "kinds", ("study", "image"))
    if query.kind == "study" and "study" not in kinds:
        return f'{repository.name} was not asked: it finds images only; search with kind="image"'
    names = {name.casefold() for name in (*_publishes(repository), repository.name, *repository.prefixes)}
    if query.repository and not names & set(query.repository):
        return f"{repository.name} was not asked: it has nothing of {' or '.join(query.repository)}"
    return None
