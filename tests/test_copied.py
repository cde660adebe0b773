from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given
from hypothesis import strategies as st

import fairlab
from fairlab.copied import address_meant, image_above, path_meant
from fairlab.errors import FairlabError, FormatError, NotFoundError, QueryError
from tests.stores import write_store

if TYPE_CHECKING:
    from collections.abc import Callable

IMAGE = "https://example.org/a.zarr"
STATE = '!{{"layers": [{}]}}'


@pytest.mark.parametrize(
    "copied",
    [
        f" {IMAGE}\n", f'"{IMAGE}"', f"<{IMAGE}>", f"`{IMAGE}`", "https:/example.org/a.zarr",
        f"{IMAGE}/.zattrs", f"{IMAGE}/zarr.json", f"{IMAGE}/.zgroup", f"{IMAGE}//.zmetadata",
        f"zarr://{IMAGE}", f"zarr3://{IMAGE}", f"{IMAGE}/|zarr2:", f"{IMAGE}|zarr3:0/",
        f"https://hms-dbmi.github.io/vizarr/?source={IMAGE}",
        f"https://hms-dbmi.github.io/vizarr?source={quote(IMAGE, safe='')}&model_matrix=1",
        f"https://ome.github.io/ome-ngff-validator/?source={IMAGE}/zarr.json",
        f"https://kitware.github.io/itk-vtk-viewer/app/?rotate=false&image={IMAGE}",
        f"https://volumeviewer.allencell.org/viewer?url={IMAGE}",
        "https://ng.example.org/#" + quote(STATE.format(f'{{"source": "zarr://{IMAGE}"}}')),
        "https://ng.example.org/#" + STATE.format(f'{{"source": {{"url": "{IMAGE}/|zarr3:"}}}}, {{"source": "n5://https://b"}}'),
    ],
)  # fmt: skip
def test_what_was_copied_is_the_address_that_was_meant(copied: str) -> None:
    assert address_meant(copied).rstrip("/") == IMAGE


@pytest.mark.parametrize(
    "address",
    [
        IMAGE, f"{IMAGE}/", "https://example.org/a.zarr?url=https://other.example.org/b.zarr", "https://zarr.json",
        "https://example.org/?source=somewhere", "https://ng.example.org/#!broken", "https://ng.example.org/#!{}",
        "https://v.example.org/?source=https://a.org/1&source=https://a.org/2", "https://[broken/?source=https://a.org",
        "https://example.org/?source=file:///etc/passwd", "s3://bucket/it's", "C:/data/a.zarr", "", "sample:nuclei",
        'https://ng.example.org/#!{"layers": [{"source": "zarr://https://a.org/1"}, {"source": "zarr://https://a.org/2"}]}',
    ],
)  # fmt: skip
def test_what_is_no_such_form_stays(address: str) -> None:
    assert address_meant(address) == address


@given(st.text())
def test_any_text_is_taken_and_twice_is_as_once(text: str) -> None:
    assert isinstance(address_meant(text), str)
    assert isinstance(path_meant(text), str)


def test_the_image_above() -> None:
    assert image_above(f"{IMAGE}/labels/cells/0") == IMAGE
    assert image_above("s3://b/a.ome.zarr//0") == "s3://b/a.ome.zarr"
    assert image_above(f"{IMAGE}/") is image_above("https://example.org/a") is None


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("form", [
    "{}/", "{}/.zattrs", "{}/zarr.json", '"{}"', "zarr://{}", "{}/|zarr2:", "https://v.example.org/?source={}",
])  # fmt: skip
def test_a_copied_address_opens(tmp_path: Path, serve: Callable[..., Any], version: str, form: str) -> None:
    full = write_store(tmp_path / "ä b.zarr", version=version)
    tree = fairlab.open_image(form.format(f"{serve(tmp_path).url}/ä b.zarr"))
    np.testing.assert_array_equal(tree["scale0/image"], full)
    assert tree.attrs["source_url"].endswith("/%C3%A4%20b.zarr")


def test_a_path_of_any_kind_opens(
    tmp_path: Path, serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = write_store(tmp_path / "a #1%.zarr", version="0.4")
    folder = tmp_path / "a #1%.zarr"
    url = f"{serve(tmp_path).url}/a%20%231%25.zarr"
    forms = [
        folder,
        f"{folder}/.zattrs",
        folder / ".zgroup",
        folder.as_uri(),
        f"file:{quote(str(folder))}",
        Path(url),
    ]
    for form in forms:
        np.testing.assert_array_equal(fairlab.open_image(form)["scale0/image"], full)
    monkeypatch.chdir(folder)
    assert fairlab.open_image(".zattrs")["scale0/image"].shape == full.shape


@pytest.mark.parametrize(
    ("given_", "kind", "said"),
    [
        ("file://data/a.zarr", "location", "file:///"),
        ("htps://example.org/a.zarr", "location", "did you mean https://?"),
        ("gcs://bucket/a.zarr", "location", "did you mean gs://?"),
        ("simplecache::https://example.org/a.zarr", "location", "give the address alone: https://example.org/a.zarr"),
        ("example.org/a.zarr", "path-missing", 'write "https://example.org/a.zarr"'),
        ("S-BIAD800", "path-missing", 'fairlab.lookup("S-BIAD800")'),
        ("no/where.zarr", "path-missing", "looked for in"),
        ("samples:nuclei", "identifier-unknown", 'did you mean "sample:nuclei"?'),
        ("idr:6001240", "identifier-unknown", 'fairlab.lookup("idr:6001240", live=True) asks idr'),
        (["https://example.org/a.zarr"], "source-type", "one at a time"),
        (xr.DataArray([1]), "source-type", "open already"),
        (xr.Dataset(), "source-type", "open already"),
        (xr.DataTree(), "source-type", "open already"),
        (zarr.create_array({}, shape=(1,), dtype="u1"), "source-type", "that it was opened from"),
        (3, "source-type", "of type int"),
        (b"a.zarr", "source-type", "of type bytes"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_says_what_to_give(given_: Any, kind: str, said: str) -> None:
    with pytest.raises(FairlabError) as caught:
        fairlab.open_image(given_)
    assert caught.value.kind == kind
    assert said in str(caught.value)


def test_a_path_of_fsspec_says_that_its_address_is_wanted() -> None:
    class UPath:  # what universal_pathlib's remote paths have; they are no os.PathLike
        protocol, path = "s3", "bucket/a.zarr"

    with pytest.raises(QueryError, match=r"str\(path\)"):
        fairlab.open_image(UPath())  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_address_inside_an_image_names_the_image(
    tmp_path: Path, serve: Callable[..., Any], version: str
) -> None:
    write_store(tmp_path / "a.zarr", version=version)
    url = f"{serve(tmp_path).url}/a.zarr"
    for inside in ("0", "0/.zarray", "0/zarr.json", "0/0/0/0", "nothing"):
        with pytest.raises(FormatError) as caught:
            fairlab.open_image(f"{url}/{inside}")
        assert str(caught.value).endswith(url)


def test_a_page_of_an_archive_says_who_can_be_asked(tmp_path: Path, serve: Callable[..., Any]) -> None:
    with pytest.raises(FairlabError, match=r'fairlab.lookup\("idr:[^"]+", live=True\)'):
        fairlab.open_image("https://idr.openmicroscopy.org/webclient/?show=image-6001240")
    with pytest.raises((NotFoundError, FormatError)) as caught:
        fairlab.open_image(f"{serve(tmp_path).url}/a.zarr")
    assert "lookup" not in str(caught.value)
