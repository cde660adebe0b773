"""The viewer: one output that lives and lasts, sliders that never fail silently."""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr

from fairlab.errors import FairlabWarning, MissingExtraError, OutputError, QueryError, SelectionError
from fairlab.widgets import showing as showing_module
from fairlab.widgets import viewer as viewer_module
from fairlab.widgets.viewer import view
from tests.widgets.images import Counted, image, stack, tree

PIL = pytest.importorskip("PIL.Image")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def brightness(png: bytes) -> float:
    """Mean of the middle of the picture, where no word is."""
    pixels = np.asarray(PIL.open(io.BytesIO(png)))
    rows, columns = pixels.shape[0] // 3, pixels.shape[1] // 3
    return float(pixels[rows : 2 * rows, columns : 2 * columns].mean())


def sliders(viewer) -> dict[str, object]:
    widgets = pytest.importorskip("ipywidgets")
    found = {}

    def walk(widget) -> None:
        if isinstance(widget, widgets.IntSlider | widgets.Checkbox | widgets.Dropdown | widgets.Button):
            found[widget.description] = widget
        if isinstance(widget, widgets.Image | widgets.HTML):
            found[type(widget).__name__] = widget
        for child in getattr(widget, "children", ()):
            walk(child)

    walk(viewer.widget)
    return found


# ── what can be looked at ────────────────────────────────────────────────────────────────────────


def test_a_tree_its_levels_and_its_arrays():
    full = tree(stack(64))
    for obj in (
        full,
        full["scale1"],
        full["scale1"].to_dataset(),
        full["scale1/image"],
        full["scale1/image"].values,
    ):
        assert view(obj).png().startswith(b"\x89PNG")


def test_an_address_is_opened(monkeypatch):
    opened = []
    monkeypatch.setattr("fairlab.image.open_image", lambda source: opened.append(source) or tree(stack(32)))
    view("https://example.org/a.zarr")
    assert opened == ["https://example.org/a.zarr"]


def test_the_level_fits_the_screen():
    full = tree(stack(128))
    assert view(full).state.level == "scale0"
    assert view(full, max_pixels=100).state.level == "scale1"
    assert view(full, max_pixels=16).state.level == "scale2"
    assert view(full, level="scale1").state.level == view(full, level=1).state.level == "scale1"


@pytest.mark.parametrize("level", ["scale7", 3, -1, True, 1.0])
def test_no_such_level(level):
    with pytest.raises(SelectionError) as caught:
        view(tree(stack(32)), level=level)
    assert caught.value.kind == "level-unknown"


@pytest.mark.parametrize("obj", [None, 5, [[1, 2], [3, 4]], {"image": 3}])
def test_not_something_to_look_at(obj):
    with pytest.raises(QueryError) as caught:
        view(obj)
    assert caught.value.kind == "view-type"


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (np.float64(3), "not-a-picture"),
        (np.zeros(9), "not-a-picture"),
        (np.zeros((3, 3), complex), "dtype"),
        (np.zeros((0, 3)), "empty"),
    ],
)
def test_no_picture(array, kind):
    with pytest.raises(SelectionError) as caught:
        view(array)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ({"chanels": ["DAPI"]}, '"channels"'),
        ({"zz": 3}, '"z"'),
        ({"c": "DAPI"}, "channels="),
        ({"x": 3}, "crop"),
        ({"colour": 3}, "it knows"),
    ],
)
def test_unknown_keywords_are_named(wrong, near):
    with pytest.raises(QueryError) as caught:
        view(stack(), **wrong)
    assert caught.value.kind == "keyword-unknown"
    assert near in str(caught.value)


@pytest.mark.parametrize("sizes", [{"width": 0}, {"width": 7.5}, {"max_pixels": True}, {"max_pixels": 10**9}])
def test_impossible_sizes(sizes):
    with pytest.raises(QueryError) as caught:
        view(stack(), **sizes)
    assert caught.value.kind == "view-size"


