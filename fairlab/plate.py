"""Open a whole plate as one lazy, labelled array: every well and field under its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fairlab import coordinates, provenance
from fairlab.errors import FormatError, QueryError
from fairlab.net.plate_group import read_plate
from fairlab.net.plate_labels import read_labels
from fairlab.net.plate_pixels import PlatePixels
from fairlab.net.store import open_store
from fairlab.opening import MISSING, VERIFY, choice, completed, first_that_opens, level_dataset, tree_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from fairlab.lazy import Chunks
    from fairlab.net.checksums import Verify
    from fairlab.net.image_group import Missing
    from fairlab.net.plate_group import Check, PlateGroup
    from fairlab.net.store import Store
    from fairlab.opening import Opened

_PLACES = ("row", "column", "field")


def open_plate(
    source: Opened,
    *,
    check: Check = "lazy",
    join: Literal["exact", "outer"] = "exact",
    labels: str | Sequence[str] | None = None,
    missing: Missing = "warn",
    verify: Verify | None = None,
    chunks: Chunks | None = None,
) -> xr.DataTree:
    """Open a plate (high-content screen) as one array; nothing but metadata is read.

    Parameters
    ----------
    source : str, path-like, mapping or Record
        Address, folder, zip file, identifier or record of the plate; see :func:`fairlab.open_image`.
    check : {"lazy", "all"}
        ``"lazy"`` (default) reads the plate and its first field, in two or three round trips, and compares every other
        field with it when it is first read; one that cannot be read is told of, and the next one stands for all.
        ``"all"`` reads and compares every well and field now, in four.
    join : {"exact", "outer"}
        Fields that differ in shape are an error (default), or are padded to the largest; ``"outer"`` checks all.
        Coordinates ``y_size``, ``x_size`` … then say how far each field goes.
    labels : str or sequence of str, optional
        Names of label images to open with the fields; each takes one more round trip, or two. Fields without one
        have the fill value there. Colours and properties of labels are read field by field, with
        :func:`fairlab.open_labels`.
    missing : {"warn", "error", "fill"}
        What a chunk, or a field that the plate lists or has room for, does that is not in the store; see
        :func:`fairlab.open_image`.
    verify : {"auto", True, False}, optional
        Whether stated checksums are compared; see :func:`fairlab.open_image`.
    chunks : "auto", mapping or None
        None (default): xarray's own lazy indexing. ``"auto"``: dask arrays in blocks of whole fields.

    Returns
    -------
    xarray.DataTree
        ``scale0`` (finest) to ``scaleN``, each with the variable ``image``: dimensions ``row``, ``column``,
        ``field`` and then the image's own. Rows and columns are named as the plate names them, in text
        (``column="3"``); ``field`` counts
        the images of a well, in its order. Other coordinates: ``well`` (``"B03"``), ``present`` (whether a field is
        there: as the plate lists its wells or, with ``check="all"``, as it was found), ``acquisition`` and
        ``acquisition_name`` of a field, what the plate states of its wells (gene, compound …), and those of
        :func:`fairlab.open_image`. Label images are at ``labels/<name>/scale0`` … with the variable ``labels``
        and the same dimensions and coordinates. Positions are the first field's; with ``check="all"``, ``y_offset``,
        ``x_offset`` … say where each field begins, if they differ. Wells that are not there have the fill value,
        and reading them asks nothing.

    Raises
    ------
    FormatError
        kind ``"not-a-plate"``; ``"plate-mismatch"``: a field differs from the first in shape, type, channels or
        scale, or cannot be read, and its well is named, here or when it is read; ``"plate-empty"``: no field is there.
    SelectionError
        kind ``"labels-unknown"``: no field has a label image of this name.
    NotFoundError, AccessError, Unavailable
        See :func:`fairlab.open_image`.

    Warns
    -----
    FairlabWarning
        The metadata is odd but readable, or wells are listed that are not there.

    Examples
    --------
    >>> import fairlab
    >>> plate = fairlab.open_plate("sample:plate")
    >>> plate["scale0/image"].dims
    ('row', 'column', 'field', 'c', 'y', 'x')
    >>> well = plate["scale1/image"].sel(row="B", column="3", c="DAPI")
    >>> str(well.well.values), well.mean(("y", "x")).dims
    ('B03', ('field',))
    """
    choice("check", check, ("lazy", "all"))
    choice("join", join, ("exact", "outer"))
    choice("missing", missing, MISSING)
    choice("verify", verify, VERIFY)
    wanted = _label_names(labels)
    padded = join == "outer"

    def read(location: str | Mapping[str, bytes]) -> tuple[Store, PlateGroup]:
        store = open_store(location, verify=verify)
        return store, read_plate(store, check="all" if padded else check, padded=padded, missing=missing)

    record, (store, group) = first_that_opens(source, read)
    below = {name: read_labels(group, name, check="all" if padded else check) for name in wanted}
    record = completed(
        record,
        store,
        location=store.location,
        crate=group.crate,
        attributes=group.attributes,
        title=group.plate.name,
        ngff_version=group.plate.version,
        layout="plate",
        axes=tuple(_dims(group)),
        shape=(*group.present.shape, *group.shapes[0]),
        n_images=int(group.present.sum()),
    )
    attrs = provenance.attributes(record, retrieved_at=provenance.now())
    levels = _levels("", "image", group, record.id, attrs, padded=padded)
    nodes = {"/": xr.Dataset(attrs=levels["scale0"].attrs), **levels}
    for name, images in below.items():
        nodes |= _levels(f"labels/{name}/", "labels", images, record.id, attrs, padded=padded)
    return tree_of(nodes, chunks=chunks, source=store.location)


def _label_names(labels: str | Sequence[str] | None) -> list[str]:
    names = [labels] if isinstance(labels, str) else labels if labels is not None else []
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise QueryError(
            f'labels={labels!r} is not known; expected names of label images: labels="cells", or ["cells", "nuclei"]',
            kind="option-value",
            option="labels",
        )
    return list(names)


def _dims(group: PlateGroup) -> list[str]:
    dims = [*_PLACES, *(axis.name for axis in group.fields.template.image.axes)]
    if len(set(dims)) < len(dims):
        raise FormatError(
            f"the axes of the images have names that a plate needs: {', '.join(dims)}\n"
            f"  at {group.fields.store.location}\n  open its fields one by one: fairlab.open_image",
            kind="axes",
            url=group.fields.store.location,
        )
    return dims


def _levels(
    prefix: str, variable: str, group: PlateGroup, image_id: str, attrs: Mapping[str, Any], *, padded: bool
) -> dict[str, xr.Dataset]:
    """One dataset for each level of the fields, or of their label images, by its place in the tree."""
    image, location = group.fields.template.image, group.fields.store.location
    attrs = {**attrs, **coordinates.kept(image, where=location)}
    shared = _places(group) | coordinates.channels(image, group.shapes[0], where=location)
    nodes = {}
    for number, level in enumerate(image.levels):
        coords = {
            **shared,
            "image_id": image_id,
            **coordinates.positions(image, level, group.shapes[number]),
            **(_sizes(group, number) if padded else {}),
        }
        nodes[f"{prefix}scale{number}"] = level_dataset(
            variable, PlatePixels(group, number), _dims(group), coords=coords, attrs=attrs, source=location
        )
    return nodes


def _places(group: PlateGroup) -> dict[str, Any]:
    """Coordinates of the plate itself: where things are, whether they are there, and what is stated of them."""
    plate, slots = group.plate, group.fields.slots
    wells = ("row", "column")
    shape = (len(plate.rows), len(plate.columns))
    coords: dict[str, Any] = {
        "row": np.array(plate.rows, dtype="U"),
        "column": np.array(plate.columns, dtype="U"),
        "field": np.arange(len(slots)),
        "well": (wells, _well_names(plate.rows, plate.columns)),
        "present": (_PLACES, group.present),
    }
    if any(slot.acquisition is not None for slot in slots):
        names = {run.id: run.name or "" for run in plate.acquisitions}
        runs = [-1 if slot.acquisition is None else slot.acquisition for slot in slots]
        coords["acquisition"] = ("field", np.array(runs))
        coords["acquisition_name"] = ("field", np.array([names.get(run, "") for run in runs], dtype="U"))
    stated = {(well.row, well.column): well.annotations for well in plate.wells}
    for name, values in coordinates.table(stated, shape).items():
        taken = name in coords or name in {
            "image",
            "image_id",
            *(a.name for a in group.fields.template.image.axes),
        }
        coords[f"well_{name}" if taken else name] = (wells, values)
    return coords | _offsets(group)


def _well_names(rows: Sequence[str], columns: Sequence[str]) -> np.ndarray[Any, Any]:
    """``B03`` and so on: numbers as wide as the widest, at least two digits, so that names sort as wells do."""
    width = max(2, *(len(name) for name in columns))
    padded = [name.zfill(width) if name.isdecimal() else name for name in columns]
    names = np.array([[row + column for column in padded] for row in rows], dtype="U")
    if len(np.unique(names)) < names.size:  # "A" + "A1" and "AA" + "1"
        names = np.array([[f"{row}/{column}" for column in columns] for row in rows], dtype="U")
    return names


def _offsets(group: PlateGroup) -> dict[str, Any]:
    """Where each field begins, counted from the first; nothing where all begin at one place."""
    offsets, coords = group.fields.offsets, {}
    for number, axis in enumerate(group.fields.template.image.axes):
        if any(offset[number] for offset in offsets.values()):
            values = np.where(group.present, 0.0, np.nan)
            for cell, offset in offsets.items():
                values[cell] = offset[number]
            attrs = {"units": axis.unit} if axis.unit else {}
            coords[f"{axis.name}_offset"] = xr.Variable(_PLACES, values, attrs)
    return coords


def _sizes(group: PlateGroup, level: int) -> dict[str, Any]:
    """How many samples each field has, on axes where they differ."""
    sizes = np.zeros((*group.present.shape, len(group.shapes[level])), dtype=np.int64)
    for place in zip(*np.nonzero(group.present), strict=True):
        reader = group.fields.reader((int(place[0]), int(place[1]), int(place[2])), level)
        if reader is not None:
            sizes[place] = reader.shape
    return {
        f"{axis.name}_size": (_PLACES, sizes[..., number])
        for number, axis in enumerate(group.fields.template.image.axes)
        if np.any(sizes[group.present][:, number] != group.shapes[level][number])
    }
