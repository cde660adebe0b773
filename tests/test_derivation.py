"""Licence, credit and identity follow results through computation, also where xarray and pandas drop attributes."""

from __future__ import annotations

import io
import json
import pickle
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import fairlab
from fairlab import provenance, session
from fairlab.errors import FairlabWarning, NotFoundError, QueryError, UseConditionError
from fairlab.fair.conditions import check_leaving
from fairlab.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CC0, BY_NC = (
    "https://creativecommons.org/publicdomain/zero/1.0/",
    "https://creativecommons.org/licenses/by-nc/4.0/",
)
ONE = Record(
    id="lab:one",
    kind="image",
    repository="lab",
    title="First",
    authors=("Jane Roe",),
    license=CC0,
    doi="10.1/a",
)
TWO = Record(id="lab:two", kind="image", repository="lab", title="Second", authors=("J. Doe",), license=BY_NC)


@pytest.fixture(autouse=True)
def no_session() -> Iterator[None]:
    """What other tests opened is not known here."""
    session.opened(clear=True)
    yield
    session.opened(clear=True)


def image(record: Record, *, values: float = 1.0) -> xr.DataArray:
    """An image as fairlab opens it, in memory."""
    return xr.DataArray(
        np.full((3, 4), values),
        dims=("y", "x"),
        coords={
            "y": ("y", np.arange(3) * 0.5, {"units": "micrometer"}),
            "x": ("x", np.arange(4) * 0.5, {"units": "micrometer"}),
            "image_id": record.id,
        },
        attrs=provenance.attributes(record, retrieved_at="2026-11-26T00:00:00Z"),
        name="image",
    )


def ids(obj: Any) -> list[str]:
    return [record.id for record in fairlab.cite(obj).records]


# ── what xarray does by itself, and what the coordinate makes of it ──────────────────────────────────


@pytest.mark.parametrize(
    "step",
    [
        lambda a: a.isel(y=1),
        lambda a: a.sel(x=slice(0, 1)),
        lambda a: a.mean(),
        lambda a: a.mean(keep_attrs=False),
        lambda a: a.drop_attrs(),
        lambda a: a.where(a > 0),
        lambda a: a.astype("uint8").transpose("x", "y"),
        lambda a: a.chunk({"y": 1}).mean("x"),
        lambda a: a.to_dataset().drop_attrs(),
        lambda a: pickle.loads(pickle.dumps(a)),
    ],
)
def test_one_image_is_cited_after_each_step(step: Callable[[xr.DataArray], Any]) -> None:
    session.note(ONE)
    assert ids(step(image(ONE))) == ["lab:one"]


def test_attributes_that_arithmetic_dropped_are_found_by_the_coordinate() -> None:
    session.note(ONE)
    with xr.set_options(keep_attrs=False):
        bare = image(ONE) * 2
    assert not bare.attrs and fairlab.cite(bare).records == (ONE,)
    back = fairlab.derive(bare, history="doubled")
    assert back.attrs["license"] == CC0 and back.attrs["title"] == "First"


def test_a_concatenation_is_of_both_though_its_attributes_name_the_first() -> None:
    session.note(TWO)
    both = xr.concat([image(ONE), image(TWO)], "image")
    assert both.attrs["license"] == CC0  # xarray's own doing
    assert ids(both) == ["lab:one", "lab:two"]
    assert ids(both.isel(image=1)) == ["lab:two"]
    assert ids(both.isel(image=0)) == ["lab:one"]
    assert fairlab.cite(both).license == "CC0-1.0; CC-BY-NC-4.0"


def test_an_image_that_nobody_knows_is_named_and_said_to_be_unknown() -> None:
    with pytest.warns(FairlabWarning, match='nobody here knows the image "lab:two"'):
        citation = fairlab.cite(xr.concat([image(ONE), image(TWO)], "image"))
    assert [r.id for r in citation.records] == ["lab:one", "lab:two"]
    assert "unknown" in citation.license and citation.records[1].license is None


def test_catalogues_know_images_that_this_session_did_not_open() -> None:
    known = "idr:idr0062/6001240.zarr"
    bare = xr.DataArray([1.0], dims="x", coords={"image_id": known})
    assert fairlab.cite(bare).records[0].license