def test_labels_of_the_tree_and_from_elsewhere():
    full = stack(64)
    labels = (full.isel(c=0, drop=True) > 1e9).astype("i4")
    labels[..., 10:30, 10:30] = 7
    whole = tree(full, labels=labels)
    bare, named, given = view(whole), view(whole, labels="nuclei"), view(full, labels=labels)
    assert bare.state.labels is None
    assert named.state.labels == "nuclei" and "outlines: nuclei" in named.text
    assert bare.png() != named.png()
    assert given.state.labels is not None
    with pytest.raises(SelectionError) as caught:
        view(whole, labels="nuclie")
    assert caught.value.kind == "labels-unknown" and "nuclei" in str(caught.value)
    alone = view(whole["labels/nuclei"])
    assert alone.state.channels == () and brightness(alone.png()) > 0


# ── state ────────────────────────────────────────────────────────────────────────────────────────


def test_setting_the_state_draws_it():
    viewer = view(stack())
    dark = brightness(viewer.png())
    viewer.state = viewer.state.moved(z=4)
    assert viewer.state.at["z"] == 4
    assert brightness(viewer.png()) > dark
    assert "z = 14 micrometer (5 of 5)" in viewer.text


def test_a_picture_that_is_nowhere_shown_is_not_packed(monkeypatch):
    viewer = view(stack())
    monkeypatch.setattr(viewer_module, "bundle", lambda *_: pytest.fail("a PNG that nobody sees"))
    viewer.state = viewer.state.moved(z=1)


def test_windows_of_the_first_plane_stay():
    plain = image(np.stack([np.arange(100.0).reshape(10, 10), np.arange(100.0).reshape(10, 10) * 9]), "z y x")
    viewer = view(plain, z=0)
    window = viewer.state.channels[0].window
    viewer.state = viewer.state.moved(z=1)
    assert viewer.state.channels[0].window == window
    viewer.state = viewer.state.automatic()
    assert viewer.state.channels[0].window[1] > 8 * window[1]


def test_a_state_that_cannot_be_drawn_is_not_taken():
    full = stack(32)
    counted = Counted(full.values)
    viewer = view(counted.lazy(full))
    before, picture = viewer.state, viewer.png()
    counted.fails = True
    with pytest.raises(OSError, match="went"):
        viewer.state = before.moved(z=4)
    assert viewer.state == before
    assert viewer.png() == picture


@pytest.mark.parametrize("other", [np.zeros((5, 5)), stack(planes=3)])
def test_the_state_of_another_image_is_refused(other):
    with pytest.raises(SelectionError) as caught:
        view(stack()).state = view(other).state
    assert caught.value.kind == "state-foreign"


# ── sliders and switches ─────────────────────────────────────────────────────────────────────────


def test_a_slider_moves_the_picture():
    viewer = view(stack(), fallback=True)
    controls = sliders(viewer)
    before = controls["Image"].value
    controls["z"].value = 4
    assert viewer.state.at == {"t": 0, "z": 4}
    assert controls["Image"].value != before
    assert controls["Image"].value == viewer.png()


def test_switches_and_auto_contrast():
    viewer = view(stack(), fallback=True)
    controls = sliders(viewer)
    controls["actin"].value = False
    assert [c.name for c in viewer.state.active] == ["DAPI"]
    controls["auto contrast"].click()
    assert viewer.state.channels[0].window == (0.0, 20.0)
    assert viewer.state.channels[1].window == (100.0, 200.0)


def test_labels_are_chosen_from_a_list():
    full = stack(32)
    labels = full.isel(c=0, drop=True).astype("i4") * 0 + 5
    viewer = view(tree(full, labels=labels), fallback=True)
    sliders(viewer)["labels"].value = "nuclei"
    assert viewer.state.labels == "nuclei"


def test_sliders_follow_python():
    viewer = view(stack(), fallback=True)
    controls = sliders(viewer)
    viewer.state = viewer.state.moved(z=4, t=1).changed("DAPI", active=False)
    assert (controls["z"].value, controls["t"].value, controls["DAPI"].value) == (4, 1, False)
    assert viewer.error is None


def test_one_plane_has_no_slider():
    viewer = view(stack().isel(t=[0], z=[2]), fallback=True)
    assert not {"t", "z"} & set(sliders(viewer))


