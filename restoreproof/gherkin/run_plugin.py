"""One drill inside pytest: stages are reached before scenarios run, and what happens is emitted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from restoreproof.assets.base import RestoreContext
from restoreproof.backups.missing import PartMissing
from restoreproof.errors import RestoreproofError, StageOrderError
from restoreproof.events import Collected, Emitter, Note
from restoreproof.gherkin.assertions import is_own_assertion
from restoreproof.gherkin.checks_under_way import ChecksUnderWay, RunningCase, reason_of
from restoreproof.gherkin.collector import COLLECTION, check_of
from restoreproof.gherkin.step_events import StepEvents
from restoreproof.gherkin.steptrace import StepListener, StepTrace
from restoreproof.gherkin.support_code import uncovered_files
from restoreproof.outcome import Observation


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


class DrillRun:
    """The plugin of a drill's inner process. It holds the open drill; nothing of it is global.

    ``own`` are the files and directories of the stack's own checks: an assertion that fails in them speaks
    of the restored stack, and one that fails in the harness speaks of the harness. ``others`` are further
    places of the copy that its code may come from, and ``roots`` the projects of which nothing else may.
    """

    def __init__(
        self,
        emitter: Emitter,
        open_drill: Callable[[], AbstractContextManager[RunningDrill]],
        *,
        whole: bool,
        own: Sequence[Path] = (),
        others: Sequence[Path] = (),
        roots: Sequence[Path] = (),
        listeners: Sequence[StepListener] = (),
    ) -> None:
        self.drill: RunningDrill | None = None
        self._emitter = emitter
        self._open_drill = open_drill
        self._whole = whole
        self._own = tuple(own)
        self._covered = (*own, *others)
        self._roots = tuple(dict.fromkeys(roots))
        self._scenario: RunningCase | None = None
        self._checks = ChecksUnderWay(emitter)
        self.trace = StepTrace([StepEvents(emitter), *listeners])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        checks = [check.id for item in session.items if (check := check_of(item))]
        collection = session.config.stash.get(COLLECTION, None)
        strangers = collection.strangers if collection else []
        self._checks.count(Counter(checks), collection.dropped if collection else Counter())
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
                self._checks.close()
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
        files = {file: root for root in self._roots for file in uncovered_files(root, self._covered)}
        for file, root in files.items():
            session.testsfailed += 1
            text = f"{file.relative_to(root)} was imported, and no digest of the plan covers it"
            self._emitter.emit(Note(text=f"{text}: move it below steps/, fixtures/ or the features"))

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
        self._scenario = scenario = RunningCase(check)
        self._checks.begin(check)
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
            self._checks.end_case(item, scenario)

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
            scenario.worsen("skipped", reason_of(call))
        elif call.excinfo and isinstance(call.excinfo.value, PartMissing):
            scenario.worsen("not-reached", str(call.excinfo.value))
        elif report.failed:
            where = "" if report.when == "call" else f"{report.when}: "
            asserted = report.when == "call" and call.excinfo and is_own_assertion(call.excinfo, self._own)
            scenario.worsen("assertion-failed" if asserted else "failed", where + reason_of(call))
        if report.when == "setup" and not report.passed:
            self.trace.nothing_ran(item)
        return report


RUN = pytest.StashKey[DrillRun]()
"""On the config, inside a drill."""
