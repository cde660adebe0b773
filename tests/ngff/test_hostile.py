"""Whatever JSON a store holds, reading its attributes gives a model or an error of ours."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlab.errors import FairlabError
from fairlab.ngff import group, identity
from fairlab.ngff.model import Image
from fairlab.ngff.transforms import by_shape
from tests.ngff import examples
from tests.ngff.examples import VERSIONS, zarr_format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**64, 10**300, float("nan"), float("inf"), -0.0, 1e308, 5e-324]),
    st.text(max_size=4),
    st.sampled_from(
        ["", "../..", "/", "A/1", "\ud800", "%2e%2e", "scale", "sequence", "rotation", "0.6", "c", "x"]
    ),
)
_VALID = {
    "image": examples.image,
    "label": examples.label,
    "plate": examples.plate,
    "well": examples.well,
    "scene": lambda version: examples.put(
        {"scene": {"coordinateTransformations": [{"input": {"path": "a"}, "output": {"name": "world"}}]}},
        version,
    ),
    "series": lambda version: examples.put({"series": ["0", "1"]}, version),
    "labels": lambda version: examples.put({"labels": ["nuclei"]}, version),
}


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield above
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inner:
        yield from _places(entry, (*above, key))


_KEYS = st.sampled_from(
    sorted(
        {str(place[-1]) for v in VERSIONS for make in _VALID.values() for place in _places(make(v)) if place}
    )
)
JSON = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
READERS: dict[str, Callable[[dict[str, Any], int], Any]] = {
    "image": lambda a, n: [
        group.image(a, zarr_format=n, where="here", inside="labels/a", number=k)
        for k in range(len(group.image_names(a, where="here")))
    ],
    "plate": lambda a, n: group.plate(a, zarr_format=n, where="here"),
    "well": lambda a, n: group.well(a, zarr_format=n, where="here"),
    "series": lambda a, n: group.series(a),
    "labels": lambda a, n: group.label_names(a, where="here"),
    "scene": lambda a, n: group.scene_images(a),
    "kind": lambda a, n: group.kind_of(a),
    "version": lambda a, n: group.version_of(a, zarr_format=n),
}


def _edit(attributes: Any, place: tuple[Any, ...], how: str, value: Any) -> Any:
    if not place:
        return value if isinstance(value, dict) else attributes
    target = attributes
    for step in place[:-1]:
        target = target[step]
    if how == "remove":
        del target[place[-1]]
    elif how == "double" and isinstance(target, list):
        target.append(copy.deepcopy(target[place[-1]]))
    else:
        target[place[-1]] = value
    return attributes


def _all(attributes: dict[str, Any], form: int) -> None:
    for read in READERS.values():
        try:
            found = read(attributes, form)
        except FairlabError as error:
            assert error.kind and len(error.message.encode()) < 2000
            pickle.loads(pickle.dumps(error))
        else:
            for image in found if isinstance(found, tuple) else ():
                if isinstance(image, Image):
                    assert all(len(remark.encode()) < 2000 for remark in image.remarks)
                    shape = (4,) * len(image.axes)
                    assert len(by_shape(image, [shape] * len(image.levels)).levels[0].scale) == len(shape)


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(VERSIONS), st.sampled_from(sorted(_VALID)), st.sampled_from([2, 3]))
def test_an_edit_of_valid_attributes(data: st.DataObject, version: str, kind: str, form: int) -> None:
    attributes: Any = _VALID[kind](version)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(sorted(_places(attributes), key=str)))
        how = data.draw(st.sampled_from(["replace", "remove", "double"]))
        attributes = _edit(attributes, place, how, data.draw(JSON))
    _all(attributes, form)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*identity.KINDS, "ome", "omero", "image-label", "series"]), JSON),
    st.sampled_from([2, 3]),
)
def test_any_json(attributes: dict[str, Any], form: int) -> None:
    _all(attributes, form)


@pytest.mark.parametrize("kind", ["image", "plate"])
def test_the_deepest_document_there_may_be(kind: str) -> None:
    from fairlab.ngff.documents import MAX_DEPTH, parse

    deep = '{"type": "sequence", "transformations": [' * 40 + '{"type": "identity"}' + "]}" * 40
    assert deep.count("{") * 2 < MAX_DEPTH
    nested, _ = parse(deep.encode(), where="here")
    attributes = examples.image("0.5")
    examples.first(attributes)["coordinateTransformations"] = [nested]
    assert group.image(attributes, zarr_format=3, where="here").levels[0].scale == (1.0, 0.5, 0.5)
    blob, _ = parse(("[" * (MAX_DEPTH - 10) + "]" * (MAX_DEPTH - 10)).encode(), where="here")
    for place in list(_places(_VALID[kind]("0.5"))):
        _all(_edit(_VALID[kind]("0.5"), place, "replace", copy.deepcopy(blob)), zarr_format("0.5"))


def test_kept_geometry_is_what_was_stated() -> None:
    attributes = examples.image("0.6")
    stated = [{"type": "affine", "affine": [[1, 0, 0, 0]], "output": {"name": "world"}}]
    examples.first(attributes)["coordinateTransformations"] = copy.deepcopy(stated)
    kept = group.image(attributes, zarr_format=3, where="here").kept
    assert json.loads(json.dumps(kept)) == {"coordinateTransformations": stated}
