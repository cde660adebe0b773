"""The pictures in README and lessons, made from a real JupyterLab: ``python -m tests.browser.pictures [--out FOLDER]``.

It needs ``fairlab[all,test]`` and Chromium, and no network: everything shown is a sample.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, sync_playwright

from tests.browser.lab import FLAGS, ROOT, Notebook, chromium, running

FOLDER = ROOT / "tutorials" / "pictures"
PICTURES = {
    "viewer": "fairlab.view('sample:nuclei', labels='nuclei', z=10)",
    "browse": "fairlab.browse('synthetic', repositories=['sample'])",
    "plate": "fairlab.open_plate('sample:plate').fair.grid()",
    "report": "fairlab.view(fairlab.assess('sample:nuclei'))",
}
"""Name of each picture of the README, and the code whose output it shows."""
LESSONS = {
    "01_from_question_to_citation": {
        "4": "lesson-1-records",
        "10": "lesson-1-image",
        "14": "lesson-1-outlines",
        "18": "lesson-1-areas",
    }
}
"""Name of each lesson, and the picture of each of its cells, by their id, that has one."""
_MOST_BYTES = 100_000
_HIGHEST = 640  # of a long page, what is seen at first
_QUIET_MS = 4000  # thumbnails and tiles have come by then


def main() -> int:
    """Make them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help=f"folder ({FOLDER.relative_to(ROOT)})")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=FLAGS) as browser,
        running(Path(folder), browser) as lab,
    ):
        notebook = lab.open()
        of_readme(notebook, out)
        of_lessons(notebook, out)
    return 0


def of_readme(notebook: Notebook, out: Path) -> None:
    """What each of a few lines shows."""
    for name, code in PICTURES.items():
        print(f"{name}: {code}", file=sys.stderr)
        notebook.forget()
        notebook.show(f"import fairlab\n{code}")
        keep(notebook, 0, out / f"{name}.png")


def of_lessons(notebook: Notebook, out: Path) -> None:
    """What the lessons' own cells show."""
    for lesson, names in LESSONS.items():
        path = ROOT / "tutorials" / f"{lesson}.ipynb"
        notebook.forget()
        notebook.load(path)
        missing = set(names)
        for number, cell in enumerate(json.loads(path.read_text())["cells"]):
            if cell["cell_type"] != "code" or not missing:
                continue
            notebook.run(number)
            if cell["id"] in names:
                print(f"{names[cell['id']]}: cell {number} of {lesson}", file=sys.stderr)
                keep(notebook, number, out / f"{names[cell['id']]}.png")
                missing.remove(cell["id"])
        assert not missing, f"{lesson} has no cell {', '.join(missing)}"


def keep(notebook: Notebook, number: int, path: Path) -> None:
    """The picture of what a cell shows."""
    notebook.page.wait_for_timeout(_QUIET_MS)
    outputs = notebook.page.locator(".jp-Cell").nth(number).locator(".jp-OutputArea-output")
    path.write_bytes(picture(outputs.first))


def picture(output: Locator) -> bytes:
    """A picture in few colours: it should not weigh more than the text that it stands in."""
    output.scroll_into_view_if_needed()
    shot = Image.open(io.BytesIO(output.screenshot()))
    shot = shot.crop((0, 0, shot.width, min(shot.height, _HIGHEST)))
    for scale in (1, 2 / 3, 1 / 2):  # noise of a camera takes room, and is less from further away
        made = io.BytesIO()
        smaller = shot.convert("RGB").resize((round(shot.width * scale), round(shot.height * scale)))
        smaller.quantize(128).save(made, "PNG", optimize=True)
        if made.tell() <= _MOST_BYTES:
            break
    return made.getvalue()


if __name__ == "__main__":
    sys.exit(main())
