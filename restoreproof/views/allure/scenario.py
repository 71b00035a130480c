"""What the journal tells about one check, as Allure's steps, each with what was asked, seen and found."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from restoreproof.display import one_line, shown
from restoreproof.journal.read import JournalLine
from restoreproof.outcome import MAX_FINDINGS, Outcome
from restoreproof.record import values
from restoreproof.views.allure.files import ResultFiles

STATUS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.WAIVED: "failed",
    Outcome.NOT_VERIFIED: "broken",
    Outcome.ERROR: "broken",
}
NOT_REACHED = "not reached: the scenario had ended before this line"

_STEP_STATUS = {"passed": "passed", "failed": "failed", "broken": "broken"}
_STATUSES = {"passed", "failed", "broken", "skipped"}
_SQL = 20_000
_LOG = 20_000
_DEEP = 8
_MANY = 500

Step = dict[str, Any]


class ScenarioStory:
    """Takes in the events of one check; ``below`` is what was asked and seen since the last step ended."""

    def __init__(self, files: ResultFiles, check: str) -> None:
        self.start: int | None = None
        self.stop: int | None = None
        self.trace = ""
        self.parameters: list[dict[str, Any]] = []
        self.kinds: set[str] = set()
        self._logs: list[dict[str, str]] = []
        self._files = files
        self._check = check
        self._steps: list[tuple[str, Step]] = []
        self._below: list[Step] = []
        self._unexplained: Step | None = None  # it went wrong, and no observation says why
        self._made = 0
        self._inner: Mapping[str, Any] = {}

    def take(self, event: JournalLine) -> None:
        """Account for one event of this check."""
        takes: dict[str, Callable[[JournalLine], None]] = {
            "scenario-started": self._on_started,
            "scenario-finished": self._on_finished,
            "asked": self._on_asked,
            "observation": self._on_observation,
            "measurement": self._on_measurement,
            "step": self._on_step,
            "service-log": self._on_log,
            "allure-result": self._on_result,
        }
        bounded = event.type in ("asked", "observation", "step")
        if event.type in takes and not (bounded and self._made >= _MANY):
            takes[event.type](event)

    def steps(self) -> list[Step]:
        """The scenario's lines, with what step definitions hung on them; then what no line claims."""
        hung = deque(_sane_steps(self._inner, self._files))
        for title, step in self._steps:
            if hung and hung[0]["name"] == title:
                inner = hung.popleft()
                step["steps"] += inner["steps"]
                step["attachments"] += inner["attachments"]
        return [*(step for _, step in self._steps), *self._below, *hung]

    def add_logs(self, logs: Iterable[JournalLine]) -> None:
        """Take what the services of its stage said, if the journal has nothing of the scenario's own.

        Allure wants a file for each check that shows it, so each has its copy.
        """
        if not self._logs:
            for event in logs:
                self._on_log(event)

    def attachments(self) -> list[dict[str, str]]:
        """What belongs to the scenario as a whole: its services' logs, and what hooks attached."""
        return [*self._logs, *_sane_attachments(self._inner, self._files)]

    def _on_started(self, event: JournalLine) -> None:
        self.start = milliseconds(event.at)

    def _on_finished(self, event: JournalLine) -> None:
        self.stop = milliseconds(event.at)
        if self._unexplained is not None:
            message = shown(values.text(event.data, "reason"), 4000)
            self._unexplained["statusDetails"] = {"message": message}

    def _on_asked(self, event: JournalLine) -> None:
        kind = values.text(event.data, "kind", 200)
        self.kinds.add(kind)
        nouns = values.pairs(values.mapping(event.data, "nouns"))
        queries = values.mapping(event.data, "queries")
        named = ", ".join(f"{name} “{value}”" for name, value in nouns)
        asked = one_line(f"looks at {kind}{': ' if named else ''}{named}")
        attachments = [
            self._files.attach_text(
                self._key(), one_line(f"query of {name}"), values.text(queries, name, _SQL)
            )
            for name in queries
        ]
        self._below.append(_step(asked, "passed", milliseconds(event.at), attachments=attachments))

    def _on_observation(self, event: JournalLine) -> None:
        data = event.data
        outcome = _outcome(data)
        expected, observed = values.text(data, "expected"), values.text(data, "observed")
        examined, of = values.count(data, "examined"), values.count(data, "of")
        parameters = {"expected": expected, "observed": observed}
        if examined is not None:
            counted = "(the total is unknown)" if of is None else f"of {of}"
            parameters["examined"] = f"{examined} {counted}"
            parameters["sample"] = values.text(data, "sample", 500) or "all"
        step = _step(
            one_line(f"{outcome.value.replace('_', ' ')}: {observed}"),
            STATUS[outcome],
            milliseconds(event.at),
            attachments=self._findings(data),
        )
        step["parameters"] = [_parameter(name, value) for name, value in parameters.items()]
        self._below.append(step)

    def _findings(self, data: Mapping[str, Any]) -> list[dict[str, str]]:
        findings = values.texts(data, "findings", MAX_FINDINGS)
        if not findings:
            return []
        total = max(values.count(data, "findings_total") or 0, len(findings))
        rows = [["finding"], *([finding] for finding in findings)]
        return [self._files.attach_table(self._key(), f"findings ({len(findings)} of {total})", rows)]

    def _on_measurement(self, event: JournalLine) -> None:
        value = values.number(event.data, "value")
        if value is not None:
            name, unit = values.text(event.data, "name", 200), values.text(event.data, "unit", 50)
            self.parameters.append(measured(name, f"{value:g} {unit}"))

    def _on_step(self, event: JournalLine) -> None:
        data = event.data
        text = one_line(f"{values.text(data, 'keyword', 1000)} {values.text(data, 'text', 1000)}")
        outcome, stop = values.text(data, "outcome", 50), milliseconds(event.at)
        seconds = values.number(data, "seconds") or 0.0
        name = f"Background: {text}" if data.get("background") is True else text
        step = _step(name, _STEP_STATUS.get(outcome, "skipped"), stop, seconds, self._file_parts(data))
        step["steps"], self._below = self._below, []
        if outcome == "not-run":
            step["statusDetails"] = {"message": NOT_REACHED}
        elif outcome != "passed" and all(seen["status"] == "passed" for seen in step["steps"]):
            self._unexplained = step
        self._steps.append((text, step))

    def _file_parts(self, data: Mapping[str, Any]) -> list[dict[str, str]]:
        """The data table and the docstring that stand below the line in the feature."""
        parts = []
        table = data.get("table")
        if isinstance(table, list):
            rows = [[str(cell) for cell in row] for row in table[:_MANY] if isinstance(row, list)]
            parts.append(self._files.attach_table(self._key(), "data table", rows))
        if docstring := values.text(data, "docstring", 20_000):
            parts.append(self._files.attach_text(self._key(), "docstring", docstring))
        return parts

    def _on_log(self, event: JournalLine) -> None:
        service = one_line(values.text(event.data, "service", 200))
        text = values.text(event.data, "text", _LOG)
        self._logs.append(self._files.attach_text(self._key(), f"log of {service}", text))

    def _on_result(self, event: JournalLine) -> None:
        self._inner = values.mapping(event.data, "result")
        self.trace = values.text(values.mapping(self._inner, "statusDetails"), "trace", 20_000)

    def _key(self) -> tuple[object, ...]:
        self._made += 1
        return self._check, self._made


