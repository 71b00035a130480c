"""From what a person asks for to a drill: contract loaded, features compiled, defaults filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.backup_set import open_set
from restoreproof.contract import load
from restoreproof.contract.controls import controls_of
from restoreproof.contract.plan_inputs import (
    coverage_of,
    governance_of,
    nouns_of,
    service_stage_of,
    waivers_of,
)
from restoreproof.drill.evidence_store import (
    EvidenceOptions,
    EvidenceStore,
    open_evidence_store,
    refusals_entered,
)
from restoreproof.drill.outer.process import run
from restoreproof.drill.request import DrillRequest, DrillResult, Say
from restoreproof.gherkin.compiler import compile_plan
from restoreproof.gherkin.support_code import support_modules
from restoreproof.runtimes import DEFAULT


@dataclass(frozen=True, slots=True)
class Wanted:
    """A drill as it is asked for. Paths may be relative; ``paths`` and ``keyword`` narrow it to a part.

    ``features`` is the whole directory (``feature_directory.locate``), ``paths`` are parts of it.
    ``pytest_options`` are given to the inner pytest. ``order`` differs from the contract's only where a fault
    swaps stages; ``fault_folders`` are where the stack's own faults were found.
    """

    contract: Path
    backup: Path
    identity: Path
    features: Path
    reports: Path
    var: Path
    cache: Path
    filing: EvidenceOptions = field(default_factory=EvidenceOptions)
    catalogue: Path | None = None
    paths: tuple[Path, ...] = ()
    keyword: str | None = None
    faults: tuple[str, ...] = ()
    fault_folders: tuple[Path, ...] = ()
    order: tuple[str, ...] | None = None
    trigger: str = "manual"
    allow_unisolated: bool = False
    canaries: Path | None = None
    runtime: str = DEFAULT
    inner_stdout: int | None = None
    pytest_options: tuple[str, ...] = ()


def perform(wanted: Wanted, say: Say) -> DrillResult:
    """Compile the plan before anything starts, and perform the drill.

    Raises:
        RestoreproofError: see ``restoreproof.drill.outer.process.run``; contract and features as well.
    """
    reports = wanted.reports.absolute()
    filing = open_evidence_store(wanted.filing, wanted.var.absolute(), reports, say)
    with refusals_entered(filing, wanted.backup):
        request = _requested(wanted, filing, say)
    return run(request, say)


def _requested(wanted: Wanted, filing: EvidenceStore, say: Say) -> DrillRequest:
    contract = load(wanted.contract)
    features, paths = wanted.features.absolute(), wanted.paths
    plan = compile_plan(
        features,
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
        nouns=nouns_of(contract),
        selection=wanted.keyword,
        paths=paths,
    )
    backup = open_set(wanted.backup, contract.stack)
    known = wanted.catalogue
    if known is None:
        default = catalogues.path_of(wanted.var / "catalogue", backup.manifest.set_id)
        known = default if default.exists() else None
        if known is None:
            say(f"no catalogue at {default}: what needs one will be NOT VERIFIED")
    root = features.parent
    return DrillRequest(
        contract=contract,
        plan=plan,
        features=features,
        support_modules=support_modules(root),
        root=root,
        backup=backup.directory,
        catalogue=known.absolute() if known else None,
        identity=wanted.identity.absolute(),
        reports=filing.reports,
        filing=filing,
        var=wanted.var.absolute(),
        cache=wanted.cache,
        paths=tuple(path.absolute() for path in paths),
        faults=wanted.faults,
        fault_folders=wanted.fault_folders,
        order=wanted.order,
        trigger=wanted.trigger,
        allow_unisolated=wanted.allow_unisolated,
        canaries=wanted.canaries.absolute() if wanted.canaries else None,
        runtime=wanted.runtime,
        inner_stdout=wanted.inner_stdout,
        pytest_options=wanted.pytest_options,
    )
