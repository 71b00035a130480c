"""What the journal tells about one check, as Allure's steps, each with what was asked, seen and found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from restoreproof.display import one_line, shown
from restoreproof.events import (
    Asked,
    Measured,
    Observed,
    ScenarioFinished,
    ScenarioStarted,
    ServiceLogged,
    StepRun,
)
from restoreproof.journal.read import JournalLine
from restoreproof.outcome import Observation, Outcome
from restoreproof.record.moments import moment
from restoreproof.record.observations import observation_of
from restoreproof.record.pairs import pairs
from restoreproof.views.allure.files import ResultFiles
from restoreproof.views.allure.inner_result import NO_CHECK, InnerAttachment, InnerResult, InnerStep

STATUS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.WAIVED: "failed",
    Outcome.NOT_VERIFIED: "broken",
    Outcome.ERROR: "broken",
}
NOT_REACHED = "not reached: the scenario had ended before this line"

_STEP_STATUS = {"passed": "passed", "failed": "failed", "broken": "broken"}
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
        self._inner = InnerResult(NO_CHECK)

    def take(self, line: JournalLine) -> None:
        """Account for one line of the journal that tells of this check."""
        has_room = self._made < _MANY
        match line.event:
            case ScenarioStarted():
                self.start = milliseconds(line.at)
            case ScenarioFinished() as event:
                self._take_end(event, line.at)
            case Asked() as event if has_room:
                self._take_question(event, line.at)
            case Observed() as event if has_room:
                self._take_observation(observation_of(event), line.at)
            case StepRun() as event if has_room:
                self._take_step(event, line.at)
            case Measured() as event:
                self.parameters.append(measured(event.name, f"{event.value:g} {event.unit}"))
            case ServiceLogged() as event:
                self._take_log(event)

    def hang(self, result: InnerResult) -> None:
        """Take what step definitions attached, to be hung on the lines that they belong to."""
        self._inner = result
        self.trace = result.trace

    def steps(self) -> list[Step]:
        """Return the scenario's lines with what steps attached to them, then what belongs to no line."""
        hung = deque(_hung_steps(self._inner.steps, self._files))
        for title, step in self._steps:
            if hung and hung[0]["name"] == title:
                inner = hung.popleft()
                step["steps"] += inner["steps"]
                step["attachments"] += inner["attachments"]
        return [*(step for _, step in self._steps), *self._below, *hung]

    def add_logs(self, logs: Iterable[ServiceLogged]) -> None:
        """Take what the services of its stage said, if the journal has nothing of the scenario's own.

        Allure wants a file for each check that shows it, so each has its copy.
        """
        if not self._logs:
            for event in logs:
                self._take_log(event)

    def attachments(self) -> list[dict[str, str]]:
        """Return what belongs to the scenario as a whole: its services' logs, and what hooks attached."""
        return [*self._logs, *_hung_attachments(self._inner.attachments, self._files)]

    def _take_end(self, event: ScenarioFinished, at: str) -> None:
        self.stop = milliseconds(at)
        if self._unexplained is not None:
            self._unexplained["statusDetails"] = {"message": shown(event.reason, 4000)}

    def _take_question(self, event: Asked, at: str) -> None:
        self.kinds.add(event.kind)
        nouns = ", ".join(f"{name} “{value}”" for name, value in pairs(event.nouns))
        question = one_line(f"looks at {event.kind}{': ' if nouns else ''}{nouns}")
        attachments = [
            self._files.attach_text(self._key(), one_line(f"query of {name}"), query)
            for name, query in event.queries.items()
        ]
        self._below.append(_step(question, "passed", milliseconds(at), attachments=attachments))

    def _take_observation(self, observation: Observation, at: str) -> None:
        parameters = {"expected": observation.expected, "observed": observation.observed}
        if observation.examined is not None:
            total = "(the total is unknown)" if observation.of is None else f"of {observation.of}"
            parameters["examined"] = f"{observation.examined} {total}"
            parameters["sample"] = observation.sample
        step = _step(
            one_line(f"{observation.outcome.value.replace('_', ' ')}: {observation.observed}"),
            STATUS[observation.outcome],
            milliseconds(at),
            attachments=self._findings(observation),
        )
        step["parameters"] = [_parameter(name, value) for name, value in parameters.items()]
        self._below.append(step)

    def _findings(self, observation: Observation) -> list[dict[str, str]]:
        findings = observation.findings
        if not findings:
            return []
        rows = [["finding"], *([finding] for finding in findings)]
        title = f"findings ({len(findings)} of {observation.findings_total})"
        return [self._files.attach_table(self._key(), title, rows)]

    def _take_step(self, event: StepRun, at: str) -> None:
        text = one_line(f"{event.keyword} {event.text}")
        name = f"Background: {text}" if event.background else text
        status = _STEP_STATUS.get(event.outcome, "skipped")
        step = _step(name, status, milliseconds(at), event.seconds, self._file_parts(event))
        step["steps"], self._below = self._below, []
        if event.outcome == "not-run":
            step["statusDetails"] = {"message": NOT_REACHED}
        elif event.outcome != "passed" and all(below["status"] == "passed" for below in step["steps"]):
            self._unexplained = step
        self._steps.append((text, step))

    def _file_parts(self, event: StepRun) -> list[dict[str, str]]:
        """The data table and the docstring that stand below the line in the feature."""
        parts = []
        if event.table:
            parts.append(self._files.attach_table(self._key(), "data table", event.table))
        if event.docstring:
            parts.append(self._files.attach_text(self._key(), "docstring", event.docstring))
        return parts

    def _take_log(self, event: ServiceLogged) -> None:
        name = f"log of {one_line(event.service)}"
        self._logs.append(self._files.attach_text(self._key(), name, event.text))

    def _key(self) -> tuple[object, ...]:
        self._made += 1
        return self._check, self._made


def measured(name: str, value: str) -> dict[str, Any]:
    """Return a parameter that differs from drill to drill, and so must not tell one test from another."""
    return {**_parameter(name, value), "excluded": True}


def milliseconds(at: str | None) -> int | None:
    """Return the time of an event in milliseconds since 1970; None if it is no time."""
    when = moment(at)
    return None if when is None else round(when.timestamp() * 1000)


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


def _hung_steps(steps: Iterable[InnerStep], files: ResultFiles) -> list[Step]:
    return [
        {
            "name": step.name,
            "status": step.status,
            "start": step.start,
            "stop": step.stop,
            "steps": _hung_steps(step.steps, files),
            "attachments": _hung_attachments(step.attachments, files),
        }
        for step in steps
    ]


def _hung_attachments(attachments: Iterable[InnerAttachment], files: ResultFiles) -> list[dict[str, str]]:
    """Those attachments that the inner process sent: a result may name others."""
    return [
        {"name": attachment.name, "source": attachment.source, "type": attachment.type}
        for attachment in attachments
        if files.sent(attachment.source)
    ]
