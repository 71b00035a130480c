"""docs/controls.md: ``python -m tools.controls_page CONTRACT``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from restoreproof.contract import load
from restoreproof.contract.controls import controls_of
from restoreproof.plan import StackControls
from restoreproof.views.controls import page

ROOT = Path(__file__).resolve().parents[1]


def controls_page(contract: Path) -> str:
    """Return the page for the controls and checks of a contract, with the command that makes it."""
    title, _, rest = page(controls_of(load(contract)) or StackControls()).partition("\n")
    command = f"python -m tools.controls_page {os.path.relpath(contract, ROOT)} > docs/controls.md"
    return f"{title}\n\n<!-- Generated: {command} -->\n{rest}"


if __name__ == "__main__":
    print(controls_page(Path(sys.argv[1])), end="")
