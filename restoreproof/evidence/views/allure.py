"""``allure-results/`` and ``allure-report.html``."""

from __future__ import annotations

from restoreproof.evidence.allure_report import generate
from restoreproof.evidence.allure_results import write_results
from restoreproof.evidence.bundle import Bundle
from restoreproof.evidence.headline import duration


def write(bundle: Bundle) -> None:
    """Write the results, and the report over them."""
    record = bundle.record
    results = write_results(bundle.directory, record, bundle.events())
    time, point = record.recovery_time, record.recovery_point
    variables = {
        "Verdict": record.verdict.value,
        "Headline": record.headline,
        "RTO": f"{_span(time.time_to_service_s)} (target {duration(time.target_s)})",
        "RPO": f"{_span(point.value_s)} (target {duration(point.target_s)})",
    }
    title = f"{record.stack} restore drill {record.drill_id}: {record.verdict.value}"
    generate(results, bundle.directory / "allure-report.html", title=title, variables=variables)


def _span(seconds: float | None) -> str:
    return "not measured" if seconds is None else duration(seconds)
