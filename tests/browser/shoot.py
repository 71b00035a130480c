"""Photographs the pages of real drills for docs/screenshots: ``make screenshots DRILL=DIR FAILED=DIR``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.browser.opening import SHEET, WIDE, chromium, opened

_PLAIN_VIEWER = "#toolbar=0&navpanes=0&view=Fit"
_TALLEST = 1500


def main() -> int:
    """Write the pictures, and say which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--drill", type=Path, required=True, help="the evidence of a drill that ended VERIFIED"
    )
    parser.add_argument("--failed", type=Path, required=True, help="the evidence of one that ended FAILED")
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"))
    asked = parser.parse_args()
    wide, _ = WIDE
    pictures = (
        ("index.png", asked.drill / "index.html", (wide, _TALLEST), ""),
        ("index-failed.png", asked.failed / "index.html", (wide, _TALLEST), ""),
        ("index-times.png", asked.drill / "index.html", (wide, _TALLEST), "#times"),
        ("allure-report.png", asked.drill / "allure-report.html", (wide, _TALLEST), ""),
        ("drill-pdf.png", asked.drill / "drill.pdf", SHEET, _PLAIN_VIEWER),
    )
    asked.out.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name, page, size, fragment in pictures:
            with opened(browser, page, size, fragment) as it:
                it.page.screenshot(path=asked.out / name)
                if it.asked or it.said:
                    print(f"{page}: asked for {it.asked}, said {it.said}", file=sys.stderr)
                    return 1
            print(f"{asked.out / name}: {(asked.out / name).stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
