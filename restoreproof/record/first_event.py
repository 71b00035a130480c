"""What the first event of a journal says: who drilled, by which program and rules, and where it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from restoreproof.journal.read import JournalLine
from restoreproof.plan import Governance, Plan
from restoreproof.record import values
from restoreproof.record.context import Actors, ClockRecord, Custody, GovernanceRecord, HarnessBuild

_NOTHING: Mapping[str, Any] = {}


class FirstEvent:
    """Reads ``drill-opened``; a journal without one leaves everything unknown."""

    def __init__(self, event: JournalLine | None, plan: Plan) -> None:
        self._event = event
        self._data = event.data if event else _NOTHING
        self._plan = plan
        self._rules = plan.governance or Governance()

    def actors(self) -> Actors:
        """Who ran it."""
        return Actors(
            operator=values.optional_text(self._data, "operator", 200),
            ci_run_url=values.optional_text(self._data, "ci_run_url", 500),
            approver_required=self._rules.approver_required,
        )

    def harness_build(self) -> HarnessBuild:
        """The program, and the digests of what it was told."""
        told = values.mapping(self._data, "harness_build")
        return HarnessBuild(
            version=values.text(told, "version", 100) or self._plan.harness,
            git_commit=values.optional_text(told, "git_commit", 100),
            code_sha256=values.optional_text(told, "code_sha256", 100),
            features_sha256=self._plan.features_sha256,
            contract_sha256=self._plan.contract_sha256,
            lockfile_sha256=values.optional_text(told, "lockfile_sha256", 100),
            python=values.optional_text(told, "python", 100),
        )

    def governance(self) -> GovernanceRecord:
        """The contract's rules, with the day until which this evidence has to be kept."""
        rules, opened = self._rules, values.moment(self._event.at if self._event else None)
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
        """Where the machine had its time from."""
        told = values.mapping(self._data, "clock")
        return ClockRecord(values.optional_text(told, "source", 300), values.number(told, "offset_ms"))

    def custody(self) -> Custody:
        """Where the evidence stands in the ledger, and by whose key it is to be sealed."""
        told = values.mapping(self._data, "custody")
        return Custody(
            ledger_seq=values.count(told, "ledger_seq"),
            ledger_entry_sha256=values.optional_text(told, "ledger_entry_sha256", 100),
            previous_record_sha256=values.optional_text(told, "previous_record_sha256", 100),
            manifest_sha256=values.optional_text(told, "manifest_sha256", 100),
            key_id=values.optional_text(told, "key_id", 500),
            self_issued=values.flag(told, "self_issued"),
        )
