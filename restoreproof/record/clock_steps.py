"""Steps of the clock during a drill: the time of day held against the monotonic clock, line by line."""

from __future__ import annotations

import math
from datetime import datetime

from restoreproof.events import OUTER
from restoreproof.journal.read import JournalLine
from restoreproof.record.gaps import Gaps
from restoreproof.record.moments import moment

_ALLOWED_S = 2.0
_ALLOWED_PART = 0.001
"""A time service corrects a clock by at most 0.05 % while it slews; more, or at once, is a step."""


class ClockSteps:
    """Finds where the two clocks part, or where one runs backwards; each is a gap in the evidence.

    A machine that was suspended shows as a step too: no time that was measured across it can be relied on.
    """

    def __init__(self, problems: Gaps) -> None:
        self._problems = problems
        self._origin: tuple[datetime, float] | None = None
        self._last: dict[str, float] = {}
        self._furthest = 0.0

    def take(self, line: JournalLine) -> None:
        """Account for one line of the journal."""
        self._take_monotonic(line)
        at = moment(line.at)
        if at is None or not math.isfinite(line.mono):
            if line.source == OUTER:
                self._problems.add(f"{line.source} event {line.seq} names no moment")
            return
        if self._origin is None:
            if line.source == OUTER:
                self._origin = at, line.mono
            return
        first_at, first_mono = self._origin
        passed = line.mono - first_mono
        step = (at - first_at).total_seconds() - passed
        if (
            abs(step) > _ALLOWED_S + _ALLOWED_PART * abs(passed)
            and abs(step) > abs(self._furthest) + _ALLOWED_S
        ):
            self._furthest = step
            self._problems.add(
                f"the clock stepped: by {line.source} event {line.seq} the time of day had moved "
                f"{abs(step):,.1f} s {'more' if step > 0 else 'less'} than the monotonic clock"
            )

    def _take_monotonic(self, line: JournalLine) -> None:
        last = self._last.get(line.source)
        if last is not None and line.mono < last:
            self._problems.add(
                f"the monotonic clock ran backwards by {last - line.mono:,.1f} s "
                f"at {line.source} event {line.seq}"
            )
        self._last[line.source] = line.mono
