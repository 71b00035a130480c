"""What a journal is worth: the rules from events to a verdict."""

from __future__ import annotations

import json
from typing import Any

import pytest

from restoreproof.errors import EvidenceError, ExitCode
from restoreproof.events import Event, IsolationVerdict, TeardownDone
from restoreproof.journal.read import JournalLine
from restoreproof.outcome import Outcome, Verdict
from restoreproof.plan import CATALOGUE_CHECK, Plan, Waiver
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from tests.stories import closed, healthy, opened, plan_of, planned


def outcome_of(record: Record, name: str) -> Outcome:
    """How the check of that id ended."""
    return next(check.outcome for check in record.checks if check.id == name)


def one(plan: Plan, **more: Any) -> Record:
    """A whole drill of a plan with one check, told by ``more``."""
    return reduce(plan, closed(opened(plan).check(plan.checks[0].id, **more)).events)


def test_a_healthy_drill_is_verified_and_says_so_in_one_sentence(plan: Plan) -> None:
    record = reduce(plan, healthy(plan).events)
    assert record.verdict is Verdict.VERIFIED, record.incomplete
    assert record.exit_code is ExitCode.VERIFIED
    assert record.headline.startswith("3 of 3 mandatory checks passed; nothing was waived. Service was back")
    assert "6 min old at the recovery point (target 15 min)" in record.headline
    assert "advisory" not in record.headline
    assert (record.recovery_point.value_s, record.recovery_point.skew_s) == (360, 60)
    assert record.recovery_time.met
    assert [stage.status for stage in record.stages] == ["done"] * 3


def test_the_record_survives_json_and_is_the_same_each_time(plan: Plan) -> None:
    record = reduce(plan, healthy(plan).events)
    assert Record.from_json(json.loads(record.text())) == record
    assert reduce(plan, healthy(plan).events).text() == record.text()


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"outcome": "FAILED", "status": "failed"}, Outcome.FAILED),
        ({"outcome": "FAILED", "status": "passed"}, Outcome.FAILED),  # a step that swallowed the failure
        ({"outcome": "NOT_VERIFIED", "status": "failed"}, Outcome.NOT_VERIFIED),
        ({"outcome": "PASSED", "status": "failed"}, Outcome.ERROR),
        ({"outcome": None, "status": "failed"}, Outcome.ERROR),
        ({"outcome": None, "status": "passed"}, Outcome.NOT_VERIFIED),
        ({"outcome": "PASSED", "status": "skipped"}, Outcome.NOT_VERIFIED),
        ({"outcome": None, "status": "not-reached"}, Outcome.NOT_VERIFIED),
        ({"outcome": "PASSED", "examined": 2, "of": 3}, Outcome.NOT_VERIFIED),
        ({"outcome": "PASSED", "examined": 0, "of": 3, "sample": "300, seeded"}, Outcome.NOT_VERIFIED),
        ({"outcome": "PASSED", "examined": None, "of": None}, Outcome.NOT_VERIFIED),
        ({"outcome": "PASSED", "of": None}, Outcome.NOT_VERIFIED),
        ({"outcome": "PASSED", "examined": 0, "of": 0}, Outcome.NOT_VERIFIED),
        ({"outcome": "PASSED", "examined": 0, "of": 0, "zero_is_right": True}, Outcome.PASSED),
        ({"outcome": "PASSED", "findings": ["a row is missing"]}, Outcome.FAILED),
        ({"outcome": "PASSED", "findings_total": 1}, Outcome.FAILED),
        ({"outcome": "NOT_VERIFIED", "status": "passed"}, Outcome.NOT_VERIFIED),
    ],
)
def test_how_one_check_ends(told: dict[str, Any], outcome: Outcome) -> None:
    """What was seen comes before how pytest ended; and a pass needs something that was seen."""
    story = opened(plan_of(planned("c/x")))
    story.check("c/x", **told)
    record = reduce(plan_of(planned("c/x")), closed(story).events)
    assert outcome_of(record, "c/x") is outcome


def test_a_planned_check_that_never_ran_is_named(plan: Plan) -> None:
    """A scenario hidden from pytest leaves no event, and that is what gives it away."""
    story = opened(plan).check("c/rows").check("c/login")
    record = reduce(plan, closed(story).events)
    assert record.verdict is Verdict.NOT_VERIFIED
    assert record.exit_code is ExitCode.NOT_VERIFIED
    assert "planned but absent: c/objects (The check c/objects)" in record.incomplete
    assert "The check c/objects" in record.headline


