"""What the metrics see of a probe and a description: documents, whether they were asked, and evidence for a value."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FormatError
from fairlab.fair.outcome import Evidence, Outcome, failed, unknown
from fairlab.ngff.documents import parse
from fairlab.ngff.group import image as ngff_image
from fairlab.ngff.identity import block_of
from fairlab.ngff.validation.arrays import ArrayFacts
from fairlab.ngff.validation.arrays import facts as array_facts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from fairlab.fair.bundle import Answer, Probe
    from fairlab.fair.description import Description
    from fairlab.fair.statement import Kind, Statement
    from fairlab.ngff.model import Image

STUDY_FACTS: Final[tuple[Kind, ...]] = ("user", "api", "study-crate", "catalogue", "crate")
"""Kinds of documents that say who made what, and under which licence."""
BESIDE: Final[tuple[Kind, ...]] = ("user", "api", "study-crate", "crate", "ome-xml")
"""Kinds of documents that say how it was imaged; the catalogue's tables have no room for that."""
NGFF: Final[tuple[Kind, ...]] = ("ngff",)
ARRAY: Final[tuple[Kind, ...]] = ("array",)
CRATE: Final[tuple[Kind, ...]] = ("crate",)
RESOLUTION: Final = frozenset({"doi", "landing"})
"""Roles of what the identifiers lead to; see :mod:`fairlab.fair.resolution`."""
_ROLES: Final[dict[Kind, tuple[str, ...]]] = {
    "crate": ("crate:0", "crate:1", "crate:2", "crate:3"),
    "ome-xml": ("ome-xml",),
    "ngff": ("zarr.json", ".zattrs"),
    "array": ("array:first", "array:last"),
}
_ABSENT: Final = (400, 401, 403, 404, 410)
"""Answers that mean: nothing for you here. Buckets that may not be listed refuse what they do not have."""
EXCERPT: Final = "only a record of search was read, which has no room for it"
_NAMED: Final = 4
ASK_AGAIN: Final = "Assess it again when the documents can be read."


# ── documents ────────────────────────────────────────────────────────────────────────────────────────


@functools.lru_cache(maxsize=32)
def _parsed(text: str) -> Any:
    try:
        return parse(text.encode("utf-8", "surrogatepass"), where="here")[0]
    except FormatError:
        return None


def document(probe: Probe | None, role: str) -> Any:
    """The document of a role as JSON, parsed once for all metrics; None when there is none that can be read."""
    answer = probe.answers.get(role) if probe else None
    return _parsed(answer.text) if answer and answer.text is not None else None


def unanswered(probe: Probe | None, role: str) -> Answer | None:
    """The answer of a role if it tells neither that the document is there nor that it is not."""
    answer = probe.answers.get(role) if probe else None
    if answer is None or answer.text is not None or answer.status in _ABSENT:
        return None
    return answer


def was_probed(probe: Probe | None) -> bool:
    """Whether the documents beside an image were asked for, not only where its identifiers lead."""
    return probe is not None and bool(probe.answers.keys() - RESOLUTION)


def root_role(probe: Probe | None) -> str | None:
    """Role of the document that holds the attributes: ``"zarr.json"`` or ``".zattrs"``."""
    found = (role for role in _ROLES["ngff"] if isinstance(document(probe, role), dict))
    return next(found, None)


def image_role(probe: Probe | None) -> str | None:
    """Role of the document that holds the image's attributes: of a plate or collection, its first image's."""
    return "image" if isinstance(document(probe, "image"), dict) else root_role(probe)


def attributes(probe: Probe | None, role: str | None = None) -> Mapping[str, Any]:
    """Attributes of a group, as its document has them; by default those of the group that was asked for."""
    role = role or root_role(probe)
    value = document(probe, role) if role else {}
    inner = value.get("attributes", {}) if "zarr_format" in value and "node_type" in value else value
    return inner if isinstance(inner, dict) else {}


def ome(probe: Probe | None) -> Mapping[str, Any]:
    """The OME-Zarr metadata of the group, wherever its version keeps them."""
    return block_of(attributes(probe))


def image_ome(probe: Probe | None) -> Mapping[str, Any]:
    """The OME-Zarr metadata of the image: of a plate or collection, of the first one in it."""
    return block_of(attributes(probe, image_role(probe)))


def multiscale(probe: Probe | None) -> Mapping[str, Any] | None:
    """The first multiscale image; None when there is none."""
    entries = image_ome(probe).get("multiscales")
    first = entries[0] if isinstance(entries, list) and entries else None
    return first if isinstance(first, dict) else None


def image(probe: Probe | None) -> Image | None:
    """The first multiscale image as fairlab reads it, whatever its version; None when it cannot be read."""
    try:
        stated = attributes(probe, image_role(probe))
        return ngff_image(stated, zarr_format=3 if root_role(probe) == "zarr.json" else 2, where="here")
    except FormatError:
        return None


def axes(probe: Probe | None) -> list[Mapping[str, Any]]:
    """Axes as the document states them; names alone (0.3) become objects."""
    entry = multiscale(probe) or {}
    systems = entry.get("coordinateSystems")
    inner = systems[0] if isinstance(systems, list) and systems else {}
    stated = entry.get("axes", inner.get("axes") if isinstance(inner, dict) else None)
    return [
        one if isinstance(one, dict) else {"name": one}
        for one in (stated if isinstance(stated, list) else [])
    ]


def array(probe: Probe | None, which: str) -> ArrayFacts | None:
    """What the metadata of the ``"first"`` or ``"last"`` level's array say."""
    value = document(probe, f"array:{which}")
    return array_facts(value) if isinstance(value, dict) else None


