"""A drill during which somebody exchanges what it was given, at the moment when it had been looked at."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable

from tests.workshop import ROOT, TIMEOUT_S, Drilled, Workshop

VERIFIED = "contradictions"
"""In the line that a drill prints once the set was held against its catalogue."""


def drill_while(workshop: Workshop, act: Callable[[], None], *more: object) -> Drilled:
    """Perform a drill, ``act`` once its set is verified and nothing is restored, and read its record."""
    reports = workshop.reports()
    lines: list[str] = []
    acted = False
    with subprocess.Popen(
        workshop.argv(*workshop.drill_arguments(reports, *more)),
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if VERIFIED in line and not acted:
                act()
                acted = True
        returncode = process.wait(timeout=TIMEOUT_S)
    assert acted, "".join(lines)
    (directory,) = (path.parent for path in reports.glob("2*/record.json"))
    record = json.loads((directory / "record.json").read_text())
    return Drilled(returncode, "".join(lines), directory, record)
