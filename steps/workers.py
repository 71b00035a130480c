"""The maintenance worker, and the letters that no worker could deliver."""

from __future__ import annotations

from typing import Annotated

from pytest_bdd import parsers, then, when

from restoreproof.checks.chains import WorkerReport
from restoreproof.checks.queues import UntouchedQueue
from restoreproof.contract.ref import Ref
from restoreproof.drill.inner.stages import Drill


@when(parsers.parse('the maintenance worker examines the "{chain}"'), target_fixture="survey")
def run_maintenance(drill: Drill, chain: Annotated[str, Ref("chain")]) -> WorkerReport:
    return drill.look(WorkerReport, chain=chain)


@then("it reports no unexpected break and has examined every link")
def it_reports_no_unexpected_break(drill: Drill, survey: WorkerReport) -> None:
    drill.observe(survey.clean())


@when("the dead letters are compared with the catalogue", target_fixture="survey")
def compare_dead_letters(drill: Drill) -> UntouchedQueue:
    return drill.look(UntouchedQueue, queue="dead letters")
