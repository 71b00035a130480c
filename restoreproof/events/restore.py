"""The events of the inner process that tell of the restore: stages, services, commands, the target."""

from __future__ import annotations

from typing import Annotated, Literal

from restoreproof.events.base import (
    AtMost,
    Count,
    Digest,
    Duration,
    EventPart,
    Flag,
    InnerEvent,
    Line,
    Moment,
    Name,
    Number,
    Page,
    Real,
    Text,
)

Argv = Annotated[tuple[Text, ...], AtMost(1000)]
CountedWhen = Literal["before-approval", "at-the-end"]
BEFORE_APPROVAL: CountedWhen = "before-approval"
AT_THE_END: CountedWhen = "at-the-end"


class IsolationProbed(InnerEvent):
    """One attempt to reach something from where the target runs."""

    type: Literal["isolation-probe"] = "isolation-probe"
    probe: Annotated[str, AtMost(300)]
    reached: Flag
    detail: Annotated[str, AtMost(500)] = ""


class MarkerProven(InnerEvent):
    """A store of the target showed the drill's marker; ``sha256`` is its nonce's, which no file holds.

    ``server`` tells the server that showed it from every other; None where the store has no such thing.
    """

    type: Literal["marker-proven"] = "marker-proven"
    service: Name
    address: Annotated[str, AtMost(300)]
    created_at: Moment
    sha256: Digest
    server: Annotated[str, AtMost(300)] | None = None


class SecretKnown(InnerEvent):
    """A secret came up inside: its length (bytes) and keyed fingerprint, if it can be masked."""

    type: Literal["secret-known"] = "secret-known"
    name: Line
    maskable: Flag
    length: Count | None = None
    fingerprint: Digest | None = None


class StageEntered(InnerEvent):
    """A stage of the restore order began."""

    type: Literal["stage-entered"] = "stage-entered"
    stage: Name


class StageDone(InnerEvent):
    """Everything of a stage is restored and runs."""

    type: Literal["stage-done"] = "stage-done"
    stage: Name
    seconds: Duration | None = None


class StageFailed(InnerEvent):
    """A stage was not reached; ``lost`` says that the set could not give back what it takes."""

    type: Literal["stage-failed"] = "stage-failed"
    stage: Name
    error: Text
    hint: Text | None = None
    lost: Flag = False


class PhaseTimed(InnerEvent):
    """One timed piece of work inside a stage."""

    type: Literal["phase"] = "phase"
    stage: Name
    name: Annotated[str, AtMost(300)]
    seconds: Duration | None = None
    bytes: Count | None = None
    items: Count | None = None


class ServiceStarted(InnerEvent):
    """A service was started: by which program, as far as it tells of it."""

    type: Literal["service-started"] = "service-started"
    service: Name
    pid: Number | None = None
    argv: Argv = ()
    stage: Name | None = None
    component: Annotated[str, AtMost(300)] | None = None
    version: Annotated[str, AtMost(300)] | None = None
    digest: Annotated[str, AtMost(300)] | None = None
    source: Annotated[str, AtMost(300)] | None = None


class ServiceReady(InnerEvent):
    """A service answers."""

    type: Literal["service-ready"] = "service-ready"
    service: Name
    seconds: Duration | None = None


class ServiceStopped(InnerEvent):
    """A service was stopped during the drill."""

    type: Literal["service-stopped"] = "service-stopped"
    service: Name
    returncode: Number | None = None


class ServiceLogged(InnerEvent):
    """The last log lines of a service, at the end of a stage or of a ``check`` that went wrong."""

    type: Literal["service-log"] = "service-log"
    service: Name
    text: Page
    stage: Name | None = None
    check: Annotated[str, AtMost(500)] | None = None


class CommandRun(InnerEvent):
    """A tool ended. ``argv`` and the end of what it wrote to its standard error have passed the redactor."""

    type: Literal["command"] = "command"
    tool: Name
    argv: Argv = ()
    returncode: Number | None = None
    seconds: Duration | None = None
    stderr_tail: Annotated[str, AtMost(20_000)] = ""


class ProgramRun(InnerEvent):
    """Restored code ran a program of the operating system, or is in a language that may run any.

    ``expected`` says that the contract knows of it (``runs_programs``).
    """

    type: Literal["program-run"] = "program-run"
    service: Name
    what: Line
    stage: Name | None = None
    expected: Flag = False


class Overridden(InnerEvent):
    """A change that the drill made to run the restored stack; the service ``*`` stands for all."""

    type: Literal["override"] = "override"
    service: Name
    name: Line
    why: Line


class FidelityCompared(InnerEvent):
    """One subject of the target held against production; ``differs`` is None where nothing is declared.

    ``asset`` is the one that a database belongs to; ``later`` says that its stage was not reached.
    """

    type: Literal["fidelity"] = "fidelity"
    subject: Annotated[str, AtMost(100)]
    service: Name
    here: Annotated[str, AtMost(500)]
    production: Annotated[str, AtMost(500)] | None = None
    differs: Flag | None = None
    consequence: Annotated[str, AtMost(500)] = ""
    asset: Name = ""
    later: Flag = False


class Measured(InnerEvent):
    """A measured number by name; ``newest_at`` is when the record that an RPO was measured by was written."""

    type: Literal["measurement"] = "measurement"
    name: Name
    value: Real
    unit: Annotated[str, AtMost(50)] = ""
    detail: Line = ""
    newest_at: Moment | None = None


class ScanHit(EventPart):
    """A find of forbidden material: by which rule and where; its text is never part of the event."""

    rule: Name
    location: Annotated[str, AtMost(500)]


class ForbiddenScanned(InnerEvent):
    """The set and what was restored from it were searched for what no backup may hold.

    ``findings`` are the first of ``findings_total``; ``unscannable`` could not be looked into.
    """

    type: Literal["forbidden-scan"] = "forbidden-scan"
    ruleset: Annotated[tuple[Text, ...], AtMost(200)] = ()
    ruleset_digest: Digest | None = None
    bytes: Count | None = None
    parts: Count | None = None
    unscannable: Annotated[tuple[Text, ...], AtMost(200)] = ()
    findings: Annotated[tuple[ScanHit, ...], AtMost(200)] = ()
    findings_total: Count = 0


class EffectsCounted(InnerEvent):
    """How many effects each way out of the platform has recorded by now."""

    type: Literal["sink-effects"] = "sink-effects"
    when: CountedWhen
    effects: Annotated[dict[Name, Count], AtMost(200)]


class ReviewApproved(InnerEvent):
    """The contract's policy let the workers resume."""

    type: Literal["review-approved"] = "review-approved"
    approver: Annotated[str, AtMost(500)]
    stage: Name | None = None


class Note(InnerEvent):
    """A remark of the inner process, for whoever reads the record."""

    type: Literal["note"] = "note"
    text: Annotated[str, AtMost(20_000)]


class LibraryReplaced(InnerEvent):
    """Something of the library that judges was replaced by code of the stack; ``by`` is its file and line."""

    type: Literal["library-replaced"] = "library-replaced"
    name: Line
    by: Line


class FaultInjected(InnerEvent):
    """The drill is a test of the harness, and can't end VERIFIED."""

    type: Literal["fault-injected"] = "fault-injected"
    fault: Name
    detail: Text = ""
