"""``allure-results/``, written by the outer process from the journal; the record decides each status."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from restoreproof.evidence.model import CheckRecord, Record
from restoreproof.journal import Event
from restoreproof.outcome import Outcome
from restoreproof.shown import shown

STATUS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.WAIVED: "failed",
    Outcome.NOT_VERIFIED: "broken",
    Outcome.ERROR: "broken",
}

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ATTACHMENT = re.compile(rf"{_UUID.pattern}-attachment\.[a-z0-9]{{1,10}}")
_STEP_STATUS = {"passed": "passed", "failed": "failed", "broken": "broken"}


def write_results(directory: Path, record: Record, events: Iterable[Event]) -> Path:
    """Write one result per check of ``record`` into ``directory``/allure-results and return that.

    Names come from the inner process, so only those that allure-pytest makes are taken. A check that left
    no result gets one, so that the report shows as many checks as the record holds.
    """
    results = directory / "allure-results"
    results.mkdir(exist_ok=True)
    checks = {check.id: check for check in record.checks}
    left = dict(checks)
    for event in events:
        if event.type == "allure-result":
            name = _write_result(results, event.data, checks)
            left.pop(name or "", None)
        elif event.type == "allure-container":
            _write_json(results, event.data.get("uuid"), "container", event.data.get("container"))
        elif event.type == "allure-attachment":
            _write_attachment(results, event.data)
    for check in left.values():
        made = _made(check)
        _write_json(results, made["uuid"], "result", made)
    _write_environment(results, record)
    return results


def _write_result(results: Path, data: dict[str, Any], checks: dict[str, CheckRecord]) -> str | None:
    result = data.get("result")
    if not isinstance(result, dict):
        return None
    labels = result.get("labels")
    named = [label for label in labels if isinstance(label, dict)] if isinstance(labels, list) else []
    name = next((str(label.get("value")) for label in named if label.get("name") == "check"), None)
    check = checks.get(name or "")
    if check is not None:
        _settle(result, check)
    _write_json(results, data.get("uuid"), "result", result)
    return name


def _settle(result: dict[str, Any], check: CheckRecord) -> None:
    """Give a result the status that the record holds; pytest alone can't know it."""
    result["status"] = STATUS[check.outcome]
    if check.outcome is Outcome.PASSED:
        return
    details = result.get("statusDetails")
    trace = {"trace": details["trace"]} if isinstance(details, dict) and details.get("trace") else {}
    result["statusDetails"] = {"message": _message(check), **trace}


def _message(check: CheckRecord) -> str:
    word = check.outcome.value.replace("_", " ")
    if check.waiver:
        waiver = check.waiver
        word += (
            f" until {waiver.until}: {waiver.reason} (owner {waiver.owner}, approved by {waiver.approver})"
        )
    return shown(f"{word}: {check.reason}", 4000)


def _made(check: CheckRecord) -> dict[str, Any]:
    digest = hashlib.md5(check.id.encode(), usedforsecurity=False).hexdigest()
    lengths = (8, 12, 16, 20)
    uuid = "-".join(digest[a:b] for a, b in zip((0, *lengths), (*lengths, 32), strict=True))
    labels = {
        "check": check.id,
        "feature": check.feature,
        "parentSuite": f"stage {check.stage}",
        "suite": check.feature,
        "stage": check.stage,
        "mandatory": "yes" if check.mandatory else "advisory",
    }
    return {
        "uuid": uuid,
        "name": check.title,
        "fullName": f"{check.file}:{check.id}",
        "historyId": digest,
        "testCaseId": digest,
        "status": STATUS[check.outcome],
        "statusDetails": {"message": _message(check)},
        "labels": [{"name": name, "value": value} for name, value in labels.items()],
        "steps": [
            {
                "name": shown(f"{step.keyword} {step.text}"),
                "status": _STEP_STATUS.get(step.outcome, "skipped"),
            }
            for step in check.steps
        ],
    }


def _write_json(results: Path, uuid: object, kind: str, value: object) -> None:
    if isinstance(uuid, str) and _UUID.fullmatch(uuid) and isinstance(value, dict):
        text = json.dumps({**value, "uuid": uuid}, ensure_ascii=False)
        (results / f"{uuid}-{kind}.json").write_text(text, encoding="utf-8")


def _write_attachment(results: Path, data: dict[str, Any]) -> None:
    name, encoded = data.get("name"), data.get("base64")
    if isinstance(name, str) and _ATTACHMENT.fullmatch(name) and isinstance(encoded, str):
        try:
            (results / name).write_bytes(base64.b64decode(encoded, validate=True))
        except binascii.Error:  # the report then shows an attachment that is missing, which it is
            return


def _write_environment(results: Path, record: Record) -> None:
    lines = {
        "Verdict": record.verdict.value,
        "Stack": record.stack,
        "Drill": record.drill_id,
        "Backup set": record.backup_set.set_id or "unknown",
        "Recovery point": record.backup_set.recovery_point or "unknown",
        "Plan": record.plan.digest,
        "restoreproof": record.harness,
        "Opened (UTC)": record.opened_at or "unknown",
        **{f"host {name}": value for name, value in record.host},
    }
    text = "".join(f"{key.replace(' ', '_')}={_property(value)}\n" for key, value in lines.items())
    (results / "environment.properties").write_text(text, encoding="utf-8")
    executor = {"name": "restoreproof", "type": "restoreproof", "buildName": record.drill_id}
    (results / "executor.json").write_text(json.dumps(executor), encoding="utf-8")


def _property(value: str) -> str:
    return " ".join(shown(value, 500).split()).replace("\\", "\\\\")
