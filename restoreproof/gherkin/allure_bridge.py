"""allure-pytest, made to speak Gherkin and to send events where it would write files.

allure-pytest's own listener does the bookkeeping of tests and attachments. This bridge names them after
scenarios, opens and closes their steps, sets their labels, and catches what would become files. It uses the
listener's class and its reporter (``allure_logger``), which are internals: versions are pinned, and
tests/gherkin/test_running.py holds them.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import time
import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any

import allure_commons
import attr
import pytest
from allure_commons.model2 import Label, Parameter, Status, StatusDetails, TestStepResult
from allure_commons.types import AttachmentType
from allure_pytest.listener import AllureListener

from restoreproof.gherkin.collector import check_of
from restoreproof.gherkin.steptrace import RunningStep
from restoreproof.gherkin.tags import value_of
from restoreproof.journal import Emitter
from restoreproof.plan import PlannedCheck
from restoreproof.shown import one_line, shown

_STATUS = {
    "passed": Status.PASSED,
    "failed": Status.FAILED,
    "broken": Status.BROKEN,
    "skipped": Status.SKIPPED,
}
_ATTACHMENT_LIMIT = 4 * 1024 * 1024


class AllureBridge:
    """A pytest plugin that is also a listener to steps and events."""

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
            _describe(result, check)
        return report

    def step_started(self, running: RunningStep) -> None:
        self._open = _new_id()
        step = TestStepResult(name=_title(running), start=_now())
        self._reporter.start_step(None, self._open, step)
        if running.table:
            self._attach(_csv(running.table), "table", AttachmentType.CSV)
        if running.docstring is not None:
            self._attach(running.docstring, "text", AttachmentType.TEXT)

    def step_finished(
        self, running: RunningStep, outcome: str, seconds: float, error: BaseException | None
    ) -> None:
        opened, self._open = self._open, None
        details = StatusDetails(message=shown(error, 4000)) if error else None
        self._reporter.stop_step(opened, stop=_now(), status=_STATUS[outcome], statusDetails=details)

    def step_unreached(self, running: RunningStep) -> None:
        result = self._reporter.get_test(None)
        if result is not None:
            when = _now()
            details = StatusDetails(message="not reached")
            step = TestStepResult(
                name=_title(running), start=when, stop=when, status=Status.SKIPPED, statusDetails=details
            )
            result.steps.append(step)

    def event(self, type: str, data: dict[str, Any]) -> None:
        """Hang each observation below the step that made it."""
        if type == "observation" and self._reporter.get_test(None) is not None:
            self._attach(_observation(data), f"observation: {data.get('outcome')}", AttachmentType.TEXT)

    def _attach(self, body: str, name: str, kind: Any) -> None:
        self._reporter.attach_data(_new_id(), body, name=name, attachment_type=kind)


class _EventSink:
    """What allure-commons would write to a directory leaves as events; the outer process writes the files."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter

    @allure_commons.hookimpl
    def report_result(self, result: Any) -> None:
        self._emitter.emit("allure-result", uuid=result.uuid, result=_plain(result))

    @allure_commons.hookimpl
    def report_container(self, container: Any) -> None:
        # A container says which fixtures ran; only one that went wrong tells a reviewer anything.
        parts = [*container.befores, *container.afters]
        if any(part.status not in (None, Status.PASSED, Status.SKIPPED) for part in parts):
            self._emitter.emit("allure-container", uuid=container.uuid, container=_plain(container))

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        self.report_attached_data(Path(source).read_bytes(), file_name)

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        text = base64.b64encode(data[:_ATTACHMENT_LIMIT]).decode()
        self._emitter.emit("allure-attachment", name=file_name, base64=text)

    @allure_commons.hookimpl
    def report_globals(self, globals_item: Any) -> None:
        """Nothing of ours attaches to the run as a whole; the outer process knows it better."""


def _describe(result: Any, check: PlannedCheck) -> None:
    """Name a test after its scenario; the same names in every drill, so that its history holds together."""
    result.name = check.title
    result.fullName = f"{check.file}:{check.id}"
    result.testCaseId = hashlib.md5(check.id.encode(), usedforsecurity=False).hexdigest()
    result.titlePath = [*Path(check.file).parts, *([check.rule] if check.rule else [])]
    result.description = f"{check.feature}\n\nStage `{check.stage}`, check `{check.id}`"
    result.parameters = [Parameter(name=name, value=value) for name, value in check.parameters]
    result.labels.extend(Label(name=name, value=value) for name, value in _labels(check))


def _labels(check: PlannedCheck) -> list[tuple[str, str]]:
    folder = Path(check.file).parent.as_posix()
    labels = [
        ("epic", value_of(check.tags, "epic") or folder),
        ("feature", check.feature),
        ("story", value_of(check.tags, "story") or check.rule or check.title),
        ("severity", value_of(check.tags, "severity") or "normal"),
        ("parentSuite", f"stage {check.stage}"),
        ("suite", check.feature),
        ("stage", check.stage),
        ("check", check.id),
        ("mandatory", "yes" if check.mandatory else "advisory"),
    ]
    if check.rule:
        labels.append(("subSuite", check.rule))
    if owner := value_of(check.tags, "owner"):
        labels.append(("owner", owner))
    labels += [("control", tag.partition(":")[2]) for tag in check.tags if tag.startswith("control:")]
    return labels


def _now() -> int:
    return int(time.time() * 1000)


def _new_id() -> str:
    return str(uuid.uuid4())


def _title(running: RunningStep) -> str:
    return one_line(f"{running.step.keyword} {running.step.text}")


def _csv(table: tuple[tuple[str, ...], ...]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(table)
    return file.getvalue()


def _observation(data: dict[str, Any]) -> str:
    lines = [f"{key}: {data[key]}" for key in ("outcome", "expected", "observed") if key in data]
    if data.get("examined") is not None:
        lines.append(
            f"examined: {data['examined']} of {data.get('of')} (sample: {data.get('sample', 'all')})"
        )
    findings = data.get("findings") or ()
    lines += [f"  - {finding}" for finding in findings]
    more = int(data.get("findings_total") or 0) - len(findings)
    if more > 0:
        lines.append(f"  … and {more} more")
    return shown("\n".join(lines), 20_000)


def _plain(item: Any) -> dict[str, Any]:
    """The JSON that allure's own file logger would have written."""
    plain: dict[str, Any] = attr.asdict(item, filter=lambda _, value: bool(value) or value is False)
    return plain
