"""From what a person asks for to a drill: contract loaded, features compiled, set opened, drill performed."""

from __future__ import annotations

from pathlib import Path

from restoreproof.assets.registry import required_statements
from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.backup_set import open_set
from restoreproof.backups.held_set import hold
from restoreproof.contract import Contract
from restoreproof.contract.controls import controls_of
from restoreproof.contract.plan_inputs import (
    coverage_of,
    governance_of,
    nouns_of,
    schedule_of,
    service_stage_of,
    waivers_of,
)
from restoreproof.drill.catalogue_trust import trusted_author
from restoreproof.drill.evidence_store import ledger_of, new_drill_id, open_evidence_store
from restoreproof.drill.liveness_lock import alive
from restoreproof.drill.outer.cleanup import destroy
from restoreproof.drill.outer.process import run
from restoreproof.drill.outer.reaper import INPUTS
from restoreproof.drill.refusals import refusals_entered
from restoreproof.drill.request import DrillInputs, DrillRequest, DrillResult, Say
from restoreproof.gherkin.compiler import compile_plan
from restoreproof.gherkin.project_copy import SET, copy_catalogue, copy_project, original_paths
from restoreproof.gherkin.support_code import support_modules
from restoreproof.private_files import make_private_directory
from restoreproof.sealing.catalogue_signature import Authorship, CatalogueAuthor, signature_of


def perform(request: DrillRequest, say: Say) -> DrillResult:
    """Take what the drill runs and compares with, compile the plan before anything starts, and perform it.

    Raises:
        RestoreproofError: see ``restoreproof.drill.outer.process.run``; contract and features as well.
    """
    wanted = request.absolute()
    reports = wanted.reports
    with refusals_entered(reports, lambda: ledger_of(wanted.filing, reports), request.backup):
        filing = open_evidence_store(wanted.filing, wanted.var, reports, say)
    drill_id = new_drill_id()
    place = wanted.var / INPUTS / drill_id
    with alive(place):
        try:
            with original_paths(place, wanted):
                with refusals_entered(reports, lambda: filing.ledger, request.backup):
                    make_private_directory(place)
                    inputs = _opened(wanted, drill_id, place, say)
                return run(wanted, inputs, filing, say)
        finally:
            destroy(place)


def _opened(request: DrillRequest, drill_id: str, place: Path, say: Say) -> DrillInputs:
    copy = copy_project(request, place)
    contract = copy.contract
    plan = compile_plan(
        copy.features,
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
        paths=copy.paths,
        files=copy.files,
    )
    held = hold(open_set(request.backup, contract.stack), place / SET)
    named = request.catalogue or _catalogue_of(request.var, held.backup.manifest.set_id, say)
    catalogue = copy_catalogue(named, place) if named else None
    return DrillInputs(
        drill_id=drill_id,
        place=place,
        contract=contract,
        contract_copy=copy.contract_copy,
        plan=plan,
        held=held,
        features=copy.features,
        paths=copy.paths,
        fault_folders=copy.fault_folders,
        support_modules=support_modules(copy.features.parent),
        catalogue=catalogue,
        author=_author(catalogue, signature_of(named), contract, request, say)
        if named and catalogue
        else None,
    )


def _author(
    catalogue: Path, signature: Path, contract: Contract, request: DrillRequest, say: Say
) -> CatalogueAuthor:
    """Whose word the copied ``catalogue`` is; the ``signature`` lies beside the one that was copied."""
    author = trusted_author(catalogue, signature, contract, request.catalogue_key, request.var)
    if author.authorship is not Authorship.SIGNED:
        say(f"the catalogue is {author}: what the set had to hold is the word of whoever can change it")
    return author


def _catalogue_of(var: Path, set_id: str, say: Say) -> Path | None:
    """Where the catalogue of a set is kept by default; None, and said so, if there is none."""
    default = catalogues.path_of(var / "catalogue", set_id)
    if default.exists():
        return default
    say(f"no catalogue at {default}: what needs one will be NOT VERIFIED")
    return None
