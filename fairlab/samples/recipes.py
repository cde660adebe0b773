"""What samples there are and everything that is known about each: words only, no pixels.

The facts about photographs are those that scikit-image states in the documentation of ``skimage.data``,
in our words. What it does not state (a pixel size, an organism, a microscope) is not here either.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import hashlib
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import NotFoundError, UnsupportedVersionError
from fairlab.foreign_text import printable
from fairlab.record import Record, Source
from fairlab.terms import Term

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.samples.pixels import Pixels, Screen

VERSIONS = ("0.5", "0.4")
"""OME-Zarr versions in which every sample is made; the first is the default."""

_CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
_PUBLIC_DOMAIN_MARK = "https://creativecommons.org/publicdomain/mark/1.0/"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One sample: what is known about it, and who makes its pixels."""

    record: Record
    """The facts, for the default version."""
    maker: str
    """Module of this package and function in it: ``"scenes:nuclei"``."""
    truth: str | None = None
    """What the table of true values holds; None when nobody knows the truth."""

    def pixels(self) -> Pixels | Screen:
        """Make the pixels; needs the extra ``analysis``."""
        module, function = self.maker.split(":")
        make: Callable[[], Pixels | Screen] = getattr(
            importlib.import_module(f"fairlab.samples.{module}"), function
        )
        return make()


def _image(name: str, **facts: Any) -> Record:
    return Record(
        id=f"sample:{name}",
        kind="image",
        repository="sample",
        url=f"sample:{name}",
        ngff_version=VERSIONS[0],
        **{"layout": "image", "n_images": 1, **facts},
    )


def _scene(name: str, *, module: str = "scenes", **facts: Any) -> Record:
    return _image(
        name,
        authors=("fairlab",),
        attribution="synthetic, made by fairlab",
        license=_CC0,
        imaging_method=(Term(id="FBbi:00000224", label="computer graphic"),),
        note="synthetic: no organism and no microscope; the true outline of every object is known",
        sources={"*": Source(document=f"fairlab.samples.{module}.{name}")},
        **facts,
    )


def _photograph(name: str, function: str, *, inferred: tuple[str, ...] = (), **facts: Any) -> Record:
    stated = Source(
        document="scikit-image, src/skimage/data/_fetchers.py", pointer=f"docstring of {function}"
    )
    concluded = dataclasses.replace(stated, basis="inferred")
    return _image(
        name,
        landing_url=f"https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data.{function}",
        sources={"*": stated, **dict.fromkeys(inferred, concluded)},
        **facts,
    )


