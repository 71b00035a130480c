"""A plain report over Allure results, for machines without Node; simpler than Allure's, and as complete."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from restoreproof.evidence.templating import environment

_ORDER = ("failed", "broken", "skipped", "passed")
_TEXT = 20_000


def render(results: Path, title: str, reason: str) -> str:
    """One HTML file over every result below ``results``, failures first; it says that it isn't Allure's."""
    tests = [_test(json.loads(path.read_text(encoding="utf-8"))) for path in results.glob("*-result.json")]
    tests.sort(key=lambda test: (_ORDER.index(test["status"]), test["suite"], test["name"]))
    for test in tests:
        for step in test["steps"]:
            step["attachments"] = [_attachment(results, found) for found in step["attachments"]]
    counts = {status: sum(test["status"] == status for test in tests) for status in _ORDER}
    template = environment().get_template("plain_report.html.j2")
    return template.render(title=title, reason=reason, tests=tests, counts=counts)


def _test(result: Mapping[str, Any]) -> dict[str, Any]:
    labels = {label.get("name"): label.get("value") for label in result.get("labels") or () if label}
    status = result.get("status")
    return {
        "name": result.get("name") or "(unnamed)",
        "status": status if status in _ORDER else "broken",
        "suite": str(labels.get("parentSuite") or ""),
        "feature": str(labels.get("feature") or ""),
        "check": str(labels.get("check") or ""),
        "message": (result.get("statusDetails") or {}).get("message") or "",
        "parameters": [(p.get("name"), p.get("value")) for p in result.get("parameters") or ()],
        "steps": [_step(step) for step in result.get("steps") or ()],
    }


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": step.get("name") or "",
        "status": step.get("status") or "skipped",
        "attachments": [found.get("source") for found in step.get("attachments") or ()],
    }


def _attachment(results: Path, source: object) -> str:
    path = results / Path(str(source)).name
    if not path.is_file():
        return "(the attachment is missing)"
    return path.read_bytes()[:_TEXT].decode("utf-8", "replace")
