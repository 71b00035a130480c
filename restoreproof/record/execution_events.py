"""What the journal says about what was run, searched, let out and approved; and in what it all ran."""

from __future__ import annotations

import math

from restoreproof.events import (
    BEFORE_APPROVAL,
    CommandRun,
    EffectsCounted,
    FidelityCompared,
    ForbiddenScanned,
    MarkerProven,
    ReviewApproved,
    ServiceStarted,
    StageEntered,
    TeardownDone,
)
from restoreproof.journal.read import JournalLine
from restoreproof.record.context import ComponentRecord, FidelityRecord, MarkerRecord, TargetRecord
from restoreproof.record.execution import (
    CommandRecord,
    EffectsRecord,
    ForbiddenScan,
    ScanFinding,
    SinkEffects,
)
from restoreproof.record.first_event import FirstEvent
from restoreproof.record.gaps import MANY

_ARGUMENTS = 60
_ARGUMENT = 1000


class ExecutionEvents:
    """Takes in the events that tell of commands, services, the scan, the ways out and the approval.

    ``opening`` is the drill's first event, from which times are counted.
    """

    def __init__(self, opening: FirstEvent) -> None:
        self.commands: list[CommandRecord] = []
        self.commands_total = 0
        self.forbidden_scan: ForbiddenScan | None = None
        self.fidelity: list[FidelityRecord] = []
        self._opening = opening
        self._components: dict[str, ComponentRecord] = {}
        self._markers: dict[str, MarkerRecord] = {}
        self._before: dict[str, int] = {}
        self._after: dict[str, int] = {}
        self._approver: str | None = None
        self._approval: JournalLine | None = None
        self._destroyed_at: str | None = None
        self._stage: str | None = None

    def take(self, line: JournalLine) -> None:
        """Account for one line of the journal."""
        match line.event:
            case StageEntered() as event:
                self._stage = event.stage or None
            case CommandRun() as event:
                self._take_command(event, line)
            case ServiceStarted() as event:
                self._take_service(event)
            case MarkerProven() as event:
                self._take_marker(event)
            case FidelityCompared() as event if len(self.fidelity) < MANY:
                self.fidelity.append(_fidelity(event))
            case ForbiddenScanned() as event:
                self.forbidden_scan = _scan(event)
            case EffectsCounted() as event:
                counts = self._before if event.when == BEFORE_APPROVAL else self._after
                counts.update(event.effects)
            case ReviewApproved() as event if self._approval is None:
                self._approval, self._approver = line, event.approver or None
            case TeardownDone() as event:
                self._destroyed_at = line.at if event.proven and not event.kept else None

    def _take_command(self, event: CommandRun, line: JournalLine) -> None:
        self.commands_total += 1
        if len(self.commands) >= MANY:
            return
        ended, seconds = self._since_opening(line), event.seconds
        self.commands.append(
            CommandRecord(
                stage=self._stage,
                tool=event.tool,
                argv=tuple(argument[:_ARGUMENT] for argument in event.argv[:_ARGUMENTS]),
                returncode=event.returncode,
                seconds=seconds,
                began_s=None if ended is None or seconds is None else max(0.0, round(ended - seconds, 3)),
            )
        )

    def _take_service(self, event: ServiceStarted) -> None:
        if event.service in self._components or len(self._components) < MANY:
            self._components[event.service] = ComponentRecord(
                event.service,
                event.component or None,
                event.version or None,
                event.digest or None,
                event.source or None,
            )

    def _take_marker(self, event: MarkerProven) -> None:
        if event.service in self._markers or len(self._markers) < MANY:
            self._markers[event.service] = MarkerRecord(
                event.service, event.address or None, event.created_at or None, event.sha256 or None
            )

    def effects(self) -> EffectsRecord:
        """Return what left the platform, before and after somebody let its workers resume."""
        approval = self._approval
        return EffectsRecord(
            sinks=tuple(
                SinkEffects(sink, self._before.get(sink), self._after.get(sink))
                for sink in sorted({*self._before, *self._after})
            ),
            approved_by=self._approver,
            approved_at=approval.at if approval else None,
            approved_s=self._since_opening(approval) if approval else None,
        )

    def target(self) -> TargetRecord:
        """Return what the set was restored into."""
        opened = self._opening.event
        return TargetRecord(
            runtime=(opened.runtime if opened else None) or None,
            components=tuple(self._components[name] for name in sorted(self._components)),
            markers=tuple(self._markers[name] for name in sorted(self._markers)),
            destroyed_at=self._destroyed_at,
            host_fingerprint=(opened.host_fingerprint if opened else None) or None,
        )

    def _since_opening(self, line: JournalLine) -> float | None:
        origin = self._opening.mono
        if origin is None or not math.isfinite(line.mono) or not math.isfinite(origin):
            return None
        return round(line.mono - origin, 3)


def _fidelity(event: FidelityCompared) -> FidelityRecord:
    return FidelityRecord(
        subject=event.subject,
        service=event.service,
        here=event.here,
        production=event.production or None,
        differs=event.differs,
        consequence=event.consequence,
    )


def _scan(event: ForbiddenScanned) -> ForbiddenScan:
    findings = tuple(ScanFinding(hit.rule, hit.location) for hit in event.findings)
    return ForbiddenScan(
        ruleset=event.ruleset,
        ruleset_digest=event.ruleset_digest or None,
        bytes=event.bytes,
        parts=event.parts,
        unscannable=event.unscannable,
        findings=findings,
        findings_total=max(event.findings_total, len(findings)),
    )
