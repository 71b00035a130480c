"""``allure-results/`` and ``allure-report.html``."""

from __future__ import annotations

from restoreproof.evidence.allure_history import History
from restoreproof.evidence.allure_report import generate
from restoreproof.evidence.allure_results import write_results
from restoreproof.evidence.allure_run import facts
from restoreproof.evidence.allure_scenario import milliseconds
from restoreproof.evidence.bundle import Bundle
from restoreproof.shown import one_line

_HEAD = (
    "Verdict",
    "Stack",
    "Mandatory checks",
    "Advisory checks",
    "RTO",
    "RPO",
    "Backup set",
    "Recovery point",
)


def write(bundle: Bundle) -> None:
    """Write the results, and the report over them."""
    record = bundle.record
    results = write_results(bundle.directory, record, bundle.events())
    known = facts(record)
    head = {name: one_line(known[name]) for name in _HEAD}
    generate(
        results,
        bundle.directory / "allure-report.html",
        title=one_line(f"{record.verdict.value}: {record.stack} from set {known['Backup set']}"),
        variables=head,
        history=History.beside(bundle.directory, record.drill_id, milliseconds(record.ended_at)),
    )
