"""What a filter may be: values of people checked and made plain, or refused with the nearest that exist."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fairlab import terms
from fairlab.errors import QueryError, SelectionError
from fairlab.quantities import quantity_um
from fairlab.terms import Term
from fairlab.traits import UNKNOWN, license_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.terms import Vocabulary

Years = tuple[int | None, int | None]
"""First and last year, both included; None: no bound on that side."""

MAX_COUNT = 1_000_000
"""More records than this are no list that anybody reads; None asks for all."""
_YEARS = re.compile(r"\s*(\d{4})?\s*(?:([-–:])\s*(\d{4})?)?\s*")
_LICENSES = (
    "CC-BY-4.0", "CC0-1.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0", "CC-BY",
)  # fmt: skip


def texts(name: str, value: Any) -> tuple[str, ...]:
    """One text or several, none of them empty.

    Raises
    ------
    QueryError
        kind ``"query-value"``.
    """
    given = (value,) if isinstance(value, str) else () if value is None else value
    if not isinstance(given, list | tuple | set | frozenset) or not all(isinstance(v, str) for v in given):
        raise _wrong(name, value, "a text or a list of texts")
    stripped = tuple(v.strip() for v in given)
    if not all(stripped) or (value is not None and not stripped):
        raise QueryError(f"{name} is empty; leave it out to ask for any", kind="query-value", facet=name)
    return stripped


def known_terms(name: str, value: Any, vocabulary: Vocabulary) -> tuple[Term, ...]:
    """The terms that names, synonyms or identifiers mean.

    Raises
    ------
    QueryError
        kind ``"query-value"``; ``"organism-unknown"`` and others: nobody knows such a term.
    """
    found: list[Term] = []
    for text in texts(name, value):
        if text.casefold() == UNKNOWN:
            found.append(Term(label=UNKNOWN))
            continue
        known = vocabulary.find(text)
        if not known:
            raise unknown_value(name, text, vocabulary.names())
        found += known
    return tuple(dict.fromkeys(found))


def known_license(value: str) -> str:
    """A licence as records count it: SPDX identifier, family, or its own address."""
    if value.casefold() == UNKNOWN:
        return UNKNOWN
    if terms.license(value) is not None:
        return license_label(value)
    if value.startswith(("http://", "https://")):
        return value  # a licence of its own, stated by address as the repository does
    raise unknown_value("license", value, _LICENSES)


def choice(name: str, value: Any, choices: Sequence[Any]) -> Any:
    """One of a few values, capitals or not.

    Raises
    ------
    QueryError
        kind ``"kind-unknown"`` and others, named after the filter.
    """
    text = value.casefold() if isinstance(value, str) else value
    if text not in choices:
        raise unknown_value(name, str(value), choices, list_all=True)
    return text


def flag(name: str, value: Any) -> bool | None:
    """Yes, no, or None for both."""
    if value is not None and not isinstance(value, bool):
        raise _wrong(name, value, "True, False or None")
    return value


def count(name: str, value: Any, *, most: int | None = None) -> int | None:
    """A whole number above zero, or None.

    Raises
    ------
    QueryError
        kind ``"query-value"``.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong(name, value, "a whole number above zero, or None")
    if most is not None and value > most:
        raise _wrong(name, value, f"at most {most:,}, or None for all")
    return value


def years(value: Any) -> Years | None:
    """A year, or a span of years with either end open.

    Raises
    ------
    QueryError
        kind ``"query-value"`` or ``"query-contradiction"``: the span ends before it begins.

    Examples
    --------
    >>> years("2019"), years("2019-2021"), years("2019-"), years((None, 2021))
    ((2019, 2019), (2019, 2021), (2019, None), (None, 2021))
    """
    if value is None:
        return None
    span = _span(value)
    if span == (None, None):
        raise _wrong("year", value, 'a year (2019), a span ("2019-2021", "2019-") or a pair (2019, 2021)')
    first, last = span
    if first is not None and last is not None and first > last:
        raise QueryError(
            f"year {first}-{last} ends before it begins\n  did you mean {last}-{first}?",
            kind="query-contradiction",
            facet="year",
        )
    return span


def _span(value: Any) -> Years:
    if isinstance(value, str):
        found = _YEARS.fullmatch(value)
        first, last = (int(year) if year else None for year in found.group(1, 3)) if found else (None, None)
        return first, last if found and found[2] else first
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2 or not all(year is None or _is_year(year) for year in pair):
        return None, None
    return pair[0], pair[1]


def _is_year(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1000 <= value <= 9999


def pairs(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Key/value pairs: all keys are asked for, any of the values of each.

    Examples
    --------
    >>> pairs({"Gene Symbol": "CDK1", "Phenotype": ["elongated", "binuclear"]})
    (('Gene Symbol', ('CDK1',)), ('Phenotype', ('elongated', 'binuclear')))
    """
    if value is None:
        return ()
    if (
        not isinstance(value, Mapping)
        or not value
        or not all(isinstance(k, str) and k.strip() for k in value)
    ):
        raise _wrong("attributes", value, 'key/value pairs: {"Gene Symbol": "CDK1"}')
    return tuple((key.strip(), _stated(key, found)) for key, found in value.items())


def _stated(key: str, value: Any) -> tuple[str, ...]:
    found = texts(f"attributes[{key!r}]", value)
    if not found:
        raise _wrong(f"attributes[{key!r}]", value, "a text or a list of texts")
    return found


def micrometers(name: str, value: Any) -> float | None:
    """A length in micrometer, from a number or a text with its unit.

    Raises
    ------
    QueryError
        kind ``"query-value"``.
    """
    if value is None:
        return None
    try:
        return quantity_um(value)
    except SelectionError as error:
        raise QueryError(f"{name}: {error.message}", kind="query-value", facet=name) from None


def _wrong(name: str, value: Any, expected: str) -> QueryError:
    return QueryError(
        f"{name} is {value!r}; expected {expected}", kind="query-value", facet=name, value=value
    )


def unknown_value(name: str, value: str, choices: Sequence[str], *, list_all: bool = False) -> QueryError:
    """The error for a filter value that nobody knows, with the nearest that exist."""
    close = terms.nearest(value, choices)
    readable = name.replace("_", " ")
    if close:
        hint = "; did you mean " + " or ".join(f'"{choice}"' for choice in close) + "?"
    elif list_all:
        hint = f"; there are: {', '.join(map(str, choices))}"
    else:
        hint = "; search without this filter and look at results.facets() for what there is"
    return QueryError(
        f'no {readable} "{value[:80]}" is known{hint}',
        kind=f"{name.replace('_', '-')}-unknown",
        facet=name,
        value=value[:80],
        nearest=close,
    )