_SAMPLES = {
    "nuclei": Sample(
        maker="scenes:nuclei",
        truth=(
            "one row per nucleus (label) and moment (t): volume_um3 counts the voxels of the label image, "
            "ellipsoid_volume_um3 is exact from the geometry, centroids are means of voxel centres"
        ),
        record=_scene(
            "nuclei",
            title="Synthetic nuclei in 3D, two channels, two moments",
            description=(
                "24 ellipsoids that do not overlap, at two moments 30 s apart between which they drift. DAPI shows "
                "all of them, GFP strongly only some. Light is gathered over the thickness of each plane, blurred "
                "and given photon and read noise. The labels say which ellipsoid the centre of each voxel lies in. "
                "Synthetic, made by fairlab."
            ),
            keywords=(
                "synthetic",
                "nuclei",
                "nucleus",
                "cells",
                "3D",
                "time lapse",
                "segmentation",
                "ground truth",
            ),
            axes=("t", "c", "z", "y", "x"),
            shape=(2, 2, 20, 224, 288),
            pixel_size={"z": 1.0, "y": 0.25, "x": 0.25},
        ),
    ),
    "cells2d": Sample(
        maker="scenes:cells2d",
        truth=(
            "one row per nucleus (label): area_um2 counts the pixels of the label image, ellipse_area_um2 is exact "
            "from the geometry, centroids are means of pixel centres"
        ),
        record=_scene(
            "cells2d",
            title="Synthetic nuclei in 2D, some of which touch",
            description=(
                "52 ellipses, 0.325 micrometer per pixel: 44 stand alone and 8 form four pairs that touch. DAPI shows "
                "all of them, GFP strongly only some. Blurred and given photon and read noise. The labels say which "
                "ellipse the centre of each pixel lies in. Synthetic, made by fairlab."
            ),
            keywords=("synthetic", "nuclei", "nucleus", "cells", "2D", "segmentation", "ground truth"),
            axes=("c", "y", "x"),
            shape=(2, 512, 640),
            pixel_size={"y": 0.325, "x": 0.325},
        ),
    ),
    "plate": Sample(
        maker="screens:plate",
        truth=(
            "one row per field: n_nuclei and n_gfp_positive were drawn, ellipse_area_um2 is their exact area together"
        ),
        record=_scene(
            "plate",
            module="screens",
            title="Synthetic screen: three compounds at four doses",
            description=(
                "A plate of 3 rows and 4 columns with two fields in each well; the well C4 was not imaged. Each row is "
                "one compound, each column one dose: of the toxin nuclei die, under the inducer more of them shine in "
                "GFP, the vehicle does nothing. Blurred and given photon and read noise. Synthetic, made by fairlab."
            ),
            keywords=(
                "synthetic",
                "plate",
                "high-content screening",
                "HCS",
                "dose response",
                "nuclei",
                "ground truth",
            ),
            layout="plate",
            n_images=22,
            axes=("row", "column", "field", "c", "y", "x"),
            shape=(3, 4, 2, 2, 96, 128),
            pixel_size={"y": 0.65, "x": 0.65},
        ),
    ),
    "ihc": Sample(
        maker="micrographs:ihc",
        record=_photograph(
            "ihc",
            "immunohistochemistry",
            inferred=("license",),
            title="Colonic glands, FHL2 revealed by immunohistochemistry",
            description=(
                "Glands of the colon. The expression of the protein FHL2 is revealed with DAB by immunohistochemistry; "
                "hematoxylin is the counterstain. Acquired at the Center for Microscopy And Molecular Imaging (CMMI). "
                "A colour image; its pixel size is not stated."
            ),
            attribution="Center for Microscopy And Molecular Imaging (CMMI); distributed with scikit-image",
            license=_PUBLIC_DOMAIN_MARK,
            license_as_listed="No known copyright restrictions",
            other_terms=(Term(id="FBbi:00000041", label="hematoxylin"),),
            keywords=(
                "immunohistochemistry",
                "IHC",
                "DAB",
                "FHL2",
                "colon",
                "gland",
                "histology",
                "tissue",
                "RGB",
            ),
            note="scikit-image states no organism, microscope or pixel size",
            axes=("c", "y", "x"),
            shape=(3, 512, 512),
        ),
    ),
    "cell": Sample(
        maker="micrographs:cell",
        record=_photograph(
            "cell",
            "cell",
            inferred=("authors",),
            title="Cell floating in saline, quantitative phase image",
            description=(
                "Quantitative phase image of a cell in saline, retrieved from a digital hologram with the Python "
                "library qpformat. The background has a banding artefact. 0.107 micrometer per pixel, as scikit-image "
                "states."
            ),
            authors=("Paul Müller", "Mirjam Schürmann", "Salvatore Girardo", "Gheorghe Cojoc", "Jochen Guck"),
            attribution="Müller et al. 2018, Optics Express 26(8): 10729-10743; distributed with scikit-image",
            license=_CC0,
            publications=("10.1364/OE.26.010729",),
            imaging_method=(Term(label="quantitative phase imaging (digital holography)"),),
            keywords=("cell", "phase", "hologram", "refractive index", "label-free", "segmentation"),
            note=(
                "the authors are those of the article in which these data were used; scikit-image states no organism"
            ),
            axes=("y", "x"),
            shape=(660, 550),
            pixel_size={"y": 0.107, "x": 0.107},
        ),
    ),
    "retina": Sample(
        maker="micrographs:retina",
        record=_photograph(
            "retina",
            "retina",
            title="Human retina, fundus photograph of a normal left eye",
            description=(
                "Fundus photograph of a normal left eye, taken over from Wikimedia Commons. A colour image; its "
                "pixel size is not stated."
            ),
            authors=("Mikael Häggström",),
            attribution=(
                "Mikael Häggström, Medical gallery of Mikael Häggström 2014, WikiJournal of Medicine 1(2); "
                "distributed with scikit-image"
            ),
            license=_CC0,
            publications=("10.15347/wjm/2014.008",),
            organism=(Term(id="NCBITaxon:9606", label="Homo sapiens"),),
            imaging_method=(Term(label="fundus photography"),),
            keywords=("retina", "eye", "fundus", "RGB"),
            note="scikit-image states no camera and no pixel size",
            axes=("c", "y", "x"),
            shape=(3, 1411, 1411),
        ),
    ),
    "microaneurysms": Sample(
        maker="micrographs:microaneurysms",
        record=_photograph(
            "microaneurysms",
            "microaneurysms",
            title="Retina with microaneurysms, green channel",
            description=(
                "Detail of the image 07_dr of the High-Resolution Fundus (HRF) Image Database: a retina with "
                "lesions, green channel only. The pixel size is not stated."
            ),
            attribution="Andreas Maier, High-Resolution Fundus Image Database; distributed with scikit-image",
            license=_CC0,
            publications=("10.1155/2013/154860",),
            imaging_method=(Term(label="fundus photography"),),
            keywords=("retina", "eye", "fundus", "microaneurysm", "lesion"),
            note="scikit-image states no organism, camera or pixel size",
            axes=("y", "x"),
            shape=(102, 102),
        ),
    ),
}


