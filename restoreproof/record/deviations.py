"""What somebody has to act on: every check that did not simply pass, and what only a sample covered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from restoreproof.outcome import Outcome
from restoreproof.plan import Coverage, Plan, Waiver
from restoreproof.record.context import SampleRecord, ScopeRecord
from restoreproof.record.execution import Deviation
from restoreproof.record.model import CheckRecord

_IN_FULL = frozenset({"all", "catalogue"})


def deviations(checks: Sequence[CheckRecord], plan: Plan) -> tuple[Deviation, ...]:
    """Return one deviation for each check that is not PASSED, in the order of the checks."""
    waivers = {waiver.check: waiver for waiver in plan.waivers}
    return tuple(
        _deviation(check, waivers.get(check.id)) for check in checks if check.outcome is not Outcome.PASSED
    )


def _deviation(check: CheckRecord, granted: Waiver | None) -> Deviation:
    waiver = check.waiver
    expired = granted is not None and waiver is None and check.outcome is Outcome.FAILED
    description = f"{check.title}: {check.reason}" if check.reason else check.title
    if expired and granted is not None:
        description += f" (the waiver that {granted.approver} approved ended on {granted.until})"
    return Deviation(
        id=check.id,
        outcome=check.outcome,
        severity=_tagged(check.tags, "severity") or "normal",
        description=description,
        mandatory=check.mandatory,
        owner=waiver.owner if waiver else _tagged(check.tags, "owner"),
        due=waiver.until if waiver else None,
        waiver=waiver or (granted if expired else None),
        waiver_expired=expired,
    )


def _tagged(tags: Sequence[str], name: str) -> str | None:
    return next((tag.partition(":")[2] for tag in tags if tag.startswith(f"{name}:")), None)


def scope(checks: Sequence[CheckRecord], plan: Plan) -> ScopeRecord:
    """Return what was covered, in the contract's words, and the samples that the checks say they drew."""
    covered = plan.coverage or Coverage()
    samples = tuple(_samples(checks))
    return ScopeRecord(
        systems=covered.systems,
        source_types=covered.source_types,
        extent="sample" if samples else "full",
        samples=samples,
        excluded=covered.excluded,
    )


def _samples(checks: Sequence[CheckRecord]) -> Iterator[SampleRecord]:
    for check in checks:
        drawn = {
            observation.sample: observation
            for observation in check.observations
            if observation.sample not in _IN_FULL
        }
        for method, observation in drawn.items():
            yield SampleRecord(check.id, method, observation.examined, observation.of)
