"""The rules that the drill answers to, and what it covered."""

from __future__ import annotations

from restoreproof.record.model import Record
from restoreproof.views.page.identity import NOT_RECORDED
from restoreproof.views.page.model import Facts, Line, Section, digest, joined, line


def governance(record: Record) -> Section:
    """Make the section on policy, runbook, scenario, retention, and the clock that times were read from."""
    rules, clock = record.governance, record.clock
    off = (
        f", off by {clock.offset_ms:.0f} ms"
        if clock.offset_ms is not None
        else ", its offset is not recorded"
    )
    rows: tuple[tuple[str, Line], ...] = (
        ("Scenario", line(rules.scenario or NOT_RECORDED)),
        ("Policy", _policy(record)),
        ("Runbook", _runbook(record)),
        ("Impact analysis", line(rules.bia_reference or NOT_RECORDED)),
        ("Kept until", line(rules.retention_until or rules.retention or NOT_RECORDED)),
        ("Classification", line(rules.classification or NOT_RECORDED)),
        ("Systems", joined(record.scope.systems or (NOT_RECORDED,), ", ")),
        ("Kinds of source", joined(record.scope.source_types or (NOT_RECORDED,), ", ")),
        ("Clock", line(f"{clock.source or 'source not recorded'}{off}")),
    )
    return Section("governance", "The rules this drill answers to", (Facts(rows),))


def _policy(record: Record) -> Line:
    policy = record.governance.policy
    if policy is None:
        return line(NOT_RECORDED)
    named = [policy.id, f"version {policy.version}" if policy.version else None, policy.frequency]
    return line(", ".join(str(part) for part in named if part), ", digest ", digest(policy.digest))


def _runbook(record: Record) -> Line:
    runbook = record.governance.runbook
    return (
        line(NOT_RECORDED)
        if runbook is None
        else line(runbook.path or NOT_RECORDED, ", digest ", digest(runbook.digest))
    )
