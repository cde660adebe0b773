"""From a store to an image group: its metadata, its arrays and its label images, in two round trips."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from fairlab.copied import image_above
from fairlab.errors import FormatError, warn
from fairlab.net.documents import Documents, array_key, attributes_of, group_key
from fairlab.net.fetch import ArrayReader
from fairlab.net.series import picked, series_path
from fairlab.ngff import axes, group, transforms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.net.series import Series
    from fairlab.net.store import Store
    from fairlab.ngff.model import Image

Missing = Literal["warn", "error", "fill"]
CRATE = "ro-crate-metadata.json"
"""Where an RO-Crate lies in a store."""
_MOST_LABELS: Final = 256  # each takes several requests; a list of a hundred thousand would take an hour


@dataclass(frozen=True, kw_only=True)
class Group:
    """Metadata of one image group, its arrays, and its label images."""

    location: str
    """Redacted address of the group."""
    image: Image
    """What the metadata states."""
    readers: tuple[ArrayReader, ...]
    """One for each level, finest first."""
    series: str | None = None
    """Path or name of the image where the address holds several, or a collection of them."""
    labels: Mapping[str, Group] = field(default_factory=dict)
    """Label images by name."""
    crate: Mapping[str, Any] | None = None
    """The RO-Crate beside the image, where there is one."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """The group's attributes as its document has them."""


def read_group(store: Store, *, series: Series = None, missing: Missing = "warn") -> Group:
    """Everything that a store's metadata says about the image at its root.

    Two round trips: the group, its list of labels and its crate; then all arrays and label images, the
    labels' arrays under the names that the image's have. Where a guess fails there is one more. An image of
    a collection takes two more to find it.

    Parameters
    ----------
    store : Store
        Where the image is.
    series : int or str, optional
        Which image of a collection, or of a group with several multiscales: its number, path or name.
    missing : {"warn", "error", "fill"}
        What its arrays do about chunks that are not there.

    Raises
    ------
    FormatError
        No image is there (``"no-zarr"``, ``"no-multiscales"``, ``"plate"``, ``"bioformats2raw"`` …) or it is
        not whole (``"level-missing"``, ``"axes-mismatch"``, ``"level-mismatch"``).
    SelectionError
        kind ``"series-unknown"``.
    """
    found = Documents(store)
    path, within = "", None
    attributes, zarr_format = read_attributes(found, path)
    if group.kind_of(attributes) == "bioformats2raw":
        path = within = series_path(found, zarr_format, series)
        series = None
        attributes, zarr_format = read_attributes(found, path)
    where = _join(store.location, path)
    _refuse_others(attributes, zarr_format, where)
    images = group.image_names(attributes, where=where)
    number = picked(series, [str(n) for n in range(len(images))], images, where=where)
    image = group.image(attributes, zarr_format=zarr_format, where=where, number=number)
    if len(images) > 1:
        within = image.name or f"multiscales/{number}"
        _tell_broken(attributes, zarr_format, where, [n for n in range(len(images)) if n != number])
    if len(images) > 1 and series is None:
        image = dataclasses.replace(image, remarks=(*image.remarks, _several(images)))
    names = _no_more_than(_MOST_LABELS, _label_names(found, path, zarr_format, where), where)
    places = {name: _join(path, f"labels/{name}") for name in names}
    found.ask(
        [
            *_array_keys(path, image, zarr_format),
            *(group_key(place, zarr_format) for place in places.values()),
            *(key for place in places.values() for key in _array_keys(place, image, zarr_format)),
        ]
    )
    labels = {
        name: stated
        for name, place in places.items()
        if (stated := _label_image(found, name, place, zarr_format)) is not None
    }
    found.ask(
        key for name, stated in labels.items() for key in _array_keys(places[name], stated, zarr_format)
    )
    return Group(
        location=where,
        series=within,
        crate=found.beside(_join(path, CRATE)),
        attributes=attributes,
        labels={
            name: whole
            for name, stated in labels.items()
            if (whole := _label_group(found, name, places[name], stated, zarr_format, missing)) is not None
        },
        **_arrays(found, path, image, zarr_format, missing),
    )


