"""Measure objects: one row each, in physical units, with the origin of the image carried along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fairlab import __version__
from fairlab.analysis.grid import onto
from fairlab.analysis.properties import SHAPE, chosen, gapless, intensities, shapes
from fairlab.analysis.read_size import check_size
from fairlab.analysis.selection import (
    CHANNEL,
    Image,
    channel_names,
    frame_space,
    frames,
    in_order,
    pixels_of,
    unknown_channel,
)
from fairlab.citation import cite
from fairlab.errors import SelectionError
from fairlab.levels import variable
from fairlab.pixel_sizes import axis_um, is_physical, spacing
from fairlab.provenance import gathered, pooled

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    import pandas as pd

    from fairlab.analysis.properties import Array
    from fairlab.record import Record

HINT = "measure a part: labels.isel(t=0), or labels of a coarser level"


def measure(
    image: Image,
    labels: xr.DataArray | xr.Dataset,
    *,
    channels: Sequence[str] | None = None,
    properties: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One row per object, in physical units.

    Parameters
    ----------
    image : DataTree, Dataset or DataArray
        The image the labels belong to. Of a tree, the level with the labels' coordinates is measured.
    labels : DataArray or Dataset
        Integers, 0 is background, on the grid of a level of the image or on a part of it: from
        :func:`fairlab.segment`, or an image's own (``tree["labels/nuclei/scale0/labels"]``).
    channels : sequence of str, optional
        Channels whose intensity is measured; default: all. Only these are read, one after the other.
    properties : sequence of str, optional
        Of ``area`` (2D), ``volume`` (3D), ``centroid``, ``equivalent_diameter``, ``major_axis_length``,
        ``minor_axis_length``, ``perimeter``, ``eccentricity``, ``solidity`` (these in 2D), and
        ``mean_``, ``min_``, ``max_``, ``std_intensity``. Default: the usual ones.

    Returns
    -------
    pandas.DataFrame
        Columns ``image_id``, one for each axis that frames follow each other on (``t``, as coordinate),
        ``label``, then the properties with their unit in the name (``area_um2``, ``volume_um3``,
        ``centroid_y_um`` …, ``mean_intensity_<channel>``), last ``license``. Centroids are positions in the
        image's own coordinates. An image without units is measured in pixels (``area_px``, and
        ``centroid_y_px`` counted from the first pixel of the labels). No objects: no rows, the same columns.
        ``table.attrs`` has ``image_id``, ``license``, ``citation``, ``fairlab_record``, ``history`` and
        ``units`` (column to unit).

    Raises
    ------
    SelectionError
        kind ``"grid-mismatch"``: no level has the labels' coordinates; ``"image-mismatch"``: the labels are
        of another image; ``"labels-type"``, ``"channel-unknown"``, ``"property-unknown"``,
        ``"read-too-large"``.
    MissingExtraError
        scikit-image is not installed.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> axis = {"units": "micrometer"}
    >>> grid = {"y": ("y", np.arange(4) * 0.5, axis), "x": ("x", 10 + np.arange(5) * 0.5, axis)}
    >>> image = xr.DataArray(np.ones((4, 5)), dims=("y", "x"), coords=grid, name="image")
    >>> labels = xr.zeros_like(image, dtype=int); labels[1:3, 1:4] = 7
    >>> table = measure(image, labels, properties=["area", "centroid", "mean_intensity"])
    >>> table[["label", "area_um2", "centroid_y_um", "centroid_x_um", "mean_intensity"]].values.tolist()
    [[7.0, 1.5, 0.75, 11.0, 1.0]]
    """
    labels = in_order(_checked_labels(labels))
    array, level = onto(image, labels)
    plan = _plan(array, labels, channels, properties)
    parts = [_measure_frame(array, labels, place, plan) for place in frames(labels)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return _table(image, array, labels, columns, plan, level)


def _checked_labels(labels: xr.DataArray | xr.Dataset) -> xr.DataArray:
    if not isinstance(labels, xr.Dataset | xr.DataArray):
        raise SelectionError(
            f"expected labels as a DataArray, found {type(labels).__name__}\n"
            "  make them with fairlab.segment, or take an image's own: "
            'tree["labels/<name>/scale0/labels"]',
            kind="labels-type",
        )
    array = variable(labels)
    if array.dtype.kind not in "iu" or CHANNEL in array.dims:
        raise SelectionError(
            f"labels are {array.dtype} over ({', '.join(map(str, array.dims))})\n"
            "  expected integers without a channel axis; a mask becomes labels with skimage.measure.label",
            kind="labels-type",
        )
    check_size(array, itemsize=4, hint=HINT)
    return array


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What is measured, and how pixels become lengths."""

    shape: list[str]
    intensity: list[str]
    channels: list[str]
    """Channels to measure; empty without a channel axis."""
    space: tuple[str, ...]
    """Axes of a frame."""
    step: list[float]
    """Signed distance of neighbours along each axis of a frame: µm, or 1 (pixels)."""
    origin: list[float]
    """Position of the first pixel along each axis: µm, or 0."""
    physical: bool
    """Whether lengths are µm."""

    def columns(self) -> dict[str, str]:
        """Names of the measured columns, in order, and their units."""
        found = {}
        for name in self.shape:
            suffix, unit = self._unit(SHAPE[name].power)
            parts = [f"{name}_{dim}" for dim in self.space] if name == "centroid" else [name]
            found.update({part + suffix: unit for part in parts})
        for channel in self.channels:
            found.update({f"{name}_{channel}": "gray value" for name in self.intensity})
        if not self.channels:
            found.update(dict.fromkeys(self.intensity, "gray value"))
        return found

    def _unit(self, power: int) -> tuple[str, str]:
        if power == 0:
            return "", "1"
        if not self.physical:
            return "_px", "pixel"
        return ("_um", "micrometer") if power == 1 else (f"_um{power}", f"micrometer^{power}")


def _plan(
    array: xr.DataArray,
    labels: xr.DataArray,
    channels: Sequence[str] | None,
    properties: Sequence[str] | None,
) -> _Plan:
    names = channel_names(array)
    wanted = names if channels is None else [channels] if isinstance(channels, str) else list(channels)
    for name in wanted:
        if name not in names:
            raise unknown_channel(name, names)
    space = frame_space(labels)
    shape, intensity = chosen(properties, len(space))
    if names and not wanted:
        intensity = []
    physical = is_physical(labels, space)
    factors = [axis_um(labels, dim) if physical else 1.0 for dim in space]
    return _Plan(
        shape=shape,
        intensity=intensity,
        channels=wanted,
        space=space,
        step=[f * spacing(labels, d) if physical else 1.0 for d, f in zip(space, factors, strict=True)],
        origin=[
            f * float(labels.coords[d].values[0]) if physical else 0.0
            for d, f in zip(space, factors, strict=True)
        ],
        physical=physical,
    )


def _measure_frame(
    array: xr.DataArray, labels: xr.DataArray, place: dict[str, int], plan: _Plan
) -> dict[str, Array]:
    """Columns of one frame, all of the same length: where it is, the labels, what was measured."""
    frame = labels.isel(place)
    numbered, names = gapless(pixels_of(frame))
    count = len(names)
    found = {
        "image_id": np.full(count, _image_id(frame, array), dtype=object),
        **{dim: np.repeat(_position(labels, dim, i), count) for dim, i in place.items() if dim != "z"},
        "label": names,
    }
    if not count:
        return {**found, **{name: np.empty(0) for name in plan.columns()}}
    values = shapes(numbered, plan.shape, step=plan.step, origin=plan.origin)
    for pixels in _channels(array.isel(place), plan):
        values += intensities(numbered, pixels, plan.intensity)
    return {**found, **dict(zip(plan.columns(), values, strict=True))}


def _channels(array: xr.DataArray, plan: _Plan) -> Iterator[Array]:
    """The pixels of each channel to measure, one loaded after the other."""
    if not plan.intensity:
        return
    names = channel_names(array)
    for one in [array.isel({CHANNEL: names.index(name)}) for name in plan.channels] if names else [array]:
        check_size(one, hint=HINT)
        yield pixels_of(in_order(one))


def _position(labels: xr.DataArray, dim: str, index: int) -> Any:
    return labels.coords[dim].values[index] if dim in labels.coords else index


def _image_id(*arrays: xr.DataArray) -> str:
    for array in arrays:
        if "image_id" in array.coords and array.coords["image_id"].ndim == 0:
            return str(array.coords["image_id"].item())
    return str(next((array.attrs["id"] for array in arrays if "id" in array.attrs), "unknown"))


def _table(
    image: Image,
    array: xr.DataArray,
    labels: xr.DataArray,
    columns: dict[str, Array],
    plan: _Plan,
    level: str,
) -> pd.DataFrame:
    import pandas as pd

    source = array if "fairlab_record" in array.attrs else image
    records = gathered(source)
    licenses = _licenses(records, columns["image_id"].tolist(), str(source.attrs.get("license", "unknown")))
    table = pd.DataFrame(columns).assign(license=licenses).astype({"image_id": "str", "license": "str"})
    line = f"measured by fairlab {__version__}" + (f" on level {level}" if level else "")
    stated = {name: labels.coords[name].attrs.get("units") for name in columns if name in labels.dims}
    table.attrs = {
        **_origin(source, list(records.values())),
        "image_id": "; ".join(dict.fromkeys(table["image_id"])) or _image_id(labels, array),
        "license": "; ".join(
            dict.fromkeys(licenses or _licenses(records, [_image_id(labels, array)], "unknown"))
        ),
        "history": "\n".join(dict.fromkeys(part for part in (*_history(array, labels), line) if part)),
        "units": {**{name: unit for name, unit in stated.items() if unit}, **plan.columns()},
    }
    return table


def _licenses(records: Mapping[str, Record], image_ids: Sequence[str], otherwise: str) -> list[str]:
    """The licences of each row: its image's, and those of all that went into every image."""
    stated = {name: record.license or "unknown" for name, record in records.items()}
    shared = [text for name, text in stated.items() if name not in set(image_ids)]
    return [
        "; ".join(dict.fromkeys([*([stated[name]] if name in stated else []), *shared])) or otherwise
        for name in image_ids
    ]


def _history(*arrays: xr.DataArray) -> list[str]:
    return [line for array in arrays for line in str(array.attrs.get("history", "")).splitlines()]


def _origin(source: Image, records: Sequence[Record]) -> dict[Hashable, Any]:
    """What a table carries along about its image; unknown is absent, and the citation says so."""
    kept: dict[Hashable, Any] = {
        name: source.attrs[name] for name in ("title", "retrieved_at") if name in source.attrs
    }
    if not records:
        return {**kept, "citation": "unknown"}
    return {**kept, "citation": cite(records).text, "fairlab_record": pooled(records)["fairlab_record"]}
