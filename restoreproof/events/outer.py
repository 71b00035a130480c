"""The events of the outer process: which drill this is, what its set was found to be, and what it judged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from restoreproof.events.base import (
    AtMost,
    CheckId,
    Count,
    Digest,
    Duration,
    EventPart,
    Flag,
    Line,
    Moment,
    Name,
    Number,
    OuterEvent,
    Real,
    Text,
)

ByName = Annotated[dict[Name, Annotated[str, AtMost(500)]], AtMost(50)]


class HostFacts(EventPart):
    """The hardware and software that the measured times belong to."""

    cpus: Count | None = None
    memory_gib: Real | None = None
    kernel: Name | None = None
    python: Name | None = None
    machine: Name | None = None


class ClockFacts(EventPart):
    """The source of the machine's time; ``offset_ms`` is None where no time service keeps its clock."""

    source: Annotated[str, AtMost(300)] | None = None
    offset_ms: Real | None = None


class BuildFacts(EventPart):
    """The program that drills: its version, and the commit and digests of what it was run from."""

    version: Name | None = None
    git_commit: Name | None = None
    code_sha256: Digest | None = None
    lockfile_sha256: Digest | None = None
    python: Name | None = None


class CustodyFacts(EventPart):
    """Where the evidence will stand in the ledger, and by whose key it is to be sealed."""

    ledger_seq: Count | None = None
    ledger_entry_sha256: Digest | None = None
    previous_record_sha256: Digest | None = None
    manifest_sha256: Digest | None = None
    key_id: Annotated[str, AtMost(500)] | None = None
    self_issued: Flag | None = None


class FaultFacts(EventPart):
    """A fault that the drill injects, and the ids of the checks that have to notice it."""

    name: Name
    checks: Annotated[tuple[CheckId, ...], AtMost(200)] = ()


class DrillOpened(OuterEvent):
    """The first event: which drill, of which set and plan, where, by whom and by which program.

    ``plan`` and ``catalogue_sha256`` are SHA-256 in hex; ``catalogue_sha256`` is None without a catalogue.
    ``catalogue_author`` says whose word that is: signed, foreign, unchecked or unsigned.
    With ``faults`` the drill is a test of the harness.
    """

    type: Literal["drill-opened"] = "drill-opened"
    drill_id: Name
    stack: Name | None = None
    plan: Digest | None = None
    set_id: Name | None = None
    catalogue_sha256: Digest | None = None
    catalogue_author: Name | None = None
    catalogue_key_id: Digest | None = None
    attempt: Count | None = None
    trigger: Name | None = None
    operator: Name | None = None
    ci_run_url: Annotated[str, AtMost(500)] | None = None
    runtime: Name | None = None
    host: HostFacts = HostFacts()
    host_fingerprint: Digest | None = None
    clock: ClockFacts = ClockFacts()
    harness: Name | None = None
    harness_build: BuildFacts = BuildFacts()
    custody: CustodyFacts = CustodyFacts()
    faults: Annotated[tuple[FaultFacts, ...], AtMost(200)] = ()


class EncryptionFacts(EventPart):
    """The scheme of a set's encrypted files, and to how many recipients they are written."""

    scheme: Name
    recipients: Count | None = None


class SetFile(EventPart):
    """One file of the set as it was found; ``digest_source`` says whose word ``expected_sha256`` is."""

    name: Annotated[str, AtMost(500)]
    bytes: Count | None = None
    sha256: Digest | None = None
    expected_sha256: Digest | None = None
    digest_source: Annotated[str, AtMost(300)] | None = None


class SetReference(EventPart):
    """A part that a provider keeps in place of files of the set, in the words of whoever adopted it."""

    asset: Name
    reference: Annotated[str, AtMost(600)]
    engine: Name | None = None
    bytes: Count | None = None


class ReissueFacts(EventPart):
    """The set that a catalogue was written for first, before it was written again for this one."""

    set_id: Name | None = None
    manifest_sha256: Digest | None = None


class PlanChangeFacts(EventPart):
    """One thing that is asked less of than in an earlier drill; ``what`` says what became of it."""

    subject: CheckId
    title: Annotated[str, AtMost(500)]
    what: Line


class PlanCompared(OuterEvent):
    """The plan was held against that of the last drill of the stack that asked everything, ``previous``.

    ``changes`` are the first of ``changes_total``. ``previous`` is None where there was no such drill;
    ``unknown`` says why its plan could not be compared, None where it could.
    """

    type: Literal["plan-compared"] = "plan-compared"
    previous: Name | None = None
    changes: Annotated[tuple[PlanChangeFacts, ...], AtMost(200)] = ()
    changes_total: Count = 0
    unknown: Line | None = None