def read_attributes(
    found: Documents, path: str, *, beside: Sequence[str] = (CRATE, "labels/zarr.json", "labels/.zattrs")
) -> tuple[Mapping[str, Any], int]:
    """Attributes of a group of unknown zarr format, and the format; what may lie beside it is asked for as well.

    Raises
    ------
    FormatError
        kind ``"no-zarr"``, ``"array"`` or ``"not-json"``.
    """
    keys = {form: group_key(path, form) for form in (3, 2)}
    found.ask([*keys.values(), *(_join(path, name) for name in beside)])
    groups = {
        form: attributes_of(document, form)
        for form, key in keys.items()
        if (document := found.readable(key)) is not None
        and not (form == 3 and document.get("node_type") == "array")
    }
    # Version 3 first, as it is the newer where both are there; but one that says nothing of OME-Zarr, or is no
    # JSON, was left there by some tool.
    for form, attributes in groups.items():
        if group.kind_of(attributes) is not None:
            found.beside(keys[5 - form])
            return attributes, form
    v3, _ = (found[key] for key in keys.values())  # one that is no JSON may be what would say so
    for form, attributes in groups.items():
        return attributes, form
    where = _join(found.store.location, path)
    if v3 is not None:
        raise FormatError(
            f"this is one zarr array, not an image with levels\n  at {where}\n"
            f"  open the group above it: {where.rpartition('/')[0]}",
            kind="array",
            url=where,
        )
    above = image_above(where)
    likely = (
        f"the image may be {above}"
        if above
        else "give the address of the image itself, often ending in .zarr"
    )
    raise FormatError(
        f"there is no OME-Zarr at {where}\n  expected a zarr.json or .zattrs there; {likely}",
        kind="no-zarr",
        url=where,
    )


def arrays_of(
    store: Store,
    path: str,
    image: Image,
    documents: Sequence[Mapping[str, Any] | None],
    *,
    missing: Missing,
) -> tuple[Image, tuple[ArrayReader, ...]]:
    """The arrays of an image from their documents, proven to fit together, and the image with their scales.

    Raises
    ------
    FormatError
        kind ``"level-missing"``, ``"axes-mismatch"`` or ``"level-mismatch"``.
    """
    readers = tuple(
        _reader(store, _join(path, level.path), document, image, missing)
        for level, document in zip(image.levels, documents, strict=True)
    )
    dtypes = {str(reader.dtype.newbyteorder("=")): reader.path for reader in readers}
    if len(dtypes) > 1:
        where = _join(store.location, path)
        stated = ", ".join(f'"{place}" is {dtype}' for dtype, place in dtypes.items())
        raise FormatError(
            f"the levels of one image differ in type: {stated}\n  at {where}\n"
            "  report it to the repository; each level can be opened with zarr",
            kind="level-mismatch",
            url=where,
        )
    return transforms.by_shape(image, [reader.shape for reader in readers]), readers


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _refuse_others(attributes: Mapping[str, Any], zarr_format: int, where: str) -> None:
    """Say how to open what is a group of OME-Zarr, but no image."""
    kind = group.kind_of(attributes)
    if kind == "plate":
        advice = f'this is a plate; open it with fairlab.open_plate("{where}"), its label images with labels="name"'
    elif kind == "well":
        well = group.well(attributes, zarr_format=zarr_format, where=where)
        fields = "".join(f"\n    {where}/{image.path}" for image in well.fields[:12])
        advice = f"this is a well of {len(well.fields)} fields; open one of them:{fields}"
    elif kind == "labels":
        names = group.label_names(attributes, where=where)
        listed = "".join(f"\n    {where}/{name}" for name in names[:12])
        advice = f"this is a list of label images; open the image above it, or one of them:{listed}"
    elif kind == "bioformats2raw":
        advice = "this is a collection inside a collection; open one of its images by its own address"
    else:
        return
    raise FormatError(f"not one image at {where}\n  {advice}", kind=kind, url=where)


