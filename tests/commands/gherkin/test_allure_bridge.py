"""allure-pytest inside a drill: what only the inner process knows reaches the journal, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from restoreproof.journal.read import parse_line
from restoreproof.record.reduce import reduce
from restoreproof.views.allure.results import write_results
from tests.inner_run import InnerRun

Write = Callable[[str, str], Path]
Run = Callable[..., InnerRun]

FEATURE = """\
@at:database @severity:critical @owner:dba @epic:recovery
Feature: Rows
  Background:
    Given a restored stack

  Rule: Rows come back
    @severity:minor
    Scenario: A table
      When the table is read
        | name | n |
        | a    | 1 |
      And somebody attaches
      Then the observation is PASSED

  Scenario Outline: Read <n> rows
    When <n> rows are read
    Then the observation is <outcome>

    Examples:
      | n | outcome |
      | 1 | PASSED  |
      | 2 | FAILED  |

  Scenario: skips
    When the step is skipped
    Then nothing is observed
"""

ATTACHES = """
import allure

@when("somebody attaches")
def _():
    with allure.step("a step of its own"):
        allure.attach("inside", "inner", allure.attachment_type.TEXT)
    allure.attach(b"\\x89PNG", "picture", allure.attachment_type.PNG)
"""


def test_nothing_of_pytests_insides_leaves_the_inner_process(feature: Write, run_inner: Run) -> None:
    """No parameters as reprs, no fixtures as "Set up", and text as text, where the redactor can read it."""
    feature("b/rows.feature", FEATURE)
    run = run_inner(extra=ATTACHES)
    sent = json.dumps([event for event in run.events if event["type"].startswith("allure")])
    assert "_pytest_bdd_example" not in sent
    assert "ctx::" not in sent
    assert [list(data) for data in run.of("allure-attachment")] == [["name", "text"], ["base64", "name"]]


def test_a_scenario_that_runs_becomes_the_result_that_a_reviewer_reads(
    feature: Write, run_inner: Run, tmp_path: Path
) -> None:
    """From the feature file through pytest and the journal to Allure: lines, tables, rows, labels."""
    feature("b/rows.feature", FEATURE)
    results = results_of(run_inner(extra=ATTACHES), tmp_path)
    table = results["A table"]
    assert [step["name"] for step in table["steps"]] == [
        "Background: Given a restored stack",
        "When the table is read",
        "And somebody attaches",
        "Then the observation is PASSED",
    ]
    (attached,) = table["steps"][1]["attachments"]
    assert (tmp_path / "allure-results" / attached["source"]).read_text() == "name,n\na,1\n"
    hung = table["steps"][2]
    assert [step["name"] for step in hung["steps"]] == ["a step of its own"]
    assert [found["name"] for found in hung["attachments"]] == ["picture"]
    labels = {(label["name"], label["value"]) for label in table["labels"]}
    assert {("severity", "minor"), ("owner", "dba"), ("epic", "recovery")} <= labels
    assert {("story", "Rows come back"), ("subSuite", "Rows come back"), ("feature", "Rows")} <= labels
    assert not labels & {("framework", "pytest"), ("language", "cpython3")}
    assert results["Read 2 rows"]["parameters"] == [
        {"name": "n", "value": "2"},
        {"name": "outcome", "value": "FAILED"},
    ]


def test_a_scenario_that_went_wrong_shows_what_the_services_said(
    feature: Write, run_inner: Run, tmp_path: Path
) -> None:
    feature("b/rows.feature", FEATURE)
    results = results_of(run_inner(), tmp_path)
    assert [found["name"] for found in results["Read 2 rows"]["attachments"]] == ["log of db"]
    assert results["Read 1 rows"]["attachments"] == []


def test_steps_that_were_skipped_or_never_reached_are_shown_as_such(
    feature: Write, run_inner: Run, tmp_path: Path
) -> None:
    feature("b/rows.feature", FEATURE)
    skips = results_of(run_inner(), tmp_path)["skips"]
    assert [step["status"] for step in skips["steps"]] == ["passed", "skipped", "skipped"]
    assert "not reached" in skips["steps"][2]["statusDetails"]["message"]
    assert skips["status"] == "broken"


def test_a_background_that_was_never_reached_is_shown_as_such(
    feature: Write, run_inner: Run, tmp_path: Path
) -> None:
    feature("b/rows.feature", FEATURE)
    table = results_of(run_inner(broken="database"), tmp_path)["A table"]
    assert table["steps"][0]["name"] == "Background: Given a restored stack"
    assert {step["status"] for step in table["steps"]} == {"skipped"}
    assert table["steps"][1]["attachments"][0]["name"] == "data table"


def results_of(run: InnerRun, directory: Path) -> dict[str, Any]:
    """Allure's results by name, written from the events of ``run``."""
    assert run.plan is not None
    events = [parse_line(json.dumps(event).encode()) for event in run.events]
    results = write_results(directory, reduce(run.plan, events), events)
    read = [json.loads(path.read_text()) for path in results.glob("*-result.json")]
    return {result["name"]: result for result in read}
