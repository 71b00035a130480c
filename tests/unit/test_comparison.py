"""Two drills of one set are held against each other by verdict, outcomes and what was examined."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from restoreproof.cli import app
from restoreproof.comparison import Difference, differences, read_record
from restoreproof.errors import EvidenceError, UsageError
from restoreproof.outcome import Outcome, Verdict
from restoreproof.plan import Plan
from restoreproof.record.model import CheckRecord, Record
from restoreproof.record.outcomes import KEPT
from restoreproof.record.reduce import reduce
from tests.stories import closed, healthy, opened


@pytest.fixture
def record(plan: Plan) -> Record:
    return reduce(plan, healthy(plan).events)


def with_first(record: Record, check: CheckRecord) -> Record:
    """The record with another check as its first."""
    return replace(record, checks=(check, *record.checks[1:]))


def written(directory: Path, record: Record) -> Path:
    directory.mkdir()
    (directory / "record.json").write_text(record.text())
    return directory


def test_the_same_drill_elsewhere_is_alike(record: Record) -> None:
    elsewhere = replace(record, drill_id="d2", seconds=99.0, target=replace(record.target, runtime="compose"))
    assert differences(record, elsewhere) == []


def test_another_verdict_and_another_outcome_are_told(record: Record) -> None:
    failed = with_first(
        replace(record, verdict=Verdict.FAILED), replace(record.checks[0], outcome=Outcome.FAILED)
    )
    assert [(one.subject, one.first, one.second) for one in differences(record, failed)] == [
        ("verdict", "VERIFIED", "FAILED"),
        ("c/rows", "PASSED; PASSED 3 of 3", "FAILED; PASSED 3 of 3"),
    ]


def test_the_same_outcome_of_fewer_things_is_told(record: Record) -> None:
    fewer = (replace(record.checks[0].observations[0], examined=2),)
    other = with_first(record, replace(record.checks[0], observations=fewer))
    expected = [Difference("c/rows", "PASSED; PASSED 3 of 3", "PASSED; PASSED 2 of 3")]
    assert differences(record, other) == expected


def test_what_lies_beyond_the_observations_that_are_kept_is_compared_by_its_sums(plan: Plan) -> None:
    def drilled(last: dict[str, object]) -> Record:
        story = opened(plan)
        for check in plan.checks:
            story.tell("scenario-started", check=check.id)
            seen = {"expected": "all", "observed": "all", "outcome": "PASSED", "examined": 3, "of": 3}
            for _ in range(2 * KEPT):
                story.tell("observation", check=check.id, **seen)
            story.tell("observation", check=check.id, **(seen | last))
            story.tell("scenario-finished", check=check.id, status="passed", reason="", seconds=1)
        return reduce(plan, closed(story).events)

    one = drilled({})
    assert differences(one, drilled({})) == []
    for other, told in (
        ({"examined": 2, "of": 2}, "152 of 152 examined"),
        ({"of": 4}, "153 of 154 examined"),
    ):
        first = differences(one, drilled(other))[-1]
        assert first.first.endswith("in all 51 observations, 51 of them passed, 153 of 153 examined")
        assert first.second.endswith(told)
    failed = [drilled({"outcome": "FAILED", "findings_total": found}) for found in (1, 2)]
    assert "FAILED 3 of 3, 2 found wrong" in differences(*failed)[-1].second


def test_drills_of_one_runtime_are_refused_where_two_were_asked_for(record: Record, tmp_path: Path) -> None:
    process = replace(record, target=replace(record.target, runtime="process"))
    first, second = written(tmp_path / "first", process), written(tmp_path / "second", process)
    compose = written(tmp_path / "third", replace(record, target=replace(record.target, runtime="compose")))
    untold = written(tmp_path / "fourth", replace(record, target=replace(record.target, runtime=None)))
    ask = ["compare", "--different-runtimes", str(first)]
    assert CliRunner().invoke(app, [*ask, str(compose)]).exit_code == 0
    for same in (second, untold):
        refused = CliRunner().invoke(app, [*ask, str(same)])
        assert isinstance(refused.exception, UsageError)
        assert refused.exception.exit_code == 2
        assert "ran in process and" in str(refused.exception)
    assert CliRunner().invoke(app, ["compare", str(first), str(second)]).exit_code == 0


def test_a_check_that_only_one_of_them_has_is_told_from_either_side(record: Record) -> None:
    without = replace(record, checks=record.checks[1:])
    assert differences(record, without) == [Difference("c/rows", "PASSED; PASSED 3 of 3", "absent")]
    assert differences(without, record) == [Difference("c/rows", "absent", "PASSED; PASSED 3 of 3")]


def test_drills_of_different_things_are_not_compared(record: Record) -> None:
    other = replace(record, backup_set=replace(record.backup_set, set_id="s2"))
    with pytest.raises(UsageError, match="different set can't be compared: s1 and s2"):
        differences(record, other)
    part = replace(record, plan=replace(record.plan, selection="-k rows"))
    with pytest.raises(UsageError, match="different part of the features"):
        differences(record, part)


@pytest.mark.parametrize(
    ("text", "words"), [(None, "can't read the record"), ("{", "not a record"), ("{}", "not a record: ")]
)
def test_what_is_no_record_is_refused_with_a_next_step(tmp_path: Path, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / "record.json").write_text(text)
    with pytest.raises(EvidenceError, match=words) as caught:
        read_record(tmp_path)
    assert "next: " in str(caught.value)


def test_the_command_says_it_and_ends_accordingly(record: Record, tmp_path: Path) -> None:
    first = written(tmp_path / "first", replace(record, target=replace(record.target, runtime="process")))
    second = written(tmp_path / "second", replace(record, target=replace(record.target, runtime="compose")))
    third = written(tmp_path / "third", with_first(record, replace(record.checks[0], outcome=Outcome.ERROR)))
    alike = CliRunner().invoke(app, ["compare", str(first), str(second)])
    assert alike.exit_code == 0
    assert alike.stdout.startswith("process and compose: VERIFIED; 3 checks with the same outcomes, 9 things")
    differs = CliRunner().invoke(app, ["compare", str(first), str(third), "--json"])
    assert differs.exit_code == 1
    told = json.loads(differs.stdout)
    assert (told["alike"], [one["subject"] for one in told["differences"]]) == (False, ["c/rows"])