@pytest.mark.parametrize(
    ("type", "reason"),
    [
        ("isolation-verdict", "isolation was never judged"),
        ("inner-exited", "left no exit"),
        ("teardown", "was not recorded"),
        ("drill-opened", "does not begin"),
    ],
)
def test_what_a_complete_journal_holds(plan: Plan, type: str, reason: str) -> None:
    """Without it everything may have passed, and nothing is verified."""
    record = reduce(plan, healthy(plan).without(type))
    assert record.verdict is Verdict.NOT_VERIFIED
    assert any(reason in said for said in record.incomplete)


@pytest.mark.parametrize(
    ("type", "data", "reason"),
    [
        ("isolation-verdict", {"proven": False, "reason": "tcp reached"}, "not proven isolated: tcp reached"),
        ("teardown", {"proven": False, "leftovers": ["pid 9"]}, "destruction"),
        ("inner-exited", {"returncode": -9, "seconds": 1.0}, "ended with -9"),
        ("inner-exited", {"returncode": 3, "seconds": 1.0}, "ended with 3"),
        ("fault-injected", {"fault": "drop-object"}, "drop-object"),
        ("drill-interrupted", {"reason": "Ctrl-C"}, "Ctrl-C"),
        ("scenario-started", {"check": "c/stranger"}, "c/stranger"),
        ("collected", {"checks": ["c/rows", "c/stranger"]}, "c/stranger"),
        ("drill-opened", {"drill_id": "d2"}, "more than one drill"),
    ],
)
def test_what_spoils_the_evidence_of_a_healthy_drill(
    plan: Plan, type: str, data: dict[str, Any], reason: str
) -> None:
    record = reduce(plan, healthy(plan).tell(type, **data).events)
    assert record.verdict is Verdict.NOT_VERIFIED
    assert any(reason in said for said in record.incomplete), record.incomplete


def test_a_lost_event_is_a_gap(plan: Plan) -> None:
    events = healthy(plan).events
    removed = next(i for i, event in enumerate(events) if event.type == "phase")
    record = reduce(plan, events[:removed] + events[removed + 1 :])
    assert record.verdict is Verdict.NOT_VERIFIED
    assert any("gap" in said for said in record.incomplete)


@pytest.mark.parametrize("event", [IsolationVerdict(proven=True, reason="x"), TeardownDone(proven=True)])
def test_an_inner_event_can_not_pose_as_the_outers(plan: Plan, event: Event) -> None:
    """The writer refuses it already; a journal that holds it all the same is no evidence."""
    forged = JournalLine(99, "inner", "2026-11-22T15:00:00Z", 1.0, event)
    with pytest.raises(EvidenceError, match=event.type):
        reduce(plan, [*healthy(plan).events, forged])


def test_a_set_that_contradicts_its_catalogue_fails_whatever_else_passed(plan: Plan) -> None:
    story = healthy(plan).tell(
        "set-contradiction", artifact="wipe.dump", expected="sha256 1", observed="sha256 2"
    )
    record = reduce(plan, story.events)
    assert record.verdict is Verdict.FAILED
    assert outcome_of(record, CATALOGUE_CHECK) is Outcome.FAILED
    assert "wipe.dump" in record.headline


def waiver(until: str, check: str = "c/x") -> Waiver:
    """A waiver until that day."""
    return Waiver(check, "known", "ops", "ciso", until)


@pytest.mark.parametrize(
    ("until", "outcome", "verdict"),
    [
        ("2026-11-22", Outcome.WAIVED, Verdict.VERIFIED_WITH_WAIVERS),
        ("2026-11-21", Outcome.FAILED, Verdict.FAILED),
        ("someday", Outcome.FAILED, Verdict.FAILED),
    ],
)
def test_a_waiver_holds_until_its_day(until: str, outcome: Outcome, verdict: Verdict) -> None:
    """The drill's day counts, not today's."""
    record = one(plan_of(planned("c/x"), waivers=(waiver(until),)), outcome="FAILED", status="failed")
    assert (outcome_of(record, "c/x"), record.verdict) == (outcome, verdict)


