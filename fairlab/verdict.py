"""Does it obey the specification? Metadata and hierarchy of one OME-Zarr, judged apart."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import FairlabError, FormatError, QueryError
from fairlab.foreign_text import printable
from fairlab.ngff.documents import parse
from fairlab.ngff.validation.document import nothing, odd, read, unread
from fairlab.ngff.validation.findings import error, hint, within
from fairlab.ngff.validation.problems import Problem, bounded, listed

if TYPE_CHECKING:
    import os

    from fairlab.net.store import Store
    from fairlab.record import Record


@dataclass(frozen=True, kw_only=True, repr=False)
class Verdict:
    """Whether an OME-Zarr obeys the specification, and where it does not."""

    source: str
    """What was judged; redacted address."""
    version: str | None
    """Version whose rules were used: as stated, or as guessed where none is."""
    kind: str | None
    """``image``, ``label``, ``plate``, ``well``, ``scene``, ``bioformats2raw``, ``labels``, ``series`` or None."""
    problems: tuple[Problem, ...]
    """What is wrong, in the order of the documents; at most 100 of each type."""
    hierarchy: bool | None = None
    """Whether the arrays and groups that the metadata speaks of are there and agree with it; None when only
    metadata was judged."""
    checked: int = 1
    """Groups and arrays that were looked at."""

    @property
    def valid(self) -> bool:
        """Whether the metadata breaks no MUST (strict: and no SHOULD)."""
        return not any(p.level == "error" and not p.type.startswith("hierarchy.") for p in self.problems)

    def __bool__(self) -> bool:
        """Whether metadata and hierarchy are both sound."""
        return self.valid and self.hierarchy is not False

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain values; ``hierarchy`` only where it was judged."""
        facts: dict[str, Any] = {"valid": self.valid, "version": self.version, "kind": self.kind}
        if self.hierarchy is not None:
            facts["hierarchy"] = self.hierarchy
        return {**facts, "problems": [problem.to_dict() for problem in self.problems]}

    def __repr__(self) -> str:
        return str(self)  # a notebook shows what the command line prints

    def __str__(self) -> str:
        what = f"OME-Zarr {self.version} {self.kind or 'metadata'}" if self.version else "OME-Zarr"
        lines = [f"{'valid' if self.valid else 'not valid'} {what}  {self.source}"]
        if self.hierarchy is not None:
            state = (
                f"{'sound' if self.hierarchy else 'not sound'}: {self.checked} groups and arrays looked at"
            )
            lines.append(f"hierarchy {state}" if self.checked else "hierarchy: nothing is there")
        counts = Counter(problem.level for problem in self.problems)
        lines += [
            f"{counts[level]} {level}{'s' * (counts[level] != 1)}"
            for level in ("error", "warning", "hint")
            if counts[level]
        ]
        order = {"error": 0, "warning": 1, "hint": 2}
        alike: dict[tuple[int, str, str], list[str]] = {}
        for problem in self.problems:
            alike.setdefault((order[problem.level], problem.type, problem.msg), []).append(problem.loc or "/")
        for (level, type_, message), places in sorted(alike.items()):
            more = f" and {len(places) - 1} more" if len(places) > 1 else ""
            lines.append(f"{list(order)[level]}: {message} [{type_}]\n  at {places[0]}{more}")
        return "\n".join(lines)


def validate(source: str | os.PathLike[str] | Record | Mapping[str, Any], *, strict: bool = False) -> Verdict:
    """Judge whether an OME-Zarr obeys the specification of its version.

    Every group and array that the metadata speaks of is looked at (for a plate: every well and field), in a
    few bursts of requests; no pixels are read. :func:`fairlab.open_image` is more lenient: what can be read
    correctly opens, valid or not.

    Parameters
    ----------
    source : str, path-like, Record or mapping
        Whatever :func:`fairlab.open_image` opens; plates, wells, labels, scenes and collections too. A
        mapping is judged as the attributes of a group (or a whole ``zarr.json``), by themselves.
    strict : bool
        Whether a SHOULD counts as a MUST.

    Returns
    -------
    Verdict
        True when metadata and hierarchy are sound; ``problems`` says what is not, where, and by which rule.

    Raises
    ------
    NotFoundError, AccessError, Unavailable
        Nothing is known of what is there.
    QueryError
        kind ``"source-type"``: a mapping that is no JSON.

    Examples
    --------
    >>> import fairlab
    >>> bool(fairlab.validate("sample:nuclei"))
    True
    >>> verdict = fairlab.validate({"well": {"images": [{"path": "a/b"}], "version": "0.4"}})
    >>> verdict.valid, verdict.problems[0].loc
    (False, '/well/images/0/path')
    """
    if isinstance(source, Mapping) and not hasattr(source, "dims"):  # what xarray opened is refused below
        return judge(_as_json(source), where="these attributes", strict=strict)
    from fairlab.net.store import open_store
    from fairlab.opening import first_that_opens

    return first_that_opens(source, lambda location: of_store(open_store(location), strict=strict))[1]


