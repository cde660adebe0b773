"""The official JSON schemas, as ngff-zarr carries them, and yaozarrs' models on the same edited documents."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from fairlab.ngff.validation.document import read
from tests.ngff.validation.test_rules import EXPANDED
from tests.ngff.validation.valid import VERSIONS, edited, kinds, valid

MODELS = {
    "image": "image", "label": "label", "plate": "plate", "well": "well", "scene": "scene",
    "bioformats2raw": "bf2raw", "series": "ome",
}  # fmt: skip
# What a schema cannot say, or does not, but the text does.
ONLY_IN_THE_TEXT = {
    "axes.channel-axes", "axes.duplicate", "axes.order", "axes.orientation", "axes.time-axes", "bioformats2raw.path",
    "coordinateSystems.duplicate", "coordinateTransformations.affine", "coordinateTransformations.length",
    "coordinateTransformations.order", "coordinateTransformations.path", "coordinateTransformations.permutation",
    "coordinateTransformations.rotation", "coordinateTransformations.type", "coordinateTransformations.value",
    "image-label.duplicate", "image-label.value", "multiscales.apart",
    "multiscales.axis", "multiscales.duplicate", "multiscales.input",
    "multiscales.intrinsic", "multiscales.order", "multiscales.output", "multiscales.output-axes",
    "multiscales.path", "multiscales.size", "omero.missing-color", "omero.missing-window", "omero.value",
    "plate.duplicate", "plate.path", "plate.well-index", "plate.well-path", "scene.apart", "scene.size", "scene.output",
}  # fmt: skip
# Where a schema refuses what the text allows.
STRICTER_THAN_THE_TEXT = {
    "multiscales.metadata": "the schema of 0.1 alone asks for an object",
    "axes.missing-type": "the schemas of 0.4 and 0.5 count an axis without a type as one of space",
    "axes.null": "the text names null as a type",
    "multiscales.null": "the text asks for no type, nor do the models of yaozarrs and ome-zarr-models",
    "omero.null": "the text asks for no type, nor do the models of yaozarrs and ome-zarr-models",
    "axes.unit": "the text says of the whole value what it SHOULD be",
    "coordinateTransformations.path": "the text has scales at a path, the schemas have not",
    "coordinateTransformations.interpolation": "the text calls its list of methods not exhaustive",
}
Schema = Callable[[Any, str, str], bool | None]


@pytest.fixture(scope="module")
def schema() -> Schema:
    """``schema(document, version, kind)``: valid or not by the official schema; None where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jsonschema = pytest.importorskip("jsonschema")
        validate = pytest.importorskip("ngff_zarr.validate").validate

    def ask(document: Any, version: str, kind: str) -> bool | None:
        if kind not in MODELS or (version < "0.4" and kind == "label"):
            return None
        try:
            validate(document, version=version, model=MODELS[kind])
        except jsonschema.ValidationError:
            return False
        return True

    return ask


def _errors(document: Any, version: str) -> set[str]:
    found = read(document, version=version).judged()
    return {f"{finding.section}.{finding.code}" for finding in found if finding.level == "error"}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_official_schemas_find_our_documents_valid(schema: Schema, version: str) -> None:
    for kind in kinds(version):
        assert schema(valid(version, kind), version, kind) in (True, None), kind


def test_the_official_schemas_agree_where_they_can(schema: Schema) -> None:
    asked = 0
    for version, kind, place, value, _, type_ in EXPANDED:
        document = edited(valid(version, kind), place, value)
        theirs, ours = schema(document, version, kind), _errors(document, version)
        asked += theirs is not None
        if theirs is True:
            assert ours <= ONLY_IN_THE_TEXT, (version, place, value)
        elif theirs is False and not ours:
            assert type_ in STRICTER_THAN_THE_TEXT, (version, place, value)
    assert asked > 500


_COERCED = "pydantic reads text and booleans as numbers"
_UNSEEN = "its models do not compare these"
YAOZARRS_DIFFERS = {
    "axes.orientation": "it does not know RFC-4",
    "axes.unit": "it refuses what no MUST asks for",
    "multiscales.path": "it takes any text as a path",
    "labels.path": "it takes any text as a path",
    "multiscales.order": _UNSEEN,
    "axes.channel-axes": "it takes a channel and a custom axis",
    "multiscales.metadata": "it refuses what no MUST asks for",
    "coordinateTransformations.path": "it has no scales at a path",
    "coordinateTransformations.value": "it takes any number, finite or not",
    "coordinateTransformations.wrong-type": _COERCED,
    "omero.wrong-type": _COERCED,
    "plate.wrong-type": _COERCED,
    "well.wrong-type": _COERCED,
    "image-label.value": _COERCED,
    "image-label.duplicate": _UNSEEN,
    "image-label.duplicate-properties": "it refuses what no MUST asks for",
    "plate.duplicate": _UNSEEN,
    "plate.well-path": _UNSEEN,
    "plate.well-index": _UNSEEN,
    "well.value": "it takes the names of 0.6 in wells of 0.4 and 0.5",
}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_yaozarrs_agrees_but_for_what_it_does_not_ask(version: str) -> None:
    yaozarrs = pytest.importorskip("yaozarrs")
    module = {"0.4": yaozarrs.v04, "0.5": yaozarrs.v05}[version]
    names = {
        "image": "Image",
        "plate": "Plate",
        "well": "Well",
        "labels": "LabelsGroup",
        "label": "LabelImage",
    }
    asked, differ = 0, set()
    for stated, kind, place, value, _, type_ in EXPANDED:
        if stated != version or kind not in names or type_.startswith("document."):
            continue
        document = edited(valid(version, kind), place, value)
        asked += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yaozarrs.validate_ome_object(document.get("ome", document), getattr(module, names[kind]))
            theirs = True
        except ValueError:
            theirs = False
        if theirs == bool(_errors(document, version)):
            differ.add(type_)
    assert differ - {"*"} <= YAOZARRS_DIFFERS.keys()
    assert asked > 80
