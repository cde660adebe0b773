"""Images of every version: axes, geometry, channels; what is odd is remarked, what would be a guess refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fairlab.errors import FairlabError, FormatError, MetadataError, UnsupportedVersionError
from fairlab.ngff import group
from fairlab.ngff.transforms import by_shape
from tests.ngff import examples
from tests.ngff.examples import OLD, VERSIONS, block, first, zarr_format

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.ngff.model import Image

STATED = ("0.4", "0.5", "0.6")


def read(attributes: dict[str, Any], version: str = "0.5", **options: Any) -> Image:
    return group.image(attributes, zarr_format=zarr_format(version), where="here", **options)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_image_of_every_version(version: str) -> None:
    image = read(examples.image(version), version)
    assert (image.version, image.name, image.remarks, image.kept) == (version, "cells", (), {})
    assert "".join(axis.name for axis in image.axes) == ("tczyx" if version < "0.3" else "cyx")
    assert {axis.name: axis.type for axis in image.axes}["c"] == "channel"
    assert [level.path for level in image.levels] == ["0", "1"]
    assert [channel.label for channel in image.channels] == ["DAPI", "GFP"]
    assert image.channels[0].window == (0.0, 200.0) and not image.channels[1].active
    assert image.scales_stated is (version in STATED)


@pytest.mark.parametrize("version", STATED)
def test_scale_and_translation_are_as_stated(version: str) -> None:
    image = read(examples.image(version), version)
    assert [axis.unit for axis in image.axes] == [None, "micrometer", "micrometer"]
    assert [level.scale for level in image.levels] == [(1.0, 0.5, 0.5), (1.0, 1.0, 1.0)]
    assert [level.translation for level in image.levels] == [(0.0, 0.0, 0.0), (0.0, 0.25, 0.25)]


@pytest.mark.parametrize("version", OLD)
def test_old_scales_follow_from_the_shapes(version: str) -> None:
    image = read(examples.image(version), version)
    n = len(image.axes)
    scaled = by_shape(image, [(4,) * (n - 2) + (100, 90), (4,) * (n - 2) + (50, 30)])
    assert scaled.levels[0].scale == (1.0,) * n
    assert scaled.levels[1].scale == (1.0,) * (n - 2) + (2.0, 3.0)
    assert scaled.levels[1].translation == (0.0,) * n
    with pytest.raises(MetadataError) as caught:
        by_shape(
            image, [(4,) * (n - 1)] * 2
        )  # 0.1 and 0.2 have five dimensions, and nothing says which of four
    assert caught.value.kind == "axes-mismatch"
    with pytest.raises(MetadataError) as caught:
        by_shape(image, [(4,) * n, (0,) * n])
    assert caught.value.kind == "level-empty"


@pytest.mark.parametrize("version", STATED)
def test_stated_scales_are_not_taken_from_the_shapes(version: str) -> None:
    image = read(examples.image(version), version)
    assert by_shape(image, [(1, 9, 9), (1, 3, 3)]) is image


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_multiscale_transformations_come_after_the_levels_own(version: str) -> None:
    attributes = examples.image(version)
    first(attributes)["coordinateTransformations"] = [
        {"type": "scale", "scale": [1.0, 10.0, 10.0]},
        {"type": "translation", "translation": [0.0, 5.0, 0.0]},
    ]
    level = read(attributes, version).levels[1]
    assert (level.scale, level.translation) == ((1.0, 10.0, 10.0), (0.0, 7.5, 2.5))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_that_is_not_stated_is_inferred(version: str) -> None:
    attributes = examples.image(version)
    (attributes["ome"] if version >= "0.5" else first(attributes)).pop("version")
    image = read(attributes, version)
    assert image.version == ("0.2" if version == "0.1" else version)
    (remark,) = image.remarks
    assert "no version is stated" in remark


@pytest.mark.parametrize("draft", ["0.6rc0", "0.6.dev1", "0.6.dev4", "0.6dev1"])
def test_drafts_are_read_by_their_versions_rules(draft: str) -> None:
    attributes = examples.image("0.6")
    attributes["ome"]["version"] = draft
    first(attributes)["coordinateSystems"].append({"name": "world", "axes": []})
    if "dev" in draft:  # they gave references as plain strings
        for dataset in first(attributes)["datasets"]:
            dataset["coordinateTransformations"][0] |= {"input": dataset["path"], "output": "physical"}
    assert read(attributes).levels == read(examples.image("0.6")).levels


@pytest.mark.parametrize("version", ["7.0", "0.60", "latest", "0.4;", {}, [], True])
def test_other_versions_are_refused(version: Any) -> None:
    attributes = examples.image("0.5")
    attributes["ome"]["version"] = version
    if isinstance(version, str):
        with pytest.raises(UnsupportedVersionError):
            read(attributes)
    else:
        assert "no version is stated" in read(attributes).remarks[0]


def test_the_form_tells_where_the_version_is_wrong() -> None:
    attributes = examples.image("0.4")
    first(attributes)["version"] = "0.3"
    image = read(attributes, "0.4")
    assert (image.version, image.levels[0].scale) == ("0.4", (1.0, 0.5, 0.5))
    assert "the version is 0.3" in image.remarks[0]
    attributes = examples.image("0.5")
    attributes["ome"]["version"] = "0.6"
    assert read(attributes).levels[0].scale == (1.0, 0.5, 0.5)
    # Strings for axes where objects are due: names are known, and so are the scales.
    attributes = examples.image("0.4")
    first(attributes)["axes"] = ["c", "y", "x"]
    assert read(attributes, "0.4").levels[0].scale == (1.0, 0.5, 0.5)


def test_scales_that_an_old_version_does_not_have_are_read_all_the_same() -> None:
    attributes = examples.image("0.3")
    for level, dataset in enumerate(first(attributes)["datasets"]):
        dataset["coordinateTransformations"] = examples.steps(level)
    image = read(attributes, "0.3")
    assert image.scales_stated and image.levels == read(examples.image("0.4"), "0.4").levels
    assert image.remarks
    # Where the axes are only implied, nothing says that the numbers belong to them.
    attributes = examples.image("0.1")
    first(attributes)["datasets"][0]["coordinateTransformations"] = examples.steps(0)
    image = read(attributes, "0.1")
    assert not image.scales_stated and image.remarks
    assert image.kept == {"0/coordinateTransformations": examples.steps(0)}


def test_nothing_is_implied_in_zarr_v3() -> None:
    attributes = {"multiscales": [{"datasets": [{"path": "0"}]}]}
    with pytest.raises(MetadataError) as caught:
        group.image(attributes, zarr_format=3, where="here")
    assert caught.value.kind == "axes"
    assert group.image(attributes, zarr_format=2, where="here").version == "0.2"


def test_a_store_of_the_other_zarr_format_is_remarked() -> None:
    image = group.image(examples.image("0.4"), zarr_format=3, where="here")
    assert image.remarks == ("OME-Zarr 0.4 is stated, but the store is zarr v3",)


def test_several_images_in_a_group() -> None:
    attributes = examples.image("0.5")
    second = examples.entry("0.5")
    second["datasets"][0]["path"] = "other"
    attributes["ome"]["multiscales"].append(second)
    assert group.image_names(attributes, where="here") == ("cells", "cells")
    found = [group.image(attributes, zarr_format=3, where="here", number=n) for n in range(2)]
    assert [image.levels[0].path for image in found] == ["0", "other"]
    assert not any(image.remarks for image in found)


BROKEN_IMAGES = [None, {}, {"version": "9.9"}, {"version": "0.4", "datasets": [{"path": "../a"}]}]


@pytest.mark.parametrize("broken", BROKEN_IMAGES)
@pytest.mark.parametrize("number", [0, 1])
def test_a_broken_image_in_a_group_matters_to_itself_only(number: int, broken: Any) -> None:
    attributes = {"multiscales": [{**examples.entry("0.4"), "version": "0.4", "name": "sound"}]}
    attributes["multiscales"].insert(1 - number, broken)
    sound = group.image(attributes, zarr_format=2, where="here", number=number)
    assert (sound.name, sound.version, sound.remarks) == ("sound", "0.4", ())
    assert group.image_names(attributes, where="here")[number] == "sound"
    with pytest.raises(FormatError):
        group.image(attributes, zarr_format=2, where="here", number=1 - number)


# ── what is not applied ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "kind", ["rotation", "affine", "displacements", "mapAxis", "byDimension", "bijection"]
)
def test_a_transformation_that_is_not_applied_is_kept_and_remarked(kind: str) -> None:
    attributes = examples.image("0.5")
    stated = [{"type": "scale", "scale": [1.0, 2.0, 2.0]}, {"type": kind, "path": "elsewhere"}]
    first(attributes)["coordinateTransformations"] = stated
    image = read(attributes)
    assert image.levels[0].scale == (1.0, 1.0, 1.0)
    assert image.kept == {"coordinateTransformations": stated}
    assert kind in image.remarks[0]


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ([{"type": "scale", "path": "numbers"}], "transformation-path"),
        ([{"type": "affine"}, {"type": "scale", "scale": [1, 2, 2]}], "transformation-unknown"),
        ([{"type": "scale", "scale": [1, 2]}], "transformation-length"),
        ([{"type": "scale", "scale": [1, 2, float("nan")]}], "transformation-value"),
        ([{"type": "scale", "scale": [1, 2, 0]}], "transformation-value"),
        ([{"type": "scale", "scale": [1, 2, True]}], "transformation-value"),
        ([{"type": "scale", "scale": [1, 2, 10**400]}], "transformation-value"),
        ([{"type": "scale", "scale": [1, 1e200, 1]}] * 2, "transformation-value"),
        ([{"type": "translation", "translation": None}], "transformation-length"),
        ({"type": "scale"}, "transformation"),
        (["scale"], "transformation"),
    ],
)
def test_what_would_be_a_guess_is_refused(steps: Any, kind: str) -> None:
    attributes = examples.image("0.5")
    first(attributes)["coordinateTransformations"] = steps
    with pytest.raises(MetadataError) as caught:
        read(attributes)
    assert caught.value.kind == kind


# ── 0.6 ──────────────────────────────────────────────────────────────────────────────────────────────


def test_axes_are_those_of_the_intrinsic_system() -> None:
    attributes = examples.image("0.6")
    world = {"name": "world", "axes": [{"name": n, "type": "space"} for n in "abc"]}
    first(attributes)["coordinateSystems"].insert(0, world)
    further = {"type": "rotation", "input": {"name": "physical"}, "output": {"name": "world"}}
    first(attributes)["coordinateTransformations"] = [further]
    image = read(attributes)
    assert [axis.name for axis in image.axes] == ["c", "y", "x"]
    assert image.levels == read(examples.image("0.6")).levels
    assert image.kept == {"coordinateSystems": [world], "coordinateTransformations": [further]}
    assert '"physical"' in image.remarks[0] and "(rotation)" in image.remarks[0]


def test_a_scale_to_another_system_is_not_applied() -> None:
    attributes = examples.image("0.6")
    further = {
        "type": "scale",
        "scale": [1, 9, 9],
        "input": {"name": "physical"},
        "output": {"name": "world"},
    }
    first(attributes)["coordinateTransformations"] = [further]
    assert read(attributes).levels == read(examples.image("0.6")).levels


def test_array_axes_have_no_unit_and_no_type_of_ours() -> None:
    attributes = examples.image("0.6")
    names = ["dim_0", "dim_1", "dim_2"]
    axes = [{"name": name, "type": "array", "discrete": True} for name in names]
    first(attributes)["coordinateSystems"] = [{"name": "physical", "axes": axes}]
    for dataset in first(attributes)["datasets"]:
        dataset["coordinateTransformations"] = [{"type": "identity", "output": {"name": "physical"}}]
    image = read(attributes)
    assert [(axis.name, axis.type, axis.unit) for axis in image.axes] == [
        (name, "other", None) for name in names
    ]
    assert image.levels[1].scale == (1.0, 1.0, 1.0)


def test_sequences_may_be_nested() -> None:
    attributes = examples.image("0.6")
    step = first(attributes)["datasets"][1]["coordinateTransformations"][0]
    step["transformations"] = [
        {"type": "identity"},
        {"type": "sequence", "transformations": examples.steps(1)},
    ]
    assert read(attributes).levels == read(examples.image("0.6")).levels


@pytest.mark.parametrize("version", STATED)
def test_levels_are_put_in_order(version: str) -> None:
    attributes = examples.image(version)
    first(attributes)["datasets"].reverse()
    image = read(attributes, version)
    assert image.levels == read(examples.image(version), version).levels
    assert "(1, 0)" in image.remarks[0]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("suffix", ["", "-dev-spatialdata"])
def test_ways_to_named_systems_are_not_one_after_the_other(version: str, suffix: str) -> None:
    """As SpatialData writes them: each leads from the image to a system of its own."""
    attributes = examples.image(version)
    (block(attributes) if version == "0.5" else first(attributes))["version"] = version + suffix

    def way(name: str, **step: Any) -> dict[str, Any]:
        return {**step, "input": {"name": "cyx", "axes": []}, "output": {"name": name, "axes": []}}

    first(attributes)["coordinateTransformations"] = [way("global", type="identity")]
    plain = read(examples.image(version), version)
    assert read(attributes, version) == plain
    ways = [way("global", type="scale", scale=[1, 2, 2]), way("aligned", type="scale", scale=[1, 7, 7])]
    first(attributes)["coordinateTransformations"] = ways
    image = read(attributes, version)
    assert image.levels == plain.levels
    assert image.kept == {"coordinateTransformations": ways}
    assert "names" in image.remarks[0]


def test_only_sequences_are_taken_apart() -> None:
    attributes = examples.image("0.5")
    inner = [{"type": "scale", "scale": [1, 9, 9]}]
    first(attributes)["coordinateTransformations"] = [{"type": "byDimension", "transformations": inner}]
    image = read(attributes)
    assert image.levels == read(examples.image("0.5")).levels
    assert "byDimension" in image.remarks[0]


def test_what_a_level_states_beyond_scale_and_translation_is_kept() -> None:
    attributes = examples.image("0.6")
    (step,) = first(attributes)["datasets"][1]["coordinateTransformations"]
    step["transformations"].append({"type": "rotation", "rotation": [[1, 0, 0], [0, 0, -1], [0, 1, 0]]})
    image = read(attributes)
    assert image.levels == read(examples.image("0.6")).levels
    assert image.kept == {"1/coordinateTransformations": [step]}
    assert image.remarks == ('positions in level "1" are those before what is not applied: rotation',)


def test_a_link_to_a_label_is_no_oddity() -> None:
    attributes = examples.image("0.6")
    link = {
        "type": "identity",
        "input": {"name": "physical"},
        "output": {"name": "physical", "path": "labels/a"},
    }
    first(attributes)["coordinateTransformations"] = [link]
    image = read(attributes)
    assert (image.remarks, image.kept) == ((), {"coordinateTransformations": [link]})


def _output(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda e: e["datasets"][0]["coordinateTransformations"][0].update(output={"name": name})


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (lambda e: e.update(coordinateSystems=[]), "coordinate-systems"),
        (lambda e: e["coordinateSystems"].append({"name": "physical"}), "coordinate-systems"),
        (lambda e: e["coordinateSystems"].append({}), "coordinate-systems"),
        (lambda e: e["coordinateSystems"][0].pop("axes"), "axes"),
        (_output("elsewhere"), "coordinate-system"),
        (lambda e: e["coordinateSystems"][0].update(name="elsewhere"), "coordinate-system"),
        (lambda e: e["datasets"][0].update(coordinateTransformations=[]), "transformation"),
        (lambda e: e["datasets"][0].pop("coordinateTransformations"), "transformation"),
        (lambda e: e["datasets"][0]["coordinateTransformations"] * 2, None),
        (
            lambda e: e["datasets"][0]["coordinateTransformations"][0].update(type="rotation"),
            "transformation-unknown",
        ),
        (
            lambda e: e["datasets"][0]["coordinateTransformations"].extend(
                e["datasets"][0]["coordinateTransformations"]
            ),
            "transformation",
        ),
    ],
)
def test_broken_coordinate_systems(edit: Callable[[dict[str, Any]], Any], kind: str | None) -> None:
    attributes = examples.image("0.6")
    edit(first(attributes))
    if kind is None:
        read(attributes)
        return
    with pytest.raises(MetadataError) as caught:
        read(attributes)
    assert caught.value.kind == kind


# ── the rest of the group ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ("00ff00", "#00FF00"),
        ("#00ff00", "#00FF00"),
        ("00FF0080", "#00FF00"),
        ("#00FF0080", "#00FF00"),
        ("0F0", None),
        ("green", None),
        (65280, None),
        ("00FF00\n", None),
    ],
)
def test_colours(color: Any, expected: str | None) -> None:
    attributes = examples.image("0.5")
    attributes["ome"]["omero"]["channels"][0]["color"] = color
    assert read(attributes).channels[0].color == expected


@pytest.mark.parametrize(
    "window", [None, [], {"start": 0}, {"start": 0, "end": float("inf")}, {"start": "0", "end": 1}]
)
def test_windows_are_whole_or_not_there(window: Any) -> None:
    attributes = examples.image("0.5")
    attributes["ome"]["omero"]["channels"][0] |= {"window": window, "label": "  ", "active": "no"}
    channel = read(attributes).channels[0]
    assert (channel.window, channel.label, channel.active) == (None, None, True)


@pytest.mark.parametrize("version", VERSIONS)
def test_kinds(version: str) -> None:
    assert group.kind_of(examples.image(version)) == "image"
    assert group.kind_of(examples.plate(version)) == "plate"
    assert group.kind_of(examples.well(version)) == "well"
    assert group.kind_of(examples.put({"labels": []}, version)) == "labels"
    assert group.kind_of(examples.put({"bioformats2raw.layout": 3, "plate": {}}, version)) == "plate"
    assert group.kind_of(examples.put({"bioformats2raw.layout": 3}, version)) == "bioformats2raw"
    assert group.kind_of(examples.put({"scene": {}}, version)) == "scene"
    assert group.kind_of({"ome": "mine"}) is None
    assert group.kind_of(examples.put({"label": []}, version)) is None
    for kind, error in (("scene", "scene"), ("nothing", "no-multiscales")):
        with pytest.raises(FormatError) as caught:
            read(examples.put({kind: {}}, version), version)
        assert caught.value.kind == error


def test_foreign_words_beside_the_metadata_are_left_alone() -> None:
    attributes = {**examples.image("0.4"), "ome": {"mine": 1}, "version": "3.1.4"}
    assert read(attributes, "0.4").version == "0.4"
    del attributes["multiscales"][0]["version"]
    assert read(attributes, "0.4").version == "0.4"


def test_a_scene_names_its_images() -> None:
    ends = [{"path": "raw"}, {"path": "raw"}, {"path": "a/b"}, {"path": "../out"}, {"name": "world"}, 3]
    steps = [{"type": "identity", "input": end, "output": {"name": "world"}} for end in ends]
    attributes = examples.put({"scene": {"coordinateTransformations": [*steps, 1]}}, "0.6")
    assert group.scene_images(attributes) == ("raw", "a/b")
    with pytest.raises(FormatError, match="raw, a/b"):
        read(attributes, "0.6")
    assert group.scene_images(examples.image("0.6")) == ()


def test_an_error_says_where_and_keeps_the_address_clean() -> None:
    attributes = examples.image("0.5")
    first(attributes)["datasets"][1]["coordinateTransformations"][0]["scale"] = [1]
    with pytest.raises(MetadataError) as caught:
        read(attributes)
    assert "at multiscales[0].datasets[1] of here" in caught.value.message
    assert caught.value.url == "here"


def test_series() -> None:
    assert group.series(examples.put({"series": ["0", "a/1"]}, "0.4")) == ("0", "a/1")
    assert group.series(examples.put({"series": ["0"]}, "0.5")) == ("0",)
    assert group.series({}) is None
    for value, kind in ((["../0"], "path-outside"), ([0], "series"), ("01", "series")):
        with pytest.raises(FairlabError) as caught:
            group.series({"series": value})
        assert caught.value.kind == kind


@pytest.mark.parametrize("version", VERSIONS)
def test_axes_that_cannot_be_dims(version: str) -> None:
    if version < "0.3":
        return
    for axes in (None, [], "yx", ["y", "y", "x"], ["y", "", "x"], ["y", "a/b", "x"], [1, 2, 3], [{}, {}, {}]):
        attributes = examples.image(version)
        holder = (
            first(attributes)
            if version < "0.6"
            else block(attributes)["multiscales"][0]["coordinateSystems"][0]
        )
        holder["axes"] = axes
        with pytest.raises(MetadataError) as caught:
            read(attributes, version)
        assert caught.value.kind == "axes"


def test_odd_axes_are_remarked() -> None:
    attributes = examples.image("0.5")
    first(attributes)["axes"] = [
        {"name": "C", "type": None},
        {"name": "y", "type": "Space", "unit": "µm"},
        {"name": "x", "type": "angle", "unit": "parrots"},
    ]
    image = read(attributes)
    assert [axis.type for axis in image.axes] == ["channel", "space", "other"]
    assert [axis.unit for axis in image.axes] == [None, "micrometer", "parrots"]
    assert len(image.remarks) == 3
    first(attributes)["axes"][1:] = [dict(axis, unit="second") for axis in examples.AXES[1:]]
    assert "its unit is second" in read(attributes).remarks[0]
