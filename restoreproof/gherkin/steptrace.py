"""What happens to each step, told to listeners; a step is always closed, however its scenario ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from restoreproof.gherkin.collector import check_of
from restoreproof.plan import PlannedCheck, PlannedStep


@dataclass(frozen=True, slots=True)
class RunningStep:
    """A step as it runs, with what hangs below it in the feature file."""

    check: PlannedCheck
    step: PlannedStep
    table: tuple[tuple[str, ...], ...] = ()
    docstring: str | None = None


class StepListener(Protocol):
    """Whoever wants to know."""

    def step_started(self, running: RunningStep) -> None:
        """The step begins."""

    def step_finished(
        self, running: RunningStep, outcome: str, seconds: float, error: BaseException | None
    ) -> None:
        """The step ended: ``passed``, ``failed`` (an assertion), ``broken`` or ``skipped``."""

    def step_unreached(self, running: RunningStep) -> None:
        """The step never ran, because of what happened before it."""


class StepTrace:
    """A pytest plugin on the hooks of pytest-bdd."""

    def __init__(self, listeners: Sequence[StepListener]) -> None:
        self._listeners = listeners
        self._check: PlannedCheck | None = None
        self._next = 0
        self._open: RunningStep | None = None
        self._started = 0.0

    def nothing_ran(self, check: PlannedCheck) -> None:
        """Report every step of a scenario whose setup failed as unreached."""
        self._check, self._next = check, 0
        self._rest()

    def pytest_bdd_before_scenario(self, request: pytest.FixtureRequest) -> None:
        self._check = check_of(request.node)
        self._next, self._open = 0, None

    def pytest_bdd_before_step(self, step: Any) -> None:
        self._start(step)

    def pytest_bdd_after_step(self) -> None:
        self._finish("passed", None)

    def pytest_bdd_step_error(self, exception: BaseException) -> None:
        self._finish(_word(exception), exception)

    def pytest_bdd_step_func_lookup_error(self, step: Any, exception: BaseException) -> None:
        self._start(step)
        self._finish("broken", exception)

    def pytest_bdd_after_scenario(self) -> None:
        # pytest.skip and Ctrl-C are no Exception: for them pytest-bdd calls neither hook of a step's end.
        error = sys.exc_info()[1]
        if self._open:
            self._finish(_word(error), error)
        self._rest()

    def _start(self, step: Any) -> None:
        if self._check is None:
            return
        planned = self._check.steps[self._next]
        table = tuple(tuple(row) for row in step.datatable.raw()) if step.datatable else ()
        self._open = RunningStep(self._check, planned, table, step.docstring)
        self._next += 1
        self._started = time.monotonic()
        for listener in self._listeners:
            listener.step_started(self._open)

    def _finish(self, outcome: str, error: BaseException | None) -> None:
        running, self._open = self._open, None
        if running is None:
            return
        seconds = time.monotonic() - self._started
        for listener in self._listeners:
            listener.step_finished(running, outcome, seconds, error)

    def _rest(self) -> None:
        check, self._check = self._check, None
        if check is None:
            return
        for step in check.steps[self._next :]:
            for listener in self._listeners:
                listener.step_unreached(RunningStep(check, step))


def _word(error: BaseException | None) -> str:
    if isinstance(error, pytest.skip.Exception):
        return "skipped"
    return "failed" if isinstance(error, AssertionError | pytest.fail.Exception) else "broken"
