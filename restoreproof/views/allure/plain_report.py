"""A plain report over Allure results, for machines without Node; simpler than Allure's, and as complete."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from restoreproof.display import shown
from restoreproof.views.template_environment import environment

_ORDER = ("failed", "broken", "skipped", "passed")
_TEXT = 20_000
_READABLE = ("text/", "application/json")


def render(results: Path, title: str, reason: str) -> str:
    """Return one HTML page over every result below ``results``, failures first; it says it isn't Allure's."""
    read = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("*-result.json")]
    tests = [_test(result, results) for result in read]
    tests.sort(key=lambda test: (_ORDER.index(test["status"]), test["suite"], test["check"]))
    counts = {status: sum(test["status"] == status for test in tests) for status in _ORDER}
    template = environment().get_template("plain_report.html.j2")
    return template.render(title=title, reason=reason, tests=tests, counts=counts)


def _test(result: Mapping[str, Any], results: Path) -> dict[str, Any]:
    labels = {label["name"]: label["value"] for label in result["labels"]}
    return {
        **_item(result, results),
        "suite": labels["parentSuite"],
        "feature": labels["feature"],
        "check": labels["check"],
        "severity": labels["severity"],
        "owner": labels.get("owner"),
        "controls": [label["value"] for label in result["labels"] if label["name"] == "control"],
    }


def _item(item: Mapping[str, Any], results: Path) -> dict[str, Any]:
    """The parts of a result or of a step: both are built alike, and steps hold steps."""
    return {
        "name": item["name"],
        "status": item["status"],
        "message": _whole(item.get("statusDetails", {}).get("message", "")),
        "parameters": [(part["name"], part["value"]) for part in item.get("parameters", ())],
        "attachments": [(part["name"], _content(results, part)) for part in item["attachments"]],
        "steps": [_item(step, results) for step in item["steps"]],
    }


def _content(results: Path, attachment: Mapping[str, str]) -> Markup:
    path = results / attachment["source"]
    if not attachment["type"].startswith(_READABLE):
        return _whole(f"(no text; the file is allure-results/{attachment['source']})")
    return _whole(path.read_bytes()[:_TEXT].decode("utf-8", "replace"))


def _whole(text: str) -> Markup:
    """The text escaped in full: a template would cut it to a line or two."""
    return escape(shown(text, _TEXT))
