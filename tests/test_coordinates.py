from __future__ import annotations

import pytest

from fairlab import coordinates
from fairlab.errors import FairlabWarning
from fairlab.ngff.model import LabelFacts


def test_more_is_stated_of_wells_and_labels_than_a_table_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coordinates, "_MOST_STATED", 12)
    stated = {(0, 0): {"gene": "TP53", "dose": 1}, (1, 2): {"dose": 2, "control": True}}
    with pytest.warns(FairlabWarning, match="3 properties of wells are stated; the first 2"):
        found = coordinates.table(stated, (2, 3))
    assert list(found) == ["gene", "dose"]
    assert found["dose"][1, 2] == 2
    facts = LabelFacts(properties={n: {f"area {n}": 1} for n in range(4)})
    with pytest.warns(FairlabWarning, match="4 properties of labels are stated; the first 3"):
        properties = coordinates.labels(facts)
    assert properties is not None and list(properties.data_vars) == ["area 0", "area 1", "area 2"]


def test_what_a_table_can_hold_is_kept_whole() -> None:
    stated = {(0, 0): {f"property {n}": n for n in range(50)}}
    assert len(coordinates.table(stated, (16, 24))) == 50
