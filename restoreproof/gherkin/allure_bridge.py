"""allure-pytest, listening to steps, and sending events where it would write files.

The journal's own events say what a check is and how its steps went. What only this process knows is what step
definitions and hooks hang on a test through Allure's own functions, and the traceback of an error: the bridge
opens a step of allure-pytest for each step of a scenario, so that attachments land where they were made.

It uses the listener's class and its reporter (``allure_logger``), which are internals: versions are pinned,
and tests/gherkin/test_allure_bridge.py holds them.
"""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any

import allure_commons
import attr
import pytest
from allure_commons.model2 import Label, Status, TestStepResult
from allure_pytest.listener import AllureListener

from restoreproof.display import one_line
from restoreproof.events import AllureAttachment, AllureResult, Emitter, StepOutcome
from restoreproof.gherkin.collector import check_of
from restoreproof.gherkin.steptrace import RunningStep

_STATUS = {
    "passed": Status.PASSED,
    "failed": Status.FAILED,
    "broken": Status.BROKEN,
    "skipped": Status.SKIPPED,
}
_ATTACHMENT_LIMIT = 4 * 1024 * 1024


class AllureBridge:
    """A pytest plugin that is also a listener to steps."""

    def __init__(self, config: pytest.Config, emitter: Emitter) -> None:
        self._listener = AllureListener(config)
        self._sink = _EventSink(emitter)
        self._config = config
        self._open: str | None = None

    @property
    def _reporter(self) -> Any:
        return self._listener.allure_logger

    def pytest_sessionstart(self) -> None:
        self._config.pluginmanager.register(self._listener, "allure_listener")
        for plugin in (self._listener, self._sink):
            allure_commons.plugin_manager.register(plugin)

    def pytest_unconfigure(self) -> None:
        for plugin in (self._listener, self._sink):
            if allure_commons.plugin_manager.is_registered(plugin):
                allure_commons.plugin_manager.unregister(plugin)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        check = check_of(item)
        result = self._reporter.get_test(None)
        if check is not None and result is not None and report.when == "setup":
            result.labels.append(Label(name="check", value=check.id))
        return report

    def step_started(self, running: RunningStep) -> None:
        self._open = str(uuid.uuid4())
        self._reporter.start_step(None, self._open, TestStepResult(name=title(running), start=_now()))

    def step_finished(
        self, running: RunningStep, outcome: StepOutcome, seconds: float, error: BaseException | None
    ) -> None:
        opened, self._open = self._open, None
        self._reporter.stop_step(opened, stop=_now(), status=_STATUS[outcome])

    def step_unreached(self, running: RunningStep) -> None:
        """Nothing can hang on a step that never ran."""


class _EventSink:
    """What allure-commons would write to a directory leaves as events; the outer process writes the files."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter

    @allure_commons.hookimpl
    def report_result(self, result: Any) -> None:
        result.parameters.clear()  # pytest's own, as reprs; the plan has them as they were written
        self._emitter.emit(AllureResult(uuid=result.uuid, result=_plain(result)))

    @allure_commons.hookimpl
    def report_container(self, container: Any) -> None:
        """A fixture that went wrong is told by the scenario's end; the others are pytest's insides."""

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        with Path(source).open("rb") as file:
            self.report_attached_data(file.read(_ATTACHMENT_LIMIT), file_name)

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        data = (body.encode() if isinstance(body, str) else body)[:_ATTACHMENT_LIMIT]
        try:
            self._emitter.emit(AllureAttachment(name=file_name, text=data.decode()))
        except UnicodeDecodeError:  # text travels as text, so that the redactor reads it
            self._emitter.emit(AllureAttachment(name=file_name, base64=base64.b64encode(data).decode()))

    @allure_commons.hookimpl
    def report_globals(self, globals_item: Any) -> None:
        """Nothing of ours attaches to the run as a whole; the outer process knows it better."""


def title(running: RunningStep) -> str:
    """The line as it stands in the feature, which names the step wherever it is shown."""
    return one_line(f"{running.step.keyword} {running.step.text}")


def _now() -> int:
    return int(time.time() * 1000)


def _plain(item: Any) -> dict[str, Any]:
    """The JSON that allure's own file logger would have written."""
    plain: dict[str, Any] = attr.asdict(item, filter=lambda _, value: bool(value) or value is False)
    return plain
