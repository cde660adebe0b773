"""Synthetic scenes whose truth is known: nuclei drawn as ellipses, then blurred, then counted as photons.

Geometry comes first and exactly, from one seeded stream of random numbers; light, blur and noise are laid
over it as a camera would. The label image says for every pixel which nucleus its centre lies in.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.errors import missing_extra
from fairlab.samples.pixels import Pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

CHANNELS = ({"name": "DAPI", "color": "0000FF"}, {"name": "GFP", "color": "00FF00"})

# Camera: counts = offset + gain * photons + read noise.
_OFFSET, _GAIN, _READ_NOISE = 100.0, 2.0, 4.0
_BACKGROUND_PHOTONS = 20.0
_SECTIONS_PER_PLANE = 5

_EDGE_UM = 1.5
"""Least distance of any outline from the border of the field; more than a nucleus drifts."""


@dataclass(frozen=True, kw_only=True)
class Nucleus:
    """One ellipse (2D) or ellipsoid (3D), in micrometer from the centre of the first sample."""

    centre: Array
    """Position, ``([z,] y, x)``."""
    radii: Array
    """Half axes, ``([z,] y, x)`` before rotation."""
    angle: float
    """Rotation in the plane, radians."""
    photons: tuple[float, float]
    """Light per pixel in each channel."""
    positive: bool
    """Whether the nucleus shines in the second channel."""

    @property
    def content(self) -> float:
        """Exact area (micrometer²) of an ellipse, or volume (micrometer³) of an ellipsoid."""
        return float(np.prod(self.radii)) * (math.pi if self.radii.size == 2 else 4 / 3 * math.pi)

    def reach(self, direction: float) -> float:
        """Distance of the outline from the centre, in the plane, towards ``direction`` (radians)."""
        turned = direction - self.angle
        return float(1 / math.hypot(math.sin(turned) / self.radii[-2], math.cos(turned) / self.radii[-1]))


def nuclei() -> Pixels:
    """24 nuclei in 3D that drift between two moments: (2, 2, 20, 224, 288) uint16 and their labels."""
    random = np.random.default_rng(20261122)
    shape, spacing = (20, 224, 288), np.array([1.0, 0.25, 0.25])
    origin = {"z": 2.0, "y": 120.0, "x": 340.0}
    extent = (np.array(shape) - 1) * spacing
    first = scatter(random, 24, extent, least=(3.0, 3.4, 3.4), most=(4.2, 5.4, 5.4), gap=1.2)
    moments = [first, _drifted(random, first, common=(0.3, 0.8, 1.1), own=0.4)]
    labels = np.stack([_draw(spots, shape, spacing) for spots in moments])
    blur_um = np.array([0.6, 0.2, 0.2])
    light = [camera(random, spots, shape, spacing, blur_um=blur_um) for spots in moments]
    return Pixels(
        data=np.stack(light),
        axes="tczyx",
        scale={"t": 30.0, "z": 1.0, "y": 0.25, "x": 0.25},
        units={"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"},
        translation=origin,
        channels=CHANNELS,
        labels={"nuclei": labels},
        chunks={"z": 10, "y": 112, "x": 144},
        levels=4,
        truth=_truth(moments, labels, spacing, np.array([origin[axis] for axis in "zyx"])),
    )


def cells2d() -> Pixels:
    """Nuclei in 2D, four pairs of which touch: (2, 512, 640) uint16 and their labels."""
    random = np.random.default_rng(325)
    shape, spacing = (512, 640), np.array([0.325, 0.325])
    extent = (np.array(shape) - 1) * spacing
    apart = scatter(random, 48, extent, least=(4.6, 4.6), most=(7.4, 7.4), gap=4.0)
    spots = [*apart, *_partners(random, apart, 4, extent)]
    labels = _draw(spots, shape, spacing)
    return Pixels(
        data=camera(random, spots, shape, spacing, blur_um=np.array([0.25, 0.25])),
        axes="cyx",
        scale={"y": 0.325, "x": 0.325},
        units={"y": "micrometer", "x": "micrometer"},
        channels=CHANNELS,
        labels={"nuclei": labels},
        chunks={"y": 256, "x": 320},
        levels=3,
        truth=_truth([spots], labels[np.newaxis], spacing, np.zeros(2)),
    )


def scatter(
    random: np.random.Generator,
    count: int,
    extent: Array,
    *,
    least: Sequence[float],
    most: Sequence[float],
    gap: float,
) -> list[Nucleus]:
    """Nuclei that lie whole inside the field and at least ``gap`` micrometer apart."""
    spots: list[Nucleus] = []
    while len(spots) < count:
        radii = np.array(least) + random.random(len(least)) * (np.array(most) - np.array(least))
        margin = radii.copy()
        margin[-2:] = radii[-2:].max()
        centre = margin + _EDGE_UM + random.random(len(least)) * (extent - 2 * (margin + _EDGE_UM))
        spot = _lit(random, centre, radii)
        if all(_clear(spot, other, gap) for other in spots):
            spots.append(spot)
    return spots


def _lit(random: np.random.Generator, centre: Array, radii: Array) -> Nucleus:
    angle, dapi, gfp, chance = random.random(4)
    positive = bool(chance < 0.5)
    return Nucleus(
        centre=centre,
        radii=radii,
        angle=float(angle * math.pi),
        photons=(float(550 + 250 * dapi), float(250 + 250 * gfp) if positive else 15.0),
        positive=positive,
    )


def _clear(one: Nucleus, other: Nucleus, gap: float) -> bool:
    return bool(np.linalg.norm(one.centre - other.centre) > one.radii.max() + other.radii.max() + gap)


def _partners(
    random: np.random.Generator, apart: Sequence[Nucleus], count: int, extent: Array
) -> list[Nucleus]:
    """For ``count`` of the nuclei a neighbour whose outline just meets theirs."""
    partners: list[Nucleus] = []
    for spot in apart:
        for _ in range(24):
            direction = float(random.random() * 2 * math.pi)
            partner = _lit(random, spot.centre, 4.6 + random.random(2) * 2.0)
            # 0.3 micrometer less than touching: the two share an edge one pixel long or more.
            distance = spot.reach(direction) + partner.reach(direction + math.pi) - 0.3
            centre = spot.centre + distance * np.array([math.sin(direction), math.cos(direction)])
            partner = dataclasses.replace(partner, centre=centre)
            border = partner.radii.max() + _EDGE_UM
            inside = bool(np.all((centre > border) & (centre < extent - border)))
            others = [other for other in (*apart, *partners) if other is not spot]
            if inside and all(_clear(partner, other, 1.5) for other in others):
                partners.append(partner)
                break
        if len(partners) == count:
            break
    return partners


def _drifted(
    random: np.random.Generator, spots: Sequence[Nucleus], *, common: Sequence[float], own: float
) -> list[Nucleus]:
    """The same nuclei a moment later: all moved by ``common``, each by up to ``own`` micrometer more."""
    # Less than half the gap between any two, so they still do not overlap.
    moved = []
    for spot in spots:
        step = np.array(common) + (random.random(spot.centre.size) * 2 - 1) * own / math.sqrt(3)
        moved.append(dataclasses.replace(spot, centre=spot.centre + step))
    return moved


def _draw(spots: Sequence[Nucleus], shape: tuple[int, ...], spacing: Array) -> Array:
    """Label image: 1 for the first nucleus and so on; where two overlap, the deeper one wins."""
    labels = np.zeros(shape, dtype=np.uint16)
    depth = np.full(shape, 1.0)
    for number, spot in enumerate(spots, start=1):
        reach = np.append(spot.radii[:-2], [spot.radii[-2:].max()] * 2)
        first = np.maximum(np.floor((spot.centre - reach) / spacing).astype(int), 0)
        last = np.minimum(np.ceil((spot.centre + reach) / spacing).astype(int) + 1, shape)
        box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
        distance = _ellipse_distance(spot, box, spacing)
        mine = distance <= depth[box]
        labels[box][mine] = number
        depth[box][mine] = distance[mine]
    return labels


def _ellipse_distance(spot: Nucleus, box: tuple[slice, ...], spacing: Array) -> Array:
    """Squared distance from the centre in units of the half axes: 1 on the outline."""
    away = [
        np.arange(part.start, part.stop) * step - middle
        for part, step, middle in zip(box, spacing, spot.centre, strict=True)
    ]
    grids = np.meshgrid(*away, indexing="ij", sparse=True)
    y, x = grids[-2:]
    sine, cosine = math.sin(spot.angle), math.cos(spot.angle)
    distance = ((y * cosine - x * sine) / spot.radii[-2]) ** 2 + (
        (y * sine + x * cosine) / spot.radii[-1]
    ) ** 2
    if len(grids) == 3:
        distance = distance + (grids[0] / spot.radii[0]) ** 2
    return np.asarray(distance)


def camera(
    random: np.random.Generator,
    spots: Sequence[Nucleus],
    shape: tuple[int, ...],
    spacing: Array,
    *,
    blur_um: Array,
) -> Array:
    """Counts of both channels, ``(c, [z,] y, x)`` uint16: light, texture, blur, photon and read noise."""
    try:
        from scipy.ndimage import gaussian_filter
    except ImportError as exc:
        raise missing_extra("analysis", "make a synthetic sample", exc) from exc
    texture = gaussian_filter(random.standard_normal(shape, dtype=np.float32), 3.0)
    texture = 1 + 0.1 * texture / texture.std()
    owners = _sections(spots, shape, spacing)
    channels = []
    for position in range(len(CHANNELS)):
        brightness = np.array([0.0, *(spot.photons[position] for spot in spots)], dtype=np.float32)
        light = brightness[owners].mean(axis=0) * texture
        photons = gaussian_filter(light, blur_um / spacing) + _BACKGROUND_PHOTONS
        counts = _OFFSET + _GAIN * random.poisson(photons) + random.normal(0.0, _READ_NOISE, shape)
        channels.append(np.clip(np.rint(counts), 0, 65535).astype(np.uint16))
    return np.stack(channels)


def _sections(spots: Sequence[Nucleus], shape: tuple[int, ...], spacing: Array) -> Array:
    """Which nucleus gives light where, ``(sections, [z,] y, x)``: a plane gathers light from its whole thickness.

    Drawn at the middle of each plane only, nuclei would end in steps that no microscope shows.
    """
    if len(shape) == 2:
        return _draw(spots, shape, spacing)[np.newaxis]
    offsets = ((np.arange(_SECTIONS_PER_PLANE) + 0.5) / _SECTIONS_PER_PLANE - 0.5) * spacing[0]
    moved = [[dataclasses.replace(s, centre=s.centre - [by, 0.0, 0.0]) for s in spots] for by in offsets]
    return np.stack([_draw(seen, shape, spacing) for seen in moved])


def _truth(
    moments: Sequence[Sequence[Nucleus]], labels: Array, spacing: Array, origin: Array
) -> dict[str, Array]:
    """True values, one row per nucleus and moment: counted in the label image, and exact from the geometry."""
    dims = spacing.size
    size, exact = ("area_um2", "ellipse_area_um2") if dims == 2 else ("volume_um3", "ellipsoid_volume_um3")
    rows = []
    for t, (spots, drawn) in enumerate(zip(moments, labels, strict=True)):
        for number, spot in enumerate(spots, start=1):
            where = np.argwhere(drawn == number)
            centroid = origin + where.mean(axis=0) * spacing
            rows.append((t, number, len(where) * np.prod(spacing), spot.content, *centroid, spot.positive))
    names = ["t", "label", size, exact, *(f"centroid_{axis}_um" for axis in "zyx"[-dims:]), "gfp_positive"]
    table = dict(zip(names, (np.array(column) for column in zip(*rows, strict=True)), strict=True))
    if len(moments) == 1:
        del table["t"]
    return table
