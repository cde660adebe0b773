"""Text of a store in every place that is shown: never obeyed by a page or a terminal, and always encodable."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.image import open_image
from tests.stores import write_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = "<img src=x onerror=alert(1)></td><script>'\"&"
TERMINAL = "a\x1b[2Jb\ud800c\u202ed"


def _hostile(text: str) -> Callable[[dict[str, Any]], None]:
    def edit(attributes: dict[str, Any]) -> None:
        block = attributes.get("ome", attributes)
        (image,) = block["multiscales"]
        image |= {"name": text, "type": text, "metadata": {text: text}}
        for axis in image["axes"]:
            axis |= {"unit": text, text: text}
        block["omero"] |= {"name": text, text: text}
        for channel in block["omero"]["channels"]:
            channel |= {"label": text, "family": text, "color": text}

    return edit


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    "text", [PAGE, TERMINAL, TERMINAL.replace("\ud800", "")], ids=["page", "half", "terminal"]
)
def test_no_text_of_a_store_is_obeyed_where_it_is_shown(tmp_path: Path, version: str, text: str) -> None:
    root = tmp_path / "a.zarr"
    facts = {"properties": [{"label-value": 1, "class": text, text: text}], "source": {"image": "../../"}}
    write_store(root, version=version, levels=1, labels=("cells",), label_facts=facts, edit=_hostile(text))
    if version == "0.5":
        document = json.loads((root / "0/zarr.json").read_text())
        document["dimension_names"] = [text, text + "y", text + "x"]
        (root / "0/zarr.json").write_text(json.dumps(document))
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        tree = open_image(root)
        parts = [tree, tree["scale0"], tree["scale0/image"], tree["labels/cells"], tree["scale0/image"].fair]
        shown = [repr(part) for part in parts] + [repr(tree["scale0/image"].fair.estimate())]
        pages = [part._repr_html_() for part in parts[:-1]]
        blocks = open_image(root, chunks="auto")["scale0/image"].data
        pages += [blocks._repr_html_(), blocks.dask._repr_html_()]
    assert (
        text == TERMINAL
        or text != PAGE
        or all(any("alert(1)" in one for one in kind) for kind in (shown, pages))
    )
    shown += [str(warning.message) for warning in given]
    for one in (*shown, *pages):
        assert one.encode() and "\x1b" not in one
    assert not [page for page in pages if "<img" in page or "<script>" in page]
