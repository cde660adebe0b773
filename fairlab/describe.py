"""What an opened image or plate is, as plain values and as text: the content of ``fairlab info``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.costs import cost_of
from fairlab.levels import level_names, variable
from fairlab.ngff.units import SYMBOLS
from fairlab.provenance import records_of
from fairlab.quantities import readable_bytes

if TYPE_CHECKING:
    import xarray as xr


def describe(tree: xr.DataTree) -> dict[str, Any]:
    """Facts of an opened image or plate as JSON values; no pixels are read.

    Parameters
    ----------
    tree : xarray.DataTree
        From :func:`fairlab.open_image` or ``open_plate``.

    Returns
    -------
    dict
        ``record`` (identity, licence, credit), ``axes``, ``levels`` (shape, block, pixel size, uncompressed
        bytes, and what reading all of it would cost), ``channels``, ``labels``, ``dtype`` and, of a plate,
        ``plate`` (rows, columns, wells and fields that are there). What is unknown is None or absent.

    Examples
    --------
    >>> import fairlab
    >>> facts = describe(fairlab.open_image("sample:nuclei"))
    >>> facts["labels"], facts["levels"][0]["spacing"]["x"]["unit"]
    (['nuclei'], 'micrometer')
    """
    (record,) = records_of(tree)
    levels = {name: variable(tree[name].to_dataset()) for name in level_names(tree)}
    finest = next(iter(levels.values()))
    return {
        "record": record.to_dict(),
        "axes": list(finest.dims),
        "dtype": str(finest.dtype),
        "levels": [{"name": name, **_level(image)} for name, image in levels.items()],
        "channels": _channels(finest),
        "labels": list(tree["labels"].children) if "labels" in tree.children else [],
        **({"plate": _plate(finest)} if "row" in finest.dims else {}),
    }


def _plate(image: xr.DataArray) -> dict[str, Any]:
    present = image["present"].values  # (row, column, field)
    return {
        "rows": [str(name) for name in image["row"].values],
        "columns": [str(name) for name in image["column"].values],
        "wells": [str(name) for name in image["well"].values[present.any(axis=2)]],
        "fields": int(present.sum()),
    }


def _level(image: xr.DataArray) -> dict[str, Any]:
    cost = cost_of(image)
    chunks = image.encoding.get("preferred_chunks", {})
    return {
        "shape": dict(image.sizes),
        "spacing": {
            str(dim): {"value": abs(image[dim].attrs["spacing"]), "unit": image[dim].attrs.get("units")}
            for dim in image.dims
            if "spacing" in image[dim].attrs
        },
        "block": {str(dim): int(length) for dim, length in chunks.items()},
        "bytes": int(image.nbytes),
        "cost": {"requests": cost.requests, "bytes": cost.bytes, "exact": cost.exact},
    }


def _channels(image: xr.DataArray) -> list[dict[str, Any]]:
    if "c" not in image.coords:
        return []
    channels = []
    for i, name in enumerate(image.c.values.tolist()):
        shown = {
            key: image[key].values[i].item() for key in ("window_start", "window_end") if key in image.coords
        }
        color = {"color": str(image["color"].values[i])} if "color" in image.coords else {}
        channels.append({"name": name, **color, **shown})
    return channels


def as_text(facts: dict[str, Any]) -> str:
    """The facts of :func:`describe` as lines for a terminal."""
    from fairlab.record import Record

    finest = facts["levels"][0]
    lines = [str(Record.from_dict(facts["record"])), ""]
    lines.append(f"{'version':>14}: OME-Zarr {facts['record'].get('ngff_version', 'unknown')}")
    lines.append(f"{'pixels':>14}: {_sizes(finest['shape'])}, {facts['dtype']}")
    lines.append(f"{'pixel size':>14}: {_spacing(finest['spacing'])}")
    lines.append(f"{'channels':>14}: {', '.join(c['name'] for c in facts['channels']) or 'no channel axis'}")
    lines.append(f"{'labels':>14}: {', '.join(facts['labels']) or 'none'}")
    if "plate" in facts:
        plate = facts["plate"]
        wells = f"{len(plate['wells'])} of {len(plate['rows']) * len(plate['columns'])} wells"
        lines.append(f"{'plate':>14}: {_range('rows', plate['rows'])}, {_range('columns', plate['columns'])}")
        lines.append(f"{'there':>14}: {wells}, {plate['fields']} fields")
    lines.append("")
    for level in facts["levels"]:
        cost = level["cost"]
        count = f"{'' if cost['exact'] else 'at most '}{cost['requests']:,} requests"
        lines.append(
            f"{level['name']:>14}: {_sizes(level['shape'])}  {readable_bytes(level['bytes'])} uncompressed, "
            f"{count} for all of it"
        )
    return "\n".join(lines)


def _range(what: str, names: list[str]) -> str:
    return f"{what} {names[0]} to {names[-1]}" if len(names) > 1 else f"{what} {''.join(names) or 'none'}"


def _sizes(shape: dict[str, int]) -> str:
    return " × ".join(f"{dim} {length}" for dim, length in shape.items())


def _spacing(spacing: dict[str, dict[str, Any]]) -> str:
    steps = [
        f"{dim} {step['value']:g} {SYMBOLS.get(step['unit'], step['unit'])}"
        if step["unit"]
        else f"{dim} unknown"
        for dim, step in spacing.items()
    ]
    return ", ".join(steps) or "unknown"
