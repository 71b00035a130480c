"""What Allure shows of the drill as a whole: environment, executor, categories, measurements, manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from restoreproof.display import one_line, shown
from restoreproof.outcome import Outcome
from restoreproof.record.headline import duration
from restoreproof.record.model import Record
from restoreproof.views.allure.files import ResultFiles
from restoreproof.views.allure.scenario import milliseconds
from restoreproof.views.timeline_plot import draw

_ADVISORY = "Advisory findings: shown, never counted"
_CATEGORIES = {
    Outcome.FAILED: "FAILED: the restored stack contradicts the expectation",
    Outcome.NOT_VERIFIED: "NOT VERIFIED: nothing could be examined",
    Outcome.ERROR: "ERROR: the check itself went wrong",
    Outcome.WAIVED: "WAIVED: a failure that was accepted in advance",
}


def write_run(files: ResultFiles, record: Record) -> None:
    """Write the files that belong to no check."""
    text = "".join(f"{_key(name)}={_value(value)}\n" for name, value in facts(record).items())
    (files.directory / "environment.properties").write_text(text, encoding="utf-8")
    files.write_json("executor.json", _executor(record))
    files.write_json("categories.json", _categories_of_allure_2())
    files.write_json("performance.json", _performance(record))
    files.write_json(f"{files.uuid('globals')}-globals.json", _globals(files, record))


def facts(record: Record) -> dict[str, str]:
    """Return the facts that head a report: the verdict, which set, which plan, and where it ran."""
    time, point, counts = record.recovery_time, record.recovery_point, record.counts
    return {
        "Verdict": record.verdict_words,
        "Mandatory checks": f"{counts.passed} of {counts.mandatory} passed, {counts.waived} waived",
        "Advisory checks": f"{counts.advisory_passed} of {counts.advisory} passed, never counted",
        "RTO": f"{_span(time.time_to_service_s)} (target {duration(time.target_s)})",
        "RPO": f"{_span(point.value_s)} (target {duration(point.target_s)})",
        "Stack": record.stack,
        "Drill": record.drill_id,
        "Attempt": "unknown" if record.attempt is None else str(record.attempt),
        "Backup set": record.backup_set.set_id or "unknown",
        "Recovery point": record.backup_set.recovery_point or "unknown",
        "Plan": record.plan.digest,
        "Selection": record.plan.selection or "the whole plan",
        "restoreproof": record.harness,
        "Opened (UTC)": record.opened_at or "unknown",
        **{f"host {name}": value for name, value in record.host},
        **dict(_fidelity(record)),
    }


def _fidelity(record: Record) -> Iterator[tuple[str, str]]:
    """What differs from production, each by name; and what production does not declare, in one line."""
    for fact in record.fidelity:
        if fact.differs:
            what = fact.subject if fact.service == "*" else f"{fact.subject} of {fact.service}"
            yield f"Unlike production: {what}", f"{fact.here} (production: {fact.production})"
    if undeclared := dict.fromkeys(fact.subject for fact in record.fidelity if fact.differs is None):
        yield "Production not declared", ", ".join(undeclared)


def category_rules() -> list[dict[str, Any]]:
    """Return the categories for Allure 3, which matches labels; advisory checks have one of their own."""
    advisory: dict[str, Any] = {
        "name": _ADVISORY,
        "matchers": {"statuses": ["failed", "broken"], "labels": {"mandatory": "^advisory$"}},
    }
    return [
        advisory,
        *(
            {"name": name, "matchers": {"labels": {"outcome": f"^{outcome.value}$"}}}
            for outcome, name in _CATEGORIES.items()
        ),
    ]


def _categories_of_allure_2() -> list[dict[str, Any]]:
    """The categories for Allure 2, which matches the beginning of a message."""
    statuses = ["failed", "broken"]
    rules = [{"name": _ADVISORY, "matchedStatuses": statuses, "messageRegex": r"(?s)[A-Z ]+\(advisory\):.*"}]
    for outcome, name in _CATEGORIES.items():
        word = outcome.value.replace("_", " ")
        rules.append(
            {"name": name, "matchedStatuses": statuses, "messageRegex": rf"(?s){word}( until .*)?:.*"}
        )
    return rules


def _executor(record: Record) -> dict[str, Any]:
    return {
        "name": "restoreproof",
        "type": "restoreproof",
        "buildName": one_line(f"{record.drill_id} ({record.trigger or 'trigger unknown'})"),
        "buildOrder": record.attempt,
        "reportName": one_line(f"{record.stack}: {record.verdict_words}"),
    }


def _performance(record: Record) -> list[dict[str, Any]]:
    """RTO, RPO and every measured number, so that they can be followed from drill to drill."""
    values = {
        "rto_seconds": record.recovery_time.time_to_service_s,
        "verified_seconds": record.recovery_time.time_to_verified_s,
        "rpo_seconds": record.recovery_point.value_s,
        **{
            one_line(measurement.name): measurement.value
            for measurement in record.measurements
            if measurement.name != "rpo"
        },
    }
    start, stop = milliseconds(record.opened_at), milliseconds(record.ended_at)
    return [
        {"id": f"{record.drill_id}/{key}", "key": key, "value": value, "start": start, "stop": stop}
        for key, value in values.items()
        if value is not None
    ]


def _globals(files: ResultFiles, record: Record) -> dict[str, Any]:
    at = milliseconds(record.ended_at)
    attachments = [
        files.attach_json(("manifest",), "run manifest", _manifest(record)),
        files.attach_svg(("timeline",), "timeline", draw(record)),
    ]
    return {
        "attachments": [{**attachment, "timestamp": at} for attachment in attachments],
        "errors": [
            {"message": shown(f"the evidence is incomplete: {why}"), "timestamp": at}
            for why in record.incomplete
        ],
    }


def _manifest(record: Record) -> dict[str, Any]:
    """What this report is of, by digest; record.json beside it holds the rest."""
    return {
        **{name: shown(value) for name, value in facts(record).items()},
        "headline": shown(record.headline, 2000),
        "exit code": int(record.exit_code),
        "contract sha256": record.plan.contract_sha256,
        "features sha256": record.plan.features_sha256,
        "checks": {
            outcome.value: sum(check.outcome is outcome for check in record.checks) for outcome in Outcome
        },
    }


def _span(seconds: float | None) -> str:
    return "not measured" if seconds is None else duration(seconds)


def _key(name: str) -> str:
    return re.sub(r"([ =:#!\\])", r"\\\1", one_line(name, 200))


def _value(value: str) -> str:
    return one_line(value, 500).replace("\\", "\\\\")
