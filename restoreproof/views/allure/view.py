"""``allure-results/`` and ``allure-report.html``."""

from __future__ import annotations

from restoreproof.display import one_line
from restoreproof.views import OptionalView
from restoreproof.views.allure.report import NODE, generate
from restoreproof.views.allure.results import write_results
from restoreproof.views.allure.run import facts
from restoreproof.views.bundle import Bundle

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
    named = facts(record)
    head = {name: one_line(named[name]) for name in _HEAD}
    generate(
        results,
        bundle.directory / "allure-report.html",
        title=one_line(f"{record.verdict_words}: {record.stack} from set {named['Backup set']}"),
        variables=head,
    )


VIEW = OptionalView("allure-report.html", NODE, write, instead="a plain report and not Allure's own")
