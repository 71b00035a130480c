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
    """One for each check that is FAILED, WAIVED, NOT_VERIFIED or ERROR, in the order of the checks."""
    given = {waiver.check: waiver for waiver in plan.waivers}
    return tuple(
        _deviation(check, given.get(check.id)) for check in checks if check.outcome is not Outcome.PASSED
    )


def _deviation(check: CheckRecord, given: Waiver | None) -> Deviation:
    waiver = check.waiver
    expired = given is not None and waiver is None and check.outcome is Outcome.FAILED
    description = f"{check.title}: {check.reason}" if check.reason else check.title
    if expired and given is not None:
        description += f" (the waiver that {given.approver} approved ended on {given.until})"
    return Deviation(
        id=check.id,
        outcome=check.outcome,
        severity=_tagged(check.tags, "severity") or "normal",
        description=description,
        mandatory=check.mandatory,
        owner=waiver.owner if waiver else _tagged(check.tags, "owner"),
        due=waiver.until if waiver else None,
        waiver=waiver or (given if expired else None),
        waiver_expired=expired,
    )


def _tagged(tags: Sequence[str], name: str) -> str | None:
    return next((tag.partition(":")[2] for tag in tags if tag.startswith(f"{name}:")), None)


def scope(checks: Sequence[CheckRecord], plan: Plan) -> ScopeRecord:
    """What was covered: the contract's word for it, and the samples that the checks say they drew."""
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
        drawn = {seen.sample: seen for seen in check.observations if seen.sample not in _IN_FULL}
        for method, seen in drawn.items():
            yield SampleRecord(check.id, method, seen.examined, seen.of)
