"""How much a drill compared, for whoever runs many: a line in the file that a variable names."""

from __future__ import annotations

import json
import os
from pathlib import Path

from restoreproof.record.model import Counts

COMPARED = "RESTOREPROOF_COMPARED"
"""Names a file that each drill appends its counts to; unset, nothing is written."""


def append_tally(counts: Counts) -> None:
    """Append how many planned steps were compared, and how many observations were counted again.

    Raises:
        OSError: the file can't be written.
    """
    if path := os.environ.get(COMPARED):
        tally = {"steps": counts.steps_as_planned, "observations": counts.observations}
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(tally)}\n")
