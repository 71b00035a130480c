"""One drill inside pytest: stages are reached before scenarios run, and what happens is emitted."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

import pytest

from restoreproof.backups.missing import PartMissing
from restoreproof.display import one_line, shown
from restoreproof.errors import RestoreproofError, StageOrderError
from restoreproof.gherkin.collector import check_of
from restoreproof.gherkin.steptrace import RunningStep, StepListener, StepTrace
from restoreproof.journal import Emitter
from restoreproof.outcome import NotPassed
from restoreproof.plan import PlannedCheck

_REASON = 2000
_DOCSTRING = 20_000


class RunningDrill(Protocol):
    """What the plugin needs of ``restoreproof.drill.Drill``."""

    stages: tuple[str, ...]
    current_check: str | None

    def advance_to(self, stage: str) -> None:
        """Perform every stage up to ``stage``; raises when one of them can't be reached."""

    def finish(self) -> None:
        """Perform what is left of the order."""

    def tell_logs(self) -> None:
        """Journal what the services logged last, because the present check went wrong."""


class EventListener(Protocol):
    """Someone in this process who sees the events as they are emitted, already redacted."""

    def event(self, type: str, data: dict[str, Any]) -> None:
        """One event of the journal."""


class Tee:
    """An emitter that also tells the listeners of this process."""

    def __init__(
        self, emitter: Emitter, redact: Callable[[Any], Any], listeners: Sequence[EventListener]
    ) -> None:
        self._emitter = emitter
        self._redact = redact
        self._listeners = listeners

    def emit(self, type: str, /, **data: Any) -> None:
        self._emitter.emit(type, **data)
        redacted = self._redact(data)
        for listener in self._listeners:
            listener.event(type, redacted)


class StepEvents:
    """The journal's view of the steps."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter

    def step_started(self, running: RunningStep) -> None:
        """Nothing is journaled before a step has ended."""

    def step_finished(
        self, running: RunningStep, outcome: str, seconds: float, error: BaseException | None
    ) -> None:
        self._emit(running, outcome, round(seconds, 4))

    def step_unreached(self, running: RunningStep) -> None:
        self._emit(running, "not-run", 0.0)

    def _emit(self, running: RunningStep, outcome: str, seconds: float) -> None:
        step = running.step
        self._emitter.emit(
            "step",
            check=running.check.id,
            keyword=step.keyword,
            text=step.text,
            outcome=outcome,
            seconds=seconds,
            **_below(running),
        )


def _below(running: RunningStep) -> dict[str, Any]:
    """What the feature file says of a step besides its line; nothing where it says nothing."""
    said = {
        "table": [[one_line(cell) for cell in row] for row in running.table],
        "docstring": shown(running.docstring, _DOCSTRING) if running.docstring is not None else None,
        "background": running.background,
    }
    return {name: value for name, value in said.items() if value}


@dataclass(slots=True)
class _Scenario:
    """How the scenario that runs now is going."""

    check: PlannedCheck
    started: float
    status: str = "passed"
    reason: str = ""
    reached: bool = False

    def worsen(self, status: str, reason: str) -> None:
        """The first thing that goes wrong is the one that counts."""
        if self.status == "passed":
            self.status, self.reason = status, reason[:_REASON]


class DrillRun:
    """The plugin of a drill's inner process. It holds the open drill; nothing of it is global."""

    def __init__(
        self,
        emitter: Emitter,
        open_drill: Callable[[], AbstractContextManager[RunningDrill]],
        *,
        whole: bool,
        listeners: Sequence[StepListener] = (),
    ) -> None:
        self.drill: RunningDrill | None = None
        self._emitter = emitter
        self._open_drill = open_drill
        self._whole = whole
        self._scenario: _Scenario | None = None
        self.trace = StepTrace([StepEvents(emitter), *listeners])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        found = [check.id for item in session.items if (check := check_of(item))]
        self._emitter.emit("collected", checks=found)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        if session.testsfailed or session.config.option.collectonly:
            return (yield)  # pytest's own loop refuses to start after a collection error
        with self._opened() as drill:
            self.drill = drill
            try:
                result = yield
                if self._whole and not session.shouldstop and not session.shouldfail:
                    self._finish(drill, session)
            finally:
                self.drill = None
        return result

    @contextmanager
    def _opened(self) -> Iterator[RunningDrill]:
        with ExitStack() as stack:
            try:
                drill = stack.enter_context(self._open_drill())
            except RestoreproofError as error:
                self._emitter.emit("note", text=f"the drill could not be opened: {error}")
                pytest.exit(str(error), returncode=int(error.exit_code))
            yield drill

    def _finish(self, drill: RunningDrill, session: pytest.Session) -> None:
        """Whoever raises here has journaled the stage that failed; the reduction reads it there."""
        from restoreproof.drill.inner.stages import (
            StageNotReached,  # heavy, and only an inner process needs it
        )

        try:
            drill.finish()
        except (StageNotReached, RestoreproofError) as error:
            session.testsfailed += 1
            self._emitter.emit("note", text=f"the restore order was not completed: {error}")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        check = check_of(item)
        if check is None or self.drill is None:
            return (yield)
        self._scenario = scenario = _Scenario(check, monotonic())
        self._emitter.emit("scenario-started", check=check.id)
        self.drill.current_check = check.id
        try:
            result = yield
            if scenario.status == "failed":
                self.drill.tell_logs()
            return result
        except (
            BaseException
        ) as error:  # Ctrl-C and pytest.exit pass on, but the scenario must not look passed
            scenario.worsen("failed", f"interrupted: {type(error).__name__}")
            raise
        finally:
            self.drill.current_check = None
            self._scenario = None
            self._emitter.emit(
                "scenario-finished",
                check=check.id,
                status=scenario.status,
                reason=scenario.reason,
                seconds=round(monotonic() - scenario.started, 4),
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        scenario = self._scenario
        if scenario is None or self.drill is None:
            return
        try:
            self.drill.advance_to(scenario.check.stage)
        except StageOrderError:
            raise
        except Exception as error:
            # Whatever kept the stage from being reached: this scenario examined nothing.
            scenario.worsen("not-reached", f"stage {scenario.check.stage} was not reached: {error}")
            raise
        scenario.reached = True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        scenario = self._scenario
        if scenario is None:
            return report
        if report.skipped:
            scenario.worsen("skipped", _reason(call))
        elif call.excinfo and isinstance(call.excinfo.value, PartMissing):
            scenario.worsen("not-reached", str(call.excinfo.value))
        elif report.failed:
            where = "" if report.when == "call" else f"{report.when}: "
            scenario.worsen("failed", where + _reason(call))
        if report.when == "setup" and not report.passed:
            self.trace.nothing_ran(item)
        return report


def _reason(call: pytest.CallInfo[None]) -> str:
    if call.excinfo is None:
        return ""
    error = call.excinfo.value
    # What was raised on purpose says it in its own words; of anything else the class matters too.
    told = isinstance(error, RestoreproofError | NotPassed)
    return str(error) if told else f"{call.excinfo.typename}: {error}"
