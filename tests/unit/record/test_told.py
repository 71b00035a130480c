"""What a reviewer asks for: filled where the journal tells it, and named as unknown where nobody did."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from restoreproof.errors import EvidenceError
from restoreproof.events import EVENTS, Excess
from restoreproof.journal.read import parse_line
from restoreproof.outcome import Outcome, Verdict
from restoreproof.plan import Plan, Retention, Waiver
from restoreproof.record.backup_set import ArtifactRecord, CatalogueRecord, Encryption
from restoreproof.record.context import Actors, ClockRecord, ComponentRecord, Custody
from restoreproof.record.execution import CommandRecord, ForbiddenScan, ScanFinding, SinkEffects
from restoreproof.record.gaps import MANY
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from tests.stories import closed, healthy, opened, plan_of, planned
from tests.unit.record.told import everything_told, governed


@pytest.fixture(scope="module")
def told() -> Record:
    return reduce(governed(), everything_told(governed()).events)


def test_who_drilled_by_which_rules_is_told(told: Record) -> None:
    assert told.verdict is Verdict.VERIFIED, told.incomplete
    assert told.actors == Actors("ada", "https://ci.example/1", True)
    assert (told.harness_build.git_commit, told.harness_build.lockfile_sha256) == ("1" * 40, "2" * 64)
    assert (told.harness_build.features_sha256, told.harness_build.contract_sha256) == ("b" * 64, "a" * 64)
    assert told.governance.policy is not None
    assert (told.governance.policy.id, told.governance.bia_reference) == ("BCP-4", "BIA-1")
    assert (told.governance.retention, told.governance.retention_until) == ("18 months", "2028-05-22")
    assert told.clock == ClockRecord("ntp", -0.25)
    assert told.custody == Custody(4, "3" * 64, "4" * 64, "5" * 64, "SHA256:k", False)


def test_what_was_restored_into_what_is_told(told: Record) -> None:
    found = told.backup_set
    assert (found.run_id, found.location) == ("r1", "/backups/s1")
    assert (found.age_s, found.artifacts_total, found.objects) == (13 * 3600, 7, 3)
    assert found.encryption == Encryption("age", 2)
    assert found.catalogue == CatalogueRecord("c" * 64)
    assert found.artifacts == (ArtifactRecord("a", 1, "6", "6", "manifest"),)
    assert found.verified_before_restore
    assert found.facts == ()
    assert told.target.components == (ComponentRecord("db", "postgres", "18.6", "sha256:7", "package"),)
    assert told.target.destroyed_at == "2026-11-22T15:00:32.000000Z"
    assert (told.scope.systems, told.scope.extent) == (("db", "s3"), "full")
    assert [one.what for one in told.scope.excluded] == ["the index"]


def test_what_was_run_searched_and_let_out_is_told(told: Record) -> None:
    assert told.commands_total == 1
    assert told.commands == (
        CommandRecord("database", "pg_restore", ("pg_restore", "--jobs=2"), 0, 0.5, began_s=5.5),
    )
    assert told.forbidden_scan == ForbiddenScan(
        ("private key",),
        "8" * 64,
        100,
        3,
        ("a.age: encrypted",),
        (ScanFinding("private key", "a.sql, byte 4"),),
        5,
    )
    assert told.effects.sinks == (SinkEffects("drop", 0, None), SinkEffects("mail", 0, 3))
    assert told.effects.approved_by == "OPS-7"
    assert told.effects.approved_s is not None
    assert told.recovery_point.newest == (("database", "2026-11-22T01:54:00Z"),)
    assert told.recovery_point.reference_at == "2026-11-22T02:00:00Z"
    assert told.recovery_time.start_event == "drill-opened"
    assert told.recovery_time.service_event == "scenario-finished c/login"
    assert told.recovery_time.verified_event == "scenario-finished c/login"


def test_of_a_drill_that_tells_everything_only_what_no_drill_can_know_is_unknown(told: Record) -> None:
    assert [one.field for one in told.unknown] == ["plan.last_test", "sign-off"]


def test_what_nobody_told_is_named_with_the_reason(plan: Plan) -> None:
    record = reduce(plan, healthy(plan).events)
    unknown = {one.field: one.why for one in record.unknown}
    for field in ("actors.operator", "governance.policy", "forbidden_scan", "effects.sinks", "clock.source"):
        assert unknown[field]
    assert len(reduce(plan, []).unknown) > len(unknown)


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("command", {"tool": ["x"], "argv": "rm", "returncode": "0", "seconds": "soon"}),
        ("forbidden-scan", {"ruleset": 7, "findings": [1, {"rule": None}], "bytes": -1}),
        ("sink-effects", {"when": [], "effects": ["mail"]}),
        ("sink-effects", {"effects": {"mail": -1, "drop": True}}),
        ("service-started", {"service": {"a": 1}, "component": ["x"]}),
        ("review-approved", {}),
        (
            "set-verified",
            {"files": [None, {"name": 1}], "encryption": "age", "tool_versions": [], "taken_at": 1},
        ),
        ("set-verified", {"references": [None, {"asset": [], "bytes": -1}], "reissued_from": ["x"]}),
        ("set-verified", {"references": "database", "reissued_from": {"set_id": 7}}),
        ("measurement", {"name": "rpo.database", "value": 1, "newest_at": ["x"]}),
    ],
)
def test_values_of_another_type_than_their_events_are_no_journal(type: str, data: dict[str, Any]) -> None:
    source = EVENTS[type].sender
    line = {"seq": 1, "source": source, "type": type, "at": "x", "mono": 1.0, "data": data}
    with pytest.raises(EvidenceError, match=type):
        parse_line(json.dumps(line).encode(), Excess.CUT, foreign=True)


def test_a_flood_is_cut_short_and_counted(plan: Plan) -> None:
    story = healthy(plan)
    for number in range(MANY + 50):
        story.tell("command", tool="t" * 9000, argv=["a" * 9000] * 500, returncode=0, seconds=0.1)
        story.tell("service-started", service=f"s{number}", component="c")
    record = reduce(plan, story.events)
    assert (len(record.commands), record.commands_total) == (MANY, MANY + 50)
    assert len(record.target.components) == MANY
    assert max(len(command.argv) for command in record.commands) <= 60
    assert len(record.text()) < 20_000_000


def test_what_did_not_pass_is_a_deviation_for_somebody_to_act_on() -> None:
    check = planned("c/x")
    tagged = replace(check, tags=("severity:blocker", "owner:storage", "control:SOC2-A1.2"))
    plan = plan_of(tagged, planned("c/y"))
    story = opened(plan).check("c/x", "FAILED", "failed")
    record = reduce(plan, closed(story).events)
    first, second = record.deviations
    assert (first.id, first.outcome, first.severity) == ("c/x", Outcome.FAILED, "blocker")
    assert (first.owner, first.due, first.waiver_expired) == ("storage", None, False)
    assert (second.id, second.outcome) == ("c/y", Outcome.NOT_VERIFIED)
    assert record.checks[0].controls == ("SOC2-A1.2",)
    assert record.checks[0].phase == "pre-restore"  # nothing of this journal was restored yet


@pytest.mark.parametrize(("until", "expired"), [("2026-11-22", False), ("2026-11-21", True)])
def test_a_waiver_is_named_and_named_as_expired_when_it_is(until: str, expired: bool) -> None:
    waiver = Waiver("c/x", "known", "storage", "the board", until)
    plan = plan_of(planned("c/x"), waivers=(waiver,))
    record = reduce(plan, closed(opened(plan).check("c/x", "FAILED", "failed")).events)
    (deviation,) = record.deviations
    assert deviation.waiver == waiver
    assert deviation.waiver_expired is expired
    assert deviation.outcome is (Outcome.FAILED if expired else Outcome.WAIVED)
    assert ("the waiver that the board approved ended" in deviation.description) is expired
    assert record.verdict is (Verdict.FAILED if expired else Verdict.VERIFIED_WITH_WAIVERS)


def test_a_sample_is_told_with_how_it_was_drawn() -> None:
    plan = plan_of(planned("c/x"))
    story = opened(plan).tell("stage-entered", stage="objects")
    story.tell("scenario-started", check="c/x")
    seen = {"expected": "all", "observed": "all", "examined": 3, "of": 9, "sample": "evenly"}
    story.tell("observation", check="c/x", outcome="PASSED", **seen)
    story.tell("scenario-finished", check="c/x", status="passed", reason="", seconds=0.1)
    record = reduce(plan, closed(story).events)
    assert record.scope.extent == "sample"
    assert [(one.check, one.method, one.examined, one.of) for one in record.scope.samples] == [
        ("c/x", "evenly", 3, 9)
    ]
    assert record.checks[0].phase == "post-restore"


def test_the_plan_says_which_stage_ends_with_the_service_back() -> None:
    plan = replace(plan_of(), service_stage="objects")
    record = reduce(plan, healthy(plan).events)
    assert record.recovery_time.service_event == "scenario-finished c/objects"
    assert record.recovery_time.time_to_service_s is not None
    assert record.recovery_time.time_to_verified_s is not None
    assert record.recovery_time.time_to_service_s < record.recovery_time.time_to_verified_s


@pytest.mark.parametrize(
    ("retention", "until"),
    [
        (Retention("6y", months=72), date(2030, 2, 28)),
        (Retention("90 days", days=90), date(2024, 5, 29)),
        (Retention("1 month", months=1), date(2024, 3, 29)),
        (Retention("9000 years", months=9000 * 12), None),
    ],
)
def test_retention_counts_in_the_calendar(retention: Retention, until: date | None) -> None:
    assert retention.until(date(2024, 2, 29)) == until
