"""What the journal says about the drill as a whole: its safety, and what it needed or measured."""

from __future__ import annotations

from restoreproof.events import (
    ControlProbed,
    DrillInterrupted,
    DrillOpened,
    FaultInjected,
    InnerExited,
    InputChanged,
    IsolationProbed,
    IsolationVerdict,
    LibraryReplaced,
    Measured,
    Note,
    OuterNote,
    Overridden,
    ProgramRun,
    SetVerified,
    SourceState,
    StageFailed,
    TeardownDone,
    ViewReduced,
)
from restoreproof.events.base import cut
from restoreproof.journal.read import JournalLine
from restoreproof.plan import Plan
from restoreproof.record.gaps import MANY, Gaps
from restoreproof.record.model import Measurement, OverrideRecord, Probe, Safety

_ORDINARY_RETURNCODES = (0, 1)
_NOTE = 2000
_LISTED = 5
_SECONDS = "s"


class SafetyEvents:
    """Takes in the events that belong to no check; what speaks against the evidence goes to ``problems``.

    Attributes:
        faults: the names of the faults that were injected, by either process's word.
        fault_checks: for each fault that the outer process injected, the checks that have to notice it.
        failed_stages: the error of each stage that was not reached, by its name.
        lost: those of them for which the set is to blame, not the machine.
        red: pytest ended with 1, which is to have a reason among the checks.
    """

    def __init__(self, plan: Plan, problems: Gaps) -> None:
        self._plan = plan
        self._problem = problems.add
        self.measurements: dict[str, Measurement] = {}
        self.overrides: dict[OverrideRecord, None] = {}
        self.notes: dict[str, None] = {}
        self.faults: dict[str, None] = {}
        self.fault_checks: dict[str, tuple[str, ...]] = {}
        self.lost: dict[str, str] = {}
        self._programs: dict[str, None] = {}
        self.failed_stages: dict[str, str] = {}
        self.red = False
        self._opened = False
        self._controls: list[Probe] = []
        self._probes: list[Probe] = []
        self._isolated: bool | None = None
        self._isolation_reason = "never judged"
        self._torn_down: bool | None = None
        self._leftovers: list[str] = []
        self._exited = False

    @property
    def isolated(self) -> bool:
        """Whether the outer process judged the target's isolation, and found it proven each time."""
        return self._isolated is True

    def missing(self) -> list[str]:
        """Return what a complete journal would have held."""
        absent = {
            "the journal does not begin with the opening of a drill": not self._opened,
            "the target's isolation was never judged": self._isolated is None,
            "the inner process left no exit": not self._exited,
            "the destruction of the target was not recorded": self._torn_down is None,
        }
        return [reason for reason, holds in absent.items() if holds]

    def safety(self) -> Safety:
        """Return how isolation and destruction of the target went."""
        return Safety(
            isolated=self.isolated,
            isolation_reason=self._isolation_reason,
            controls=tuple(self._controls),
            probes=tuple(self._probes),
            torn_down=self._torn_down is True,
            leftovers=tuple(self._leftovers),
            programs=tuple(self._programs),
        )

    def take(self, line: JournalLine) -> None:
        """Account for one line of the journal."""
        match line.event:
            case DrillOpened() as event:
                self._take_opening(event)
            case ControlProbed() as event:
                _keep(self._controls, event)
            case IsolationProbed() as event:
                _keep(self._probes, event)
            case IsolationVerdict() as event:
                self._take_verdict(event)
            case StageFailed() as event:
                self._take_failed_stage(event)
            case InnerExited() | TeardownDone() | DrillInterrupted() as event:
                self._take_end(event)
            case FaultInjected() | LibraryReplaced() | InputChanged() as event:
                self._take_change(event)
            case ProgramRun() as event:
                self._take_program(event)
            case SetVerified() as event:
                # An adopted set that lacks a part can't be all that a restore takes, whatever its checks say.
                for part, reason in sorted(event.lacks.items()):
                    self._problem(f"the set was adopted and lacks {part}: {reason}")
            case _:
                self._take_remark(line)

    def _take_end(self, event: InnerExited | TeardownDone | DrillInterrupted) -> None:
        """Account for how the inner process, its target or the drill came to an end."""
        match event:
            case InnerExited():
                self._take_exit(event)
            case TeardownDone():
                self._take_teardown(event)
            case DrillInterrupted():
                self._problem(f"interrupted: {event.reason or 'no reason given'}")

    def _take_program(self, event: ProgramRun) -> None:
        """What a dump ran while it was restored can have made the target what it looks like."""
        program = f"{event.service}: {event.what}"
        if len(self._programs) < MANY:
            self._programs.setdefault(program)
        if not event.expected:
            self._problem(f"restored code ran a program of the operating system, or may: {program}")

    def _take_remark(self, line: JournalLine) -> None:
        """Account for what speaks neither for nor against the evidence."""
        match line.event:
            case Measured() as event if len(self.measurements) < MANY or event.name in self.measurements:
                self.measurements[event.name] = Measurement(event.name, event.value, event.unit, event.detail)
                if event.unit == _SECONDS and event.value < 0:
                    self._problem(f"the measurement {event.name!r} is a time of {event.value:g} s")
            case Overridden() as event if len(self.overrides) < MANY:
                self.overrides.setdefault(OverrideRecord(event.service, event.name, event.why))
            case Note() | OuterNote() as event:
                self._note(event.text)
            case ViewReduced() as event:
                self._note(event.why)
            case SourceState() as event:
                # The drill can't reach a source of this machine that is still there, but people ask.
                remains = {"processes": event.processes, "directories": event.directories}
                for kind, names in remains.items():
                    if names:
                        listed = ", ".join(names[:_LISTED])
                        self.notes.setdefault(f"of a source on this machine there are still {kind}: {listed}")

    def _note(self, text: str) -> None:
        if len(self.notes) < MANY:
            self.notes.setdefault(cut(text, _NOTE))

    def _take_opening(self, event: DrillOpened) -> None:
        if self._opened:
            self._problem("the journal holds more than one drill")
            return
        self._opened = True
        for fault in event.faults:
            self._take_fault(fault.name)
            self.fault_checks[fault.name] = fault.checks
        if event.plan and event.plan != self._plan.digest:
            self._problem("the journal is of another plan")

    def _take_change(self, event: FaultInjected | LibraryReplaced | InputChanged) -> None:
        """Account for what was otherwise than planned: on purpose, by the stack's code, or from outside."""
        match event:
            case FaultInjected():
                self._take_fault(event.fault)
            case LibraryReplaced():
                self._problem(
                    f"{event.name} was replaced by {event.by}: a stack's code does not judge itself"
                )
            case InputChanged():
                self._problem(f"{event.name} changed while it was drilled: {event.what}")

    def _take_fault(self, name: str) -> None:
        self.faults.setdefault(name)
        self._problem(f"a fault was injected to test the harness: {name}")

    def _take_verdict(self, event: IsolationVerdict) -> None:
        if not event.proven:
            self._problem(f"the target is not proven isolated: {event.reason}")
        if self._isolated is not False:
            self._isolated, self._isolation_reason = event.proven, event.reason

    def _take_failed_stage(self, event: StageFailed) -> None:
        """A stage that failed because of the set, not of the machine, says that something is lost."""
        if len(self.failed_stages) < MANY:
            self.failed_stages.setdefault(event.stage, event.error)
        if event.lost and event.stage in self._plan.stages:
            self.lost.setdefault(event.stage, event.error)

    def _take_exit(self, event: InnerExited) -> None:
        self._exited = True
        self.red = self.red or event.returncode == 1
        if event.returncode not in _ORDINARY_RETURNCODES:
            self._problem(f"the inner process ended with {event.returncode}"[:200])

    def _take_teardown(self, event: TeardownDone) -> None:
        if not event.proven:
            self._problem("the destruction of the target is not proven")
        self._torn_down = event.proven and not event.kept and self._torn_down is not False
        self._leftovers += event.leftovers[: max(0, MANY - len(self._leftovers))]
        self._leftovers += [event.kept] if event.kept else []


def _keep(probes: list[Probe], event: ControlProbed | IsolationProbed) -> None:
    if len(probes) < MANY:
        probes.append(Probe(event.probe, event.reached, event.detail))