def measured(name: str, value: str) -> dict[str, Any]:
    """A parameter that differs from drill to drill, and so must not tell one test from another."""
    return {**_parameter(name, value), "excluded": True}


def milliseconds(at: str | None) -> int | None:
    """The time of an event as Allure counts it; None if it is no time."""
    moment = values.moment(at)
    return None if moment is None else round(moment.timestamp() * 1000)


def _step(
    name: str,
    status: str,
    stop: int | None,
    seconds: float = 0.0,
    attachments: list[dict[str, str]] | None = None,
) -> Step:
    start = None if stop is None else stop - round(seconds * 1000)
    return {
        "name": name,
        "status": status,
        "start": start,
        "stop": stop,
        "steps": [],
        "attachments": attachments or [],
    }


def _parameter(name: str, value: str) -> dict[str, str]:
    return {"name": one_line(name, 200), "value": one_line(value, 2000)}


def _outcome(data: Mapping[str, Any]) -> Outcome:
    try:
        return Outcome(values.text(data, "outcome", 50))
    except ValueError:  # the record takes an outcome that is none for an error too
        return Outcome.ERROR


def _sane_steps(owner: Mapping[str, Any], files: ResultFiles, deep: int = 0) -> list[Step]:
    """Steps of the inner process, without parameters (they are reprs of arguments) and bounded."""
    if deep == _DEEP:
        return []
    return [
        {
            "name": one_line(found.get("name") or "(unnamed)"),
            "status": _word(found),
            "start": values.count(found, "start"),
            "stop": values.count(found, "stop"),
            "steps": _sane_steps(found, files, deep + 1),
            "attachments": _sane_attachments(found, files),
        }
        for found in values.mappings(owner, "steps", _MANY)
    ]


def _sane_attachments(owner: Mapping[str, Any], files: ResultFiles) -> list[dict[str, str]]:
    return [
        {
            "name": one_line(found.get("name") or "attachment"),
            "source": values.text(found, "source"),
            "type": values.text(found, "type", 100) or "text/plain",
        }
        for found in values.mappings(owner, "attachments", _MANY)
        if files.sent(found.get("source"))
    ]


def _word(step: Mapping[str, Any]) -> str:
    status = values.text(step, "status", 50)
    return status if status in _STATUSES else "broken"