def test_what_was_opened_is_known_by_its_coordinate_alone() -> None:
    opened = fairlab.open_image("sample:nuclei")["scale1/image"]
    bare = opened.isel(c=0, z=0, t=0).drop_attrs().mean()
    assert ids(bare) == ["sample:nuclei"]
    session.opened(clear=True)
    assert ids(bare) == ["sample:nuclei"]  # the samples are a catalogue of their own


def test_nothing_that_says_where_it_comes_from_is_an_error() -> None:
    for obj in (xr.DataArray([1.0]), pd.DataFrame({"a": [1]}), pd.DataFrame({"image_id": [1, 2]}), [], 3):
        with pytest.raises(QueryError) as caught:
            provenance.records_of(obj)
        assert caught.value.kind == "no-provenance"


def test_a_merge_is_of_each_of_its_variables() -> None:
    merged = xr.merge(
        [image(ONE).rename("p").drop_vars("image_id"), image(TWO).rename("q").drop_vars("image_id")]
    )
    assert ids(merged) == ["lab:one", "lab:two"]
    assert ids(merged["q"]) == ["lab:two"]


# ── derive ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_sum_carries_both_parents() -> None:
    one, two = image(ONE), image(TWO)
    made = fairlab.derive(one + two, one, two, history="sum\nof two")
    assert ids(made) == ["lab:one", "lab:two"] and "image_id" not in made.coords
    assert made.attrs["license"] == f"{CC0}; {BY_NC}" and made.attrs["creator_name"] == "Jane Roe; J. Doe"
    assert made.attrs["retrieved_at"] == "2026-11-26T00:00:00Z" and made.attrs["doi"] == "10.1/a"
    line = made.attrs["history"].splitlines()[-1]
    assert line.endswith("derived from lab:one, lab:two: sum of two") and fairlab.__version__ in line
    assert all(isinstance(value, str | int | float) for value in made.attrs.values())
    xr.testing.assert_equal(made, one + two)
    assert "noncommercial" in str(fairlab.cite(made)).lower().replace("-", "").replace(
        " ", ""
    ) or BY_NC in str(fairlab.cite(made))


def test_a_result_of_numpy_gets_identity_and_origin_back() -> None:
    one = image(ONE)
    made = fairlab.derive(xr.DataArray(np.sqrt(one.values), dims=one.dims), one)
    assert made.image_id.item() == "lab:one" and ids(made) == ["lab:one"]
    with pytest.raises(QueryError) as caught:
        fairlab.derive(np.sqrt(one.values), one)
    assert caught.value.kind == "derive-type"


def test_a_parent_that_only_corrects_is_cited_too() -> None:
    one, flat = image(ONE), image(TWO)
    made = fairlab.derive(one / flat.values, one, flat)
    assert made.image_id.item() == "lab:one" and ids(made) == ["lab:one", "lab:two"]
    again = fairlab.derive(made.isel(y=0).mean(), made, history="mean")
    assert ids(again) == ["lab:one", "lab:two"] and len(again.attrs["history"].splitlines()) == 2


def test_parents_are_records_identifiers_trees_and_lists() -> None:
    made = xr.DataArray([1.0], dims="x")
    tree = fairlab.open_image("sample:nuclei")
    for parents in ((ONE, TWO), ([ONE, TWO],), ([image(ONE)], TWO)):
        assert ids(fairlab.derive(made, *parents)) == ["lab:one", "lab:two"]
    assert ids(fairlab.derive(made, tree, "sample:cells2d")) == ["sample:nuclei", "sample:cells2d"]
    with pytest.raises(NotFoundError):
        fairlab.derive(made, "idr:nosuch")
    with pytest.raises(QueryError):
        fairlab.derive(made, made)
    with pytest.raises(QueryError):
        fairlab.derive(made)


def test_values_that_only_one_parent_had_do_not_stay_as_if_they_were_of_all() -> None:
    one = image(ONE)
    made = fairlab.derive(one.copy(), TWO)  # the copy is of one by its attributes, and of two by word
    assert ids(made) == ["lab:two", "lab:one"] and made.attrs["id"] == "lab:two; lab:one"
    one.attrs["note"] = "kept"
    alone = fairlab.derive(
        one.drop_vars("image_id").drop_attrs().assign_attrs(doi="10.1/wrong", note="kept"), TWO
    )
    assert "doi" not in alone.attrs and alone.attrs["note"] == "kept"


