"""What the journal says about what was run, searched, let out and approved; and in what it all ran."""

from __future__ import annotations

import math

from restoreproof.journal.read import JournalLine
from restoreproof.record import values
from restoreproof.record.context import ComponentRecord, FidelityRecord, MarkerRecord, TargetRecord
from restoreproof.record.execution import (
    CommandRecord,
    EffectsRecord,
    ForbiddenScan,
    ScanFinding,
    SinkEffects,
)
from restoreproof.record.gaps import MANY

BEFORE_APPROVAL = "before-approval"
_ARGUMENTS = 60


class ExecutionEvents:
    """Takes in the events that tell of commands, services, the scan, the ways out and the approval."""

    def __init__(self) -> None:
        self.commands: list[CommandRecord] = []
        self.commands_total = 0
        self.forbidden_scan: ForbiddenScan | None = None
        self.fidelity: list[FidelityRecord] = []
        self._components: dict[str, ComponentRecord] = {}
        self._markers: dict[str, MarkerRecord] = {}
        self._before: dict[str, int] = {}
        self._after: dict[str, int] = {}
        self._approval: JournalLine | None = None
        self._opened: JournalLine | None = None
        self._destroyed_at: str | None = None
        self._stage: str | None = None

    def on_drill_opened(self, event: JournalLine) -> None:
        self._opened = self._opened or event

    def on_stage_entered(self, event: JournalLine) -> None:
        self._stage = values.optional_text(event.data, "stage", 200)

    def on_command(self, event: JournalLine) -> None:
        self.commands_total += 1
        if len(self.commands) >= MANY:
            return
        data, seconds = event.data, values.number(event.data, "seconds")
        returncode = data.get("returncode")
        ended = self._since_opening(event)
        began = None if ended is None or seconds is None else max(0.0, round(ended - seconds, 3))
        self.commands.append(
            CommandRecord(
                stage=self._stage,
                tool=values.text(data, "tool", 200),
                argv=tuple(one[:1000] for one in values.texts(data, "argv", _ARGUMENTS)),
                returncode=returncode if isinstance(returncode, int) else None,
                seconds=seconds,
                began_s=began,
            )
        )

    def on_service_started(self, event: JournalLine) -> None:
        name = values.text(event.data, "service", 200)
        if name in self._components or len(self._components) < MANY:
            told = (
                values.optional_text(event.data, key, 300)
                for key in ("component", "version", "digest", "source")
            )
            self._components[name] = ComponentRecord(name, *told)

    def on_marker_proven(self, event: JournalLine) -> None:
        name = values.text(event.data, "service", 200)
        if name in self._markers or len(self._markers) < MANY:
            told = (values.optional_text(event.data, key, 300) for key in ("address", "created_at", "sha256"))
            self._markers[name] = MarkerRecord(name, *told)

    def on_fidelity(self, event: JournalLine) -> None:
        data = event.data
        if len(self.fidelity) < MANY:
            self.fidelity.append(
                FidelityRecord(
                    subject=values.text(data, "subject", 100),
                    service=values.text(data, "service", 200),
                    here=values.text(data, "here", 500),
                    production=values.optional_text(data, "production", 500),
                    differs=values.flag(data, "differs"),
                    consequence=values.text(data, "consequence", 500),
                )
            )

    def on_forbidden_scan(self, event: JournalLine) -> None:
        data = event.data
        findings = tuple(
            ScanFinding(values.text(one, "rule", 200), values.text(one, "location", 500))
            for one in values.mappings(data, "findings", MANY)
        )
        self.forbidden_scan = ForbiddenScan(
            ruleset=values.texts(data, "ruleset", MANY),
            ruleset_digest=values.optional_text(data, "ruleset_digest", 100),
            bytes=values.count(data, "bytes"),
            parts=values.count(data, "parts"),
            unscannable=values.texts(data, "unscannable", MANY),
            findings=findings,
            findings_total=max(values.count(data, "findings_total") or 0, len(findings)),
        )

    def on_sink_effects(self, event: JournalLine) -> None:
        told = values.mapping(event.data, "effects")
        counts = self._before if event.data.get("when") == BEFORE_APPROVAL else self._after
        for sink, _ in zip(told, range(MANY), strict=False):
            if (count := values.count(told, sink)) is not None:
                counts[str(sink)[:200]] = count

    def on_review_approved(self, event: JournalLine) -> None:
        self._approval = self._approval or event

    def on_teardown(self, event: JournalLine) -> None:
        gone = event.data.get("proven") is True and not event.data.get("kept")
        self._destroyed_at = event.at if gone else None

    def effects(self) -> EffectsRecord:
        """What left the platform, before and after somebody let its workers resume."""
        approval = self._approval
        return EffectsRecord(
            sinks=tuple(
                SinkEffects(sink, self._before.get(sink), self._after.get(sink))
                for sink in sorted({*self._before, *self._after})
            ),
            approved_by=values.optional_text(approval.data, "approver", 300) if approval else None,
            approved_at=approval.at if approval else None,
            approved_s=self._since_opening(approval) if approval else None,
        )

    def target(self) -> TargetRecord:
        """What the set was restored into."""
        data = self._opened.data if self._opened else {}
        return TargetRecord(
            runtime=values.optional_text(data, "runtime", 100),
            components=tuple(self._components[name] for name in sorted(self._components)),
            markers=tuple(self._markers[name] for name in sorted(self._markers)),
            destroyed_at=self._destroyed_at,
            host_fingerprint=values.optional_text(data, "host_fingerprint", 200),
        )

    def _since_opening(self, event: JournalLine) -> float | None:
        if self._opened is None or not math.isfinite(event.mono) or not math.isfinite(self._opened.mono):
            return None
        return round(event.mono - self._opened.mono, 3)
