"""Use conditions: read from what documents state, carried with the data, and the gate that they close."""

from __future__ import annotations

import datetime as dt
import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fairlab
from fairlab.cli import exit_code
from fairlab.errors import AccessError, FairlabWarning, QueryError, UseConditionError
from fairlab.fair.conditions import check_leaving, use_conditions_of
from fairlab.fair.crate_writer import image_crate
from fairlab.fair.description import Description
from fairlab.record import Record
from fairlab.sharing.plate_writer import write_plate
from fairlab.sharing.writer import write_image
from fairlab.use_conditions import UseConditions, duo_terms, stated

if TYPE_CHECKING:
    from pathlib import Path

TODAY = dt.date(2026, 11, 26)
GERMAN = {"country": "DE", "jurisdiction": "EU", "basis": "declared"}


def record(**stated_: Any) -> Record:
    return Record(id="lab:1", kind="image", repository="lab", title="cells", **stated_)


ENTITY = {"@id": "http://purl.obolibrary.org/obo/DUO_0000022", "@type": "DefinedTerm", "name": "geographical"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"access": {"conditions": ["DUO:0000022"]}}, UseConditions(codes=("DUO:0000022",))),
        ({"@graph": [{"@id": "./", "usageInfo": {"@id": "obo:DUO_0000022"}}, ENTITY]},
         UseConditions(codes=("DUO:0000022",))),
        ({"embargo_until": "2027-01-01T00:00:00Z"}, UseConditions(embargo_until="2027-01-01")),
        ({"a": {"embargoEndDate": "2027-01-01"}}, UseConditions(embargo_until="2027-01-01")),
        ({"@type": "PropertyValue", "propertyID": "embargo_until", "value": "2027-01-01"},
         UseConditions(embargo_until="2027-01-01")),
        ({"access": {"residency": GERMAN}}, UseConditions(residency=GERMAN)),
        ({"residency_country": "DE"}, UseConditions(residency={"country": "DE"})),
        ({"odrl:constraint": {"leftOperand": "odrl:spatial", "rightOperand": "DE"}},
         UseConditions(residency={"country": "DE", "basis": "declared"})),
        ({"access": {"level": "restricted"}}, UseConditions(access="restricted")),
        ({"level": "restricted"}, UseConditions()),
        ({"accessRights": "http://purl.org/coar/access_right/c_16ec"}, UseConditions(access="restricted")),
        ({"conditionsOfAccess": "Embargoed access"}, UseConditions(access="embargoed")),
        ({"embargo": "soon", "title": "of DUO:0000022", "residency": "Bonn", "country": "DE"}, UseConditions()),
        ([], UseConditions()),
    ],
)  # fmt: skip
def test_what_documents_state(document: Any, expected: UseConditions) -> None:
    assert stated(document) == expected


def test_the_strictest_of_several_counts() -> None:
    one = UseConditions(
        codes=("DUO:0000046",), embargo_until="2027-01-01", access="open", residency={"country": "FR"}
    )
    other = UseConditions(
        codes=("DUO:0000006", "DUO:0000046"),
        embargo_until="2028-01-01",
        access="restricted",
        residency=GERMAN,
    )
    both = UseConditions(
        codes=("DUO:0000046", "DUO:0000006"), embargo_until="2028-01-01", access="restricted", residency=GERMAN
    )  # fmt: skip
    assert one + other == both
    assert set((other + one).codes) == set(both.codes) and (other + one).residency["basis"] == "declared"


def test_a_document_of_great_size_ends() -> None:
    deep: Any = "DUO:0000022"
    for _ in range(50_000):
        deep = [deep]
    assert stated({"a": deep}).codes == ("DUO:0000022",)


# ── the gate ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "kind", "name"),
    [
        ({"use_conditions": ("DUO:0000022",)}, "use-condition", "DUO:0000022"),
        ({"use_conditions": ("DUO:0000042", "DUO:0000028")}, "use-condition", "DUO:0000028"),
        ({"use_conditions": ("DUO:9999999",)}, "use-condition", "DUO:9999999"),
        ({"embargo_until": "2026-11-27"}, "embargo", "embargo"),
        ({"residency": GERMAN}, "residency", "residency"),
    ],
)
def test_what_may_not_be_exported_is_refused_until_it_is_named(said: Any, kind: str, name: str) -> None:
    with pytest.raises(UseConditionError) as caught:
        check_leaving(record(**said), today=TODAY)
    assert caught.value.kind == kind and caught.value.context["conditions"] == [name]
    message = str(caught.value)
    assert "lab:1" in message and f'allow=["{name}"]' in message and "ask who gives the data" in message
    assert isinstance(caught.value, AccessError) and exit_code(caught.value) == 1
    with pytest.raises(UseConditionError):  # another name lifts nothing
        check_leaving(record(**said), today=TODAY, allow=["DUO:0000021"])
    assert check_leaving(record(**said), today=TODAY, allow=[name])[0].id == name


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"use_conditions": ("DUO:0000004",)},
        {"use_conditions": ("DUO:0000042",)},
        {"embargo_until": "2026-11-26"},
        {"residency": {"country": "GB", "basis": "inferred"}},
        {"residency": {"country": "GB"}},
        {"access": "open"},
    ],
)
def test_what_may_leave_leaves(said: Any) -> None:
    assert check_leaving(record(**said), today=TODAY) == ()
    assert check_leaving(record(**said), action="upload", today=TODAY) == ()


