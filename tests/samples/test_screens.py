"""The sample plate: what is seen in its fields is what its table says."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaozarrs
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops

import fairlab
from fairlab import samples
from fairlab.pixel_sizes import spacing
from fairlab.sharing import manifest


@pytest.mark.parametrize("version", ["0.5", "0.4"])
def test_the_plate_is_what_its_record_says(version: str) -> None:
    path = samples.path("plate", version=version)
    record = samples.record(f"plate@{version}")
    yaozarrs.validate_zarr_store(path)
    assert manifest.problems(path) == []
    assert not list(path.glob("*/*/*/manifest*"))
    image = fairlab.open_plate(f"sample:plate@{version}", check="all")["scale0/image"]
    assert (image.dims, image.shape) == (record.axes, record.shape)
    assert {dim: spacing(image, dim) for dim in "yx"} == pytest.approx(record.pixel_size)
    assert int(image.present.sum()) == record.n_images == 22
    assert not image.present.sel(row="C", column="4").any()
    assert image.attrs["license"] == record.license and image.attrs["ngff_version"] == version
    root = json.loads((path / "ro-crate-metadata.json").read_text())["@graph"][1]
    assert root["identifier"] == record.id


def test_nuclei_are_as_many_as_the_truth_says() -> None:
    image = fairlab.open_plate("sample:plate")["scale0/image"].load()
    table = samples.truth("plate")
    assert len(table) == 22
    for line in table.itertuples():
        field = image.sel(row=line.row, column=str(line.column), field=line.field)
        assert (field.compound.item(), field.dose_micromolar.item()) == (line.compound, line.dose_micromolar)
        dapi, gfp = (field.sel(c=name).values for name in ("DAPI", "GFP"))
        nuclei = regionprops(label(dapi > threshold_otsu(dapi)), gfp)
        assert len(nuclei) == line.n_nuclei
        background = np.median(gfp)
        assert sum(n.intensity_mean > 2 * background for n in nuclei) == line.n_gfp_positive
        area = sum(n.area for n in nuclei) * 0.65**2
        assert area == pytest.approx(line.ellipse_area_um2, rel=0.1)
