"""The report as a browser shows it: light, dark, narrow, on paper; it asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fairlab.fair.report import Report
from tests.fair.good_image import document, gone, good, silent
from tests.fair.test_report import HOSTILE, STUDY, _hostile

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


def _report() -> Report:
    case = good()
    gone("ome-xml")(case)
    silent("array:last")(case)
    document("array:first", lambda array: array["codecs"].pop())(case)
    return Report(target="https://data.example.org/a.zarr", probe=case.both()[0], records=(STUDY,))


def _shown(browser: Browser, html: str, *, width: int, scheme: str = "light") -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(dialog.message))
    page.on("pageerror", lambda error: asked.append(str(error)))
    page.set_content(html)
    return page, asked


@pytest.mark.parametrize("width", [1280, 700, 380])
def test_the_page_fits_and_asks_for_nothing(browser: Browser, width: int) -> None:
    page, asked = _shown(browser, _report().html(), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").inner_text() == STUDY.title
    assert page.locator("table tr").count() == 54
    assert not asked
    page.close()


def test_light_and_dark_differ_and_both_can_be_read(browser: Browser) -> None:
    colors = {}
    for scheme in ("light", "dark"):
        page, _ = _shown(browser, _report().html(), width=1280, scheme=scheme)
        colors[scheme] = page.evaluate(_CONTRASTS)
        page.close()
    for scheme, contrasts in colors.items():
        assert len(contrasts) > 8
        assert min(contrasts.values()) >= 4.5, (scheme, contrasts)
    assert colors["light"] != colors["dark"]


def test_a_dark_reader_prints_on_white_paper(browser: Browser) -> None:
    page, _ = _shown(browser, _report().html(), width=700, scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    paper = "getComputedStyle(document.querySelector('.fairlab-fair')).backgroundColor"
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()


def test_the_card_follows_the_theme_of_jupyterlab_not_of_the_system(browser: Browser) -> None:
    body = "<body data-jp-theme-light='{}'>" + "CARD</body>"
    paper = "getComputedStyle(document.querySelector('.fairlab-fair')).backgroundColor"
    for theme, scheme, expected in (
        ("true", "dark", "rgb(255, 255, 255)"),
        ("false", "light", "rgb(20, 25, 31)"),
    ):
        page, _ = _shown(
            browser, body.format(theme).replace("CARD", _report()._repr_html_()), width=1000, scheme=scheme
        )
        assert page.evaluate(paper) == expected
        page.close()


@pytest.mark.parametrize("words", HOSTILE[:4])
def test_hostile_words_do_nothing_in_a_browser(browser: Browser, words: str) -> None:
    page, asked = _shown(browser, _hostile(words).html(), width=700)
    assert not asked
    assert page.locator("script, img, iframe, object").count() == 0
    page.close()


_CONTRASTS = """() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const lum = ([r, g, b]) => { const f = c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
    return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3]) return c; } return [255, 255, 255]; };
  const found = {};
  for (const s of "h1|h2|h3|.soft|.total b|.range|.gain|.good|.part|.bad|.unknown|a|pre|th".split("|"))
    for (const e of document.querySelectorAll(".fairlab-fair " + s)) {
      const a = lum(rgb(getComputedStyle(e).color)), b = lum(ground(e));
      found[s] = Math.min(found[s] ?? 99, (Math.max(a, b) + .05) / (Math.min(a, b) + .05)); }
  return found; }"""
