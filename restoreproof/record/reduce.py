"""``record.json`` = reduce(plan, journal): a pure function in one pass, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from restoreproof.errors import EvidenceError
from restoreproof.events import (
    Collected,
    Observed,
    ScenarioFinished,
    ScenarioStarted,
    StageEntered,
    StepRun,
)
from restoreproof.journal.read import JournalLine
from restoreproof.outcome import Observation, Outcome, decide
from restoreproof.plan import AGE_CHECK, CATALOGUE_CHECK, Plan, PlannedCheck, StackControls, stage_check
from restoreproof.record.age import observe_age
from restoreproof.record.backup_set import SetRecord
from restoreproof.record.backup_set_events import BackupSetEvents
from restoreproof.record.clock_steps import ClockSteps
from restoreproof.record.deviations import deviations, scope
from restoreproof.record.executed_steps import ExecutedSteps
from restoreproof.record.execution import FaultRecord
from restoreproof.record.execution_events import ExecutionEvents
from restoreproof.record.first_event import FirstEvent
from restoreproof.record.gaps import Gaps
from restoreproof.record.headline import headline
from restoreproof.record.model import CheckRecord, Counts, PlanRecord, Record
from restoreproof.record.moments import moment
from restoreproof.record.observations import observation_of
from restoreproof.record.outcomes import Account, judge
from restoreproof.record.plan_events import PlanEvents
from restoreproof.record.safety import SafetyEvents
from restoreproof.record.timing import Timing
from restoreproof.record.unknowns import unknowns


def reduce(plan: Plan, lines: Iterable[JournalLine]) -> Record:
    """Return the record of the drill that performed ``plan`` and left ``lines`` in its journal.

    Raises:
        EvidenceError: an event claims to be the outer's and is the inner's, or the other way round.
    """
    reduction = _Reduction(plan)
    for line in lines:
        reduction.take(line)
    return reduction.record()


class _Reduction:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._accounts: dict[str, Account] = {
            check.id: Account(executed=ExecutedSteps(check)) for check in plan.checks
        }
        self._problems = Gaps()
        self._opening = FirstEvent(plan)
        self._clocks = ClockSteps(self._problems)
        self._safety = SafetyEvents(plan, self._problems)
        self._set = BackupSetEvents(self._opening)
        self._execution = ExecutionEvents(self._opening)
        self._timing = Timing(plan)
        self._comparison = PlanEvents()
        self._readers = (
            self._opening,
            self._clocks,
            self._timing,
            self._comparison,
            self._safety,
            self._set,
            self._execution,
        )
        self._sequence: Counter[str] = Counter()
        self._events = 0
        self._restoring = False
        self._last_at: str | None = None

    def take(self, line: JournalLine) -> None:
        """Account for one line of the journal.

        Raises:
            EvidenceError: it claims to be of a process that does not send such events.
        """
        if line.source != line.event.sender:
            raise EvidenceError(f"event {line.seq}: {line.source!r} may not record {line.type!r}")
        expected = self._sequence[line.source] + 1
        if line.seq != expected:
            self._problems.add(f"the journal has a gap: {line.source} event {line.seq}, {expected} was due")
        self._sequence[line.source] = line.seq
        self._events += 1
        self._last_at = line.at
        for reader in self._readers:
            reader.take(line)
        self._take_check(line)

    def _take_check(self, line: JournalLine) -> None:
        """Account for what a line tells of one check."""
        match line.event:
            case StageEntered():
                self._restoring = True
            case Collected() as event:
                for name in event.checks:
                    if name not in self._accounts:
                        self._problems.add(f"pytest collected a check that was not planned: {name}")
            case ScenarioStarted() as event if account := self._account(event.check):
                account.started = True
            case ScenarioFinished() as event if account := self._account(event.check):
                account.finish(event.status, event.reason, event.seconds)
            case StepRun() as event if account := self._account(event.check):
                account.step(event)
            case Observed() as event if account := self._account(event.check or ""):
                account.before_restore |= not self._restoring
                account.observe(observation_of(event))

    def _account(self, check: str) -> Account | None:
        account = self._accounts.get(check)
        if account is None:
            self._problems.add(f"the journal tells of a check that was not planned: {check or '(none)'}")
        return account

    def record(self) -> Record:
        """Return the record of all lines taken in so far."""
        safety, plan, opening = self._safety, self._plan, self._opening
        backup_set = self._set.record()
        checks = self._checks(backup_set)
        absent = (*self._unstated(), *safety.missing(), *self._absent(), *self._unexplained(checks))
        incomplete = (*self._problems.reasons(), *absent)
        mandatory = [check.outcome for check in checks if check.mandatory]
        verdict = decide(mandatory, isolated=safety.isolated, complete=not incomplete, whole=plan.whole)
        times = self._timing.measure(
            checks, safety.measurements, self._execution.fidelity, age_s=backup_set.age_s
        )
        record = Record(
            stack=plan.stack,
            drill_id=opening.drill_id,
            attempt=opening.attempt,
            trigger=opening.trigger,
            harness=opening.harness,
            opened_at=opening.at,
            ended_at=self._last_at,
            seconds=times.seconds,
            verdict=verdict,
            exit_code=verdict.exit_code(waivers_allowed=plan.waivers_allowed),
            headline="",
            incomplete=incomplete,
            counts=self._counts(checks),
            plan=PlanRecord(
                plan.digest,
                plan.contract_sha256,
                plan.features_sha256,
                plan.whole,
                plan.selection,
                plan.support_sha256,
                plan.files,
            ),
            backup_set=backup_set,
            recovery_time=times.recovery_time,
            recovery_point=times.recovery_point,
            stages=times.stages,
            checks=checks,
            safety=safety.safety(),
            measurements=tuple(safety.measurements.values()),
            overrides=tuple(safety.overrides),
            notes=tuple(safety.notes),
            faults=tuple(safety.faults),
            detection=tuple(_detection(safety, checks)),
            host=opening.host(),
            events=self._events,
            actors=opening.actors(),
            harness_build=opening.harness_build(),
            governance=opening.governance(),
            target=self._execution.target(),
            fidelity=tuple(self._execution.fidelity),
            scope=scope(checks, plan),
            commands=tuple(self._execution.commands),
            commands_total=self._execution.commands_total,
            forbidden_scan=self._execution.forbidden_scan,
            effects=self._execution.effects(),
            deviations=deviations(checks, plan),
            clock=opening.clock(),
            custody=opening.custody(),
            controls=plan.controls or StackControls(),
            plan_comparison=self._comparison.comparison,
        )
        return replace(record, headline=headline(record), unknown=unknowns(record))

    def _checks(self, backup_set: SetRecord) -> tuple[CheckRecord, ...]:
        opened = moment(self._opening.at)
        today = opened.date() if opened else None
        checks = [
            judge(check, self._accounts[check.id], self._plan.waivers, today) for check in self._plan.checks
        ]
        # Never waived: what the set lacks, or can't give back, was not restored.
        return (
            *(judge(check, account, (), today) for check, account in self._made_checks(backup_set)),
            *checks,
        )

    def _made_checks(self, backup_set: SetRecord) -> Iterator[tuple[PlannedCheck, Account]]:
        """Checks that no feature states and every drill makes; they appear when they failed."""
        if backup_set.contradictions:
            account = Account(started=True, before_restore=True)
            for contradiction in backup_set.contradictions:
                expected = f"{contradiction.artifact}: {contradiction.expected}"
                account.observe(
                    Observation(Outcome.FAILED, expected, contradiction.observed, sample="catalogue")
                )
            yield (
                _made(CATALOGUE_CHECK, "The backup set is what its catalogue says", self._plan.stages[0]),
                account,
            )
        age = observe_age(backup_set.age_s, self._plan.schedule) if self._set.is_verified else None
        if age and age.outcome is not Outcome.PASSED:
            account = Account(started=True, before_restore=True)
            account.observe(age)
            title = "The backup set is as recent as the schedule asks"
            yield _made(AGE_CHECK, title, self._plan.stages[0]), account
        for stage, error in self._safety.lost.items():
            account = Account(started=True)
            account.observe(Observation(Outcome.FAILED, f"{stage} is restored from the set", error))
            yield _made(stage_check(stage), f"The set restores at the stage {stage}", stage), account

    def _counts(self, checks: Sequence[CheckRecord]) -> Counts:
        by_outcome = Counter(check.outcome for check in checks if check.mandatory)
        advisory = [check for check in checks if not check.mandatory]
        accounts = self._accounts.values()
        return Counts(
            mandatory=by_outcome.total(),
            passed=by_outcome[Outcome.PASSED],
            failed=by_outcome[Outcome.FAILED],
            not_verified=by_outcome[Outcome.NOT_VERIFIED],
            error=by_outcome[Outcome.ERROR],
            waived=by_outcome[Outcome.WAIVED],
            advisory=len(advisory),
            advisory_passed=sum(check.outcome is Outcome.PASSED for check in advisory),
            steps=sum(len(check.steps) for check in self._plan.checks),
            steps_as_planned=sum(account.executed.as_planned for account in accounts),
            observations=sum(account.total for account in accounts),
        )

    def _absent(self) -> list[str]:
        absent = [
            check
            for check in self._plan.checks
            if not (self._accounts[check.id].started or self._accounts[check.id].finished)
        ]
        return [f"planned but absent: {check.id} ({check.title})" for check in absent]

    def _unstated(self) -> Iterator[str]:
        """Yield each asset of which no mandatory check states all that its being VERIFIED rests on."""
        for statements in self._plan.unstated:
            yield f"no mandatory check states {statements}, and governance.excluded does not say why"

    def _unexplained(self, checks: Sequence[CheckRecord]) -> Iterator[str]:
        """Yield why pytest ended with 1, where no mandatory check that failed says it."""
        failing = [check for check in checks if check.outcome is not Outcome.PASSED]
        if not self._safety.red or any(check.mandatory for check in failing):
            return
        for stage, error in self._safety.failed_stages.items():
            yield f"the restore order was not completed: {stage} failed: {error}"
        if not self._safety.failed_stages and not failing:
            yield "the inner pytest ended with 1, and no planned check says why"


def _detection(safety: SafetyEvents, checks: Sequence[CheckRecord]) -> Iterator[FaultRecord]:
    """Which of the checks that a fault names noticed it: others may fail in every drill."""
    failed = {check.id for check in checks if check.outcome is Outcome.FAILED}
    for fault in safety.faults:
        named = safety.fault_checks.get(fault, ())
        yield FaultRecord(fault, named, tuple(check for check in named if check in failed))


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
