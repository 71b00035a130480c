"""What happens to each step, told to listeners; a step is always closed, however its scenario ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from restoreproof.events import StepOutcome
from restoreproof.gherkin.collector import check_of, scenario_of
from restoreproof.plan import PlannedCheck, PlannedStep

CASE = "Test"
"""What stands for the keyword of a step where a case of a plain test is told."""


@dataclass(frozen=True, slots=True)
class RunningStep:
    """A step as it runs, with what hangs below it in the feature file.

    ``background`` says that it stands in a Background, above the scenario.
    """

    check: PlannedCheck
    step: PlannedStep
    table: tuple[tuple[str, ...], ...] = ()
    docstring: str | None = None
    background: bool = False


class StepListener(Protocol):
    """Whoever wants to know."""

    def step_started(self, running: RunningStep) -> None:
        """The step begins."""

    def step_finished(
        self, running: RunningStep, outcome: StepOutcome, seconds: float, error: BaseException | None
    ) -> None:
        """The step ended: ``passed``, ``failed`` (an assertion), ``broken`` or ``skipped``."""

    def step_unreached(self, running: RunningStep) -> None:
        """The step never ran, because of what happened before it."""


class StepTrace:
    """A pytest plugin on the hooks of pytest-bdd."""

    def __init__(self, listeners: Sequence[StepListener]) -> None:
        self._listeners = listeners
        self._left: list[RunningStep] = []
        self._open: RunningStep | None = None
        self._started = 0.0

    def nothing_ran(self, item: pytest.Item) -> None:
        """Report every step of a check whose setup failed as unreached."""
        check = check_of(item)
        plain = check is not None and check.is_plain_test
        self._left = _case_of(item, check) if check and plain else _steps(check, scenario_of(item))
        self._rest()

    def test_started(self, item: pytest.Item) -> None:
        """A plain test begins: each of its cases is told like a step, and says what it observed itself."""
        check = check_of(item)
        self._left, self._open = _case_of(item, check) if check else [], None
        self._start()

    def test_finished(self, error: BaseException | None) -> None:
        """The plain test ended, with ``error`` if it raised one."""
        self._finish("passed" if error is None else _word(error), error)

    def pytest_bdd_before_scenario(self, request: pytest.FixtureRequest, scenario: Any) -> None:
        self._left, self._open = _steps(check_of(request.node), scenario), None

    def pytest_bdd_before_step(self, request: pytest.FixtureRequest, scenario: Any, step: Any) -> None:
        check = check_of(request.node)
        self._start(_running(check, scenario, step) if check else None)

    def pytest_bdd_after_step(self) -> None:
        self._finish("passed", None)

    def pytest_bdd_step_error(self, exception: BaseException) -> None:
        self._finish(_word(exception), exception)

    def pytest_bdd_step_func_lookup_error(self, exception: BaseException) -> None:
        self._start()
        self._finish("broken", exception)

    def pytest_bdd_after_scenario(self) -> None:
        # pytest.skip and Ctrl-C are no Exception: for them pytest-bdd calls neither hook of a step's end.
        error = sys.exc_info()[1]
        if self._open:
            self._finish(_word(error), error)
        self._rest()

    def _start(self, running: RunningStep | None = None) -> None:
        """Tell that a step begins: ``running`` as pytest-bdd is about to run it, else the next one due."""
        due = self._left.pop(0) if self._left else None
        self._open = opened = running or due
        if opened is None:
            return
        self._started = time.monotonic()
        for listener in self._listeners:
            listener.step_started(opened)

    def _finish(self, outcome: StepOutcome, error: BaseException | None) -> None:
        running, self._open = self._open, None
        if running is None:
            return
        seconds = time.monotonic() - self._started
        for listener in self._listeners:
            listener.step_finished(running, outcome, seconds, error)

    def _rest(self) -> None:
        left, self._left = self._left, []
        for step in left:
            for listener in self._listeners:
                listener.step_unreached(step)


def _steps(check: PlannedCheck | None, scenario: Any) -> list[RunningStep]:
    """The steps of a scenario as pytest-bdd is to run them; the outer process holds them against the plan."""
    return [_running(check, scenario, step) for step in scenario.steps] if check else []


def _running(check: PlannedCheck, scenario: Any, step: Any) -> RunningStep:
    table = tuple(tuple(cells) for cells in step.datatable.raw()) if step.datatable else ()
    above = any(step is background for background in scenario.steps[: _above(scenario)])
    executed = PlannedStep(step.keyword, step.name, step.line_number, step.type)
    return RunningStep(check, executed, table, step.docstring, above)


def _case_of(item: pytest.Item, check: PlannedCheck) -> list[RunningStep]:
    return [RunningStep(check, PlannedStep(CASE, item.name, check.line, "Outcome"))]


def _above(scenario: Any) -> int:
    """How many steps the Backgrounds of the feature and of the rule put before the scenario's own."""
    owners = [scenario.feature, scenario.rule]
    return sum(len(owner.background.steps) for owner in owners if owner and owner.background)


def _word(error: BaseException | None) -> StepOutcome:
    if isinstance(error, pytest.skip.Exception):
        return "skipped"
    return "failed" if isinstance(error, AssertionError | pytest.fail.Exception) else "broken"
