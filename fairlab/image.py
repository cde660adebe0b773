"""Open one OME-Zarr image, or its label images, as a lazy, labelled tree that knows where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import xarray as xr

from fairlab import coordinates, provenance
from fairlab.errors import SelectionError, warn
from fairlab.net.image_group import read_group
from fairlab.net.store import open_store
from fairlab.opening import MISSING, VERIFY, choice, completed, first_that_opens, level_dataset, tree_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.lazy import Chunks
    from fairlab.net.checksums import Verify
    from fairlab.net.image_group import Group, Missing
    from fairlab.net.series import Series
    from fairlab.net.store import Store
    from fairlab.opening import Opened
    from fairlab.record import Record


def open_image(
    source: Opened,
    *,
    series: Series = None,
    missing: Missing = "warn",
    verify: Verify | None = None,
    chunks: Chunks | None = None,
) -> xr.DataTree:
    """Open one OME-Zarr image; nothing but metadata is read, in two round trips.

    Parameters
    ----------
    source : str, path-like, mapping or Record
        ``http(s)://``, ``s3://bucket/key``, ``gs://``, ``az://``, ``file://``, a folder, a ``.zip`` or
        ``.ozx`` of one, an identifier such as ``"sample:nuclei"``, a mapping from keys to bytes in memory, or
        a record that search returned. Buckets: see :class:`fairlab.set_options`.
    series : int or str, optional
        Which image of a collection (bioformats2raw) or of a group with several: its number, path or name.
        A collection of several needs it; of a group with several the first is opened, with a warning.
    missing : {"warn", "error", "fill"}
        What a chunk does that is not in the store: read as the fill value and be warned about (default),
        be an error, or be filled in silence. Whatever was read names the chunks that it misses in
        ``attrs["missing_chunks"]``, be it the whole, ``.isel(…).load()`` or ``.mean()``; the variable that was
        opened and ``tree.fair.traffic()`` name those of all reads. What dask read in other processes is known
        there only: ask for ``missing="error"``.
    verify : {"auto", True, False}, optional
        Whether checksums that the server states of whole objects are compared with what came; by default as
        the option ``verify`` says (``"auto"``: where it costs less than a twentieth of the time).
    chunks : "auto", mapping or None
        None (default): xarray's own lazy indexing. ``"auto"``: dask arrays in blocks of many whole
        stored chunks; a mapping of dimension to block length sets some of them.

    Returns
    -------
    xarray.DataTree
        ``scale0`` (finest) to ``scaleN``, each with the variable ``image``: dimensions from the axes,
        e.g. ``(t, c, z, y, x)``; positions of sample centres as coordinates with ``units`` (NGFF names)
        and ``spacing`` (below zero where the image says that positions fall), and ``orientation`` and
        ``long_name`` where it states them; channel names on ``c``, with ``color``, ``window_start``,
        ``window_end`` and ``active`` where the image states them, and ``channel_label`` where names had to be
        made different; and the scalar coordinate ``image_id``. Label images are at ``labels/<name>/scale0`` … with the
        variable ``labels``, and ``labels/<name>/properties`` holds what is stated of each label.
        Attributes on the root and on every variable name licence, credit, organism and source;
        ``fairlab_record`` is the whole record, and ``coordinate_transformations_kept`` has geometry that
        coordinates cannot say (rotations, displacements), as JSON.

    Raises
    ------
    NotFoundError
        Nothing is there, or the identifier is unknown.
    FormatError
        Something is there, but it is no OME-Zarr image (kinds ``"no-zarr"``, ``"html-page"``,
        ``"no-multiscales"``, ``"plate"``, ``"bioformats2raw"`` …) or a version that is not read.
    SelectionError
        kind ``"series-unknown"``.
    AccessError, Unavailable
        The server refuses, or does not answer within the option ``timeout_s``.

    Warns
    -----
    FairlabWarning
        The metadata is odd but readable: no version, an unknown unit, channels with the same name.

    Examples
    --------
    >>> import fairlab
    >>> tree = fairlab.open_image("sample:nuclei")
    >>> tree["scale0/image"].dims
    ('t', 'c', 'z', 'y', 'x')
    >>> tree["scale0/image"].x.attrs["units"]
    'micrometer'
    """
    store, group, record, attrs = _opened(source, series, missing, verify)
    nodes = {"/": xr.Dataset(attrs=attrs)}
    nodes |= _levels("/", "image", group, store, record.id, attrs)
    for name, labels in sorted(group.labels.items(), key=lambda item: item[0].count("/")):
        if any(f"/labels/{above}" in nodes for above in _and_above(name)):
            warn(
                f'the label image "{name}" lies inside a level of another and is left out', at=labels.location
            )
        else:
            nodes |= _label_nodes(f"/labels/{name}/", labels, store, record.id, attrs)
    return tree_of(nodes, chunks=chunks, source=store.location)


def open_labels(
    source: Opened,
    *,
    name: str | None = None,
    series: Series = None,
    missing: Missing = "warn",
    verify: Verify | None = None,
    chunks: Chunks | None = None,
) -> xr.DataTree:
    """Open one label image; nothing but metadata is read, in two round trips.

    Parameters
    ----------
    source : str, path-like, mapping or Record
        The image that was labelled, or the label image itself; see :func:`fairlab.open_image`.
    name : str, optional
        Which label image; needed when the image has several.
    series, missing, verify, chunks
        See :func:`fairlab.open_image`.

    Returns
    -------
    xarray.DataTree
        ``scale0`` (finest) to ``scaleN``, each with the variable ``labels``, coordinates as the image's; and,
        where the image states any, ``properties``: one value for each ``label`` of ``color``
        (``"#RRGGBBAA"``) and of every property, empty or NaN where it states none.
        ``attrs["source_image"]`` is the place of the image that was labelled, where it lies in the same
        store; it is not opened.

    Raises
    ------
    SelectionError
        kind ``"labels-unknown"``: no label image, none of this name, or several and no name.
    FormatError, NotFoundError, AccessError, Unavailable
        See :func:`fairlab.open_image`.

    Examples
    --------
    >>> import fairlab
    >>> tree = fairlab.open_labels("sample:cells2d")
    >>> int(tree["scale0/labels"].max())
    52
    """
    store, group, record, attrs = _opened(source, series, missing, verify)
    labels = group if group.image.is_label and name is None else _label_group(group, name)
    nodes = _label_nodes("/", labels, store, record.id, attrs)
    return tree_of(nodes, chunks=chunks, source=store.location)


def _opened(
    source: Opened, series: Series, missing: Missing, verify: Verify | None
) -> tuple[Store, Group, Record, dict[str, Any]]:
    choice("missing", missing, MISSING)
    choice("verify", verify, VERIFY)

    def read(location: str | Mapping[str, bytes]) -> tuple[Store, Group]:
        store = open_store(location, verify=verify)
        return store, read_group(store, series=series, missing=missing)

    record, (store, group) = first_that_opens(source, read)
    for part in (group, *group.labels.values()):
        for remark in part.image.remarks:
            warn(remark, at=part.location)
    record = completed(
        record,
        store,
        location=group.location,
        crate=group.crate,
        attributes=group.attributes,
        series=group.series,
        title=group.image.name,
        ngff_version=group.image.version,
        axes=tuple(axis.name for axis in group.image.axes),
        shape=group.readers[0].shape,
    )
    return store, group, record, provenance.attributes(record, retrieved_at=provenance.now())


def _label_group(group: Group, name: str | None) -> Group:
    names = list(group.labels)
    if name is None and len(names) == 1:
        return group.labels[names[0]]
    if name is not None and name in group.labels:
        return group.labels[name]
    stated = ", ".join(f'"{known}"' for known in names) or "none"
    wanted = "say which label image" if name is None and names else f"there is no label image {name or ''}"
    raise SelectionError(
        f"{wanted.strip()}\n  at {group.location}, which has: {stated}",
        kind="labels-unknown",
        url=group.location,
        names=names,
    )


def _and_above(name: str) -> list[str]:
    """A path and those above it: ``"a/b"``, ``"a"``."""
    steps = name.split("/")
    return ["/".join(steps[:count]) for count in range(len(steps), 0, -1)]


def _label_nodes(
    prefix: str, group: Group, store: Store, image_id: str, attrs: Mapping[str, Any]
) -> dict[str, xr.Dataset]:
    """The levels of a label image, and what is stated of its labels, by place in the tree."""
    own = dict(attrs)
    stated = group.image.label
    if stated.source is not None:
        own["source_image"] = "/".join(part for part in (store.location, stated.source) if part)
    nodes = {"/": xr.Dataset(attrs=own)} if prefix == "/" else {}
    nodes |= _levels(prefix, "labels", group, store, image_id, own)
    properties = coordinates.labels(stated)
    if properties is not None:
        nodes[f"{prefix}properties"] = properties.assign_attrs(own)
    return nodes


def _levels(
    prefix: str, variable: str, group: Group, store: Store, image_id: str, attrs: Mapping[str, Any]
) -> dict[str, xr.Dataset]:
    """One dataset for each level of an image or label image, by its place in the tree."""
    image = group.image
    attrs = {**attrs, **coordinates.kept(image, where=group.location)}
    channels = coordinates.channels(image, group.readers[0].shape, where=group.location)
    return {
        f"{prefix}scale{number}": level_dataset(
            variable,
            reader,
            [axis.name for axis in image.axes],
            coords={
                "image_id": image_id,
                **channels,
                **coordinates.positions(image, level, reader.shape),
            },
            attrs=attrs,
            source=store.location,
        )
        for number, (level, reader) in enumerate(zip(image.levels, group.readers, strict=True))
    }
