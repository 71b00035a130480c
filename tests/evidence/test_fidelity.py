"""How the target differs from production stands in the record, on the page and in the report, by name."""

from __future__ import annotations

from typing import Any

import pytest

from restoreproof.evidence.allure_run import facts
from restoreproof.evidence.model import Record
from restoreproof.evidence.record import reduce
from restoreproof.evidence.sheet.appendix import fidelity
from restoreproof.evidence.sheet.blocks import Bullets, Table
from restoreproof.evidence.sheet.limits import limits
from restoreproof.plan import Plan
from tests.evidence.conftest import closed, opened

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


@pytest.mark.parametrize("value", [None, 7, ["a"], {"b": 1}, "x" * 100_000])
def test_whatever_the_journal_holds_becomes_bounded_text(plan: Plan, value: Any) -> None:
    odd = dict.fromkeys(OLDER, value)
    (one,) = record(plan, odd).fidelity
    assert one.differs is None
    assert all(len(text) <= 500 for text in (one.subject, one.service, one.here, one.consequence))
