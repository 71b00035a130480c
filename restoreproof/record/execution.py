"""What was done in the drill and what came of it beside the checks: parts of the record as frozen data."""

from __future__ import annotations

from dataclasses import dataclass

from restoreproof.outcome import Outcome
from restoreproof.plan import Waiver


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """One tool that was run; ``argv`` has passed the redactor.

    ``began_s`` counts from the start of the drill.
    """

    stage: str | None
    tool: str
    argv: tuple[str, ...]
    returncode: int | None
    seconds: float | None
    began_s: float | None


@dataclass(frozen=True, slots=True)
class ScanFinding:
    """A find of forbidden material: by which rule and where; its text is never part of the record."""

    rule: str
    location: str


@dataclass(frozen=True, slots=True)
class ForbiddenScan:
    """The search for what no backup may hold. ``unscannable`` are the parts that could not be looked into."""

    ruleset: tuple[str, ...] = ()
    ruleset_digest: str | None = None
    bytes: int | None = None
    parts: int | None = None
    unscannable: tuple[str, ...] = ()
    findings: tuple[ScanFinding, ...] = ()
    findings_total: int = 0


@dataclass(frozen=True, slots=True)
class SinkEffects:
    """How many effects one way out of the platform recorded, the harness's own controls left out."""

    sink: str
    before_approval: int | None = None
    after_approval: int | None = None


@dataclass(frozen=True, slots=True)
class EffectsRecord:
    """What left the restored platform, and who let its workers resume, when."""

    sinks: tuple[SinkEffects, ...] = ()
    approved_by: str | None = None
    approved_at: str | None = None
    approved_s: float | None = None


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """A fault that was injected to test the harness.

    ``checks`` are the ids of those that have to notice it, ``noticed`` those of them that ended FAILED.
    """

    fault: str
    checks: tuple[str, ...] = ()
    noticed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deviation:
    """A check that is not what it should be, for somebody to act on.

    ``id`` is the check's. ``due`` is the day until which a waiver accepts it. ``waiver_expired`` says that
    one was given and holds no more.
    """

    id: str
    outcome: Outcome
    severity: str
    description: str
    mandatory: bool = True
    owner: str | None = None
    due: str | None = None
    waiver: Waiver | None = None
    waiver_expired: bool = False