def _several(names: Sequence[str]) -> str:
    stated = ", ".join(f'{n} "{name}"' if name else str(n) for n, name in enumerate(names))
    return f"the group holds {len(names)} images ({stated}); the first one was opened, series= opens another"


def _tell_broken(attributes: Mapping[str, Any], zarr_format: int, where: str, numbers: Iterable[int]) -> None:
    """Say which other images of the group could not be opened; they are in nobody's way."""
    for number in numbers:
        try:
            group.image(attributes, zarr_format=zarr_format, where=where, number=number)
        except FormatError as exc:
            _leave_out(f"the image {number} beside it", exc)


def _label_names(found: Documents, path: str, zarr_format: int, where: str) -> tuple[str, ...]:
    try:
        document = found[group_key(_join(path, "labels"), zarr_format)]
        return group.label_names(attributes_of(document, zarr_format), where=f"{where}/labels")
    except FormatError as exc:
        _leave_out("the list of label images", exc)
        return ()


def _no_more_than(limit: int, names: tuple[str, ...], where: str) -> tuple[str, ...]:
    if len(names) > limit:
        warn(
            f"{len(names):,} label images are listed; the first {limit} are opened",
            at=where,
            advice="open another by its own address: fairlab.open_labels(…/labels/name)",
        )
    return names[:limit]


def _label_image(found: Documents, name: str, place: str, zarr_format: int) -> Image | None:
    where = _join(found.store.location, place)
    try:
        attributes = attributes_of(found[group_key(place, zarr_format)], zarr_format)
        return group.image(attributes, zarr_format=zarr_format, where=where, inside=place)
    except FormatError as exc:
        _leave_out(f'the label image "{name}"', exc)
        return None


def _label_group(
    found: Documents, name: str, place: str, image: Image, zarr_format: int, missing: Missing
) -> Group | None:
    try:
        arrays = _arrays(found, place, image, zarr_format, missing)
    except FormatError as exc:
        _leave_out(f'the label image "{name}"', exc)
        return None
    return Group(location=_join(found.store.location, place), **arrays)


def _leave_out(what: str, exc: FormatError) -> None:
    # The image itself is sound: a broken label image must not hide it.
    warn(f"{what} cannot be read and is left out: {exc.message.splitlines()[0]}", at=exc.url or "")


def _array_keys(path: str, image: Image, zarr_format: int) -> Iterable[str]:
    return [array_key(_join(path, level.path), zarr_format) for level in image.levels]


def _arrays(found: Documents, path: str, image: Image, zarr_format: int, missing: Missing) -> dict[str, Any]:
    documents = [found[key] for key in _array_keys(path, image, zarr_format)]
    image, readers = arrays_of(found.store, path, image, documents, missing=missing)
    if (turned := transforms.finest_first(image)) is not image:  # before 0.4 only the shapes tell
        places = [level.path for level in image.levels]
        readers = tuple(readers[places.index(level.path)] for level in turned.levels)
        image = transforms.by_shape(turned, [reader.shape for reader in readers])
    image = dataclasses.replace(image, remarks=(*image.remarks, *axes.named_otherwise(image.axes, documents)))
    return {"image": image, "readers": readers}


def _reader(
    store: Store, path: str, document: Mapping[str, Any] | None, image: Image, missing: Missing
) -> ArrayReader:
    where = f"{store.location}/{path}"
    if document is None:
        raise FormatError(
            f'the level "{path}" that the metadata names is not there\n  at {where}\n'
            "  the upload may be incomplete; report it to the repository",
            kind="level-missing",
            url=where,
        )
    reader = ArrayReader(store, path, document, missing=missing)
    if len(reader.shape) != len(image.axes):
        raise FormatError(
            f'the level "{path}" has {len(reader.shape)} dimensions, but the metadata names {len(image.axes)} axes\n'
            f"  at {where}",
            kind="axes-mismatch",
            url=where,
        )
    return reader