def test_a_dataset_and_a_tree() -> None:
    one, two = image(ONE).rename("p").drop_vars("image_id"), image(TWO).rename("q").drop_vars("image_id")
    made = fairlab.derive(xr.merge([one, two]), one, two)
    assert ids(made) == ["lab:one", "lab:two"]
    assert (ids(made["p"]), ids(made["q"])) == (["lab:one"], ["lab:two"])
    assert made.attrs["license"] == f"{CC0}; {BY_NC}" and made["q"].attrs["license"] == BY_NC
    stack = xr.Dataset({"p": xr.concat([image(ONE), image(TWO)], "image")})
    assert ids(fairlab.derive(stack, ONE, TWO)["p"]) == ["lab:one", "lab:two"]
    tree = fairlab.open_image("sample:nuclei")
    back = fairlab.derive(tree, TWO, history="corrected")
    assert list(back.children) == list(tree.children) and ids(back) == ["lab:two", "sample:nuclei"]
    for node in back.subtree:
        assert "derived from" in node.attrs["history"]
    assert not isinstance(back["scale0/image"].variable._data, np.ndarray)  # still lazy
    assert ids(back["scale0/image"].isel(c=0)) == ["lab:two", "sample:nuclei"]


def test_it_stays_lazy_with_dask_and_with_fairlab() -> None:
    opened = fairlab.open_image("sample:nuclei", chunks="auto")["scale1/image"]
    made = fairlab.derive(opened.mean("c"), opened, ONE)
    assert made.chunks and ids(made.compute()) == ["sample:nuclei", "lab:one"]
    assert made.fair.cite().records == fairlab.cite(made).records


@pytest.mark.parametrize("form", ["zarr", "netcdf"])
def test_saved_files_carry_it(tmp_path: Path, form: str) -> None:
    one, two = image(ONE), image(TWO)
    made = fairlab.derive((one + two).to_dataset(name="sum"), one, two, history="sum")
    stack = fairlab.derive(xr.concat([one, two], "image").to_dataset(name="stack"), one, two)
    for name, saved in (("sum", made), ("stack", stack)):
        path = tmp_path / f"{name}.{form}"
        if form == "zarr":
            saved.to_zarr(path, zarr_format=2, consolidated=True)
            back = xr.open_zarr(path)
        else:
            saved.to_netcdf(path)
            back = xr.open_dataset(path)
        with back:
            assert back.attrs == saved.attrs and back[name].attrs == saved[name].attrs
            assert ids(back) == ids(back[name]) == ["lab:one", "lab:two"]
            assert "derived from" in back.attrs["history"]
    assert list(stack.image_id.values) == ["lab:one", "lab:two"]


@pytest.mark.parametrize("form", ["zarr", "netcdf"])
def test_an_opened_image_that_was_saved_knows_itself(tmp_path: Path, form: str) -> None:
    opened = fairlab.open_image("sample:nuclei")["scale2"].to_dataset().isel(c=0, t=0, z=0)
    opened.to_zarr(tmp_path / "a", zarr_format=2) if form == "zarr" else opened.to_netcdf(tmp_path / "a")
    session.opened(clear=True)
    with xr.open_zarr(tmp_path / "a") if form == "zarr" else xr.open_dataset(tmp_path / "a") as back:
        assert back.image_id.item() == "sample:nuclei" and back.x.attrs["units"] == "micrometer"
        assert ids(back["image"]) == ["sample:nuclei"] and back["image"].attrs["license"] == CC0


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────


def table(record: Record) -> pd.DataFrame:
    made = pd.DataFrame({"image_id": [record.id] * 2, "area": [1.0, 2.0], "license": [record.license] * 2})
    made.attrs = {"image_id": record.id, "fairlab_record": record.to_json(), "units": {"area": "pixel"}}
    return made


