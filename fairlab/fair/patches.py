"""The crate that would lift an image: made from what is known, united with what lies there, its effect computed.

Nothing is invented. A patch gathers beside the image what other documents say of it (the archive, the study, the
catalogue) and what the user adds; the score after it is computed by the same metrics from the same documents.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FormatError, OutputError
from fairlab.fair.crate_graph import crate_of
from fairlab.fair.crate_terms import FILE_NAME, IMAGE_CONTEXT, Entity
from fairlab.fair.crate_writer import crate_json, image_crate
from fairlab.fair.description import Description
from fairlab.fair.metric_set import metric_set
from fairlab.ngff.documents import parse
from fairlab.record import Record

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from fairlab.fair.report import Report
    from fairlab.fair.scoring import Score

_ROLE: Final = "crate:0"
_CHAIN: Final = frozenset({"#acquisition", "#specimen", "#biosample"})


@dataclass(frozen=True, kw_only=True, repr=False)
class Patch:
    """A crate to lay beside an image, and what it would do; :func:`patch` makes it."""

    text: str
    """Content of ``ro-crate-metadata.json``."""
    report: Report
    """The report before."""

    @functools.cached_property
    def predicted(self) -> Report:
        """The report that there would be."""
        return self.report.predicted({_ROLE: self.text})

    @property
    def before(self) -> Score:
        """The total as it is."""
        return self.report.total

    @property
    def after(self) -> Score:
        """The total as it would be."""
        return self.predicted.total

    @property
    def raised(self) -> tuple[str, ...]:
        """Ids of the metrics that would score higher."""
        now, then = self.report.outcomes, self.predicted.outcomes
        return tuple(id_ for id_ in now if (then[id_].score or 0.0) > (now[id_].score or 0.0))

    @property
    def lowered(self) -> tuple[str, ...]:
        """Ids of the metrics that would score lower: a contradiction that was there and is seen only now."""
        now, then = self.report.outcomes, self.predicted.outcomes
        return tuple(
            id_ for id_, one in then.items() if one.known and (one.score or 0.0) < (now[id_].score or 0.0)
        )

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the crate into the folder of an image on this machine.

        Parameters
        ----------
        folder : path-like
            The image's own folder, or any other, from which the crate is uploaded.
        overwrite : bool
            Replace a crate that is there; this one holds what that one said.

        Raises
        ------
        OutputError
            kind ``"output-exists"`` or ``"output-unwritable"``.
        """
        target = Path(folder) / FILE_NAME
        if target.exists() and not overwrite:
            raise OutputError(
                f"{target} is already there\n  overwrite=True replaces it; what it says is in the new one",
                kind="output-exists",
                path=str(target),
            )
        draft = target.with_name(f".{FILE_NAME}.part")
        try:
            draft.write_text(self.text, encoding="utf-8")
            draft.replace(target)
        except OSError as exc:
            draft.unlink(missing_ok=True)
            raise OutputError(
                f"cannot write {target}\n  {exc}", kind="output-unwritable", path=str(target)
            ) from exc
        return target

    def __str__(self) -> str:
        if not self.raised:
            return (
                f"a new {FILE_NAME} would not lift {self.report.target} from {self.before}: nothing is known that it "
                "lacks\n  patch(report, more=Record(...)) adds what you know"
            )
        names = metric_set()
        lines = [f"{FILE_NAME} would lift {self.report.target} from {self.before.short} to {self.after}"]
        lines += [f"  + {id_} {names[id_].title}" for id_ in self.raised]
        lines += [f"  - {id_} {names[id_].title}" for id_ in self.lowered]
        return "\n".join(lines)

    __repr__ = __str__


def patch(report: Report, *, more: Description | Record | None = None) -> Patch:
    """The crate that would lift an image.

    Parameters
    ----------
    report : Report
        What :func:`fairlab.assess` gave.
    more : Description or Record, optional
        What you know and no document says: a record with the licence, the organism, the imaging method.

    Raises
    ------
    QueryError
        kind ``"no-probe"``, when the effect is asked of a report that rests on records only.

    Examples
    --------
    >>> import fairlab
    >>> from fairlab.record import Record
    >>> report = fairlab.assess("sample:nuclei", chunk=False)
    >>> made = fairlab.fair.patch(report, more=Record(id="sample:nuclei", kind="image", repository="sample",
    ...                                               publications=("10.1038/nature08869",)))
    >>> made.before.value < made.after.value, "I3-01" in made.raised
    (True, True)
    """
    known = report.description
    if more is not None:
        known = known.merged(_told(more) if isinstance(more, Record) else more)
    there = report.probe.answers.get(_ROLE) if report.probe else None
    theirs = _document(there.text) if there and there.text else None
    ours = image_crate(known)
    return Patch(text=crate_json(united(theirs, ours) if theirs else ours), report=report)


def _told(record: Record) -> Description:
    """A record's statements; those of one without sources are the user's own, who is preferred to documents."""
    told = Description.of(record).statements
    return Description(
        statements=told if record.sources else tuple(dataclasses.replace(one, kind="user") for one in told)
    )


def _document(text: str) -> Entity | None:
    """A crate that can be read and has a root; whatever else lies there is replaced."""
    try:
        value = parse(text.encode("utf-8", "surrogatepass"), where=FILE_NAME)[0]
    except FormatError:
        return None
    return value if crate_of(value).root is not None else None


def united(theirs: Mapping[str, Any], ours: Entity) -> Entity:
    """A crate with what another adds; where both say something, the first stays as its authors wrote it.

    Examples
    --------
    >>> theirs = {"@context": "https://w3id.org/ro/crate/1.1/context",
    ...           "@graph": [{"@id": "./", "@type": "Dataset", "name": "A fly"}]}
    >>> ours = {"@context": IMAGE_CONTEXT, "@graph": [{"@id": "./", "name": "x", "keywords": ["wing"]}]}
    >>> united(theirs, ours)["@graph"]
    [{'@id': './', '@type': 'Dataset', 'name': 'A fly', 'keywords': ['wing']}]
    """
    root = crate_of(theirs).root
    name = root.id if root is not None else "./"
    graph = [dict(entity) for entity in theirs["@graph"] if isinstance(entity, dict)]
    by_id = {entity.get("@id"): entity for entity in graph}
    # Their own chain of acquisition and specimen stays the only one.
    keeps_chain = "resultOf" in by_id.get(name, {})
    for entity in ours["@graph"]:
        identifier = name if entity["@id"] == "./" else entity["@id"]
        if keeps_chain and identifier in _CHAIN:
            continue
        if identifier in by_id:
            there = by_id[identifier]
            there.update({key: value for key, value in entity.items() if key not in there})
        elif not (identifier == FILE_NAME and _describes(graph, name)):
            graph.append(_pointing(entity, name) | {"@id": identifier})
    return {**theirs, "@context": _contexts(theirs.get("@context")), "@graph": graph}


def _describes(graph: list[Entity], root: str) -> bool:
    return any(
        str(entity.get("@id")).endswith(FILE_NAME) and entity.get("about") == {"@id": root}
        for entity in graph
    )


def _pointing(entity: Entity, root: str) -> Entity:
    return {key: {"@id": root} if value == {"@id": "./"} else value for key, value in entity.items()}


def _contexts(theirs: Any) -> list[Any]:
    """Their context, after ours, so that their own meaning of a term stays."""
    stated = theirs if isinstance(theirs, list) else [theirs] if theirs else []
    ours = [part for part in IMAGE_CONTEXT if part not in stated]
    return [
        *(part for part in ours if isinstance(part, str)),
        *(p for p in ours if not isinstance(p, str)),
        *stated,
    ]