@pytest.mark.parametrize("told", [{"outcome": "NOT_VERIFIED"}, {"outcome": None, "status": "failed"}])
def test_a_waiver_excuses_a_failure_and_nothing_else(told: dict[str, Any]) -> None:
    record = one(plan_of(planned("c/x"), waivers=(waiver("2027-01-01"),)), **told)
    assert record.verdict is Verdict.NOT_VERIFIED


def test_a_part_is_partial_and_can_not_gate() -> None:
    record = one(plan_of(planned("c/x"), whole=False))
    assert record.verdict is Verdict.PARTIAL
    assert record.exit_code is ExitCode.NOT_VERIFIED
    assert "only a part was run (-k rows)" in record.headline


def test_advisory_findings_are_shown_and_not_counted() -> None:
    plan = plan_of(planned("c/x"), planned("c/y", mandatory=False))
    record = reduce(plan, closed(opened(plan).check("c/x").check("c/y", outcome="FAILED")).events)
    assert record.verdict is Verdict.VERIFIED
    assert outcome_of(record, "c/y") is Outcome.FAILED
    assert (record.counts.mandatory, record.counts.advisory, record.counts.advisory_passed) == (1, 1, 0)
    assert "advisory, and not passed: “" in record.headline


def test_what_is_asked_less_of_than_before_is_in_the_headline_of_a_pass(plan: Plan) -> None:
    changes = [{"subject": "c/rows", "title": "Rows are there", "what": "no longer asked"}]
    story = healthy(plan).tell("plan-compared", previous="d0", changes=changes, changes_total=3)
    record = reduce(plan, story.events)
    assert record.verdict is Verdict.VERIFIED
    assert (
        "Asked less of than in the drill d0: Rows are there: no longer asked and 2 more." in record.headline
    )
    assert record.plan_comparison.total == 3


def test_a_plan_that_could_not_be_compared_is_in_the_headline(plan: Plan) -> None:
    story = healthy(plan).tell("plan-compared", previous="d0", unknown="its plan is not on this machine")
    record = reduce(plan, story.events)
    assert "What the drill d0 asked could not be held against this one: its plan is not on" in record.headline


def test_a_service_that_failed_its_smoke_was_never_back(plan: Plan) -> None:
    """No time to service is claimed from a stage whose checks did not pass."""
    story = opened(plan).tell("stage-entered", stage="smoke").tell("stage-done", stage="smoke", seconds=1)
    story.check("c/rows").check("c/objects").check("c/login", outcome="FAILED", status="failed")
    record = reduce(plan, closed(story, returncode=1).events)
    assert record.recovery_time.time_to_service_s is None
    assert record.recovery_time.met is None
    assert record.verdict is Verdict.FAILED


def test_memory_does_not_grow_with_the_journal() -> None:
    """A million observations would keep as many as these thousand do, and the bad one is never lost."""
    plan = plan_of(planned("c/x"))
    story = opened(plan).tell("scenario-started", check="c/x")
    for number in range(1000):
        outcome = "FAILED" if number == 777 else "PASSED"
        story.tell(
            "observation", check="c/x", outcome=outcome, expected="e", observed=f"o{number}", examined=1, of=1
        )
        story.tell("note", text=f"note {number}")
    record = reduce(plan, closed(story).events)
    (check,) = record.checks
    assert check.observations_total == 1000
    assert len(check.observations) < 60
    assert check.reason == "expected e; observed o777"
    assert len(record.notes) <= 200


@pytest.mark.parametrize(("lost", "verdict"), [(True, Verdict.FAILED), (False, Verdict.NOT_VERIFIED)])
def test_a_stage_fails_the_drill_only_when_the_set_is_to_blame(
    plan: Plan, lost: bool, verdict: Verdict
) -> None:
    """A dump that can't be restored is a loss; a machine that can't start a server proves nothing."""
    story = opened(plan).tell("stage-entered", stage="database")
    story.tell("stage-failed", stage="database", error="pg_restore: no such table", hint=None, lost=lost)
    for check in plan.checks:
        story.check(check.id, outcome=None, status="not-reached")
    record = reduce(plan, closed(story, returncode=1).events)
    assert record.verdict is verdict
    assert record.stages[0].error == "pg_restore: no such table"
