"""A folder that goes away while somebody looks, and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.stores import write_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.face import Face

pytestmark = pytest.mark.browser


def test_what_went_away_is_hatched_until_it_is_back(view: Callable[..., Face], tmp_path: Path) -> None:
    store = tmp_path / "image.zarr"
    write_store(store, axes="cyx", shape=(1, 1500, 1500), chunk=256, levels=2)
    face = view(f"import fairlab\nfairlab.view({str(store)!r}, max_pixels=300)")
    store.rename(tmp_path / "elsewhere")
    face.look_at(1100, 1100, 2)
    error = face.element.get_by_role("alert")
    error.filter(has_text="the store went away").wait_for(timeout=10_000)
    assert "the store went away" in face.hover(1100, 1100)
    hatched = face.pixels()
    (tmp_path / "elsewhere").rename(store)
    error.get_by_role("button", name="Dismiss").click()
    face.settle()
    assert "the store went away" not in face.hover(1100, 1100)
    assert np.abs(face.pixels() - hatched).max() > 40
