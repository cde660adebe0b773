"""The image that stands for all others of a plate: the first that is there and can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FairlabError, FormatError, warn
from fairlab.net.documents import array_key, attributes_of, group_key
from fairlab.net.image_group import arrays_of
from fairlab.ngff import group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fairlab.net.documents import Documents
    from fairlab.net.fetch import ArrayReader
    from fairlab.net.image_group import Missing
    from fairlab.ngff.model import Image, PlateWell, Well

_TRIED_AT_ONCE: Final = 16
_MOST_UNREAD: Final = 16  # where so many cannot be read, it is not one upload that went wrong


@dataclass(frozen=True, kw_only=True)
class Template:
    """The field that all others are compared with."""

    path: str
    """Its place in the store."""
    attributes: Mapping[str, Any]
    """Of its group, as they stand."""
    image: Image
    """What they state."""
    documents: tuple[Mapping[str, Any], ...]
    """Metadata of its arrays, finest first."""
    readers: tuple[ArrayReader, ...]
    """Its arrays, finest first."""


def first_readable(
    found: Documents, paths: Iterable[str], zarr_format: int, missing: Missing
) -> Template | None:
    """The first of some images that is there and can be read; None where none is there.

    One broken document must not close a plate of a thousand fields: an image that cannot be read is told of and
    passed over.

    Raises
    ------
    FormatError
        Why the first of them cannot be read, where no other can, or not soon.

    Warns
    -----
    FairlabWarning
        Images before it cannot be read; or what is odd about it.
    """
    unread: dict[str, FormatError] = {}
    for path in paths:
        try:
            template = _template(found, path, zarr_format, missing)
        except FormatError as exc:
            unread[path] = exc
            if len(unread) == _MOST_UNREAD:
                break
            continue
        if template is None:
            continue
        for gone, why in unread.items():
            problem = why.message.splitlines()[0]
            warn(f"{gone} cannot be read ({problem}); {path} stands for all", at=found.store.location)
        for remark in template.image.remarks:
            warn(f"{remark} ({path}, which stands for all)", at=found.store.location)
        return template
    if not unread:
        return None
    first, cause = next(iter(unread.items()))
    raise type(cause)(
        f"no image of this plate can be read ({len(unread)} were tried); of the first, {first}:\n  {cause.message}\n"
        "  fairlab.open_image opens its fields one by one, where one of them is sound",
        kind=cause.kind,
        url=cause.url,
        **cause.context,
    ) from cause


def _template(found: Documents, path: str, zarr_format: int, missing: Missing) -> Template | None:
    key = group_key(path, zarr_format)
    found.ask([key])
    if found[key] is None:
        return None
    where = f"{found.store.location}/{path}"
    attributes = attributes_of(found[key], zarr_format)
    image = group.image(attributes, zarr_format=zarr_format, where=where, inside=path)
    keys = [array_key(f"{path}/{level.path}", zarr_format) for level in image.levels]
    found.ask(keys)
    documents = [found[level] for level in keys]
    image, readers = arrays_of(found.store, path, image, documents, missing=missing)
    return Template(
        path=path,
        attributes=attributes,
        image=image,
        documents=tuple(document for document in documents if document is not None),
        readers=readers,
    )


def field_paths(found: Documents, wells: Sequence[PlateWell], zarr_format: int) -> Iterator[str]:
    """Fields that may stand for a plate, in the order in which they are looked for.

    That is the first field of the first well, which nearly always will do; then its others; then those of further
    wells, the first of each before their others. Whether they are there is asked for many at a time.
    """
    for start in (0, *range(1, len(wells), _TRIED_AT_ONCE)):
        batch = wells[start : start + (_TRIED_AT_ONCE if start else 1)]
        found.ask(group_key(well.path, zarr_format) for well in batch)
        stated = [(entry, well_at(found, entry, zarr_format)) for entry in batch]
        fields = [
            [f"{entry.path}/{field.path}" for field in well.fields[:_TRIED_AT_ONCE]]
            for entry, well in stated
            if well is not None
        ]
        for paths in ([of[0] for of in fields if of], [path for of in fields for path in of[1:]]):
            found.ask(group_key(path, zarr_format) for path in paths)
            yield from paths


def well_at(found: Documents, entry: PlateWell, zarr_format: int) -> Well | None:
    """What a well that was asked for states; None where it is not there, or cannot be read."""
    where = f"{found.store.location}/{entry.path}"
    try:
        document = found[group_key(entry.path, zarr_format)]
        if document is None:
            return None
        return group.well(attributes_of(document, zarr_format), zarr_format=zarr_format, where=where)
    except FairlabError:
        return None  # whoever reads this well is told