class SetVerified(OuterEvent):
    """The set was read whole and held against its manifest and catalogue, before anything was restored.

    ``artifacts`` and ``objects`` count, ``bytes`` were read; ``files`` are the first of the artifacts, those
    that contradict before all others. ``held`` says whether it was cloned or copied before it was read, or
    read in place and once more when the drill was over. ``lacks`` says of an adopted set which part is
    missing, and why.
    """

    type: Literal["set-verified"] = "set-verified"
    set_id: Name | None = None
    run_id: Name | None = None
    recovery_point: Moment | None = None
    taken_at: Moment | None = None
    location: Line | None = None
    held: Name | None = None
    release: Name | None = None
    synthetic: Flag | None = None
    tool_versions: ByName = Field(default_factory=dict)
    encryption: EncryptionFacts | None = None
    manifest_sha256: Digest | None = None
    artifacts: Count | None = None
    objects: Count | None = None
    bytes: Count | None = None
    seconds: Duration | None = None
    files: Annotated[tuple[SetFile, ...], AtMost(200)] = ()
    lacks: ByName = Field(default_factory=dict)
    references: Annotated[tuple[SetReference, ...], AtMost(200)] = ()
    reissued_from: ReissueFacts | None = None
    catalogue: Annotated[str, AtMost(500)] | None = None


class InputChanged(OuterEvent):
    """Something that the drill took before it began is not what it was then: the set, or code of the stack.

    ``name`` is a file, or the set by its id; ``what`` says what was found when the drill was over.
    """

    type: Literal["input-changed"] = "input-changed"
    name: Annotated[str, AtMost(500)]
    what: Text


class SetContradicted(OuterEvent):
    """A file of the set is not what the manifest or the catalogue says."""

    type: Literal["set-contradiction"] = "set-contradiction"
    artifact: Text
    expected: Text
    observed: Text


class SourceState(OuterEvent):
    """Remains of a source that this machine brought up: processes and directories by name."""

    type: Literal["source-state"] = "source-state"
    processes: Annotated[tuple[Text, ...], AtMost(200)] = ()
    directories: Annotated[tuple[Text, ...], AtMost(200)] = ()


class ControlProbed(OuterEvent):
    """A probe from outside the sandbox, which has to reach what the inner process must not."""

    type: Literal["isolation-control"] = "isolation-control"
    probe: Annotated[str, AtMost(300)]
    reached: Flag
    detail: Annotated[str, AtMost(500)] = ""


class IsolationVerdict(OuterEvent):
    """The outer process's judgement of controls and probes."""

    type: Literal["isolation-verdict"] = "isolation-verdict"
    proven: Flag
    reason: Text


class InnerLaunched(OuterEvent):
    """The inner process runs."""

    type: Literal["inner-launched"] = "inner-launched"
    pid: Number


class InnerExited(OuterEvent):
    """The inner process ended; below zero ``returncode`` is the signal that ended it."""

    type: Literal["inner-exited"] = "inner-exited"
    returncode: Number
    seconds: Duration


class TeardownDone(OuterEvent):
    """The target was destroyed; ``leftovers`` could not be, ``kept`` says what was left on purpose."""

    type: Literal["teardown"] = "teardown"
    proven: Flag
    leftovers: Annotated[tuple[Text, ...], AtMost(200)] = ()
    kept: Annotated[str, AtMost(500)] | None = None


class LogFile(EventPart):
    """A service's log as it is kept beside the journal: its name below ``logs/``, and its digest."""

    name: Name
    sha256: Digest


class LogsKept(OuterEvent):
    """The logs that are kept as evidence; a file beside them of another name or digest is none of it."""

    type: Literal["logs-kept"] = "logs-kept"
    files: Annotated[tuple[LogFile, ...], AtMost(1000)] = ()


class OuterNote(OuterEvent):
    """A remark of the outer process, for whoever reads the record."""

    type: Literal["outer-note"] = "outer-note"
    text: Annotated[str, AtMost(20_000)]


class ViewReduced(OuterEvent):
    """A view that this machine can't make, or not in full."""

    type: Literal["view-reduced"] = "view-reduced"
    view: Name
    why: Text


class DrillInterrupted(OuterEvent):
    """The drill ended before its plan did."""

    type: Literal["drill-interrupted"] = "drill-interrupted"
    reason: Text


class DrillClosed(OuterEvent):
    """The last event."""

    type: Literal["drill-closed"] = "drill-closed"
    seconds: Duration