def inner_chunks(probe: Probe | None, which: str) -> tuple[int, ...] | None:
    """Shape of the chunks inside the shards of an array; None where it has no shards."""
    value = document(probe, f"array:{which}")
    codecs = value.get("codecs") if isinstance(value, dict) else None
    for codec in codecs if isinstance(codecs, list) else []:
        if isinstance(codec, dict) and codec.get("name") == "sharding_indexed":
            shape = (codec.get("configuration") or {}).get("chunk_shape")
            if isinstance(shape, list) and all(isinstance(n, int) and n > 0 for n in shape):
                return tuple(shape)
    return None


def crates(probe: Probe | None) -> list[tuple[str, Mapping[str, Any]]]:
    """The RO-Crates that could be parsed, nearest first, with their addresses."""
    found = [(role, document(probe, role)) for role in _ROLES["crate"]]
    return [(address(probe, role), value) for role, value in found if isinstance(value, dict)]


def address(probe: Probe | None, role: str) -> str:
    """Where the document of a role lies."""
    answer = probe.answers.get(role) if probe else None
    return answer.url if answer else role


# ── values ───────────────────────────────────────────────────────────────────────────────────────────


def said(description: Description, path: str, *, what: str | None = None) -> Evidence:
    """The evidence for the preferred value of a path."""
    best = description.best(path)
    if best is None:
        return Evidence(text=what or f"nothing is said of {path}")
    return Evidence(
        text=what or f"{path}: {brief(best.value)}",
        document=best.source.document,
        pointer=best.source.pointer or None,
    )


def brief(value: Any, *, width: int = 120) -> str:
    """A value in one short line.

    Examples
    --------
    >>> brief([{"label": "Mus musculus", "id": "NCBITaxon:10090"}]), brief({"name": "CC BY 4.0", "spdx": "CC-BY-4.0"})
    ('Mus musculus (NCBITaxon:10090)', 'CC BY 4.0 (CC-BY-4.0)')
    """
    text = " ".join(_words(value).split())
    return text if len(text) <= width else text[: width - 1] + "…"


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        more = f" and {len(value) - 5} more" if len(value) > 5 else ""
        return ", ".join(_words(one) for one in value[:5]) + more
    if isinstance(value, dict):
        name = next((value[key] for key in ("label", "name", "funder", "title") if value.get(key)), None)
        key = next((value[key] for key in ("id", "spdx", "doi", "pmid", "url") if value.get(key)), None)
        return f"{name} ({key})" if name and key else str(name or key or next(iter(value.values()), ""))
    return str(value)


def not_said(
    probe: Probe | None,
    description: Description,
    what: str,
    *,
    by: Collection[Kind] = STUDY_FACTS,
    fix: str,
) -> Outcome:
    """The outcome for a value that is missing: a failure only if every document that might hold it was read.

    Parameters
    ----------
    probe : Probe or None
        The documents beside the image; None when they were not asked.
    description : Description
        What was read.
    what : str
        What is missing: ``"a licence"``.
    by : collection of str
        Kinds of documents that could say it.
    fix : str
        What to do about it.
    """
    if silent := silence(probe, description, by):
        return unknown(f"{what} is not known: {silent}", fix=ASK_AGAIN)
    return failed(
        Evidence(text=f"{what} is in none of the documents read"), *_read(probe, description, by), fix=fix
    )


def silence(probe: Probe | None, description: Description, by: Collection[Kind]) -> str | None:
    """Why a value that is missing may yet exist; None when every document that might hold it was read."""
    for kind in by:
        for role in _ROLES.get(kind, ()):
            if (answer := unanswered(probe, role)) is not None:
                return f"{answer.url} gave no answer ({answer.error or answer.status or 'not read'})"
    if not was_probed(probe) and not is_study(description) and any(kind in _ROLES for kind in by):
        return "the documents beside the image were not asked for"
    told = {one.kind for one in description.statements}
    if not was_probed(probe) and not told & set(by):
        return "no document that could say it was read"
    if not was_probed(probe) and "catalogue" not in by:
        return EXCERPT
    return None


def _read(probe: Probe | None, description: Description, by: Collection[Kind]) -> list[Evidence]:
    """The documents that were read, some of them when they are many, and those that are not there."""
    documents = list(dict.fromkeys(one.source.document for one in description.statements if one.kind in by))
    found = [Evidence(text="read", document=name) for name in documents[:_NAMED]]
    if len(documents) > _NAMED:
        found.append(Evidence(text=f"and {len(documents) - _NAMED} more"))
    wanted = {"RO-Crate": _ROLES["crate"], "OME-XML": _ROLES["ome-xml"]}
    gone = [
        name
        for name, roles in wanted.items()
        if probe
        and set(roles) & {role for kind in by for role in _ROLES.get(kind, ())}
        and not any(one and one.text is not None for one in map(probe.answers.get, roles))
    ]
    return [*found, Evidence(text=f"there is no {' and no '.join(gone)}")] if gone else found


def kept_elsewhere(description: Description) -> Statement | None:
    """What an archive, the crate of a study or a catalogue says; what fairlab makes itself is none of these."""
    for one in description.statements:
        if (
            one.kind in ("api", "catalogue", "study-crate")
            and one.source.basis == "asserted"
            and not one.source.document.startswith("fairlab.")
        ):
            return one
    return None


def is_study(description: Description) -> bool:
    """Whether a study is assessed, which has no pixels of its own."""
    return bool(description.get("identity.object_type") == "study")


def where(probe: Probe | None, description: Description) -> str | None:
    """Address of the pixels."""
    stated = description.get("identity.url")
    return stated if isinstance(stated, str) else probe.url if probe else None
