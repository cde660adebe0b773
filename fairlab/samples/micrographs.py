"""Real pixels: the biological images that lie inside the scikit-image package itself.

scikit-image downloads most of its example images; only these few travel in its wheel, so they are here
without a network. Nothing is added to the pixels, and no pixel size is given that scikit-image does not
state.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import io

import numpy as np

from fairlab.errors import NotFoundError, missing_extra
from fairlab.samples.pixels import RGB, Pixels

# File in the folder skimage/data, and its SHA-256: facts about another picture would be false.
_FILES = {
    "ihc": ("ihc.png", "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef"),
    "cell": ("cell.png", "8d23a7fb81f7cc877cd09f330357fc7f595651306e84e17252f6e0a1b3f61515"),
    "retina": ("retina.jpg", "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6"),
    "microaneurysms": (
        "microaneurysms.png",
        "a1e1be59aa447f8ce082f7fa809997ab369a2b137cb6c4202abc647c7ccf6456",
    ),
}

CELL_PIXEL_SIZE_UM = 0.107
"""Pixel spacing of ``cell`` as scikit-image's documentation of ``skimage.data.cell`` states it."""


def ihc() -> Pixels:
    """Colonic glands, FHL2 revealed with DAB, hematoxylin counterstain: (3, 512, 512) uint8."""
    return _photograph("ihc")


def retina() -> Pixels:
    """Fundus photograph of a human retina: (3, 1411, 1411) uint8."""
    return _photograph("retina")


def cell() -> Pixels:
    """Quantitative phase image of one cell: (660, 550) uint8, 0.107 micrometer per pixel."""
    size = {"y": CELL_PIXEL_SIZE_UM, "x": CELL_PIXEL_SIZE_UM}
    return Pixels(
        data=_decoded("cell"), axes="yx", scale=size, units=dict.fromkeys(size, "micrometer"), levels=3
    )


def microaneurysms() -> Pixels:
    """Detail of a retina with lesions, green channel: (102, 102) uint8."""
    return Pixels(data=_decoded("microaneurysms"), axes="yx", levels=2)


def _photograph(name: str) -> Pixels:
    # scikit-image has the colours last, OME-Zarr wants c before y and x.
    planes = np.ascontiguousarray(np.moveaxis(_decoded(name), -1, 0))
    return Pixels(data=planes, axes="cyx", channels=RGB)


def _decoded(name: str) -> np.ndarray:
    """Pixels of one bundled file; read directly, because ``skimage.data`` might turn to the network."""
    file_name, digest = _FILES[name]
    try:
        from skimage.io import imread

        content = (importlib.resources.files("skimage") / "data" / file_name).read_bytes()
    except ImportError as exc:
        raise missing_extra("analysis", f'make the sample "{name}"', exc) from exc
    except FileNotFoundError as exc:
        raise _not_bundled(name, f"has no {file_name}") from exc
    if hashlib.sha256(content).hexdigest() != digest:
        raise _not_bundled(name, f"has another {file_name}")
    return np.asarray(imread(io.BytesIO(content)))


def _not_bundled(name: str, what: str) -> NotFoundError:
    return NotFoundError(
        f'the sample "{name}" cannot be made: the installed scikit-image {what}\n'
        "  scikit-image 0.25 and 0.26 bundle it; the synthetic samples do not need it",
        kind="sample-source",
        sample=name,
    )
