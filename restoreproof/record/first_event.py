"""What the first event of a journal says: who drilled, by which program and rules, and where it is kept."""

from __future__ import annotations

from restoreproof.events import BuildFacts, ClockFacts, CustodyFacts, DrillOpened
from restoreproof.journal.read import JournalLine
from restoreproof.plan import Governance, Plan
from restoreproof.record.context import Actors, ClockRecord, Custody, GovernanceRecord, HarnessBuild
from restoreproof.record.moments import moment
from restoreproof.record.pairs import pairs


class FirstEvent:
    """The drill's first ``drill-opened``; a journal without one leaves everything unknown.

    ``event`` is None until then, ``at`` is when it was written (UTC), ``mono`` on the monotonic clock.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rules = plan.governance or Governance()
        self.event: DrillOpened | None = None
        self.at: str | None = None
        self.mono: float | None = None

    def take(self, line: JournalLine) -> None:
        """Account for one line of the journal."""
        if self.event is None and isinstance(line.event, DrillOpened):
            self.event, self.at, self.mono = line.event, line.at, line.mono

    @property
    def drill_id(self) -> str:
        """The drill's name; empty if it is unknown."""
        return self.event.drill_id if self.event else ""

    @property
    def attempt(self) -> int | None:
        """How often this plan has been drilled with this set, this time included."""
        return self.event.attempt if self.event else None

    @property
    def trigger(self) -> str:
        """Why it was drilled."""
        return (self.event.trigger if self.event else None) or ""

    @property
    def harness(self) -> str:
        """The program that drilled, or else the one that made the plan."""
        return (self.event.harness if self.event else None) or self._plan.harness

    def host(self) -> tuple[tuple[str, str], ...]:
        """Return what the drill's machine is made of."""
        return pairs(self.event.host.model_dump()) if self.event else ()

    def actors(self) -> Actors:
        """Return who ran the drill."""
        return Actors(
            operator=(self.event.operator if self.event else None) or None,
            ci_run_url=(self.event.ci_run_url if self.event else None) or None,
            approver_required=self._rules.approver_required,
        )

    def harness_build(self) -> HarnessBuild:
        """Return the program, and the digests of what it was given."""
        build = self.event.harness_build if self.event else BuildFacts()
        return HarnessBuild(
            version=build.version or self._plan.harness,
            git_commit=build.git_commit or None,
            code_sha256=build.code_sha256 or None,
            features_sha256=self._plan.features_sha256,
            contract_sha256=self._plan.contract_sha256,
            lockfile_sha256=build.lockfile_sha256 or None,
            python=build.python or None,
        )

    def governance(self) -> GovernanceRecord:
        """Return the contract's rules, with the day until which this evidence has to be kept."""
        rules, opened = self._rules, moment(self.at)
        until = rules.retention.until(opened.date()) if rules.retention and opened else None
        return GovernanceRecord(
            policy=rules.policy,
            bia_reference=rules.bia_reference,
            runbook=rules.runbook,
            retention=rules.retention.text if rules.retention else None,
            retention_until=until.isoformat() if until else None,
            classification=rules.classification,
            scenario=rules.scenario,
        )

    def clock(self) -> ClockRecord:
        """Return where the machine had its time from."""
        clock = self.event.clock if self.event else ClockFacts()
        return ClockRecord(clock.source or None, clock.offset_ms)

    def custody(self) -> Custody:
        """Return where the evidence stands in the ledger, and by whose key it is to be sealed."""
        custody = self.event.custody if self.event else CustodyFacts()
        return Custody(
            ledger_seq=custody.ledger_seq,
            ledger_entry_sha256=custody.ledger_entry_sha256 or None,
            previous_record_sha256=custody.previous_record_sha256 or None,
            manifest_sha256=custody.manifest_sha256 or None,
            key_id=custody.key_id or None,
            self_issued=custody.self_issued,
        )
