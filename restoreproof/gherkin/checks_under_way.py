"""Checks that have begun: how the worst of their cases ended, and when one of them is over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import monotonic

import pytest

from restoreproof.errors import RestoreproofError
from restoreproof.events import Emitter, ScenarioFinished, ScenarioStarted, ScenarioStatus
from restoreproof.outcome import NotPassed
from restoreproof.plan import PlannedCheck

_REASON = 2000
_WORSE: tuple[ScenarioStatus, ...] = ("passed", "skipped", "not-reached", "failed", "assertion-failed")
"""How a case can end, the worst last: a check of several cases ends as its worst."""


@dataclass(slots=True)
class RunningCase:
    """How the scenario, or the case of a plain test, that runs now is going."""

    check: PlannedCheck
    status: ScenarioStatus = "passed"
    reason: str = ""
    reached: bool = False

    def worsen(self, status: ScenarioStatus, reason: str) -> None:
        """Keep the first thing that goes wrong: it is the one that counts."""
        if self.status == "passed":
            self.status, self.reason = status, reason[:_REASON]


@dataclass(slots=True)
class _Progress:
    """A check that began: how the worst of its cases ended, and how many are still to come."""

    started: float
    cases: int
    left: int
    status: ScenarioStatus = "passed"
    reason: str = ""

    def take(self, item: pytest.Item, case: RunningCase) -> None:
        self.left -= 1
        if _WORSE.index(case.status) > _WORSE.index(self.status):
            self.status = case.status
            self.reason = case.reason if self.cases == 1 else f"{item.name}: {case.reason}"[:_REASON]


class ChecksUnderWay:
    """Tells the beginning and the end of each check, which may be made of several cases.

    ``count`` says how many cases of each check were collected, and how many something deselected.
    """

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._cases: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._progress: dict[str, _Progress] = {}

    def count(self, cases: Counter[str], dropped: Counter[str]) -> None:
        """Take what was collected, by check: the cases to come, and those that were dropped."""
        self._cases, self._dropped = cases, dropped

    def begin(self, check: PlannedCheck) -> None:
        """Tell that ``check`` began, at the first of its cases."""
        if check.id not in self._progress:
            cases = self._cases[check.id]
            self._progress[check.id] = _Progress(monotonic(), cases, cases)
            self._emitter.emit(ScenarioStarted(check=check.id))

    def end_case(self, item: pytest.Item, case: RunningCase) -> None:
        """Take how one case ended, and tell the end of its check with the last of them."""
        progress = self._progress[case.check.id]
        progress.take(item, case)
        if progress.left <= 0:
            self._end(case.check.id)

    def close(self) -> None:
        """End what began and was stopped between two of its cases: those that passed are not all of it."""
        for name, progress in list(self._progress.items()):
            if progress.status == "passed":
                done = progress.cases - progress.left
                progress.status = "failed"
                progress.reason = f"the run was stopped after {done} of its {progress.cases} cases"
            self._end(name)

    def _end(self, name: str) -> None:
        progress = self._progress.pop(name)
        if (dropped := self._dropped[name]) and progress.status == "passed":
            progress.status = "skipped"
            progress.reason = f"{dropped} of its {progress.cases + dropped} cases were deselected"
        self._emitter.emit(
            ScenarioFinished(
                check=name,
                status=progress.status,
                reason=progress.reason,
                seconds=round(monotonic() - progress.started, 4),
            )
        )


def reason_of(call: pytest.CallInfo[None]) -> str:
    """Why a call did not pass, in the words of what it raised; empty if it raised nothing."""
    if call.excinfo is None:
        return ""
    error = call.excinfo.value
    # What was raised on purpose says it in its own words; of anything else the class matters too.
    told = isinstance(error, RestoreproofError | NotPassed)
    return str(error) if told and str(error) else f"{call.excinfo.typename}: {error}"