def test_errors_appear_under_the_picture_as_text():
    full = stack(32)
    counted = Counted(full.values)
    viewer = view(counted.lazy(full), fallback=True)
    controls = sliders(viewer)
    last = controls["Image"].value
    counted.fails = True
    controls["z"].value = 4
    assert isinstance(viewer.error, OSError)
    assert "the store &lt;b&gt;went&lt;/b&gt; away" in controls["HTML"].value
    assert controls["HTML"].layout.display == ""
    assert controls["Image"].value == last
    assert "not up to date" in viewer._repr_mimebundle_()[0]["text/plain"]
    counted.fails = False
    controls["z"].value = 3
    assert viewer.error is None
    assert controls["HTML"].layout.display == "none" and controls["HTML"].value == ""


def test_going_back_after_an_error_takes_it_away():
    full = stack(32)
    counted = Counted(full.values)
    viewer = view(counted.lazy(full), fallback=True)
    controls = sliders(viewer)
    counted.fails = True
    controls["z"].value = 4
    controls["z"].value = 2
    assert viewer.error is None and controls["HTML"].value == ""


def test_hostile_names_are_never_html():
    evil = "<img src=x onerror=alert(1)>"
    array = stack().assign_coords(c=[evil, "actin"]).rename(t=evil)
    widgets = pytest.importorskip("ipywidgets")
    viewer = view(array, fallback=True)
    assert evil in sliders(viewer)
    for widget in _all(viewer.widget):
        if isinstance(widget, widgets.HTML):
            assert evil not in widget.value
        assert not getattr(widget, "description_allow_html", False)


def test_names_are_no_formulas():
    viewer = view(stack().assign_coords(c=["$\\href{x}{y}$", "actin"]), fallback=True)
    assert not any(set("$\\") & set(name) for name in sliders(viewer))
    assert viewer.state.channels[0].name == "$\\href{x}{y}$"


def test_an_image_widget_has_no_tooltip():
    # ipywidgets 8.1 fails to show an Image that has one, and the reader sees an error box instead.
    viewer = view(stack(), fallback=True)
    assert sliders(viewer)["Image"].tooltip is None
    assert any(viewer.text.splitlines()[0] in getattr(w, "value", b"") for w in _html(viewer.widget))


def _html(widget):
    return [w for w in _all(widget) if type(w).__name__ == "HTML"]


