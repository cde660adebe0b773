"""The pictures in the README, made from a real JupyterLab: ``python -m tests.browser.pictures [--out FOLDER]``.

It needs ``fairlab[all,test]`` and Chromium, and no network: everything shown is a sample.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.lab import FLAGS, ROOT, chromium, running

FOLDER = ROOT / "tutorials" / "pictures"
PICTURES = {
    "viewer": "fairlab.view('sample:nuclei', labels='nuclei', z=10)",
    "browse": "fairlab.browse('synthetic', repositories=['sample'])",
    "plate": "fairlab.open_plate('sample:plate').fair.grid()",
    "report": "fairlab.view(fairlab.assess('sample:nuclei'))",
}
"""Name of each picture, and the code whose output it shows."""
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
        for name, code in PICTURES.items():
            print(f"{name}: {code}", file=sys.stderr)
            notebook.forget()
            notebook.show(f"import fairlab\n{code}")
            notebook.page.wait_for_timeout(_QUIET_MS)
            (out / f"{name}.png").write_bytes(picture(notebook.page))
    return 0


def picture(page: Page) -> bytes:
    """What the first cell shows, in few colours: a picture in a README should not weigh more than the text."""
    output = page.locator(".jp-CodeCell .jp-OutputArea-output").first
    output.scroll_into_view_if_needed()
    shot = Image.open(io.BytesIO(output.screenshot()))
    shot = shot.crop((0, 0, shot.width, min(shot.height, _HIGHEST)))
    made = io.BytesIO()
    shot.convert("RGB").quantize(128).save(made, "PNG", optimize=True)
    return made.getvalue()


if __name__ == "__main__":
    sys.exit(main())
