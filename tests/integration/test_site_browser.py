"""The page in a real browser; `nox -s browser` runs these, and needs Chromium on the PATH."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from support.site_files import everything
from support.sites import Shop

from stackproof.report.texts import LANGUAGES, Language

pytestmark = pytest.mark.browser

#: Those who check types have no playwright.
Browser: TypeAlias = Any
Page: TypeAlias = Any

PHONE, TABLET, DESK = 390, 800, 1280

#: What sticks out to the right of the window, but for what scrolls by itself.
_STICKING_OUT = """() => [...document.querySelectorAll('body *')].filter(
  (element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1
    && !element.closest('.scroll')).map((element) => element.outerHTML.slice(0, 80))"""

#: The least contrast of text with what is behind it (WCAG 2.2), over all text of the page.
_CONTRAST = """() => {
  const channel = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [red, green, blue] = colour.map((value) => channel(value / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let node = element; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const shown = [...document.querySelectorAll('body *')].filter((element) =>
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return Math.min(...shown.map((element) => {
    const one = light(parse(getComputedStyle(element).color).slice(0, 3));
    const other = light(behind(element));
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  }));
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a running headless Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api")
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    executable = next(filter(None, found), None)
    assert executable, "there is no Chromium on the PATH"
    with sync_api.sync_playwright() as playwright:
        # The sandbox needs rights that containers do not give; the page is our own.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return a project in which every session left something hostile."""
    return everything(Shop(root=tmp_path))


def opened(chromium: Browser, shop: Shop, lang: Language, width: int, scheme: str) -> Page:
    """Open the page; what it logs and asks for is kept in `page.said` and `page.asked`."""
    shop.page(lang)
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.said, page.asked = [], []
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto((shop.reports / "index.html").as_uri())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, TABLET, DESK])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_renders_alone_within_the_window_and_is_legible(
    chromium: Browser, shop: Shop, lang: Language, width: int, scheme: str
) -> None:
    page = opened(chromium, shop, lang, width, scheme)
    assert page.said == []
    assert page.asked == [(shop.reports / "index.html").as_uri()]
    assert page.evaluate(_STICKING_OUT) == []
    assert page.evaluate(_CONTRAST) >= 4.5
    page.close()


def test_a_link_to_a_row_opens_it(chromium: Browser, shop: Shop) -> None:
    for number in range(4):
        matrix = shop.matrices / "tiny.toml"
        more = f'\n[rows.more-{number}]\nsummary = "One more."\n'
        matrix.write_text(matrix.read_text(encoding="utf-8") + more, encoding="utf-8")
        shop.run(row=f"more-{number}")
    page = opened(chromium, shop, "en", DESK, "light")
    row = page.locator("details.row").nth(1)
    assert row.get_attribute("open") is None
    page.locator("nav a", has_text="tiny/other").click()
    assert row.get_attribute("open") is not None
    page.close()


def test_the_keyboard_reaches_what_the_mouse_does(chromium: Browser, shop: Shop) -> None:
    page = opened(chromium, shop, "en", DESK, "light")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    claim = page.locator("details.claim").first
    claim.locator("summary").focus()
    page.keyboard.press("Enter")
    assert claim.get_attribute("open") is not None
    page.locator(".scroll").first.focus()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "region"
    page.close()


def test_on_paper_the_page_is_white_and_the_logs_of_failures_are_there(
    chromium: Browser, shop: Shop
) -> None:
    page = opened(chromium, shop, "en", DESK, "dark")
    log = page.locator("details.failure pre").first
    page.evaluate("document.querySelector('details.failure').open = false")
    assert not log.is_visible()
    page.emulate_media(media="print")
    assert log.is_visible()
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    page.close()