def test_tables_are_cited_after_pandas_dropped_their_attributes() -> None:
    session.note(ONE)
    session.note(TWO)
    both = pd.concat([table(ONE), table(TWO)])
    assert not both.attrs and ids(both) == ["lab:one", "lab:two"]
    assert ids(both.merge(table(ONE), on="area")[["image_id_x"]].rename(columns={"image_id_x": "image_id"}))
    assert ids(both.groupby("image_id")["area"].mean()) == ["lab:one", "lab:two"]
    assert ids(both[both.image_id == "lab:two"]) == ["lab:two"]
    assert ids(pd.read_csv(io.StringIO(both.to_csv(index=False)))) == ["lab:one", "lab:two"]


def test_derive_gives_tables_their_origin_back() -> None:
    one, two = table(ONE), table(TWO)
    both = fairlab.derive(pd.concat([one, two]), one, two, history="pooled")
    assert both.attrs["license"] == f"{CC0}; {BY_NC}" and both.attrs["image_id"] == "lab:one; lab:two"
    assert "First" in both.attrs["citation"] and "Second" in both.attrs["citation"]
    assert "pooled" in both.attrs["history"] and ids(both.query("area > 1")) == ["lab:one", "lab:two"]
    assert json.loads(json.dumps(both.attrs)) == both.attrs
    mean = fairlab.derive(both["area"].groupby(both["image_id"]).mean(), both)
    assert ids(mean) == ["lab:one", "lab:two"]
    assert "history" not in one.attrs  # parents stay as they are
    assert pickle.loads(pickle.dumps(both)).attrs == both.attrs


def test_a_measured_table_is_derived_from_its_image() -> None:
    grid = {
        "y": ("y", np.arange(3) * 0.5, {"units": "micrometer"}),
        "x": ("x", np.arange(4) * 0.5, {"units": "micrometer"}),
    }
    labels = xr.DataArray(np.eye(3, 4, dtype=int), dims=("y", "x"), coords=grid)
    measured = fairlab.measure(image(ONE), labels, properties=["area"])
    made = fairlab.derive(measured.describe(), measured, TWO)
    assert ids(made) == ["lab:one", "lab:two"] and "measured by fairlab" in made.attrs["history"]


# ── conditions, and the invariant ────────────────────────────────────────────────────────────────────


def test_conditions_of_any_parent_hold_for_the_result() -> None:
    closed = Record(
        id="lab:3",
        kind="image",
        repository="lab",
        use_conditions=("DUO:0000022",),
        embargo_until="2999-01-01",
    )
    late = Record(
        id="lab:4",
        kind="image",
        repository="lab",
        use_conditions=("DUO:0000046",),
        embargo_until="2998-01-01",
    )
    made = fairlab.derive(xr.DataArray([1.0], dims="x"), ONE, closed, late)
    assert made.attrs["embargo_until"] == "2999-01-01"
    with pytest.raises(UseConditionError) as caught:
        check_leaving(made)
    assert caught.value.context["conditions"] == ["DUO:0000022", "embargo"]
    made.attrs.pop("fairlab_record")  # the flat attributes say it too
    with pytest.raises(UseConditionError):
        check_leaving(made, allow=["embargo"])


RECORDS = [
    Record(id=f"lab:{n}", kind="image", repository="lab", license=one, authors=(f"A{n}",))
    for n, one in enumerate((CC0, BY_NC, None, "https://creativecommons.org/licenses/by-sa/4.0/"))
]


@given(chosen=st.lists(st.sampled_from(RECORDS), min_size=1, max_size=4), steps=st.integers(0, 3))
def test_no_parent_is_ever_lost(chosen: list[Record], steps: int) -> None:
    images = [image(record) for record in chosen]
    with warnings.catch_warnings():
        warnings.simplefilter("error", FairlabWarning)
        made = fairlab.derive(sum(images[1:], start=images[0]), *images)
        for _ in range(steps):
            made = fairlab.derive(made.isel(y=slice(0, 2)) + 1, made)
    assert set(ids(made)) == {record.id for record in chosen}
    for record in chosen:
        assert record.authors[0] in made.attrs["creator_name"].split("; ")
        assert record.license is None or record.license in made.attrs["license"].split("; ")
    assert len(made.attrs["history"].splitlines()) == 1 + steps or steps  # lines of the same second are one
