"""A drill whose journal tells everything that a record can hold."""

from __future__ import annotations

from dataclasses import replace

from restoreproof.plan import Coverage, Excluded, Governance, Plan, Policy, Retention, Runbook
from tests.stories import STAGES, Story, closed, plan_of

RECOVERY_POINT = "2026-11-22T02:00:00Z"


def governed() -> Plan:
    """The plan of a contract that states its rules."""
    return replace(
        plan_of(),
        governance=Governance(
            policy=Policy("BCP-4", "2.0", "90 days", "d" * 64),
            bia_reference="BIA-1",
            runbook=Runbook("runbook.md", "e" * 64),
            retention=Retention("18 months", months=18),
            classification="internal",
            approver_required=True,
            scenario="Everything is lost in one night.",
        ),
        coverage=Coverage(("db", "s3"), ("postgres", "objects"), (Excluded("the index", "built anew"),)),
    )


def everything_told(plan: Plan) -> Story:
    """One event of each sort that fills a field."""
    story = Story().tell(
        "drill-opened",
        drill_id="d1",
        stack="wipe",
        plan=plan.digest,
        set_id="s1",
        catalogue_sha256="c" * 64,
        attempt=2,
        trigger="schedule",
        operator="ada",
        ci_run_url="https://ci.example/1",
        runtime="process",
        host={"cpus": 2},
        host_fingerprint="f" * 64,
        clock={"source": "ntp", "offset_ms": -0.25},
        harness="restoreproof 9",
        harness_build={"version": "9", "git_commit": "1" * 40, "lockfile_sha256": "2" * 64, "python": "3.11"},
        custody={
            "ledger_seq": 4,
            "ledger_entry_sha256": "3" * 64,
            "previous_record_sha256": "4" * 64,
            "manifest_sha256": "5" * 64,
            "key_id": "SHA256:k",
            "self_issued": False,
        },
    )
    story.tell(
        "set-verified",
        set_id="s1",
        run_id="r1",
        recovery_point=RECOVERY_POINT,
        taken_at="2026-11-22T02:01:00Z",
        location="/backups/s1",
        release="1.4.0",
        synthetic=False,
        tool_versions={"pg_dump": "18"},
        encryption={"scheme": "age", "recipients": 2},
        manifest_sha256="5" * 64,
        artifacts=7,
        objects=3,
        bytes=1000,
        seconds=0.5,
        files=[{"name": "a", "bytes": 1, "sha256": "6", "expected_sha256": "6", "digest_source": "manifest"}],
    )
    story.tell("isolation-control", probe="tcp", reached=True)
    story.tell("isolation-probe", probe="tcp", reached=False, detail="unreachable")
    story.tell("isolation-verdict", proven=True, reason="4 probes failed, 4 controls succeeded")
    for stage in STAGES:
        story.tell("stage-entered", stage=stage)
        if stage == "database":
            _worked(story)
        story.tell("stage-done", stage=stage, seconds=1.0)
        for check in plan.checks:
            if check.stage == stage:
                story.check(check.id)
    story.tell("sink-effects", when="before-approval", effects={"mail": 0, "drop": 0})
    story.tell("review-approved", approver="OPS-7", stage="smoke")
    story.tell(
        "fidelity",
        subject="engine",
        service="db",
        here="18.6",
        production="18.4",
        differs=True,
        consequence="another minor version",
    )
    story.tell("sink-effects", when="at-the-end", effects={"mail": 3})
    return closed(story)


def _worked(story: Story) -> None:
    story.tell("command", tool="pg_restore", argv=["pg_restore", "--jobs=2"], returncode=0, seconds=0.5)
    story.tell(
        "service-started",
        service="db",
        pid=7,
        argv=[],
        stage="database",
        component="postgres",
        version="18.6",
        digest="sha256:7",
        source="package",
    )
    story.tell(
        "forbidden-scan",
        ruleset=["private key"],
        ruleset_digest="8" * 64,
        bytes=100,
        parts=3,
        unscannable=["a.age: encrypted"],
        findings=[{"rule": "private key", "location": "a.sql, byte 4"}],
        findings_total=5,
    )
    story.tell(
        "measurement",
        name="rpo.database",
        value=360,
        unit="s",
        detail="",
        newest_at="2026-11-22T01:54:00Z",
    )
