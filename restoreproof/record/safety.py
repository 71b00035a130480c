"""What the journal says about the drill as a whole: its safety, and what it needed or measured."""

from __future__ import annotations

from restoreproof.journal.read import JournalLine
from restoreproof.plan import Plan
from restoreproof.record import values
from restoreproof.record.gaps import MANY, Gaps
from restoreproof.record.model import Measurement, OverrideRecord, Probe, Safety

_ORDINARY_RETURNCODES = (0, 1)


class SafetyEvents:
    """Takes in the events that belong to no check; what speaks against the evidence goes to ``problems``."""

    def __init__(self, plan: Plan, problems: Gaps) -> None:
        self._plan = plan
        self._problem = problems.add
        self.opened: JournalLine | None = None
        self.measurements: dict[str, Measurement] = {}
        self.overrides: dict[OverrideRecord, None] = {}
        self.notes: dict[str, None] = {}
        self.faults: dict[str, None] = {}
        self.lost: dict[str, str] = {}
        self._controls: list[Probe] = []
        self._probes: list[Probe] = []
        self._isolated: bool | None = None
        self._isolation_reason = "never judged"
        self._torn_down: bool | None = None
        self._leftovers: list[str] = []
        self._exited = False
        self.red = False
        self.failed_stages: dict[str, str] = {}

    @property
    def isolated(self) -> bool:
        """Every judgement of the outer process said so, and there was one."""
        return self._isolated is True

    def missing(self) -> list[str]:
        """What a complete journal would have held."""
        absent = {
            "the journal does not begin with the opening of a drill": self.opened is None,
            "the target's isolation was never judged": self._isolated is None,
            "the inner process left no exit": not self._exited,
            "the destruction of the target was not recorded": self._torn_down is None,
        }
        return [reason for reason, holds in absent.items() if holds]

    def safety(self) -> Safety:
        """Isolation and destruction of the target."""
        return Safety(
            isolated=self.isolated,
            isolation_reason=self._isolation_reason,
            controls=tuple(self._controls),
            probes=tuple(self._probes),
            torn_down=self._torn_down is True,
            leftovers=tuple(self._leftovers),
        )

    def on_drill_opened(self, event: JournalLine) -> None:
        if self.opened is not None:
            self._problem("the journal holds more than one drill")
            return
        self.opened = event
        digest = event.data.get("plan")
        if digest and digest != self._plan.digest:
            self._problem("the journal is of another plan")

    def on_source_state(self, event: JournalLine) -> None:
        """A source of this machine that is still there is told: the drill can't reach it, but people ask."""
        for what in ("processes", "directories"):
            if left := values.texts(event.data, what, 5):
                self.notes.setdefault(
                    f"of a source on this machine there are still {what}: {', '.join(left)}"
                )

    def on_isolation_control(self, event: JournalLine) -> None:
        _keep(self._controls, event)

    def on_isolation_probe(self, event: JournalLine) -> None:
        _keep(self._probes, event)

    def on_isolation_verdict(self, event: JournalLine) -> None:
        proven, reason = event.data.get("proven") is True, values.text(event.data, "reason")
        if not proven:
            self._problem(f"the target is not proven isolated: {reason}")
        if self._isolated is not False:
            self._isolated, self._isolation_reason = proven, reason

    def on_set_verified(self, event: JournalLine) -> None:
        """An adopted set that lacks a part can't be all that a restore takes, whatever its checks say."""
        for part, reason in values.pairs(values.mapping(event.data, "lacks")):
            self._problem(f"the set was adopted and lacks {part}: {reason}")

    def on_stage_failed(self, event: JournalLine) -> None:
        """A stage that failed because of the set, not of the machine, says that something is lost."""
        stage = values.text(event.data, "stage", 200)
        if len(self.failed_stages) < MANY:
            self.failed_stages.setdefault(stage, values.text(event.data, "error"))
        if event.data.get("lost") is True and stage in self._plan.stages:
            self.lost.setdefault(stage, values.text(event.data, "error"))

    def on_inner_exited(self, event: JournalLine) -> None:
        self._exited = True
        returncode = event.data.get("returncode")
        self.red = self.red or returncode == 1
        if returncode not in _ORDINARY_RETURNCODES:
            self._problem(f"the inner process ended with {str(returncode)[:50]}")

    def on_teardown(self, event: JournalLine) -> None:
        proven = event.data.get("proven") is True
        if not proven:
            self._problem("the destruction of the target is not proven")
        kept = values.optional_text(event.data, "kept", 500)
        self._torn_down = proven and not kept and self._torn_down is not False
        self._leftovers += values.texts(event.data, "leftovers", MANY - len(self._leftovers))
        self._leftovers += [kept] if kept else []

    def on_drill_interrupted(self, event: JournalLine) -> None:
        self._problem(f"interrupted: {values.text(event.data, 'reason') or 'no reason given'}")

    def on_fault_injected(self, event: JournalLine) -> None:
        fault = values.text(event.data, "fault", 200)
        self.faults.setdefault(fault)
        self._problem(f"a fault was injected to test the harness: {fault}")

    def on_override(self, event: JournalLine) -> None:
        if len(self.overrides) < MANY:
            named = (values.text(event.data, key, 1000) for key in ("service", "name", "why"))
            self.overrides.setdefault(OverrideRecord(*named))

    def on_measurement(self, event: JournalLine) -> None:
        name, value = values.text(event.data, "name", 200), values.number(event.data, "value")
        if value is None:
            self._problem(f"the measurement {name!r} holds no number")
        elif len(self.measurements) < MANY or name in self.measurements:
            unit, detail = values.text(event.data, "unit", 50), values.text(event.data, "detail", 1000)
            self.measurements[name] = Measurement(name, value, unit, detail)

    def on_note(self, event: JournalLine) -> None:
        if len(self.notes) < MANY:
            self.notes.setdefault(values.text(event.data, "text", 2000))

    on_outer_note = on_note

    def on_view_reduced(self, event: JournalLine) -> None:
        if len(self.notes) < MANY:
            self.notes.setdefault(values.text(event.data, "why", 2000))


def _keep(probes: list[Probe], event: JournalLine) -> None:
    if len(probes) < MANY:
        data = event.data
        reached = data.get("reached") is not False
        probes.append(Probe(values.text(data, "probe", 300), reached, values.text(data, "detail", 500)))
