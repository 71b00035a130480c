"""Allure's results: the record's outcomes, the journal's steps, the same bytes whenever they are written."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from restoreproof.outcome import Outcome
from restoreproof.plan import Plan, PlannedStep, Waiver
from restoreproof.record.reduce import reduce
from restoreproof.views.allure.results import write_results
from tests.stories import Story, closed, healthy, opened, plan_of, planned

FORMULA = '=HYPERLINK("http://evil")'


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine of another name, in another time zone."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setattr("socket.gethostname", lambda: "another-machine")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def results_of(directory: Path, plan: Plan, story: Story) -> dict[str, dict[str, Any]]:
    """The results by check."""
    directory.mkdir(exist_ok=True)
    results = write_results(directory, reduce(plan, story.events), story.events)
    read = [json.loads(path.read_text()) for path in results.glob("*-result.json")]
    return {label(result, "check")[0]: result for result in read}


def label(result: dict[str, Any], name: str) -> list[str]:
    """Every value of one label."""
    return [label["value"] for label in result["labels"] if label["name"] == name]


def told(plan: Plan) -> Story:
    """One check with everything that a check can leave in the journal."""
    story = opened(plan)
    story.tell("service-log", stage="objects", service="s3", text="listening")
    story.tell("scenario-started", check="c/x")
    story.tell(
        "asked",
        check="c/x",
        kind="recovery point",
        nouns={"dataset": "proofs"},
        queries={"proofs": "select 1"},
    )
    story.tell("step", check="c/x", keyword="When", text="each is read", outcome="passed", seconds=0.25)
    story.tell(
        "observation",
        check="c/x",
        outcome="FAILED",
        expected="all of them",
        observed="two are gone",
        examined=3,
        of=5,
        sample="all",
        findings=[FORMULA, "proofs/2.der"],
        findings_total=7,
    )
    story.tell("measurement", name="rpo.objects", value=12.5, unit="s", detail="")
    story.tell("step", check="c/x", keyword="Then", text="it holds", outcome="failed", seconds=0.5)
    story.tell("step", check="c/x", keyword="And", text="so does this", outcome="not-run", seconds=0)
    story.tell("scenario-finished", check="c/x", status="failed", reason="two are gone", seconds=0.75)
    return closed(story, 1)


@pytest.fixture
def one() -> Plan:
    """A plan of the one check ``c/x``."""
    return plan_of(planned("c/x"))


def test_writing_again_elsewhere_gives_the_same_bytes(
    tmp_path: Path, one: Plan, request: pytest.FixtureRequest
) -> None:
    """A pure function of plan and journal: not of the machine's name, its time zone, or what was there."""
    results_of(tmp_path / "a", one, told(one))
    request.getfixturevalue("elsewhere")
    (tmp_path / "b" / "allure-results").mkdir(parents=True)
    (tmp_path / "b" / "allure-results" / "of-an-older-version-result.json").write_text("{}")
    results_of(tmp_path / "b", one, told(one))
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name / "allure-results").iterdir()}
        for name in ("a", "b")
    )
    assert first == second
    assert not any(b"another-machine" in content for content in second.values())


def test_what_was_asked_seen_and_found_hangs_at_its_step(tmp_path: Path, one: Plan) -> None:
    result = results_of(tmp_path, one, told(one))["c/x"]
    when, then, rest = result["steps"]
    (asked,) = when["steps"]
    assert asked["name"] == "looks at recovery point: dataset “proofs”"
    assert content(tmp_path, asked["attachments"][0]) == "select 1"
    (seen,) = then["steps"]
    assert (seen["name"], seen["status"]) == ("FAILED: two are gone", "failed")
    assert [(it["name"], it["value"]) for it in seen["parameters"]] == [
        ("expected", "all of them"),
        ("observed", "two are gone"),
        ("examined", "3 of 5"),
        ("sample", "all"),
    ]
    assert seen["attachments"][0]["name"] == "findings (2 of 7)"
    assert (rest["status"], "not reached" in rest["statusDetails"]["message"]) == ("skipped", True)
    assert then["stop"] - then["start"] == 500


@pytest.mark.parametrize(("examined", "status"), [(3, "passed"), (2, "broken")])
def test_an_observation_shows_the_outcome_that_its_counts_have(
    tmp_path: Path, one: Plan, examined: int, status: str
) -> None:
    story = opened(one)
    story.tell("scenario-started", check="c/x")
    counts = {"examined": examined, "of": 3}
    story.tell("observation", check="c/x", outcome="PASSED", expected="all", observed="all", **counts)
    (seen,) = results_of(tmp_path, one, story)["c/x"]["steps"]
    assert seen["status"] == status
    assert seen["name"].startswith(
        "PASSED: all" if status == "passed" else "NOT VERIFIED: all; called passed"
    )


