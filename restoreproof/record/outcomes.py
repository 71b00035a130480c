"""How one check ended: the rules that lead from what was journaled about it to its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from restoreproof.events import StepRun
from restoreproof.outcome import Observation, Outcome
from restoreproof.plan import PlannedCheck, Waiver
from restoreproof.record.executed_steps import ExecutedSteps
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
    total: int = 0
    passed: int = 0
    examined: int = 0
    of: int = 0
    first: dict[Outcome, Observation] = field(default_factory=dict)
    good: list[tuple[int, Observation]] = field(default_factory=list)
    bad: list[tuple[int, Observation]] = field(default_factory=list)
    steps: list[StepRecord] = field(default_factory=list)
    executed: ExecutedSteps = field(default_factory=ExecutedSteps)
    silent: str | None = None
    before_restore: bool = False
    _told: int = 0

    def observe(self, observation: Observation) -> None:
        """Take one observation in; what it says is judged even when it is not kept."""
        self.total += 1
        self.passed += observation.outcome is Outcome.PASSED
        self.examined += observation.examined or 0
        self.of += observation.of or 0
        self.first.setdefault(observation.outcome, observation)
        kept = self.good if observation.outcome is Outcome.PASSED else self.bad
        if len(kept) < KEPT:
            kept.append((self.total, observation))

    def step(self, event: StepRun) -> None:
        """Take one step in, with the observations that were made since the step before it.

        ``silent`` names the first that passed without one: each case of a plain test has to observe.
        """
        observed = self.total > self._told
        if self.silent is None and event.outcome == "passed" and not observed:
            self.silent = event.text
        self._told = self.total
        self.executed.take(event, observed=observed)
        if len(self.steps) < _STEPS:
            self.steps.append(StepRecord(event.keyword, event.text, event.outcome, event.seconds))

    def finish(self, status: str, reason: str, seconds: float) -> None:
        """Take the scenario's end in; should it end twice, the worse end counts."""
        if not self.finished or self.status == "passed":
            self.status, self.reason = status, reason
        self.finished = True
        self.executed.end()
        self.seconds += seconds

    @property
    def observations(self) -> tuple[Observation, ...]:
        """The observations that were kept, in the order in which they were made."""
        return tuple(
            observation for _, observation in sorted([*self.good, *self.bad], key=lambda pair: pair[0])
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
    if Outcome.FAILED in account.first:
        return Outcome.FAILED, _said(account, Outcome.FAILED)
    if account.status == "assertion-failed":
        return Outcome.FAILED, account.reason or "an assertion failed"
    for outcome in (Outcome.NOT_VERIFIED, Outcome.ERROR):
        if outcome in account.first:
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
    if difference := account.executed.difference:
        return Outcome.NOT_VERIFIED, f"what ran is not what was planned: {difference}"
    if silent := _silent(check, account):
        return Outcome.NOT_VERIFIED, f"{silent} recorded no observation: {WRITE}"
    return Outcome.PASSED, ""


def _silent(check: PlannedCheck, account: Account) -> str | None:
    """What of the check passed without observing anything; None if all of it observed something."""
    if Outcome.PASSED not in account.first:
        return "the test" if check.is_plain_test else "the scenario"
    if check.is_plain_test:
        return account.silent
    hollow = account.executed.hollow
    return hollow and f"the line {hollow!r}"


def _said(account: Account, outcome: Outcome) -> str:
    observation = account.first[outcome]
    return f"expected {observation.expected}; observed {observation.observed}"


def _holds(waiver: Waiver, today: date | None) -> bool:
    try:
        until = date.fromisoformat(waiver.until)
    except ValueError:  # a waiver until no day at all waives nothing
        return False
    return today is not None and today <= until
