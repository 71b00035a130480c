"""A test of the harness can't pass for a drill of the backup: it names its faults wherever it is told of."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from restoreproof.errors import UsageError
from restoreproof.outcome import Verdict
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.sealing.decision import Decision
from restoreproof.sealing.keys import make_signing_key, signing_key
from restoreproof.sealing.signoff import Word, sign_off
from restoreproof.verifier.formats import statement_of
from restoreproof.views import junit
from restoreproof.views.allure.run import facts
from restoreproof.views.bundle import Bundle
from restoreproof.views.metrics import exposition
from restoreproof.views.oscal import assessment_results
from restoreproof.views.page.view import page
from tests.stories import closed, healthy, opened, plan_of, retold
from tests.unit.sealing.sealed import YEAR, Desk

LOST = {"name": "lost-row", "checks": ["c/rows", "c/objects"]}
WORDS = "a test with injected fault lost-row"


def drilled(*faults: dict[str, object], failing: tuple[str, ...] = ()) -> Record:
    """A drill whose outer process says which faults it injects; the inner one never mentions them."""
    plan = plan_of()
    story = opened(plan)
    for stage in plan.stages:
        story.tell("stage-entered", stage=stage)
        story.tell("stage-done", stage=stage, seconds=1.0)
    for check in plan.checks:
        outcome = "FAILED" if check.id in failing else "PASSED"
        story.check(check.id, outcome, "failed" if check.id in failing else "passed")
    lines = closed(story, 1 if failing else 0).events
    return reduce(plan, [retold(lines[0], faults=list(faults)), *lines[1:]])


def test_a_fault_that_nobody_noticed_is_never_verified_and_says_so() -> None:
    record = drilled(LOST)
    assert record.verdict is Verdict.NOT_VERIFIED
    assert record.verdict_words == f"NOT VERIFIED, {WORDS}"
    assert (
        "the injected fault lost-row was noticed by 0 of 2 checks (not by c/rows, c/objects)"
        in record.headline
    )


def test_noticing_counts_the_checks_that_the_fault_names_and_no_others() -> None:
    """What fails in every drill, such as a schedule that can't meet the objective, noticed nothing."""
    unnoticed, half = drilled(LOST, failing=("c/login",)), drilled(LOST, failing=("c/rows", "c/login"))
    assert "noticed by 0 of 2 checks" in page(unnoticed)
    assert half.detection[0].noticed == ("c/rows",)
    assert "noticed by 1 of 2 checks (not by c/objects)" in half.headline


def test_every_report_of_it_names_the_fault(tmp_path: Path) -> None:
    record = drilled(LOST, failing=("c/rows", "c/objects"))
    junit.write(Bundle(tmp_path, plan_of(), record))
    suites = Xml.parse(tmp_path / "junit.xml").getroot()
    assert WORDS in str(suites.get("name"))
    properties = {(one.get("name"), one.get("value")) for one in suites.iter("property")}
    assert ("injected fault", "the injected fault lost-row was noticed by 2 of 2 checks") in properties
    assert 'restoreproof_drill_injected_fault{stack="wipe",fault="lost-row"} 1' in exposition(record)
    assert facts(record)["Verdict"] == f"FAILED, {WORDS}"
    assert WORDS in assessment_results(record)["assessment-results"]["results"][0]["title"]
    assert WORDS in page(record)
    assert record.headline.startswith("A test of the harness, which says nothing of the backup:")


def test_the_attestation_names_it_and_that_of_another_drill_has_no_such_key() -> None:
    def about(record: Record) -> dict[str, object]:
        statement = statement_of(record.as_json(), "0" * 64, "1" * 64, "2026-11-22T16:00:00Z")
        annotations: dict[str, object] = statement["subject"][1]["annotations"]
        return annotations

    assert about(drilled(LOST))["faults"] == ["lost-row"]
    assert "faults" not in about(reduce(plan_of(), healthy(plan_of()).events))


def test_it_can_be_rejected_and_not_accepted(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    evidence = desk.file("d1", tell=lambda story: [retold(story.events[0], faults=[LOST]), *story.events[1:]])
    make_signing_key(tmp_path / "approver.pem", valid_for=YEAR)
    key = signing_key(f"file:{tmp_path}/approver.pem")
    with pytest.raises(UsageError, match="can't be accepted: injected was lost-row"):
        sign_off(evidence, Word("Ada", "owner", Decision.ACCEPT, "fine"), key)
    made = sign_off(evidence, Word("Ada", "owner", Decision.REJECT, "a test"), key)
    assert json.loads(made.path.read_text())["payload"]


def test_a_drill_of_the_backup_is_called_by_its_verdict_alone() -> None:
    record = reduce(plan_of(), healthy(plan_of()).events)
    assert (record.verdict_words, record.detection) == ("VERIFIED", ())
    assert "test of the harness" not in record.headline
