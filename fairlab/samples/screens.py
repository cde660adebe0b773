"""A synthetic screen whose truth is known: nuclei that die of one compound, and light up under another."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.samples.pixels import Screen
from fairlab.samples.scenes import CHANNELS, camera, scatter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.samples.scenes import Nucleus

_ROWS, _COLUMNS = ("A", "B", "C"), ("1", "2", "3", "4")
_DOSES = (0.0, 0.1, 1.0, 10.0)
_FIELDS = 2
_SHAPE, _SPACING = (96, 128), np.array([0.65, 0.65])
# By row: the compound, how many nuclei are left at each dose, and which part of them shines in GFP.
_COMPOUNDS = (
    ("toxin", (12, 10, 7, 4), (0.2, 0.2, 0.2, 0.2)),
    ("inducer", (12, 12, 12, 11), (0.2, 0.4, 0.7, 0.9)),
    ("vehicle", (12, 12, 12, 12), (0.2, 0.2, 0.2, 0.2)),
)
_ABSENT = (2, 3)


def plate() -> Screen:
    """Three compounds at four doses, two fields a well, one well not imaged: (3, 4, 2, 2, 96, 128) uint16."""
    random = np.random.default_rng(384)
    data = np.zeros((len(_ROWS), len(_COLUMNS), _FIELDS, len(CHANNELS), *_SHAPE), dtype=np.uint16)
    wells: dict[tuple[int, int], dict[str, str | int | float]] = {}
    truth: list[dict[str, Any]] = []
    for row, (compound, counts, shining) in enumerate(_COMPOUNDS):
        for column, dose in enumerate(_DOSES):
            if (row, column) == _ABSENT:
                continue
            wells[row, column] = {"compound": compound, "dose_micromolar": dose}
            for field in range(_FIELDS):
                spots = _nuclei(random, counts[column], shining[column])
                data[row, column, field] = camera(
                    random, spots, _SHAPE, _SPACING, blur_um=np.array([0.4, 0.4])
                )
                place = {"row": _ROWS[row], "column": _COLUMNS[column], "field": field}
                truth.append({**place, **wells[row, column], **_counted(spots)})
    return Screen(
        data=data,
        rows=_ROWS,
        columns=_COLUMNS,
        wells=wells,
        axes="cyx",
        scale={"y": 0.65, "x": 0.65},
        units={"y": "micrometer", "x": "micrometer"},
        channels=CHANNELS,
        chunks={"y": 96, "x": 128},
        levels=2,
        truth={name: np.array([line[name] for line in truth]) for name in truth[0]},
    )


def _nuclei(random: np.random.Generator, count: int, shining: float) -> list[Nucleus]:
    """Nuclei of one field, of which the given part, rounded, shines in the second channel."""
    extent = (np.array(_SHAPE) - 1) * _SPACING
    spots = scatter(random, count, extent, least=(3.5, 3.5), most=(5.5, 5.5), gap=1.0)
    bright = round(count * shining)
    return [
        dataclasses.replace(
            spot, positive=number < bright, photons=(spot.photons[0], 400.0 if number < bright else 15.0)
        )
        for number, spot in enumerate(spots)
    ]


def _counted(spots: Sequence[Nucleus]) -> dict[str, float | int]:
    return {
        "n_nuclei": len(spots),
        "n_gfp_positive": sum(spot.positive for spot in spots),
        "ellipse_area_um2": sum(spot.content for spot in spots),
    }
