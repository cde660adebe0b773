from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from fairlab import options
from fairlab.repositories import catalogue_index as index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Rows = list[dict[str, str]]

_SHIPPED = index.shipped


@functools.cache
def _few_rows() -> tuple[Rows, Rows]:
    studies, images = _SHIPPED()
    few = images[::150]
    held = {row["study"] for row in few}
    return [row for number, row in enumerate(studies) if row["id"] in held or number % 40 == 0], few


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A shipped catalogue of few rows, for what builds its database again and again."""
    monkeypatch.setattr(index, "shipped", _few_rows)
    with options.set_options(cache_dir=tmp_path / "few"):
        yield
