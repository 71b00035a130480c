"""How the target differs from production stands in the record, on the page and in the report, by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.views.allure.run import facts
from restoreproof.views.page.appendix import fidelity
from restoreproof.views.page.model import Bullets, Facts, Table
from restoreproof.views.page.not_shown import limits
from restoreproof.views.page.times import times
from restoreproof.views.timeline_plot import chart
from tests.stories import Story, closed, healthy, opened

OLDER: dict[str, Any] = {
    "subject": "engine",
    "service": "db",
    "here": "18.6",
    "production": "15.18",
    "differs": True,
    "consequence": "another major version",
}
SAME: dict[str, Any] = OLDER | {"service": "web", "differs": False, "consequence": "as in production"}
UNDECLARED: dict[str, Any] = OLDER | {"service": "*", "subject": "cpus", "production": None, "differs": None}


def record(plan: Plan, *told: dict[str, Any]) -> Record:
    story = opened(plan)
    for one in told:
        story.tell("fidelity", **one)
    return reduce(plan, closed(story).events)


def shown(record: Record) -> dict[str, list[str]]:
    return {
        block.name: ["".join(word.text for word in item) for item in block.items]
        for block in limits(record).blocks
        if isinstance(block, Bullets)
    }


def test_every_comparison_stands_in_the_record(plan: Plan) -> None:
    found = record(plan, OLDER, SAME, UNDECLARED)
    assert [(one.service, one.differs) for one in found.fidelity] == [
        ("db", True),
        ("web", False),
        ("*", None),
    ]
    assert found.as_json()["fidelity"][0] == OLDER
    assert Record.from_json(found.as_json()) == found


def test_the_page_tells_what_differs_and_what_was_not_declared(plan: Plan) -> None:
    said = shown(record(plan, OLDER, SAME, UNDECLARED))
    assert said["Other than in production"][0] == (
        "db, engine: here 18.6; in production 15.18; another major version"
    )
    assert not any("web" in line for line in said["Other than in production"])
    assert said["Not declared of production, so not compared"] == ["cpus: every service"]


def test_the_appendix_tells_every_fact_with_its_digest_in_full_behind_it(plan: Plan) -> None:
    digest = "sha256:" + "a" * 64
    told = OLDER | {"subject": "program", "here": f"image db, {digest}"}
    (table,) = fidelity(record(plan, told, UNDECLARED)).blocks
    assert isinstance(table, Table)
    first, second = table.rows
    assert [(word.text, word.full) for word in first[2]] == [("image db, ", ""), ("sha256:aaaaa", digest)]
    assert second[3][0].text == "not declared"


def test_the_report_s_environment_names_each_difference(plan: Plan) -> None:
    told = facts(record(plan, OLDER, SAME, UNDECLARED))
    assert told["Unlike production: engine of db"] == "18.6 (production: 15.18)"
    assert told["Production not declared"] == "cpus"
    assert not any("web" in name for name in told)


def test_a_drill_that_compared_nothing_says_so(plan: Plan) -> None:
    assert "fidelity" in {one.field for one in record(plan).unknown}
    assert "fidelity" not in {one.field for one in record(plan, UNDECLARED).unknown}


def test_whatever_the_journal_holds_becomes_bounded_text(plan: Plan) -> None:
    odd = dict.fromkeys(OLDER, "x" * 100_000) | {"differs": None}
    (one,) = record(plan, odd).fidelity
    assert all(len(text) <= 500 for text in (one.subject, one.service, one.here, one.consequence))


LITTLE: dict[str, Any] = {
    "subject": "data-size",
    "service": "*",
    "here": "0.01 GiB in shop",
    "production": "400 GiB, of which 50% are enough",
    "differs": True,
    "consequence": "too little data",
}


def timed(plan: Plan, outcome: str = "PASSED", *told: dict[str, Any]) -> Record:
    """A drill whose service was back in time, and of which one check looked at the recovery time."""
    story = Story([event for event in healthy(plan).events if event.type != "drill-closed"])
    story.tell("asked", check="c/objects", kind="recovery time", nouns={}, queries={})
    if outcome != "PASSED":
        story.tell("observation", check="c/objects", outcome=outcome, expected="in time", observed="not told")
    for one in told:
        story.tell("fidelity", **one)
    return reduce(plan, story.tell("drill-closed", seconds=10).events)


def figure(record: Record) -> str:
    """What the page and the PDF say of the RTO."""
    (facts_,) = [block for block in times(record).blocks if isinstance(block, Facts)]
    return "".join(word.text for name, said in facts_.rows if name == "Service back (RTO)" for word in said)


def test_a_time_within_the_target_is_met_where_the_check_passed_on_enough_data(plan: Plan) -> None:
    found = timed(plan, "PASSED", {**LITTLE, "differs": False})
    assert (found.recovery_time.met, found.recovery_time.unjudged) == (True, None)
    assert figure(found).endswith("✔ met")


@pytest.mark.parametrize("outcome", ["PASSED", "NOT_VERIFIED"])
def test_a_time_with_too_little_data_meets_nothing_and_the_page_says_why(plan: Plan, outcome: str) -> None:
    found = timed(plan, outcome, LITTLE)
    assert found.recovery_time.time_to_service_s is not None
    assert found.recovery_time.met is None
    assert found.as_json()["recovery_time"]["met"] is None
    assert "? not judged, 0.01 GiB in shop here, 400 GiB" in figure(found)
    assert "✔" not in figure(found)
    assert not any(span.met for span in chart(found).spans)


@pytest.mark.parametrize("outcome", ["NOT_VERIFIED", "FAILED", "ERROR"])
def test_a_time_is_never_met_where_its_own_check_did_not_pass(plan: Plan, outcome: str) -> None:
    found = timed(plan, outcome)
    assert found.recovery_time.time_to_service_s is not None
    assert found.recovery_time.met is None
    assert f"the check c/objects is {outcome}: expected in time; observed not told" in figure(found)


@pytest.mark.parametrize("told", [(), (LITTLE,)])
def test_a_time_that_missed_its_target_missed_it_on_any_machine(
    plan: Plan, told: tuple[dict[str, Any], ...]
) -> None:
    found = timed(replace(plan, rto_s=1.0), "PASSED", *told)
    assert (found.recovery_time.met, found.recovery_time.unjudged) == (False, None)
    assert figure(found).endswith("✘ missed")
