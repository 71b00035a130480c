"""How one check ended: the rules that lead from what was journaled about it to its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from restoreproof.outcome import Observation, Outcome
from restoreproof.plan import PlannedCheck, Waiver
from restoreproof.record.model import CheckRecord, StepRecord

KEPT = 25
"""Observations of each sort that a check keeps; all are judged."""

_STEPS = 200

WRITE = "write expect(observed == wanted, examined=…, total=…) in it"
"""What to do about a check that passed and told nothing of what it saw."""


@dataclass(slots=True)
class Account:
    """What the journal says about one check, in memory that does not grow with the journal."""

    started: bool = False
    finished: bool = False
    status: str = ""
    reason: str = ""
    seconds: float = 0.0
    outcomes: set[Outcome] = field(default_factory=set)
    total: int = 0
    passed: int = 0
    examined: int = 0
    of: int = 0
    short: Observation | None = None
    good: list[tuple[int, Observation]] = field(default_factory=list)
    bad: list[tuple[int, Observation]] = field(default_factory=list)
    steps: list[StepRecord] = field(default_factory=list)
    observed: list[int] = field(default_factory=list)
    silent: str | None = None
    before_restore: bool = False
    _told: int = 0

    def observe(self, observation: Observation) -> None:
        """Take one observation in; what it says is judged even when it is not kept."""
        self.total += 1
        self.passed += observation.outcome is Outcome.PASSED
        self.examined += observation.examined or 0
        self.of += observation.of or 0
        self.outcomes.add(observation.outcome)
        kept = self.good if observation.outcome is Outcome.PASSED else self.bad
        if len(kept) < KEPT:
            kept.append((self.total, observation))
        if observation.outcome is Outcome.PASSED and self.short is None and _is_short(observation):
            self.short = observation

    def step(self, step: StepRecord) -> None:
        """Take one step in, with the observations that were made since the step before it.

        ``silent`` names the first that passed without one: each case of a plain test has to observe.
        """
        if self.silent is None and step.outcome == "passed" and self.total == self._told:
            self.silent = step.text
        self._told = self.total
        if len(self.steps) < _STEPS:
            self.steps.append(step)
            self.observed.append(self.total)

    def finish(self, status: str, reason: str, seconds: float) -> None:
        """Take the scenario's end in; should it end twice, the worse end counts."""
        if not self.finished or self.status == "passed":
            self.status, self.reason = status, reason
        self.finished = True
        self.seconds += seconds

    @property
    def observations(self) -> tuple[Observation, ...]:
        """The observations that were kept, in the order in which they were made."""
        return tuple(
            observation for _, observation in sorted([*self.good, *self.bad], key=lambda pair: pair[0])
        )


def _is_short(observation: Observation) -> bool:
    """Whether a pass examined less than it claims: not everything of ``all``, or nothing of a sample."""
    if observation.examined is None or not observation.of:
        return False
    return observation.examined == 0 or (
        observation.sample == "all" and observation.examined < observation.of
    )


def judge(
    check: PlannedCheck, account: Account | None, waivers: Sequence[Waiver], today: date | None
) -> CheckRecord:
    """Return the record of one planned check.

    Args:
        account: what was journaled about it, or None if nothing was.
        today: the day of the drill, which decides whether a waiver still holds; None means that it can't.
    """
    journaled = account or Account()
    outcome, reason = _outcome(check, journaled)
    waiver = next((waiver for waiver in waivers if waiver.check == check.id), None)
    if outcome is Outcome.FAILED and waiver and _holds(waiver, today):
        outcome = Outcome.WAIVED
    else:
        waiver = None
    return CheckRecord(
        id=check.id,
        title=check.title,
        feature=check.feature,
        file=check.file,
        line=check.line,
        stage=check.stage,
        mandatory=check.mandatory,
        tags=check.tags,
        rule=check.rule,
        parameters=check.parameters,
        outcome=outcome,
        reason=reason,
        seconds=round(journaled.seconds, 4),
        observations=journaled.observations,
        observations_total=journaled.total,
        passed_total=journaled.passed,
        examined_total=journaled.examined,
        of_total=journaled.of,
        steps=tuple(journaled.steps),
        waiver=waiver,
        phase="pre-restore" if journaled.before_restore else "post-restore",
        controls=tuple(tag.partition(":")[2] for tag in check.tags if tag.startswith("control:")),
    )


def _outcome(check: PlannedCheck, account: Account) -> tuple[Outcome, str]:
    """The outcome by the first rule that holds, and the reason: observations come before pytest's end."""
    if Outcome.FAILED in account.outcomes:
        return Outcome.FAILED, _said(account, Outcome.FAILED)
    if account.status == "assertion-failed":
        return Outcome.FAILED, account.reason or "an assertion failed"
    for outcome in (Outcome.NOT_VERIFIED, Outcome.ERROR):
        if outcome in account.outcomes:
            return outcome, _said(account, outcome)
    if not account.started and not account.finished:
        return Outcome.NOT_VERIFIED, "planned, but it never ran"
    if not account.finished:
        return Outcome.ERROR, "the scenario began and never ended"
    return _ended(check, account)


def _ended(check: PlannedCheck, account: Account) -> tuple[Outcome, str]:
    if account.status in ("skipped", "not-reached"):
        return Outcome.NOT_VERIFIED, account.reason or account.status
    if account.status != "passed":
        return Outcome.ERROR, account.reason or f"the scenario ended {account.status!r}"
    if silent := _silent(check, account):
        return Outcome.NOT_VERIFIED, f"{silent} recorded no observation: {WRITE}"
    if account.short:
        return Outcome.NOT_VERIFIED, f"only {account.short.examined} of {account.short.of} were examined"
    return Outcome.PASSED, ""


def _silent(check: PlannedCheck, account: Account) -> str | None:
    """What of the check passed without observing anything; None if all of it observed something."""
    if Outcome.PASSED not in account.outcomes:
        return "the test" if check.is_plain_test else "the scenario"
    if check.is_plain_test:
        return account.silent
    hollow = _hollow(check, account)
    return hollow and f"the line {hollow!r}"


def _hollow(check: PlannedCheck, account: Account) -> str | None:
    """The first *Then* that passed without an observation, so asserted nothing; None if all have one."""
    before = 0
    for planned, total in zip(check.steps, account.observed, strict=False):
        if planned.kind == "Outcome" and total == before:
            return planned.text
        before = total
    return None


def _said(account: Account, outcome: Outcome) -> str:
    for observation in account.observations:
        if observation.outcome is outcome:
            return f"expected {observation.expected}; observed {observation.observed}"
    return account.reason


def _holds(waiver: Waiver, today: date | None) -> bool:
    try:
        until = date.fromisoformat(waiver.until)
    except ValueError:  # a waiver until no day at all waives nothing
        return False
    return today is not None and today <= until