def judge(body: bytes, *, where: str, strict: bool = False) -> Verdict:
    """Judge one document: a group's attributes, or a whole ``zarr.json``.

    Parameters
    ----------
    body : bytes
        The document; what is no JSON is not valid.
    where : str
        Its address, for messages.
    strict : bool
        Whether a SHOULD counts as a MUST.

    Examples
    --------
    >>> judge(b'{"well": {"images": [], "version": "0.4"}}', where=".zattrs").problems[0].type
    'well.length'
    """
    try:
        value, remarks = parse(body, where=where)
    except FormatError as exc:
        problems = listed(unread(exc), version=None, document="", strict=strict)
        return Verdict(source=where, version=None, kind=None, problems=tuple(problems))
    document = read(value)
    # A label image's own block may be judged by itself, as the specification's suites and strict example do.
    alone = (dataclasses.replace(finding, level="hint") for finding in document.alone())
    findings = itertools.chain(odd(remarks), document.judged(), alone)
    problems = listed(findings, version=document.version, document="", strict=strict)
    return Verdict(
        source=where, version=_named(document.version), kind=document.kind, problems=bounded(problems)
    )


def untold(source: str, refusal: FairlabError) -> Verdict:
    """The verdict on what could not be looked at: not valid, and why.

    Examples
    --------
    >>> untold("a.json", QueryError("there is no file a.json", kind="path-missing")).problems[0].type
    'document.path-missing'
    """
    found = error(refusal.kind, (), str(refusal).splitlines()[0])
    problems = listed(within("document", iter([found])), version=None, document="", strict=False)
    return Verdict(source=source, version=None, kind=None, problems=tuple(problems))


def of_store(store: Store, *, strict: bool) -> Verdict:
    """Judge what is in a store; see :func:`validate`."""
    # Imported here: a suite of single documents calls the command hundreds of times, and needs no transport.
    from fairlab.net.hierarchy import MAX_NODES, walk
    from fairlab.ngff.validation import hierarchy

    tree, whole = walk(store)
    version = tree[""].document.version if tree[""].document else None
    problems: list[Problem] = []
    if not tree[""].values:
        problems += listed(nothing(), version=None, document="", strict=strict)
    for node in tree.values():
        judged = node.document.judged() if node.document else iter(())
        own = node.document.version if node.document else None
        problems += listed((*node.findings, *judged), version=own, document=node.main, strict=strict)
    for document, finding in hierarchy.judged(tree):
        problems += listed([finding], version=version, document=document, strict=strict)
    if not whole:
        unseen = hint("unseen", (), f"only the first {MAX_NODES} groups and arrays were looked at")
        problems += listed(within("hierarchy", iter([unseen])), version=None, document="", strict=strict)
    kept = bounded(problems)
    return Verdict(
        source=store.location,
        version=_named(version),
        kind=tree[""].document.kind if tree[""].document else None,
        problems=kept,
        hierarchy=not any(p.level == "error" and p.type.startswith("hierarchy.") for p in kept),
        checked=sum(bool(node.values) for node in tree.values()),
    )


def _named(version: str | None) -> str | None:
    """A version that may be any text, fit for a line."""
    return version if version is None else printable(version)[:80]


def _as_json(attributes: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(dict(attributes)).encode()
    except (TypeError, ValueError, RecursionError) as exc:
        raise QueryError(
            f"the attributes are no JSON ({exc})\n  give plain dicts, lists, strings and numbers",
            kind="source-type",
        ) from exc
