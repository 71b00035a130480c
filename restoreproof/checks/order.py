"""The restore order as servers and the kernel saw it: the harness's own journal is no witness here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from restoreproof.assets.arrival import ArrivalTrace
from restoreproof.assets.base import Asset, RestoreContext, StackContext
from restoreproof.backups.missing import PartMissing
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.checks.queues import first_taken
from restoreproof.contract.services import Service
from restoreproof.outcome import Observation

COARSE = timedelta(seconds=1)
FINE = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True)
class StageMarks:
    """Traces that witnesses have of one stage."""

    stage: str
    marks: tuple[ArrivalTrace, ...]

    @property
    def earliest(self) -> ArrivalTrace:
        return min(self.marks, key=lambda mark: mark.at)

    @property
    def latest(self) -> ArrivalTrace:
        return max(self.marks, key=lambda mark: mark.at)


def resolution(mark: ArrivalTrace) -> timedelta:
    """Return how exact a mark is: file and object times come in whole seconds, cut off and not rounded."""
    return COARSE if mark.at.microsecond == 0 else FINE


def backwards(stages: Sequence[StageMarks]) -> Iterator[str]:
    """Yield every pair of stages in the contract's order whose witnesses saw the later one first.

    Only what no rounding can explain is told: a mark may lie anywhere within its resolution.
    """
    for place, later in enumerate(stages):
        for before in stages[:place]:
            last, first = before.latest, later.earliest
            if last.at > first.at + resolution(first):
                yield (
                    f"{later.stage} ({first.source}, {_clock(first.at)}) came before "
                    f"{before.stage} ({last.source}, {_clock(last.at)})"
                )


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


@check("restore order")
@dataclass(frozen=True, slots=True)
class OrderSurvey:
    """The marks of every stage that leaves some, and what is known of the held services.

    ``resumed`` is when work resumed by the runtime's clock, None while it is held; ``silent`` names services
    that should run and don't; ``taken`` says of each queue when it was first touched; ``untold`` says of each
    service why nobody can tell when it started, though it need not be amiss; ``stores`` are those whose
    starts are no marks.
    """

    stages: tuple[StageMarks, ...]
    total: int
    resumed: datetime | None
    silent: tuple[str, ...]
    others: Mapping[str, datetime]
    taken: Mapping[str, datetime | None]
    untold: Mapping[str, str] = field(default_factory=dict)
    stores: Collection[str] = ()

    @when("the traces of the restore are put in the order of their times")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> OrderSurvey:
        """Ask servers for the times of what was restored, and the runtime for the starts of what runs."""
        stack_context = restore_context.stack_context
        services, reached = stack_context.contract.services, _reached(stack_context)
        stores = {service for asset in stack_context.assets() for service in asset.stores()}
        starts: dict[str, datetime] = {}
        silent: list[str] = []
        untold: dict[str, str] = {}
        marks: dict[str, list[ArrivalTrace]] = {}
        for asset in stack_context.assets():
            # What a provider restored, or had in place, bears the provider's times, not this restore's.
            elsewhere = asset.name in restore_context.backup.references
            if asset.at in reached and not elsewhere and type(asset).marks is not Asset.marks:
                marks.setdefault(asset.at, []).extend(asset.marks(stack_context))
        for name, service in services.items():
            stage = _stage_of(service, reached)
            if stage is None or service.options().get("one_shot"):
                continue
            try:
                at = stack_context.runtime.started_at(name)
            except PartMissing as lacking:
                untold[name] = str(lacking)
                continue
            if at is None and stack_context.runtime.running(name):
                untold[name] = "it runs, and nothing tells since when"
                continue
            traces = marks.setdefault(stage, []) if name not in stores else []
            if at is None:
                silent.append(name)
            else:
                starts[name] = at
                traces.append(ArrivalTrace(at, f"{stack_context.runtime.clock}: start of {name}"))
        resuming = {name for name, service in services.items() if service.options().get("resumes") in reached}
        queues = stack_context.contract.queues
        return cls(
            tuple(StageMarks(stage, tuple(marks[stage])) for stage in reached if marks.get(stage)),
            len(marks),
            min((at for name, at in starts.items() if name in resuming), default=None),
            tuple(silent),
            {name: at for name, at in starts.items() if name not in resuming},
            {name: first_taken(restore_context, name) for name, queue in queues.items() if queue.taken},
            untold,
            stores,
        )

    @then("no stage came before the one it rests on")
    def linear(self) -> Observation:
        """No stage left a mark before a stage that the contract puts before it."""
        findings = Findings()
        for contradiction in backwards(self.stages):
            findings.add(contradiction)
        observed = (
            " → ".join(f"{marks.stage} {_clock(marks.earliest.at)}" for marks in self.stages) or "no marks"
        )
        expected = "the restore followed the contract's order, by the clocks of servers and of what runs them"
        unmarked = {name: why for name, why in self.untold.items() if name not in self.stores}
        if unmarked and not findings.total:
            return not_verified(expected, f"{observed}; {_unknown(unmarked)}")
        return conclude(
            expected,
            observed,
            findings,
            examined=len(self.stages),
            total=self.total,
        )

    @then("the workers resumed last")
    def held(self) -> Observation:
        """What resumes started last, and no queue was touched before it did."""
        expected = "no work was taken from a queue before the held services resumed, and they resumed last"
        if not self.taken:
            return not_verified(expected, "no queue of the contract says when work was taken from it (taken)")
        findings = Findings()
        for name in self.silent:
            findings.add(f"{name} does not run, so nobody can say when it started")
        for queue, at in self.taken.items():
            if at is not None and (self.resumed is None or at < self.resumed - FINE):
                findings.add(f"{queue}: touched at {_clock(at)}, before work was resumed")
        for name, at in self.others.items():
            if self.resumed is not None and at > self.resumed + FINE:
                findings.add(f"{name} started at {_clock(at)}, after work was resumed")
        observed = [f"resumed at {_clock(self.resumed)}" if self.resumed else "still held"]
        observed += [
            f"{queue} touched at {_clock(at)}" if at else f"{queue} untouched"
            for queue, at in self.taken.items()
        ]
        if self.untold and not findings.total:
            return not_verified(expected, "; ".join([*observed, _unknown(self.untold)]))
        return conclude(
            expected, "; ".join(observed), findings, examined=len(self.taken), total=len(self.taken)
        )


def _unknown(untold: Mapping[str, str]) -> str:
    return "; ".join(f"when {name} started nobody can say: {why}" for name, why in untold.items())


def _reached(stack_context: StackContext) -> tuple[str, ...]:
    """The stages up to the present one, in the contract's order."""
    order = stack_context.contract.order
    return order[: order.index(stack_context.stage()) + 1]


def _stage_of(service: Service, reached: Sequence[str]) -> str | None:
    """The stage at which the process that now runs was started; None if it was not yet."""
    resumes = service.options().get("resumes")
    if resumes in reached:
        return str(resumes)
    return service.starts if service.starts in reached else None
