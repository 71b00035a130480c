"""``allure-results/``: what the plan, the record and the journal say, as Allure reads it.

The record decides each status; the journal's events become steps. Of what the inner process sent, only what
step definitions attached is taken, and the traceback of an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from restoreproof.display import one_line, shown
from restoreproof.events import (
    AllureAttachment,
    AllureResult,
    Asked,
    Event,
    Observed,
    ScenarioFinished,
    ScenarioStarted,
    ServiceLogged,
    StepRun,
)
from restoreproof.journal.read import JournalLine
from restoreproof.outcome import Outcome
from restoreproof.plan import StackControls
from restoreproof.record.headline import duration
from restoreproof.record.model import CheckRecord, Record
from restoreproof.views.allure.files import ResultFiles
from restoreproof.views.allure.inner_result import read_result
from restoreproof.views.allure.labels import labels
from restoreproof.views.allure.run import write_run
from restoreproof.views.allure.scenario import STATUS, ScenarioStory, Step, measured, milliseconds
from restoreproof.views.controls import control_map, controls_for

_STEP_STATUS = {"passed": "passed", "failed": "failed", "broken": "broken"}


def write_results(directory: Path, record: Record, lines: Iterable[JournalLine]) -> Path:
    """Write one result per check of ``record`` into ``directory``/allure-results and return that.

    A pure function of its arguments: the same record and lines give the same files, byte for byte. A check
    that left nothing in the journal has a result too, so the report shows as many checks as the record holds.
    """
    results = directory / "allure-results"
    results.mkdir(exist_ok=True)
    for stale in results.glob("*.*"):
        stale.unlink()
    files = ResultFiles(results, record.drill_id)
    stories = {check.id: ScenarioStory(files, check.id) for check in record.checks}
    logs = _tell(lines, files, stories)
    for check in record.checks:
        story = stories[check.id]
        story.add_logs(logs.get(check.stage, {}).values())
        result = _result(files, record, check, story)
        files.write_json(f"{result['uuid']}-result.json", result)
    write_run(files, record)
    return results


def _tell(
    lines: Iterable[JournalLine], files: ResultFiles, stories: Mapping[str, ScenarioStory]
) -> dict[str, dict[str, ServiceLogged]]:
    """Give each event to the story it belongs to; return the logs of each stage's services."""
    logs: dict[str, dict[str, ServiceLogged]] = {}
    current: ScenarioStory | None = None
    for line in lines:
        check = _check_of(line.event)
        match line.event:
            case AllureAttachment() as event:
                files.take(event)
                continue
            case AllureResult() as event:
                result = read_result(event.result)
                if story := stories.get(result.check) if result.check else current:
                    story.hang(result)
                continue
            case ServiceLogged() as event if check is None:
                logs.setdefault(event.stage or "", {})[event.service] = event
                continue
            case ScenarioStarted() as event:
                current = stories.get(event.check)
        if story := stories.get(check) if check else current:
            story.take(line)
        if isinstance(line.event, ScenarioFinished):
            current = None
    return logs


def _check_of(event: Event) -> str | None:
    """The check that an event names; None if it names none."""
    match event:
        case ScenarioStarted() | StepRun() | Asked() | Observed() | ScenarioFinished() | ServiceLogged():
            return event.check or None
    return None


def _result(files: ResultFiles, record: Record, check: CheckRecord, story: ScenarioStory) -> dict[str, Any]:
    name = hashlib.md5(check.id.encode(), usedforsecurity=False).hexdigest()
    start = story.start or milliseconds(record.opened_at)
    return {
        "uuid": files.uuid("result", check.id),
        "name": one_line(check.title),
        "fullName": f"{check.file}:{check.id}",
        # An id holds the values of its row, so each row has a history of its own, and it is never measured.
        "testCaseId": name,
        "historyId": name,
        "titlePath": [*Path(check.file).parts, *([check.rule] if check.rule else [])],
        "description": _description(check, record.controls),
        "start": start,
        "stop": story.stop or start,
        "stage": "finished",
        "status": STATUS[check.outcome],
        "statusDetails": _details(check, story),
        "labels": [{"name": key, "value": one_line(value)} for key, value in labels(record, check)],
        "parameters": [
            *({"name": one_line(key), "value": one_line(value)} for key, value in check.parameters),
            *_targets(record, story),
            *story.parameters,
        ],
        "steps": story.steps() or _unreached(check),
        "attachments": story.attachments(),
    }


def _description(check: CheckRecord, stack: StackControls) -> str:
    """What the feature says of the check and what it supports; nothing that came from a backup."""
    lines = [
        f"**{one_line(check.feature)}**" + (f" · {one_line(check.rule)}" if check.rule else ""),
        f"Check `{check.id}` at the stage `{check.stage}`, from `{check.file}` line {check.line}; "
        + ("it is mandatory." if check.mandatory else "it is advisory: shown, never counted."),
    ]
    if scope := control_map(stack).scope(check.id):
        lines.append(f"Passing, it shows: {scope.shows}")
        lines.append(f"It does not show: {scope.not_shown}")
    if controls := controls_for(check.id, check.tags, stack):
        lines.append(f"Supports: {', '.join(one_line(control.label) for control in controls)}")
    return "\n\n".join(lines)


def _details(check: CheckRecord, story: ScenarioStory) -> dict[str, Any]:
    if check.outcome is Outcome.PASSED:
        return {}
    details: dict[str, Any] = {"message": _message(check), "known": check.waiver is not None}
    if check.outcome is Outcome.ERROR and story.trace:
        details["trace"] = shown(story.trace, 20_000)
    return details


def _message(check: CheckRecord) -> str:
    word = check.outcome.value.replace("_", " ")
    if check.waiver:
        waiver = check.waiver
        word += (
            f" until {waiver.until}: {waiver.reason} (owner {waiver.owner}, approved by {waiver.approver})"
        )
    advisory = "" if check.mandatory else " (advisory)"
    return shown(f"{word}{advisory}: {check.reason}", 4000)


def _targets(record: Record, story: ScenarioStory) -> list[dict[str, Any]]:
    """The objective and what came of it, where a check looked at it."""
    time, point = record.recovery_time, record.recovery_point
    spans = {
        "recovery time": ("RTO", time.target_s, time.time_to_service_s),
        "recovery point": ("RPO", point.target_s, point.value_s),
    }
    return [
        measured(f"{name} {what}", duration(span))
        for kind, (name, target, value) in spans.items()
        if kind in story.kinds
        for what, span in (("target", target), ("measured", value))
        if span is not None
    ]


def _unreached(check: CheckRecord) -> list[Step]:
    """The lines of a check that left no events: as the record has them, if it has any."""
    return [
        {
            "name": one_line(f"{step.keyword} {step.text}"),
            "status": _STEP_STATUS.get(step.outcome, "skipped"),
            "steps": [],
            "attachments": [],
        }
        for step in check.steps
    ]
