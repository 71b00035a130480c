"""From the contract's rules to the plan's: what is frozen into it before a drill starts."""

from __future__ import annotations

import hashlib
from pathlib import Path

from restoreproof import plan
from restoreproof.contract.models import Contract
from restoreproof.contract.references import noun_digests
from restoreproof.contract.rules import GovernanceBlock, RunbookBlock
from restoreproof.errors import ContractError

SMOKE = "smoke"


def governance_of(contract: Contract) -> plan.Governance | None:
    """Return the rules that the drill answers to; None if the contract states none.

    Raises:
        ContractError: the runbook is not there, or is not the one that the contract means.
    """
    rules = contract.governance
    if rules is None:
        return None
    policy = rules.policy
    return plan.Governance(
        policy=plan.Policy(policy.id, policy.version, policy.frequency, policy.digest) if policy else None,
        bia_reference=rules.bia,
        runbook=_runbook(contract, rules.runbook) if rules.runbook else None,
        retention=rules.retention,
        classification=rules.classification,
        approver_required=rules.approver_required,
        scenario=rules.scenario,
    )


def waivers_of(contract: Contract) -> tuple[plan.Waiver, ...]:
    """Return the failures that the contract accepts in advance."""
    rules = contract.governance or GovernanceBlock()
    return tuple(
        plan.Waiver(waiver.check, waiver.reason, waiver.owner, waiver.approver, waiver.until.isoformat())
        for waiver in rules.waivers
    )


def coverage_of(contract: Contract) -> plan.Coverage:
    """Return which systems and kinds of assets a drill of this contract restores, and what it leaves out."""
    rules = contract.governance or GovernanceBlock()
    return plan.Coverage(
        systems=tuple(contract.services),
        source_types=tuple(dict.fromkeys(asset.kind for asset in contract.assets.values())),
        excluded=tuple(plan.Excluded(what, why) for what, why in rules.excluded.items()),
    )


def schedule_of(contract: Contract) -> plan.BackupSchedule | None:
    """Return how old a backup may be at a drill; None if the contract states no schedule."""
    if (schedule := contract.backup) is None:
        return None
    grace = schedule.every_s / 2 if schedule.grace_s is None else schedule.grace_s
    return plan.BackupSchedule(schedule.every_s, grace)


def service_stage_of(contract: Contract) -> str:
    """Return the stage whose checks prove that the service is back."""
    return contract.objectives.service or (SMOKE if SMOKE in contract.order else contract.order[-1])


def _runbook(contract: Contract, runbook: RunbookBlock) -> plan.Runbook:
    path = contract.directory / runbook.path
    digest = _sha256(path)
    if digest is None and runbook.digest is None:
        raise ContractError(
            "governance.runbook: there is no such file, and no digest of it either",
            where=contract.where("governance", "runbook", "path"),
            hint="name it relative to the contract, or state the SHA-256 of the one that is kept elsewhere",
        )
    if digest is not None and runbook.digest not in (None, digest):
        raise ContractError(
            f"governance.runbook: {path} has the SHA-256 {digest}, not the one stated here",
            where=contract.where("governance", "runbook", "digest"),
            hint="state the digest of the runbook that was approved, or put that one there",
        )
    return plan.Runbook(runbook.path, runbook.digest or digest)


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def nouns_of(contract: Contract) -> tuple[plan.NounDefinition, ...]:
    """Return every noun of the contract, with the digest of its block."""
    return tuple(plan.NounDefinition(*key, digest) for key, digest in sorted(noun_digests(contract).items()))