def test_a_finding_is_no_formula_for_a_spreadsheet(tmp_path: Path, one: Plan) -> None:
    result = results_of(tmp_path, one, told(one))["c/x"]
    found = result["steps"][1]["steps"][0]["attachments"][0]
    rows = list(csv.reader(content(tmp_path, found).splitlines()))
    assert rows == [["finding"], [f"'{FORMULA}"], ["proofs/2.der"]]


def test_a_check_shows_the_logs_of_its_stage_or_those_of_its_own_failure(tmp_path: Path, one: Plan) -> None:
    result = results_of(tmp_path / "stage", one, told(one))["c/x"]
    assert [content(tmp_path / "stage", log) for log in result["attachments"]] == ["listening"]
    story = told(one)
    story.tell("service-log", stage="objects", check="c/x", service="s3", text="disk full")
    result = results_of(tmp_path / "own", one, story)["c/x"]
    assert [content(tmp_path / "own", log) for log in result["attachments"]] == ["disk full"]


def test_what_was_measured_is_shown_and_does_not_split_the_history(tmp_path: Path, one: Plan) -> None:
    """RPO and its target stand at the check that measured them; Allure leaves excluded ones out of its id."""
    parameters = results_of(tmp_path, one, told(one))["c/x"]["parameters"]
    assert {(it["name"], it["value"]) for it in parameters} == {
        ("RPO target", "15 min"),
        ("RPO measured", "12 s"),
        ("rpo.objects", "12.5 s"),
    }
    assert all(it["excluded"] for it in parameters)


def test_the_history_holds_across_drills_and_tells_rows_apart(tmp_path: Path) -> None:
    plan = plan_of(
        planned("c/rows[1]", parameters=(("n", "1"),), title="Rows"),
        planned("c/rows[2]", parameters=(("n", "2"),), title="Rows"),
    )
    first = results_of(tmp_path / "a", plan, healthy(plan))
    other = healthy(plan)
    opening = other.events[0].event.model_copy(update={"drill_id": "d2"})
    other.events[0] = replace(other.events[0], event=opening)
    second = results_of(tmp_path / "b", plan, other)
    ids = {check: result["historyId"] for check, result in first.items()}
    assert len(set(ids.values())) == 2
    assert ids == {check: result["historyId"] for check, result in second.items()}
    assert not {result["uuid"] for result in first.values()} & {result["uuid"] for result in second.values()}


def test_the_status_is_the_records_outcome(tmp_path: Path) -> None:
    """FAILED is failed; NOT VERIFIED, ERROR and what never ran are broken; a waiver is told as one."""
    names = ["c/passed", "c/failed", "c/unverified", "c/error", "c/absent", "c/waived"]
    plan = plan_of(
        *map(planned, names),
        planned("c/advice", mandatory=False),
        waivers=(Waiver("c/waived", "known since May", "dba", "ciso", "2999-01-01"),),
    )
    story = opened(plan).check("c/passed").check("c/failed", "FAILED", "failed")
    story.check("c/unverified", "NOT_VERIFIED", "failed").check("c/error", None, "failed")
    story.check("c/waived", "FAILED", "failed").check("c/advice", "FAILED", "failed")
    results = results_of(tmp_path, plan, closed(story, 1))
    assert {name: result["status"] for name, result in results.items()} == {
        "c/passed": "passed",
        "c/failed": "failed",
        "c/unverified": "broken",
        "c/error": "broken",
        "c/absent": "broken",
        "c/waived": "failed",
        "c/advice": "failed",
    }
    assert results["c/absent"]["statusDetails"]["message"].startswith("NOT VERIFIED: planned, but")
    waived = results["c/waived"]["statusDetails"]
    assert waived["known"] is True
    assert waived["message"].startswith(
        "WAIVED until 2999-01-01: known since May (owner dba, approved by ciso)"
    )
    assert label(results["c/advice"], "tag") == ["FAILED", "advisory"]
    assert label(results["c/error"], "outcome") == [Outcome.ERROR]


def test_a_step_that_broke_without_an_observation_says_why(tmp_path: Path, one: Plan) -> None:
    story = opened(one).tell("scenario-started", check="c/x")
    story.tell("step", check="c/x", keyword="When", text="it breaks", outcome="broken", seconds=0.1)
    story.tell("scenario-finished", check="c/x", status="failed", reason="KeyError: 'n'", seconds=0.1)
    result = results_of(tmp_path, one, closed(story, 1))["c/x"]
    assert result["steps"][0]["statusDetails"] == {"message": "KeyError: 'n'"}
    assert result["statusDetails"]["message"] == "ERROR: KeyError: 'n'"


