"""``record.json`` = reduce(plan, journal): a pure function in one pass, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from restoreproof.errors import EvidenceError
from restoreproof.journal.read import JournalLine
from restoreproof.outcome import MAX_FINDINGS, Observation, Outcome, decide
from restoreproof.plan import Plan, PlannedCheck, StackControls
from restoreproof.record import values
from restoreproof.record.backup_set_events import BackupSetEvents
from restoreproof.record.deviations import deviations, scope
from restoreproof.record.execution_events import ExecutionEvents
from restoreproof.record.first_event import FirstEvent
from restoreproof.record.gaps import Gaps
from restoreproof.record.headline import headline
from restoreproof.record.model import CheckRecord, Counts, PlanRecord, Record, StepRecord
from restoreproof.record.outcomes import Account, judge
from restoreproof.record.safety import SafetyEvents
from restoreproof.record.timing import Timing
from restoreproof.record.unknowns import unknowns

CATALOGUE_CHECK = "set/catalogue"
"""The id of the check that stands for the set agreeing with its catalogue; made when it does not."""


def reduce(plan: Plan, events: Iterable[JournalLine]) -> Record:
    """The record of the drill that performed ``plan`` and left ``events``.

    Raises:
        EvidenceError: an event claims to be the outer's and is the inner's, or the other way round.
    """
    reduction = _Reduction(plan)
    for event in events:
        reduction.take(event)
    return reduction.record()


class _Reduction:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._accounts: dict[str, Account] = {check.id: Account() for check in plan.checks}
        self._problems = Gaps()
        self._facts = SafetyEvents(plan, self._problems)
        self._set = BackupSetEvents()
        self._conduct = ExecutionEvents()
        self._timing = Timing(plan)
        self._sequence: Counter[str] = Counter()
        self._events = 0
        self._restoring = False
        self._last_at: str | None = None

    def take(self, event: JournalLine) -> None:
        """Account for one event."""
        if event.source != event.event.sender:
            raise EvidenceError(f"event {event.seq}: {event.source!r} may not record {event.type!r}")
        expected = self._sequence[event.source] + 1
        if event.seq != expected:
            self._problems.add(f"the journal has a gap: {event.source} event {event.seq}, {expected} was due")
        self._sequence[event.source] = event.seq
        self._events += 1
        self._last_at = event.at
        self._timing.take(event)
        name = f"on_{event.type.replace('-', '_')}"
        for taker in (self._facts, self._set, self._conduct, self):
            if handle := getattr(taker, name, None):
                handle(event)

    def record(self) -> Record:
        """Everything taken in so far, judged."""
        facts, plan = self._facts, self._plan
        checks = self._checks()
        absent = (*facts.missing(), *self._absent(), *self._unexplained(checks))
        incomplete = (*self._problems.reasons(), *absent)
        mandatory = [check.outcome for check in checks if check.mandatory]
        verdict = decide(mandatory, isolated=facts.isolated, complete=not incomplete, whole=plan.whole)
        opened = facts.opened.data if facts.opened else {}
        opening = FirstEvent(facts.opened, plan)
        host = opened.get("host")
        times = self._timing.measure(checks, facts.measurements, self._conduct.fidelity)
        record = Record(
            stack=plan.stack,
            drill_id=values.text(opened, "drill_id", 200),
            attempt=values.count(opened, "attempt"),
            trigger=values.text(opened, "trigger", 200),
            harness=values.text(opened, "harness", 200) or plan.harness,
            opened_at=facts.opened.at if facts.opened else None,
            ended_at=self._last_at,
            seconds=times.seconds,
            verdict=verdict,
            exit_code=verdict.exit_code(waivers_allowed=plan.waivers_allowed),
            headline="",
            incomplete=incomplete,
            counts=_counts(checks),
            plan=PlanRecord(
                plan.digest,
                plan.contract_sha256,
                plan.features_sha256,
                plan.whole,
                plan.selection,
                plan.support_sha256,
            ),
            backup_set=self._set.record(),
            recovery_time=times.recovery_time,
            recovery_point=times.recovery_point,
            stages=times.stages,
            checks=checks,
            safety=facts.safety(),
            measurements=tuple(facts.measurements.values()),
            overrides=tuple(facts.overrides),
            notes=tuple(facts.notes),
            faults=tuple(facts.faults),
            host=values.pairs(host) if isinstance(host, dict) else (),
            events=self._events,
            actors=opening.actors(),
            harness_build=opening.harness_build(),
            governance=opening.governance(),
            target=self._conduct.target(),
            fidelity=tuple(self._conduct.fidelity),
            scope=scope(checks, plan),
            commands=tuple(self._conduct.commands),
            commands_total=self._conduct.commands_total,
            forbidden_scan=self._conduct.forbidden_scan,
            effects=self._conduct.effects(),
            deviations=deviations(checks, plan),
            clock=opening.clock(),
            custody=opening.custody(),
            controls=plan.controls or StackControls(),
        )
        return replace(record, headline=headline(record), unknown=unknowns(record))

    def _checks(self) -> tuple[CheckRecord, ...]:
        today = _day(self._facts.opened)
        checks = [
            judge(check, self._accounts[check.id], self._plan.waivers, today) for check in self._plan.checks
        ]
        # Never waived: what the set lacks, or can't give back, was not restored.
        return (*(judge(check, account, (), today) for check, account in self._made_checks()), *checks)

    def _made_checks(self) -> Iterator[tuple[PlannedCheck, Account]]:
        """Checks that no feature states and every drill makes; they appear when they failed."""
        if self._set.contradictions:
            account = Account(started=True, before_restore=True)
            for found in self._set.contradictions:
                expected = f"{found.artifact}: {found.expected}"
                account.observe(Observation(Outcome.FAILED, expected, found.observed, sample="catalogue"))
            yield (
                _made(CATALOGUE_CHECK, "The backup set is what its catalogue says", self._plan.stages[0]),
                account,
            )
        for stage, error in self._facts.lost.items():
            account = Account(started=True)
            account.observe(Observation(Outcome.FAILED, f"{stage} is restored from the set", error))
            yield _made(f"restore/{stage}", f"The set restores at the stage {stage}", stage), account

    def _absent(self) -> list[str]:
        absent = [
            check
            for check in self._plan.checks
            if not (self._accounts[check.id].started or self._accounts[check.id].finished)
        ]
        return [f"planned but absent: {check.id} ({check.title})" for check in absent]

    def _unexplained(self, checks: Sequence[CheckRecord]) -> Iterator[str]:
        """Why pytest ended red, where no check that counts says it: what it saw must not be lost."""
        failing = [check for check in checks if check.outcome is not Outcome.PASSED]
        if not self._facts.red or any(check.mandatory for check in failing):
            return
        for stage, error in self._facts.failed_stages.items():
            yield f"the restore order was not completed: {stage} failed: {error}"
        if not self._facts.failed_stages and not failing:
            yield "the inner pytest ended with 1, and no planned check says why"

    def _account(self, event: JournalLine) -> Account | None:
        name = values.text(event.data, "check", 500)
        account = self._accounts.get(name)
        if account is None:
            self._problems.add(f"the journal tells of a check that was not planned: {name or '(none)'}")
        return account

    def on_stage_entered(self, event: JournalLine) -> None:
        self._restoring = True

    def on_collected(self, event: JournalLine) -> None:
        named = event.data.get("checks")
        for name in named if isinstance(named, list) else ():
            if str(name) not in self._accounts:
                self._problems.add(f"pytest collected a check that was not planned: {name}")

    def on_scenario_started(self, event: JournalLine) -> None:
        if account := self._account(event):
            account.started = True

    def on_scenario_finished(self, event: JournalLine) -> None:
        if account := self._account(event):
            seconds = values.number(event.data, "seconds") or 0.0
            account.finish(values.text(event.data, "status", 50), values.text(event.data, "reason"), seconds)

    def on_step(self, event: JournalLine) -> None:
        if account := self._account(event):
            keyword, text, outcome = (
                values.text(event.data, key, 1000) for key in ("keyword", "text", "outcome")
            )
            seconds = values.number(event.data, "seconds") or 0.0
            account.step(StepRecord(keyword, text, outcome, seconds))

    def on_observation(self, event: JournalLine) -> None:
        if account := self._account(event):
            account.before_restore |= not self._restoring
            account.observe(_seen(event))


def _seen(event: JournalLine) -> Observation:
    data = event.data
    try:
        outcome = Outcome(values.text(data, "outcome", 50))
    except ValueError:
        outcome = Outcome.ERROR
    if outcome is Outcome.WAIVED:  # only the plan's waivers waive
        outcome = Outcome.ERROR
    findings = values.texts(data, "findings", MAX_FINDINGS)
    return Observation(
        outcome=outcome,
        expected=values.text(data, "expected"),
        observed=values.text(data, "observed"),
        examined=values.count(data, "examined"),
        of=values.count(data, "of"),
        sample=values.text(data, "sample", 500) or "all",
        findings=findings,
        findings_total=max(values.count(data, "findings_total") or 0, len(findings)),
    )


def _counts(checks: Sequence[CheckRecord]) -> Counts:
    by_outcome = Counter(check.outcome for check in checks if check.mandatory)
    advisory = [check for check in checks if not check.mandatory]
    return Counts(
        mandatory=by_outcome.total(),
        passed=by_outcome[Outcome.PASSED],
        failed=by_outcome[Outcome.FAILED],
        not_verified=by_outcome[Outcome.NOT_VERIFIED],
        error=by_outcome[Outcome.ERROR],
        waived=by_outcome[Outcome.WAIVED],
        advisory=len(advisory),
        advisory_passed=sum(check.outcome is Outcome.PASSED for check in advisory),
    )


def _made(name: str, title: str, stage: str) -> PlannedCheck:
    return PlannedCheck(
        id=name,
        title=title,
        feature="The backup set",
        file="",
        line=0,
        stage=stage,
        mandatory=True,
        tags=(),
        steps=(),
    )


def _day(opened: JournalLine | None) -> date | None:
    if opened is None:
        return None
    at = values.moment(opened.at)
    return at.date() if at else None
