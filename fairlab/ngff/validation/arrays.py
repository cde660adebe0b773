"""Whether the arrays of an image are what its metadata says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.ngff.validation.findings import Findings, error, shown, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_INTEGERS: Final = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}


@dataclass(frozen=True, kw_only=True)
class ArrayFacts:
    """What the document of an array says."""

    shape: tuple[int, ...]
    """Length along each dimension."""
    chunks: tuple[int, ...] | None
    """Length of a chunk along each dimension, where chunks are regular."""
    dtype: str
    """Name of the data type, as zarr v3 says it: ``"uint16"``."""
    names: tuple[str | None, ...] | None
    """Names of the dimensions (zarr v3)."""
    separator: str | None
    """What stands between the numbers in a chunk's key (zarr v2)."""


def facts(document: Mapping[str, Any]) -> ArrayFacts | None:
    """What an array's document says, or None when it does not say what an array must."""
    v3 = "node_type" in document or document.get("zarr_format") == 3
    grid = document.get("chunk_grid")
    grid = grid.get("configuration") if isinstance(grid, dict) else None
    regular = grid.get("chunk_shape") if isinstance(grid, dict) else None
    chunks = _lengths(regular if v3 else document.get("chunks"))
    shape, dtype = _lengths(document.get("shape")), document.get("data_type" if v3 else "dtype")
    if shape is None or (chunks is None and not v3) or not isinstance(dtype, str | dict | list):
        return None
    names = document.get("dimension_names")
    return ArrayFacts(
        shape=shape,
        chunks=chunks,
        dtype=dtype if v3 and isinstance(dtype, str) else _numpy_name(dtype),
        names=tuple(n if isinstance(n, str) else None for n in names) if isinstance(names, list) else None,
        separator=None if v3 else str(document.get("dimension_separator") or "."),
    )


def _lengths(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, list) or not all(
        isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in value
    ):
        return None
    return tuple(value)


def _numpy_name(dtype: Any) -> str:
    """``"<u2"`` in the words of zarr v3."""
    text = dtype if isinstance(dtype, str) else shown(dtype)
    kinds = {"i": "int", "u": "uint", "f": "float", "c": "complex"}
    if len(text) > 2 and text[0] in "<>|=" and text[1] in kinds and text[2:].isdigit() and len(text) < 6:
        return f"{kinds[text[1]]}{int(text[2:]) * 8}"
    return "bool" if text[1:] == "b1" else text


def axis_names(image: Mapping[str, Any], version: str) -> list[list[str]]:
    """Names of the axes that an entry of ``multiscales`` states, as often as it states them."""
    if version in ("0.1", "0.2"):
        return [["t", "c", "z", "y", "x"]]
    lists = [image.get("axes")]
    if "coordinateSystems" in image:
        systems = image["coordinateSystems"]
        lists = [s.get("axes") for s in systems if isinstance(s, dict)] if isinstance(systems, list) else []
    return [
        [str(axis.get("name") if isinstance(axis, dict) else axis) for axis in axes]
        for axes in lists
        if isinstance(axes, list)
    ]


def agree(
    arrays: list[ArrayFacts | None], names: list[list[str]], *, version: str, label: bool
) -> Iterator[tuple[int, Findings]]:
    """What the arrays of one pyramid do not have as the metadata says: number of the level, and findings.

    Parameters
    ----------
    arrays : list of ArrayFacts or None
        In the order of the levels; None where there is none.
    names : list of list of str
        Axes as stated; one of the lists has to fit.
    version : str
        Version whose rules hold.
    label : bool
        Whether it is a label image, which holds integers.
    """
    first = next((array for array in arrays if array), None)
    previous = None
    for number, array in enumerate(arrays):
        if array is None:
            continue
        yield number, _own(array, names, version, label)
        if first is not None and array.dtype != first.dtype:
            level = error if version.startswith("0.6") else warning
            text = f"the data type is {array.dtype}, but {first.dtype} before; all levels have one"
            yield number, iter([level("dtype", (), text)])
        if previous is not None and len(previous.shape) == len(array.shape) and _larger(array, previous):
            text = f"the shape is {_by(array.shape)} after {_by(previous.shape)}; levels MUST become smaller"
            yield number, iter([error("level-order", ("shape",), text)])
        previous = array


def _own(array: ArrayFacts, names: list[list[str]], version: str, label: bool) -> Findings:
    n = len(array.shape)
    if names and all(len(axes) != n for axes in names):
        yield error(
            "dimensions", ("shape",), f"the shape is {_by(array.shape)}, but there are {len(names[0])} axes"
        )
    if array.chunks is not None and len(array.chunks) != n:
        yield error("chunks", (), f"chunks have {len(array.chunks)} dimensions, but the array has {n}")
    if array.separator is not None and array.separator != ("." if version == "0.1" else "/"):
        expected = "flat, with dots" if version == "0.1" else 'nested, with "/"'
        yield warning(
            "separator", (), f"chunk keys are joined with {shown(array.separator)}; the layout is {expected}"
        )
    if names:
        yield from _named(array, names, version)
    if label and array.dtype not in _INTEGERS:
        yield error("label-dtype", (), f"the data type is {array.dtype}; labels MUST be integers")


def _named(array: ArrayFacts, names: list[list[str]], version: str) -> Findings:
    """Dimensions MUST be named as the axes in 0.5; in 0.6 they need no names, but their order MUST be the same."""
    if array.names is None:
        if version == "0.5":
            yield error(
                "dimension-names", (), '"dimension_names" is missing; it MUST be there and match the axes'
            )
        return
    stated = [str(name) for name in array.names]
    in_order = stated in names or (version != "0.5" and sorted(stated) not in [sorted(n) for n in names])
    if not in_order:
        yield error(
            "dimension-names",
            ("dimension_names",),
            f"they are {', '.join(stated)}; expected those of the axes, {', '.join(names[0])}",
        )


def _larger(array: ArrayFacts, previous: ArrayFacts) -> bool:
    return math.prod(array.shape) > math.prod(previous.shape)


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(shown(n) for n in shape)
