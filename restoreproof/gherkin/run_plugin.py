"""One drill inside pytest: stages are reached before scenarios run, and what happens is emitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import pytest

from restoreproof.assets.base import RestoreContext
from restoreproof.backups.missing import PartMissing
from restoreproof.display import one_line, shown
from restoreproof.errors import RestoreproofError, StageOrderError
from restoreproof.events import (
    Collected,
    Emitter,
    Event,
    Note,
    ScenarioFinished,
    ScenarioStarted,
    ScenarioStatus,
    StepOutcome,
    StepRun,
)
from restoreproof.gherkin.assertions import is_own_assertion
from restoreproof.gherkin.collector import COLLECTION, check_of
from restoreproof.gherkin.steptrace import RunningStep, StepListener, StepTrace
from restoreproof.gherkin.support_code import uncovered_files
from restoreproof.outcome import NotPassed, Observation
from restoreproof.plan import PlannedCheck

_REASON = 2000
_DOCSTRING = 20_000


class RunningDrill(Protocol):
    """What the plugin needs of ``restoreproof.drill.Drill``."""

    restore_context: RestoreContext
    stages: tuple[str, ...]
    current_check: str | None

    def advance_to(self, stage: str) -> None:
        """Perform every stage up to ``stage``; raises when one of them can't be reached."""

    def finish(self) -> None:
        """Perform what is left of the order."""

    def observe(self, observation: Observation) -> None:
        """Record what the present check saw; raises unless it passed."""

    def tell_logs(self) -> None:
        """Journal what the services logged last, because the present check went wrong."""


class EventListener(Protocol):
    """Someone in this process who sees the events as they are emitted, already redacted."""

    def event(self, event: Event) -> None:
        """One event of the journal."""


class Tee:
    """An emitter that also tells the listeners of this process."""

    def __init__(
        self, emitter: Emitter, redact: Callable[[Any], Any], listeners: Sequence[EventListener]
    ) -> None:
        self._emitter = emitter
        self._redact = redact
        self._listeners = listeners

    def emit(self, event: Event) -> None:
        self._emitter.emit(event)
        redacted = event.rewritten(self._redact)
        for listener in self._listeners:
            listener.event(redacted)


