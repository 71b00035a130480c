"""What a plan asks less of than an earlier one: the way in which a drill is made green without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from restoreproof.plan import Plan, PlannedCheck, Waiver


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One thing that is asked otherwise than before.

    ``subject`` is the id of a check, the kind and name of a noun, or a setting; ``title`` is what a person
    calls it; ``what`` says what became of it.
    """

    subject: str
    title: str
    what: str

    def __str__(self) -> str:
        return f"{self.title}: {self.what}"


def plan_changes(previous: Plan, current: Plan) -> tuple[PlanChange, ...]:
    """Return what ``current`` asks less of, or otherwise, than ``previous``, a plan of the same stack.

    What is only added is not in it, nor what was made mandatory or lost its waiver.
    """
    return (
        *_of_checks(previous, current),
        *_of_nouns(previous, current),
        *_of_waivers(previous, current),
        *_of_targets(previous, current),
        *_of_schedule(previous, current),
        *_of_exclusions(previous, current),
    )


def _of_checks(previous: Plan, current: Plan) -> Iterator[PlanChange]:
    for before in previous.checks:
        now = current.check(before.id)
        if now is None:
            if current.whole:  # a selection says of itself what it leaves out
                yield PlanChange(before.id, before.title, "no longer asked")
        elif before.mandatory and not now.mandatory:
            yield PlanChange(before.id, now.title, "was mandatory, is advisory now")
        elif lines := _lost_lines(before, now):
            yield PlanChange(before.id, now.title, f"no longer says “{'”, “'.join(lines)}”")


def _lost_lines(before: PlannedCheck, now: PlannedCheck) -> list[str]:
    said = [step.text for step in now.steps]
    return [step.text for step in before.steps if step.text not in said]


def _of_nouns(previous: Plan, current: Plan) -> Iterator[PlanChange]:
    now = {(noun.kind, noun.name): noun.digest for noun in current.nouns}
    for noun in previous.nouns:
        subject, title = f"{noun.kind} {noun.name}", f"{noun.kind} “{noun.name}”"
        digest = now.get((noun.kind, noun.name))
        if digest is None:
            yield PlanChange(subject, title, "no longer in the contract")
        elif digest != noun.digest:
            yield PlanChange(subject, title, "defined otherwise in the contract")


def _of_waivers(previous: Plan, current: Plan) -> Iterator[PlanChange]:
    before = {waiver.check: waiver for waiver in previous.waivers}
    for waiver in current.waivers:
        check = current.check(waiver.check)
        title = check.title if check else waiver.check
        if waiver.check not in before:
            yield PlanChange(waiver.check, title, _waived("waived now", waiver))
        elif waiver.until > before[waiver.check].until:
            yield PlanChange(waiver.check, title, _waived("its waiver was prolonged", waiver))
    if current.waivers_allowed and not previous.waivers_allowed:
        yield PlanChange("governance", "waivers", "a drill with waivers passes now")


def _waived(what: str, waiver: Waiver) -> str:
    return f"{what}, until {waiver.until} (approved by {waiver.approver})"


def _of_targets(previous: Plan, current: Plan) -> Iterator[PlanChange]:
    for name, before, now in (
        ("RPO", previous.rpo_s, current.rpo_s),
        ("RTO", previous.rto_s, current.rto_s),
    ):
        if now > before:
            yield PlanChange("objectives", f"target of the {name}", f"{before:.0f} s before, {now:.0f} s now")


def _of_schedule(previous: Plan, current: Plan) -> Iterator[PlanChange]:
    before, now = previous.schedule, current.schedule
    title = "age that a backup may have"
    if before and now is None:
        yield PlanChange("backup", title, f"{before.limit_s:.0f} s before, not stated now")
    elif before and now and now.limit_s > before.limit_s:
        yield PlanChange("backup", title, f"{before.limit_s:.0f} s before, {now.limit_s:.0f} s now")


def _of_exclusions(previous: Plan, current: Plan) -> Iterator[PlanChange]:
    before = {excluded.what for excluded in previous.coverage.excluded} if previous.coverage else set()
    for excluded in current.coverage.excluded if current.coverage else ():
        if excluded.what not in before:
            yield PlanChange("governance", f"“{excluded.what}”", f"excluded now: {excluded.why}")
