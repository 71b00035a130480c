"""What a reviewer may ask for and the drill does not know: named, so that silence is not read as fine."""

from __future__ import annotations

from collections.abc import Callable

from restoreproof.record.context import Unknown
from restoreproof.record.model import Record

_Missing = Callable[[Record], object]

_CONTRACT = "the contract's governance block does not state it"
_NOT_JOURNALED = "the journal does not tell"

_ASKED: tuple[tuple[str, _Missing, str], ...] = (
    ("actors.operator", lambda r: r.actors.operator, "no login name and no CI actor was found"),
    ("actors.ci_run_url", lambda r: r.actors.ci_run_url, "the drill did not run in a CI that names its run"),
    ("actors.approver_required", lambda r: r.actors.approver_required is not None, _CONTRACT),
    (
        "harness_build.git_commit",
        lambda r: r.harness_build.git_commit,
        "the harness did not run from a git checkout",
    ),
    (
        "harness_build.lockfile_sha256",
        lambda r: r.harness_build.lockfile_sha256,
        "no lock file lay beside it",
    ),
    ("governance.policy", lambda r: r.governance.policy, _CONTRACT),
    ("governance.policy.digest", lambda r: r.governance.policy and r.governance.policy.digest, _CONTRACT),
    ("governance.bia_reference", lambda r: r.governance.bia_reference, _CONTRACT),
    ("governance.runbook", lambda r: r.governance.runbook, _CONTRACT),
    ("governance.retention_until", lambda r: r.governance.retention_until, _CONTRACT),
    ("governance.classification", lambda r: r.governance.classification, _CONTRACT),
    ("governance.scenario", lambda r: r.governance.scenario, _CONTRACT),
    ("backup_set.taken_at", lambda r: r.backup_set.taken_at, "only a catalogue tells, and none was given"),
    ("backup_set.location", lambda r: r.backup_set.location, _NOT_JOURNALED),
    ("backup_set.tool_versions", lambda r: r.backup_set.tool_versions, "the manifest names no tool"),
    ("backup_set.encryption", lambda r: r.backup_set.encryption, "no encrypted part was recognised"),
    ("backup_set.catalogue", lambda r: r.backup_set.catalogue, "none was given"),
    ("backup_set.artifacts", lambda r: r.backup_set.artifacts, _NOT_JOURNALED),
    ("target.runtime", lambda r: r.target.runtime, _NOT_JOURNALED),
    (
        "target.components.digest",
        lambda r: r.target.components and all(component.digest for component in r.target.components),
        "not every service told which program or image it runs",
    ),
    ("target.destroyed_at", lambda r: r.target.destroyed_at, "its destruction is not proven"),
    ("target.host_fingerprint", lambda r: r.target.host_fingerprint, _NOT_JOURNALED),
    ("fidelity", lambda r: r.fidelity, "the drill held nothing against production"),
    ("scope.systems", lambda r: r.scope.systems, "the plan was frozen without it"),
    ("forbidden_scan", lambda r: r.forbidden_scan, "no search for forbidden material was journaled"),
    ("effects.sinks", lambda r: r.effects.sinks, "no count of outbound effects was journaled"),
    ("effects.approved_by", lambda r: r.effects.approved_by, "nobody approved that workers resume"),
    ("clock.source", lambda r: r.clock.source, _NOT_JOURNALED),
    (
        "clock.offset_ms",
        lambda r: r.clock.offset_ms is not None,
        "no time service of this machine told how far its clock is off",
    ),
    (
        "custody.ledger_seq",
        lambda r: r.custody.ledger_seq is not None,
        "the drill was opened without a ledger",
    ),
    (
        "custody.previous_record_sha256",
        lambda r: r.custody.previous_record_sha256,
        "the ledger holds no finished drill before this one",
    ),
    ("custody.key_id", lambda r: r.custody.key_id, "no signing key was named when the drill was opened"),
    ("plan.last_test", lambda _: None, "one drill's journal knows of no other; the ledger lists them"),
    ("sign-off", lambda _: None, "made after the record was sealed, and kept beside it"),
)


def unknowns(record: Record) -> tuple[Unknown, ...]:
    """Return every field that a reviewer may ask for and that is empty, and why."""
    return tuple(Unknown(field, why) for field, read, why in _ASKED if not read(record))
