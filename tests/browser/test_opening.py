"""The pages of a drill in a real browser: no error, no request to anybody, nothing cut off."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from tests.browser.opening import SHEET, WIDE, opened

pytestmark = pytest.mark.browser

OPENED = (
    ("index.html", WIDE),
    ("index.html", SHEET),
    ("allure-report.html", WIDE),
    ("allure-report.html", SHEET),
    ("drill.pdf", WIDE),
    ("timeline.svg", WIDE),
)
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize(("name", "size"), OPENED)
def test_it_opens_without_an_error_and_without_a_request_to_anybody(
    browser: Browser, evidence: tuple[str, Path], name: str, size: tuple[int, int]
) -> None:
    _, directory = evidence
    with opened(browser, directory / name, size) as it:
        assert it.asked == []
        assert it.said == []
        assert it.page.title() != "obeyed"


def test_the_page_is_whole_without_scripts(browser: Browser, evidence: tuple[str, Path]) -> None:
    verdict, directory = evidence
    with opened(browser, directory / "index.html", scripts=False) as it:
        assert verdict in it.page.inner_text("h1")
        assert it.page.inner_text("main").count("\n") > 50


@pytest.mark.parametrize("width", [1280, 640, 320])
def test_nothing_sticks_out_at_any_width(browser: Browser, evidence: tuple[str, Path], width: int) -> None:
    """640 is a window of 1280 at 200 % zoom, 320 one at 400 %."""
    _, directory = evidence
    with opened(browser, directory / "index.html", (width, 900)) as it:
        assert it.page.evaluate(OVERFLOW) <= 0


def test_a_printed_page_begins_with_the_answer(browser: Browser, evidence: tuple[str, Path]) -> None:
    verdict, directory = evidence
    with opened(browser, directory / "index.html", SHEET) as it:
        printed = PdfReader(io.BytesIO(it.page.pdf(prefer_css_page_size=True)))
    first = printed.pages[0]
    assert (round(float(first.mediabox.width)), round(float(first.mediabox.height))) == (595, 842)
    text = first.extract_text()
    for told in (verdict, "Which backup", "Did it come back"):
        assert told in text, told
    if verdict == "VERIFIED":
        assert "How long, how much lost" in text


def test_in_greyscale_each_outcome_still_has_its_word(browser: Browser, evidence: tuple[str, Path]) -> None:
    """And a sign that a screen reader leaves out, since the word says the same."""
    _, directory = evidence
    with opened(browser, directory / "index.html") as it:
        cells = it.page.locator("td.outcome").all_inner_texts()
        assert cells
        assert all(cell.split()[0] in "✔✘?!" and len(cell.split()) > 1 for cell in cells)
        signs = it.page.locator(".sign")
        assert signs.count() == it.page.locator(".sign[aria-hidden=true]").count()


def test_the_accessible_outline_names_each_part(browser: Browser, evidence: tuple[str, Path]) -> None:
    verdict, directory = evidence
    with opened(browser, directory / "index.html") as it:
        outline = it.page.locator("body").aria_snapshot()
    for part in (
        "banner",
        "main",
        f'heading "{verdict}" [level=1]',
        'region "What this does not show"',
        "img",
    ):
        assert part in outline, part
