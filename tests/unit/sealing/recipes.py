"""The recipes of docs/verifying.md, as they are printed there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "verifying.md"


def recipe(name: str) -> str:
    """The shell block whose first line is ``# with <name>``."""
    (found,) = re.findall(rf"^```sh\n# with {name}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return str(found)


def followed(
    name: str, directory: Path, public: Path, drill: str, scratch: Path
) -> subprocess.CompletedProcess[str]:
    """The recipe run on ``directory``; temporary files go to ``scratch``."""
    environment = {"EVIDENCE": str(directory), "KEY": str(public), "DRILL": drill, "TMPDIR": str(scratch)}
    return subprocess.run(
        ["sh", "-c", recipe(name)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