def test_a_check_that_never_ran_lists_its_lines(tmp_path: Path, one: Plan) -> None:
    story = opened(one).tell("scenario-started", check="c/x")
    story.tell("step", check="c/x", keyword="Then", text="it holds", outcome="not-run", background=True)
    (step,) = results_of(tmp_path, one, closed(story))["c/x"]["steps"]
    assert (step["name"], step["status"]) == ("Background: Then it holds", "skipped")


def test_labels_come_from_tags_and_the_map_of_controls(tmp_path: Path) -> None:
    check = planned("backup/tables", title="Every table", rule="Nothing is lost")
    tags = ("control:SOC2-A1.2", "epic:recovery", "owner:dba", "severity:blocker")
    plan = plan_of(replace(check, tags=tags, steps=(PlannedStep("Then", "it holds", 4),)))
    result = results_of(tmp_path, plan, healthy(plan))["backup/tables"]
    wanted = {"epic": "recovery", "owner": "dba", "severity": "blocker", "story": "Nothing is lost"}
    wanted |= {"parentSuite": "02 objects", "suite": "A feature", "subSuite": "Nothing is lost"}
    assert {name: label(result, name) for name in wanted} == {name: [value] for name, value in wanted.items()}
    controls = label(result, "control")
    assert "SOC2-A1.2" in controls
    assert len(controls) == len(set(controls)) > 1
    assert "It does not show: " in result["description"]


def test_the_run_as_a_whole_is_told(tmp_path: Path, plan: Plan) -> None:
    """Environment, executor, categories, figures to follow, and the manifest and plot as global files."""
    results_of(tmp_path, plan, healthy(plan))
    results = tmp_path / "allure-results"
    environment = (results / "environment.properties").read_text()
    assert "Verdict=VERIFIED\n" in environment
    assert "Backup\\ set=s1\n" in environment
    assert json.loads((results / "executor.json").read_text())["name"] == "restoreproof"
    names = [rule["name"].split(":")[0] for rule in json.loads((results / "categories.json").read_text())]
    assert names == ["Advisory findings", "FAILED", "NOT VERIFIED", "ERROR", "WAIVED"]
    figures = {it["key"]: it["value"] for it in json.loads((results / "performance.json").read_text())}
    assert figures["rpo_seconds"] == 360
    assert figures["rto_seconds"] > 0
    (run,) = results.glob("*-globals.json")
    attached = {it["name"]: content(tmp_path, it) for it in json.loads(run.read_text())["attachments"]}
    assert json.loads(attached["run manifest"])["checks"]["PASSED"] == 3
    assert attached["timeline"].startswith("<svg")


def test_what_is_missing_from_the_evidence_is_an_error_of_the_run(tmp_path: Path, plan: Plan) -> None:
    results_of(tmp_path, plan, Story(healthy(plan).without("teardown")))
    (run,) = (tmp_path / "allure-results").glob("*-globals.json")
    messages = [error["message"] for error in json.loads(run.read_text())["errors"]]
    assert any("destruction of the target was not recorded" in message for message in messages)


def test_what_a_step_definition_attached_is_shown_at_its_step(tmp_path: Path, one: Plan) -> None:
    """Of its own result nothing else is taken: not its status, its names, nor its parameters."""
    name = "0b0c5a5e-0000-4000-8000-000000000001-attachment.txt"
    inner = {
        "name": "test_it",
        "status": "passed",
        "labels": [{"name": "check", "value": "c/x"}],
        "parameters": [{"name": "_pytest_bdd_example", "value": "{}"}],
        "steps": [
            {
                "name": "When each is read",
                "attachments": [{"name": "seen", "source": name, "type": "text/plain"}],
            },
            {"name": "made up", "attachments": [{"name": "gone", "source": "../../etc/passwd"}]},
        ],
    }
    story = opened(one).tell("allure-attachment", name=name, text="a\x1b[2Jb")
    story.tell("allure-result", uuid="whatever", result=inner)
    story.events += [event for event in told(one).events if event.event.data().get("check") == "c/x"]
    result = results_of(tmp_path, one, story)["c/x"]
    assert content(tmp_path, result["steps"][0]["attachments"][0]) == "a\\u001b[2Jb"
    assert result["steps"][-1]["name"] == "made up"
    assert result["steps"][-1]["attachments"] == []
    assert (result["name"], result["status"]) == ("The check c/x", "failed")
    assert "_pytest_bdd_example" not in [it["name"] for it in result["parameters"]]


def content(directory: Path, attachment: dict[str, str]) -> str:
    """The text of an attachment."""
    assert os.sep not in attachment["source"]
    return (directory / "allure-results" / attachment["source"]).read_text()