def test_a_condition_that_goes_along_is_told_and_stops_an_upload() -> None:
    said = record(use_conditions=("DUO:0000046",))
    with pytest.warns(FairlabWarning, match="DUO:0000046: non-commercial"):
        assert [c.id for c in check_leaving(said, today=TODAY)] == ["DUO:0000046"]
    for condition in (said, record(access="restricted")):
        with pytest.raises(UseConditionError, match="may not be uploaded"):
            check_leaving(condition, action="upload", today=TODAY)


def test_data_stay_where_they_were_declared_to_stay() -> None:
    said = record(residency=GERMAN)
    assert check_leaving(said, country="fr") == ()  # the Union
    with pytest.raises(UseConditionError, match="country=…"):
        check_leaving(said, country="CH")
    with fairlab.set_options(country="DE"):
        assert check_leaving(said) == ()
    with pytest.raises(UseConditionError):
        check_leaving(record(residency={"country": "DE", "basis": "declared"}), country="FR")
    for wrong in ("Germany", "", 3):
        with pytest.raises(QueryError):
            fairlab.set_options(country=wrong)


@pytest.mark.parametrize("name", ["all", "*", "", "DUO", "DUO:22"])
def test_there_is_no_word_for_all_conditions(name: str) -> None:
    with pytest.raises(QueryError) as caught:
        check_leaving(record(), allow=[name])
    assert caught.value.kind == "condition-unknown"


CODES = st.lists(st.sampled_from([*duo_terms(), "DUO:1234567"]), unique=True, max_size=4).map(tuple)


@given(ours=CODES, theirs=CODES, allowed=CODES)
def test_nothing_that_forbids_one_is_lost_in_a_pool(
    ours: tuple[str, ...], theirs: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    """Of several sources, a pool is refused if and only if one of them is."""

    def refused(obj: Any) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FairlabWarning)
            try:
                check_leaving(obj, allow=allowed)
            except UseConditionError:
                return True
        return False

    one, other = record(use_conditions=ours), record(use_conditions=theirs)
    assert refused([one, other]) == refused([other, one]) == (refused(one) or refused(other))


# ── with the data ────────────────────────────────────────────────────────────────────────────────────


def test_conditions_survive_record_description_and_crate() -> None:
    said = record(use_conditions=("DUO:0000022", "DUO:0000046"), embargo_until="2027-01-01", residency=GERMAN)
    assert Record.from_json(said.to_json()) == said
    expected = use_conditions_of(said)
    assert use_conditions_of(Description.of(said)) == expected
    assert use_conditions_of(Description.of(said).record()) == expected
    assert stated(json.loads(json.dumps(image_crate(said)))) == expected


def test_documents_that_disagree_may_each_forbid() -> None:
    one, other = (
        record(use_conditions=("DUO:0000046",)),
        record(use_conditions=("DUO:0000022",), access="restricted"),
    )
    both = Description.of(one).merged(Description.of(other))
    assert set(use_conditions_of(both).codes) == {"DUO:0000046", "DUO:0000022"}
    assert use_conditions_of(both).access == "restricted"


def write(path: Path, said: Record | None, **more: Any) -> Path:
    return write_image(path, np.zeros((16, 16), "uint8"), axes="yx", record=said, **more)


def test_an_image_may_leave_only_when_its_conditions_are_met(tmp_path: Path) -> None:
    said = record(use_conditions=("DUO:0000022",), residency=GERMAN)
    path = tmp_path / "a.ome.zarr"
    with pytest.raises(UseConditionError):
        write(path, said)
    with pytest.raises(UseConditionError):
        write(path, said, allow=["DUO:0000022"])
    assert not path.exists() and not list(tmp_path.iterdir())
    write(path, said, allow=["DUO:0000022", "residency"])
    image = fairlab.open_image(path)["scale0/image"]  # they went along, and close the next gate
    assert image.attrs["use_conditions"] == "DUO:0000022" and image.attrs["residency_country"] == "DE"
    with pytest.raises(UseConditionError):
        check_leaving(image.isel(y=0))
    write(tmp_path / "b.ome.zarr", None)


def test_conditions_in_the_attributes_of_a_zarr_are_known_when_it_is_opened(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ome.zarr", record(use_conditions=("DUO:0000042",)))
    document = json.loads((path / "zarr.json").read_text())
    access = {"conditions": ["obo:DUO_0000022"], "embargo_until": "2999-01-01", "level": "metadata only"}
    document["attributes"]["access"] = access
    (path / "zarr.json").write_text(json.dumps(document))
    opened = fairlab.open_image(path).fair.record
    assert set(opened.use_conditions) == {"DUO:0000042", "DUO:0000022"}
    assert (opened.embargo_until, opened.access) == ("2999-01-01", "restricted")
    assert opened.source("embargo_until").pointer == "attributes"  # type: ignore[union-attr]  # it has one


def test_a_plate_may_leave_only_when_its_conditions_are_met(tmp_path: Path) -> None:
    plate: dict[str, Any] = {
        "rows": ["A"], "columns": ["1"], "wells": {(0, 0): {}}, "channels": [{"name": "a"}], "axes": "cyx",
    }  # fmt: skip
    data, said = np.arange(256, dtype="uint8").reshape(1, 1, 1, 1, 16, 16), record(embargo_until="2999-01-01")
    with pytest.raises(UseConditionError):
        write_plate(tmp_path / "p.ome.zarr", data, record=said, **plate)
    assert not list(tmp_path.iterdir())
    write_plate(tmp_path / "p.ome.zarr", data, record=said, allow=["embargo"], **plate)