def _all(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _all(child)


def test_many_threads_end_on_the_last_word(monkeypatch):
    viewer = view(stack(planes=40), fallback=True)
    controls = sliders(viewer)
    drawn, real, together = [], showing_module.draw, []
    alone = threading.Semaphore(1)

    def watched(scene, state, **sizes):
        is_alone = alone.acquire(blocking=False)
        together.append(not is_alone)
        drawn.append(state.at["z"])
        time.sleep(0.002)
        try:
            return real(scene, state, **sizes)
        finally:
            if is_alone:
                alone.release()

    monkeypatch.setattr(showing_module, "draw", watched)
    threads = [
        threading.Thread(target=viewer._controls._change, args=(lambda s, n=n: s.moved(z=n),))
        for n in range(1, 39)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    viewer._controls._change(lambda s: s.moved(z=39))
    assert viewer.error is None
    assert not any(together), "two threads drew at once"
    assert drawn[-1] == 39 and viewer.state.at["z"] == 39
    assert len(drawn) <= len(threads) + 1
    assert controls["Image"].value == viewer.png()


# ── outputs ──────────────────────────────────────────────────────────────────────────────────────


def test_one_output_lives_and_lasts():
    pytest.importorskip("ipywidgets")
    viewer = view(stack())
    data, metadata = viewer._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == viewer.png()
    assert data["text/plain"] == repr(viewer) == viewer.text
    assert data[WIDGET_VIEW]["model_id"] == viewer.widget.model_id
    assert "text/html" not in data
    assert metadata["image/png"]["alt"] == viewer.text
    assert (metadata["image/png"]["width"], metadata["image/png"]["height"]) == PIL.open(
        io.BytesIO(viewer.png())
    ).size


def test_without_ipywidgets_the_picture_stays_with_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    for name in ("front", "live"):
        monkeypatch.delitem(sys.modules, f"fairlab.widgets.{name}", raising=False)
    viewer = view(stack())
    with pytest.warns(FairlabWarning, match=r"fairlab\[widgets\]"):
        data, _ = viewer._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert "fairlab[widgets]" in data["text/plain"]
    with pytest.raises(MissingExtraError):
        _ = viewer.widget


def test_looking_in_plain_python_loads_no_widgets():
    code = (
        "import sys, numpy; from fairlab.widgets.viewer import view; v = view(numpy.eye(9)); v.png(); print(v);"
        "assert not {'anywidget', 'ipywidgets', 'IPython', 'skimage', 'matplotlib', 'zarr'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def width_of(path) -> int:
    with PIL.open(path) as picture:
        return picture.width


def test_snapshot(tmp_path):
    viewer = view(tree(stack(128)), max_pixels=100)
    assert viewer.state.level == "scale1"
    small = viewer.snapshot(tmp_path / "a.png")
    assert small.read_bytes() == viewer.png()
    large = viewer.snapshot(tmp_path / "b.PNG", scale=2)
    assert width_of(large) > 1.9 * width_of(small)
    assert viewer.state.level == "scale1"
    viewer.snapshot(small, scale=2)
    assert small.read_bytes() == large.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.PNG"]


def test_a_place_that_cannot_be_written(tmp_path):
    viewer = view(np.eye(9))
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.png").mkdir()
    for place in (tmp_path / "none" / "a.png", tmp_path / "file" / "a.png", tmp_path / "folder.png"):
        with pytest.raises(OutputError) as caught:
            viewer.snapshot(place)
        assert caught.value.kind == "output"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.png"]


def test_a_full_disk_leaves_the_old_picture(tmp_path, monkeypatch):
    viewer = view(np.eye(9))
    target = viewer.snapshot(tmp_path / "a.png")
    before = target.read_bytes()

    def full(self, content):
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OutputError):
        viewer.snapshot(target)
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("name", "scale"), [("a.jpg", 1), ("a", 1), ("a.png", 0), ("a.png", True), ("a.png", 99)]
)
def test_snapshot_asked_wrongly(tmp_path, name, scale):
    with pytest.raises(QueryError):
        view(np.eye(9)).snapshot(tmp_path / name, scale=scale)
    assert not any(tmp_path.iterdir())


class _Pictures(HTMLParser):
    """Sources of the pictures of a page."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.found.append(dict(attrs)["src"])


@pytest.fixture(scope="module")
def executed():
    """A notebook with one picture, run without a front-end, as papermill does."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    code = (
        "import numpy as np, xarray as xr\n"
        "from fairlab.widgets.viewer import view\n"
        "stack = xr.DataArray(np.arange(300).reshape(3, 10, 10), dims=tuple('zyx'), attrs={'title': '<b>bold</b>'})\n"
        "view(stack)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    notebook.metadata.kernelspec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbclient.NotebookClient(notebook, timeout=120).execute()
    return notebook


def test_a_notebook_run_without_front_end_keeps_the_picture(executed):
    (output,) = executed.cells[0].outputs
    assert output.data["image/png"].startswith("iVBOR")
    assert WIDGET_VIEW not in output.data, (
        "nobody is there to see it, and exporters would prefer it to the picture"
    )
    assert "widgets" not in executed.metadata


def test_the_exported_page_shows_the_picture(executed):
    nbconvert = pytest.importorskip("nbconvert")
    page, _ = nbconvert.HTMLExporter().from_notebook_node(executed)
    pictures = _Pictures(page).found
    assert any(source.startswith("data:image/png;base64,iVBOR") for source in pictures)
    assert not re.search(r"<b>bold</b>", page)


# ── one real image ───────────────────────────────────────────────────────────────────────────────


def test_a_sample_over_http():
    pytest.importorskip("ome_zarr")
    viewer = view("sample:nuclei", labels="nuclei")
    assert isinstance(viewer.state.level, str)
    assert {"DAPI"} <= {channel.name for channel in viewer.state.active}
    assert "µm" in viewer.text and "licence: CC0 1.0" in viewer.text
    assert 5 < brightness(viewer.png()) < 200


def test_dask_arrays_are_shown():
    pytest.importorskip("dask.array")
    lazy = stack(32).chunk({"z": 1})
    assert view(lazy).png() == view(stack(32)).png()
    assert isinstance(lazy, xr.DataArray)
