"""From what a person asks for to a drill: contract loaded, features compiled, set opened, drill performed."""

from __future__ import annotations

from pathlib import Path

from restoreproof.assets.registry import required_statements
from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.backup_set import open_set
from restoreproof.contract import load
from restoreproof.contract.controls import controls_of
from restoreproof.contract.plan_inputs import (
    coverage_of,
    governance_of,
    nouns_of,
    schedule_of,
    service_stage_of,
    waivers_of,
)
from restoreproof.drill.evidence_store import ledger_of, open_evidence_store
from restoreproof.drill.outer.process import run
from restoreproof.drill.refusals import refusals_entered
from restoreproof.drill.request import DrillInputs, DrillRequest, DrillResult, Say
from restoreproof.gherkin.compiler import compile_plan
from restoreproof.gherkin.support_code import support_modules


def perform(request: DrillRequest, say: Say) -> DrillResult:
    """Compile the plan before anything starts, and perform the drill.

    Raises:
        RestoreproofError: see ``restoreproof.drill.outer.process.run``; contract and features as well.
    """
    wanted = request.absolute()
    reports = wanted.reports
    with refusals_entered(reports, lambda: ledger_of(wanted.filing, reports), request.backup):
        filing = open_evidence_store(wanted.filing, wanted.var, reports, say)
    with refusals_entered(reports, lambda: filing.ledger, request.backup):
        inputs = _opened(wanted, say)
    return run(wanted, inputs, filing, say)


def _opened(request: DrillRequest, say: Say) -> DrillInputs:
    contract = load(request.contract)
    plan = compile_plan(
        request.features,
        stack=contract.stack,
        contract_sha256=contract.sha256,
        stages=contract.order,
        rpo_s=contract.objectives.rpo_s,
        rto_s=contract.objectives.rto_s,
        waivers=waivers_of(contract),
        waivers_allowed=bool(contract.governance and contract.governance.waivers_pass),
        governance=governance_of(contract),
        coverage=coverage_of(contract),
        service_stage=service_stage_of(contract),
        controls=controls_of(contract),
        schedule=schedule_of(contract),
        nouns=nouns_of(contract),
        required=required_statements(contract),
        selection=request.keyword,
        paths=request.paths,
    )
    backup = open_set(request.backup, contract.stack)
    return DrillInputs(
        contract=contract,
        plan=plan,
        backup=backup,
        features=request.features,
        support_modules=support_modules(request.features.parent),
        catalogue=request.catalogue or _catalogue_of(request.var, backup.manifest.set_id, say),
    )


def _catalogue_of(var: Path, set_id: str, say: Say) -> Path | None:
    """Where the catalogue of a set is kept by default; None, and said so, if there is none."""
    default = catalogues.path_of(var / "catalogue", set_id)
    if default.exists():
        return default
    say(f"no catalogue at {default}: what needs one will be NOT VERIFIED")
    return None