class StepEvents:
    """The journal's view of the steps."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter

    def step_started(self, running: RunningStep) -> None:
        """Nothing is journaled before a step has ended."""

    def step_finished(
        self, running: RunningStep, outcome: StepOutcome, seconds: float, error: BaseException | None
    ) -> None:
        self._emit(running, outcome, round(seconds, 4))

    def step_unreached(self, running: RunningStep) -> None:
        self._emit(running, "not-run", 0.0)

    def _emit(self, running: RunningStep, outcome: StepOutcome, seconds: float) -> None:
        step = running.step
        self._emitter.emit(
            StepRun(
                check=running.check.id,
                keyword=step.keyword,
                text=step.text,
                outcome=outcome,
                seconds=seconds,
                **_below(running),
            )
        )


def _below(running: RunningStep) -> dict[str, Any]:
    """What the feature file says of a step besides its line; nothing where it says nothing."""
    said = {
        "table": [[one_line(cell) for cell in row] for row in running.table],
        "docstring": shown(running.docstring, _DOCSTRING) if running.docstring is not None else None,
        "background": running.background,
    }
    return {name: value for name, value in said.items() if value}


_WORSE: tuple[ScenarioStatus, ...] = ("passed", "skipped", "not-reached", "failed", "assertion-failed")
"""How a case can end, the worst last: a check of several cases ends as its worst."""


@dataclass(slots=True)
class _Scenario:
    """How the scenario, or the case of a plain test, that runs now is going."""

    check: PlannedCheck
    status: ScenarioStatus = "passed"
    reason: str = ""
    reached: bool = False

    def worsen(self, status: ScenarioStatus, reason: str) -> None:
        """The first thing that goes wrong is the one that counts."""
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

    def take(self, item: pytest.Item, case: _Scenario) -> None:
        self.left -= 1
        if _WORSE.index(case.status) > _WORSE.index(self.status):
            self.status = case.status
            self.reason = case.reason if self.cases == 1 else f"{item.name}: {case.reason}"[:_REASON]


class DrillRun:
    """The plugin of a drill's inner process. It holds the open drill; nothing of it is global.

    ``own`` are the files and directories of the stack's own checks: an assertion that fails in them speaks
    of the restored stack, and one that fails in the harness speaks of the harness. ``others`` are further
    places of the project that its code may come from, without a digest of its own in the plan.
    """

    def __init__(
        self,
        emitter: Emitter,
        open_drill: Callable[[], AbstractContextManager[RunningDrill]],
        *,
        whole: bool,
        own: Sequence[Path] = (),
        others: Sequence[Path] = (),
        listeners: Sequence[StepListener] = (),
    ) -> None:
        self.drill: RunningDrill | None = None
        self._emitter = emitter
        self._open_drill = open_drill
        self._whole = whole
        self._own = tuple(own)
        self._covered = (*own, *others)
        self._scenario: _Scenario | None = None
        self._cases: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._progress: dict[str, _Progress] = {}
        self.trace = StepTrace([StepEvents(emitter), *listeners])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        checks = [check.id for item in session.items if (check := check_of(item))]
        self._cases = Counter(checks)
        strangers: list[str] = []
        if collection := session.config.stash.get(COLLECTION, None):
            strangers, self._dropped = collection.strangers, collection.dropped
        self._emitter.emit(Collected(checks=(*dict.fromkeys(checks), *strangers)))

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
                self._close()
                self.drill = None
                self._refuse_uncovered(session)
        return result

    @contextmanager
    def _opened(self) -> Iterator[RunningDrill]:
        with ExitStack() as stack:
            try:
                drill = stack.enter_context(self._open_drill())
            except RestoreproofError as error:
                self._emitter.emit(Note(text=f"the drill could not be opened: {error}"))
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
            self._emitter.emit(Note(text=f"the restore order was not completed: {error}"))

    def _refuse_uncovered(self, session: pytest.Session) -> None:
        """What checks ran must be what the plan's digests name: anything else makes the run red."""
        root = self._own[0].parent if self._own else None
        for file in uncovered_files(root, self._covered) if root else ():
            session.testsfailed += 1
            text = f"{file.relative_to(root or file)} was imported, and no digest of the plan covers it"
            self._emitter.emit(Note(text=f"{text}: move it below steps/, fixtures/ or the features"))

    def _close(self) -> None:
        """End what began and was stopped between two of its cases: those that passed are not all of it."""
        for name, progress in list(self._progress.items()):
            if progress.status == "passed":
                done = progress.cases - progress.left
                progress.status = "failed"
                progress.reason = f"the run was stopped after {done} of its {progress.cases} cases"
            self._finished(name)

    def _begun(self, check: PlannedCheck) -> _Progress:
        if check.id not in self._progress:
            cases = self._cases[check.id]
            self._progress[check.id] = _Progress(monotonic(), cases, cases)
            self._emitter.emit(ScenarioStarted(check=check.id))
        return self._progress[check.id]

    def _finished(self, name: str) -> None:
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

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        check = check_of(item)
        if check is None or not check.is_plain_test:
            return (yield)
        self.trace.test_started(item)
        try:
            result = yield
        except BaseException as error:
            self.trace.test_finished(error)
            raise
        self.trace.test_finished(None)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        check = check_of(item)
        if check is None or self.drill is None:
            return (yield)
        self._scenario = scenario = _Scenario(check)
        progress = self._begun(check)
        self.drill.current_check = check.id
        try:
            result = yield
            if scenario.status in ("failed", "assertion-failed"):
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
            progress.take(item, scenario)
            if progress.left <= 0:
                self._finished(check.id)

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
            asserted = report.when == "call" and call.excinfo and is_own_assertion(call.excinfo, self._own)
            scenario.worsen("assertion-failed" if asserted else "failed", where + _reason(call))
        if report.when == "setup" and not report.passed:
            self.trace.nothing_ran(item)
        return report


def _reason(call: pytest.CallInfo[None]) -> str:
    if call.excinfo is None:
        return ""
    error = call.excinfo.value
    # What was raised on purpose says it in its own words; of anything else the class matters too.
    told = isinstance(error, RestoreproofError | NotPassed)
    return str(error) if told and str(error) else f"{call.excinfo.typename}: {error}"


RUN = pytest.StashKey[DrillRun]()
"""On the config, inside a drill."""