def names() -> list[str]:
    """Names of all samples, synthetic ones first.

    Examples
    --------
    >>> names()[:2]
    ['nuclei', 'cells2d']
    """
    return list(_SAMPLES)


def sample(name: str) -> Sample:
    """One sample by name.

    Raises
    ------
    NotFoundError
        kind ``"sample-unknown"``, with the nearest names in ``context["nearest"]``.
    """
    if name in _SAMPLES:
        return _SAMPLES[name]
    near = difflib.get_close_matches(name.lower(), _SAMPLES, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(_SAMPLES)}"
    raise NotFoundError(
        f'there is no sample "{printable(name[:80])}"; {hint}',
        kind="sample-unknown",
        name=name[:80],
        nearest=near,
    )


def split(identifier: str) -> tuple[str, str]:
    """Name and OME-Zarr version in an identifier.

    Raises
    ------
    UnsupportedVersionError
        kind ``"version-unsupported"``: samples are made in 0.4 and 0.5.

    Examples
    --------
    >>> split("sample:nuclei@0.4"), split("cells2d")
    (('nuclei', '0.4'), ('cells2d', '0.5'))
    """
    name, _, version = identifier.strip().removeprefix("sample:").partition("@")
    if version not in ("", *VERSIONS):
        raise UnsupportedVersionError(
            f'samples are not made in OME-Zarr "{version}"; there are {" and ".join(VERSIONS)}',
            version=version,
        )
    return name, version or VERSIONS[0]


def record(name: str, *, version: str = VERSIONS[0]) -> Record:
    """What is known about one sample in one version; nothing is made."""
    found = sample(name).record
    if version == VERSIONS[0]:
        return found
    identifier = f"{found.id}@{version}"
    return dataclasses.replace(found, id=identifier, url=identifier, ngff_version=version)


@functools.cache
def edition() -> str:
    """Short digest of everything that decides what samples look like: another one, and they are made anew."""
    package = Path(__file__).parent
    files = [package / f"{name}.py" for name in ("micrographs", "pixels", "recipes", "scenes", "screens")]
    files += sorted((package.parent / "sharing").glob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
