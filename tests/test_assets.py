from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fairlab import assets
from fairlab.errors import NotebookError, NotFoundError, OutputError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own with two tools and two lessons."""
    for name in (
        "notebooks/01_discover_images",
        "notebooks/04_measure_objects",
        "tutorials/01_first_steps",
        "tutorials/02_measure_objects",
    ):
        file = tmp_path / f"{name}.ipynb"
        file.parent.mkdir(exist_ok=True)
        file.write_text("{}")
    (tmp_path / "tutorials" / "pictures").mkdir()
    for name in ("lesson-1-first", "of-the-readme"):
        (tmp_path / "tutorials" / "pictures" / f"{name}.png").touch()
    monkeypatch.setattr(assets, "asset_folder", lambda package, name: tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "measure_objects",
        "Measure-Objects",
        "measure_objects.ipynb",
        "04_measure_objects",
        "04-measure-objects",
        "04_measure_objects.ipynb",
    ],
)
def test_a_tool_is_found_by_every_form_of_its_name(shipped: Path, name: str) -> None:
    assert assets.find_notebook(name) == shipped / "notebooks/04_measure_objects.ipynb"


def test_a_lesson_is_found_and_gives_way_to_a_tool(shipped: Path) -> None:
    assert assets.find_notebook("first_steps") == shipped / "tutorials/01_first_steps.ipynb"
    assert assets.find_notebook("02_measure_objects") == shipped / "tutorials/02_measure_objects.ipynb"


def test_a_path_is_taken_as_it_is(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "elsewhere" / "my analysis.ipynb"
    own.parent.mkdir()
    own.write_text("{}")
    monkeypatch.chdir(own.parent)
    assert assets.find_notebook(own) == own
    assert assets.find_notebook(str(own)) == own
    assert assets.find_notebook("my analysis.ipynb") == own
    assert assets.find_notebook(os.path.join("..", "elsewhere", "my analysis.ipynb")) == own  # noqa: PTH118


def test_a_bare_name_means_the_shipped_notebook_whatever_lies_here(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "measure_objects").mkdir()
    monkeypatch.chdir(tmp_path)
    assert assets.find_notebook("measure_objects") == shipped / "notebooks/04_measure_objects.ipynb"


def test_an_unknown_name_gets_the_nearest(shipped: Path) -> None:
    with pytest.raises(NotebookError) as caught:
        assets.find_notebook("mesure_object")
    assert caught.value.kind == "notebook-unknown"
    assert "measure_objects" in caught.value.context["nearest"]
    assert "measure_objects" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", ".", "qqqq", "notebooks", "no/such/file.ipynb", "https://example.org/a.ipynb"]
)
def test_what_is_not_there_is_refused(shipped: Path, name: str) -> None:
    with pytest.raises(NotebookError) as caught:
        assets.find_notebook(name)
    assert caught.value.kind == "notebook-unknown"


def test_lists_are_in_order(shipped: Path) -> None:
    assert [path.stem for path in assets.notebooks()] == ["01_discover_images", "04_measure_objects"]
    assert [path.stem for path in assets.lessons()] == ["01_first_steps", "02_measure_objects"]


def test_a_checkout_uses_the_repository_and_a_wheel_the_package(tmp_path: Path) -> None:
    checkout, site = tmp_path / "clone", tmp_path / "site-packages"
    for parent in (checkout, site):
        # An editable install leaves copies in the package folder too: they must not win.
        (parent / "fairlab" / "notebooks").mkdir(parents=True)
    (checkout / "pyproject.toml").write_text("")
    assert assets.asset_folder(checkout / "fairlab", "notebooks") == checkout / "notebooks"
    assert assets.asset_folder(site / "fairlab", "notebooks") == site / "fairlab" / "notebooks"


def test_a_working_folder_gets_copies_and_keeps_what_was_edited(shipped: Path, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    edited = folder / "notebooks" / "04_measure_objects.ipynb"
    edited.parent.mkdir(parents=True)
    edited.write_text("mine")
    for _ in range(2):
        assert assets.working_folder(folder) == folder
    assert edited.read_text() == "mine"
    assert [path.name for path in folder.rglob("*.png")] == ["lesson-1-first.png"]  # what lessons show
    assert sorted(path.name for path in folder.rglob("*.ipynb")) == sorted(
        path.name for path in [*assets.notebooks(), *assets.lessons()]
    )


def test_a_checkout_is_its_own_working_folder_and_an_installed_package_is_not(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "fairlab"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(assets, "_PACKAGE", package)
    assert assets.working_folder() == tmp_path / "fairlab-notebooks"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text("")
    assert assets.working_folder() == package.parent


def test_a_working_folder_that_cannot_be_written(shipped: Path) -> None:
    with pytest.raises(OutputError) as caught:
        assets.working_folder(shipped / "notebooks" / "04_measure_objects.ipynb")
    assert caught.value.kind == "output-unwritable"


def test_data_files() -> None:
    assert assets.data_file("exercises.json").is_file()
    with pytest.raises(NotFoundError) as caught:
        assets.data_file("no such table.csv")
    assert caught.value.kind == "asset-missing"
