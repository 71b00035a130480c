"""Opens a file of evidence in Debian's Chromium, and writes down whatever it says or asks for meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, Route, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
"""Never a browser that Playwright downloads."""

WIDE = (1280, 900)
SHEET = (794, 1123)
"""An A4 sheet at 96 pixels to the inch."""

_OWN = ("file", "data", "blob", "chrome-extension", "chrome")
"""Schemes of what lies in the file itself; the last two are of Chromium's own viewer of PDFs."""


@dataclass
class Opened:
    """A page that was opened, what its console said and what it asked for elsewhere."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        """Keep what is a warning or worse."""
        if message.type in ("error", "warning"):
            self.said.append(f"{message.type}: {message.text}")

    def on_error(self, error: Error) -> None:
        """Keep an exception that the page's own scripts did not catch."""
        self.said.append(f"uncaught: {error}")

    def on_request(self, request: Request) -> None:
        """Keep what leads out of the file, even if something else than the route below stops it."""
        if urlsplit(request.url).scheme not in _OWN:
            self.asked.append(request.url)

    def on_route(self, route: Route) -> None:
        """Let nothing out."""
        if urlsplit(route.request.url).scheme in _OWN:
            route.continue_()
        else:
            route.abort()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium without a window. It refuses its own sandbox to root, who tests in a container."""
    arguments = ["--disable-background-networking", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(
    browser: Browser, path: Path, size: tuple[int, int] = WIDE, fragment: str = "", *, scripts: bool = True
) -> Iterator[Opened]:
    """``path`` as it stands once it has loaded everything it wants to."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=scripts)
    try:
        it = Opened(context.new_page())
        context.route("**/*", it.on_route)
        it.page.on("console", it.on_console)
        it.page.on("pageerror", it.on_error)
        it.page.on("request", it.on_request)
        it.page.goto(path.resolve().as_uri() + fragment, wait_until="networkidle")
        yield it
    finally:
        context.close()
