"""What all openers share: what a source means, what the data adds to its record, and how levels are built."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import xarray as xr

import fairlab.accessor  # noqa: F401  (what is opened has .fair)
from fairlab import provenance, session
from fairlab.copied import address_meant
from fairlab.errors import (
    AccessError,
    FairlabError,
    FormatError,
    NotFoundError,
    QueryError,
    RepositoryError,
    warn,
)
from fairlab.fair.crate_reader import facts
from fairlab.lazy import block_shape, chunked, lazily
from fairlab.lazy_variable import LazyVariable, note_missing_in
from fairlab.moves import addresses_to_try, tidy
from fairlab.net.address import redact
from fairlab.net.image_group import CRATE
from fairlab.record import Record, Source
from fairlab.repositories import base
from fairlab.use_conditions import UseConditions
from fairlab.use_conditions import stated as conditions_stated

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.lazy import Chunks
    from fairlab.net.store import Store

Opened = str | os.PathLike[str] | Mapping[str, bytes] | Record
"""What openers take."""
Found = TypeVar("Found")


def resolve(source: Opened) -> tuple[Record | None, str | Mapping[str, bytes]]:
    """The record of a source, where one is known, and the address (or the objects in hand) to open.

    Raises
    ------
    NotFoundError
        kind ``"no-pixels"``: the record resolves to none.
    QueryError
        kind ``"source-type"`` or ``"source-empty"``.
    """
    if isinstance(source, Record):
        location = base.locate(source)
        if location is None:
            raise NotFoundError(
                f'the {source.kind} "{source.id}" resolves to no pixels\n'
                "  its repository lists no OME-Zarr for it"
                + ("; record.images() has those of its images that open" if source.kind == "study" else ""),
                kind="no-pixels",
                record=source.id,
            )
        return source, location
    if isinstance(source, Mapping) and not isinstance(source, xr.DataTree | xr.Dataset):
        return None, source
    if not isinstance(source, str | os.PathLike):
        raise QueryError(
            f"cannot open an object of type {type(source).__name__}\n  {_instead_of(source)}",
            kind="source-type",
        )
    text = address_meant(os.fspath(source))
    if not text:
        raise QueryError(
            "nothing to open: the address is empty\n"
            '  give an address, a folder, a record or an identifier such as "sample:nuclei"',
            kind="source-empty",
        )
    if base.scheme(text) is not None:
        return resolve(base.lookup(text))
    return _known(text), text


def _instead_of(source: object) -> str:
    """What to give instead of an object that openers do not take."""
    if isinstance(source, xr.DataTree | xr.Dataset | xr.DataArray):
        return "it is open already: its pixels and coordinates are read as they are used"
    if isinstance(source, Sequence) and not isinstance(source, bytes):
        return "open one at a time: fairlab.open_image(results[0])"
    if hasattr(source, "protocol") and hasattr(source, "path"):  # UPath, fsspec's OpenFile
        return "give its address, str(path); credentials come from the environment or a profile"
    if any(
        hasattr(source, name) for name in ("store", "store_path", "read_only")
    ):  # zarr's groups and stores
        return "give the address or folder that it was opened from"
    return "give an address, a path, an identifier, a record or a mapping of keys to bytes"


def first_that_opens(
    source: Opened, read: Callable[[str | Mapping[str, bytes]], Found]
) -> tuple[Record | None, Found]:
    """The record of a source, and what ``read`` gives at the first of its addresses where there is something.

    Data moves, and the addresses it had stay in lists and articles: where it lies now is tried first, then the
    address as given or listed, then other forms of it (:mod:`fairlab.moves`).

    Parameters
    ----------
    source : Opened
        What openers take.
    read : callable
        Reads a location, and raises when nothing is there.

    Raises
    ------
    FairlabError
        What reading the first address raised, with all that was tried in its message and
        ``context["tried"]``; also whatever :func:`resolve` raises.
    """
    record, location = resolve(source)
    if not isinstance(location, str) or "://" not in location:
        return record, read(location)
    failed: list[tuple[str, FairlabError]] = []
    for address in addresses_to_try(location, listed=record.listed_url if record else None):
        try:
            found = read(address)
        except (NotFoundError, AccessError, RepositoryError, FormatError) as exc:
            if isinstance(exc, FormatError) and exc.kind not in _NOTHING_THERE:
                raise
            failed.append((address, exc))
        else:
            return _at(address, record, location), found
    page = _page(location)
    if len(failed) == 1 and not page:
        raise failed[0][1]
    raise _dead_link(failed, page) from failed[0][1]


_NOTHING_THERE = ("no-zarr", "html-page")


def _at(address: str, record: Record | None, location: str) -> Record | None:
    """The record with the address that answered; the one that was given or listed is kept beside it."""
    now, given = redact(tidy(address)), redact(tidy(location))
    if now.rstrip("/") == given.rstrip("/"):
        return record
    if record is None:
        return Record(id=now.rstrip("/"), kind="image", repository="unlisted", url=now, listed_url=given)
    return dataclasses.replace(record, url=now, listed_url=record.listed_url or given)


def _page(location: str) -> list[str]:
    """What to do with an address that is a page of an archive rather than one of pixels."""
    for one in base.repositories().values():
        if one.live and isinstance(one, base.LiveRepository) and (key := one.recognises(location)):
            return [
                f'  this is an address of {one.title}; fairlab.lookup("{key}", live=True) asks what it has there'
            ]
    return []


def _dead_link(failed: Sequence[tuple[str, FairlabError]], page: Sequence[str]) -> FairlabError:
    (_, first), *others = failed
    told = [f"  also tried {redact(address)}: {exc.message.splitlines()[0]}" for address, exc in others]
    tried = [redact(address) for address, _ in failed]
    return type(first)(
        "\n".join([first.message, *told, *page]),
        kind=first.kind,
        url=first.url,
        **{**first.context, "tried": tried},
    )


def _known(location: str) -> Record | None:
    """What the catalogues know about an address: its licence and organism, without a request."""
    if "://" not in location:
        return None
    try:
        return base.lookup(location)
    except NotFoundError:
        return None
    except FairlabError as exc:
        # What lists an image must not be in the way of reading it.
        warn(f"the catalogues could not be asked about {redact(location)}: {exc}")
        return None


MISSING = ("warn", "error", "fill")
"""What openers take for ``missing``."""
VERIFY = (None, "auto", True, False)
"""What openers take for ``verify``."""


def choice(name: str, value: str | bool | None, allowed: Sequence[str | bool | None]) -> None:
    """Refuse a value that a keyword does not have.

    Raises
    ------
    QueryError
        kind ``"option-value"``.
    """
    if value not in allowed:
        stated = ", ".join(f'"{word}"' if isinstance(word, str) else str(word) for word in allowed)
        raise QueryError(
            f"{name}={value!r} is not known; expected one of {stated}", kind="option-value", option=name
        )


def completed(
    record: Record | None,
    store: Store,
    *,
    location: str,
    crate: Mapping[str, Any] | None,
    attributes: Mapping[str, Any],
    series: str | None = None,
    **stated: Any,
) -> Record:
    """The record with what only the data can say, and what the crate beside it says of unknown fields.

    It is noted as opened in this session (:mod:`fairlab.session`).

    Parameters
    ----------
    record : Record or None
        What is known.
    store : Store
        What was opened.
    location : str
        Redacted address of the group in it.
    crate : mapping or None
        The RO-Crate in it.
    attributes : mapping
        Those of the group, as its document has them.
    series : str, optional
        Which of several images of the address this is; the identifier says so too.
    **stated
        Fields of the record as the data has them; the title only where none is known.
    """
    now = provenance.now()
    own = Source(document=location, pointer="attributes", retrieved_at=now)
    beside = Source(document=f"{location}/{CRATE}", retrieved_at=now)
    if record is None:
        record = Record(id=store.location, kind="image", repository="unlisted", url=store.location)
    if series is not None:
        record = dataclasses.replace(record, id=f"{record.id}/{series}")
    found: dict[str, tuple[Any, Source]] = facts(crate, source=beside) if crate else {}
    title = stated.pop("title", None)
    if title:
        found.setdefault("title", (title, own))
    found = {name: pair for name, pair in found.items() if not getattr(record, name)}
    found |= {name: (value, own) for name, value in stated.items()}
    values = {name: value for name, (value, _) in found.items()}
    sources = {**record.sources, **{name: source for name, (_, source) in found.items()}}
    whole = _conditioned(dataclasses.replace(record, **values, sources=sources), attributes, own)
    session.note(whole, metadata_sha256=session.checksum(attributes))
    return whole


def _conditioned(record: Record, attributes: Mapping[str, Any], source: Source) -> Record:
    """The record with the conditions of use that the attributes state; those of other documents hold as well."""
    told = conditions_stated(attributes)
    if not told:
        return record
    known = UseConditions(
        codes=record.use_conditions,
        embargo_until=record.embargo_until,
        residency=record.residency,
        access=record.access,
    )
    both = known + told
    values = {
        "use_conditions": both.codes,
        "embargo_until": both.embargo_until,
        "residency": both.residency,
        "access": both.level,
    }
    changed: dict[str, Any] = {k: v for k, v in values.items() if v != getattr(record, k)}
    sources = {**record.sources, **dict.fromkeys(changed, source)}
    return dataclasses.replace(record, **changed, sources=sources)


def level_dataset(
    variable: str,
    pixels: Any,
    dims: Sequence[str],
    *,
    coords: Mapping[str, Any],
    attrs: Mapping[str, Any],
    source: str,
) -> xr.Dataset:
    """One level as a dataset: lazy pixels, coordinates, and where it comes from.

    Raises
    ------
    FormatError
        kind ``"axes"``: an axis is named like the variable, or like the coordinate of identity.
    """
    if taken := {variable, "image_id"} & set(dims):
        raise FormatError(
            f'an axis of the image is named "{", ".join(taken)}", as its pixels or its identity are\n  at {source}\n'
            "  xarray cannot tell the two apart; report it to who made the image",
            kind="axes",
            url=source,
        )
    array = LazyVariable(dims, lazily(pixels), attrs=dict(attrs))
    blocks = block_shape(pixels.shape, pixels.chunks, pixels.dtype)
    array.encoding = {"preferred_chunks": dict(zip(dims, blocks, strict=True)), "source": source}
    return xr.Dataset({variable: array}, coords=coords, attrs=dict(attrs))


def tree_of(datasets: Mapping[str, xr.Dataset], *, chunks: Chunks | None, source: str) -> xr.DataTree:
    """The tree that an opener returns, of datasets by their place in it."""
    whole = dict(datasets)
    if chunks is not None:
        whole |= chunked({path: level for path, level in whole.items() if _is_lazy(level)}, chunks)
    for dataset in whole.values():
        dataset.encoding["source"] = source
    tree = xr.DataTree.from_dict(whole)  # unnamed: titles hold slashes, which names may not
    note_missing_in(tree)
    return tree


def _is_lazy(dataset: xr.Dataset) -> bool:
    """Whether a dataset holds pixels, rather than what is stated of labels."""
    return any("preferred_chunks" in variable.encoding for variable in dataset.data_vars.values())
