"""docs/controls.md: ``python -m tools.controls_page CONTRACT``."""

from __future__ import annotations

import sys
from pathlib import Path

from restoreproof.contract import load
from restoreproof.contract.controls import controls_of
from restoreproof.plan import StackControls
from restoreproof.views.controls import page


def controls_page(contract: Path) -> str:
    """Return the page for the controls and checks of a contract."""
    return page(controls_of(load(contract)) or StackControls())


if __name__ == "__main__":
    print(controls_page(Path(sys.argv[1])), end="")
