"""Plain tests inside a drill: a real pytest, a real pipe, and what the record says of each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.inner_run import InnerRun

Write = Callable[[str, str], Path]
Run = Callable[..., InnerRun]

ROWS = '''\
"""Rows, as a test sees them."""
import pytest

pytestmark = pytest.mark.at("database")

def test_counted(expect):
    observed, wanted = 3, 3
    expect(observed == wanted, examined=3, total=3)

def test_too_few(expect):
    rows, wanted = [1, 2], 3
    expect(len(rows) == wanted, examined=2, total=3, expected="three rows")

def test_asserted():
    """Rows add up."""
    assert sum([1, 2]) == 4, "the rows do not add up"

def test_silent():
    assert True

def test_broken(expect):
    raise RuntimeError("boom")

@pytest.mark.skip("no tool")
def test_skipped(expect): ...

@pytest.mark.advisory
def test_of_no_weight():
    assert False
'''


def test_each_ends_as_it_saw_and_says_why(feature: Write, run_inner: Run) -> None:
    feature("rows/test_rows.py", ROWS)
    feature("a.feature", "@at:objects\nFeature: F\n  Scenario: S\n    Then the observation is PASSED\n")
    run = run_inner()
    assert run.returncode == 1, run.output
    base = "rows/test_rows.py::test_"
    assert run.check(f"{base}counted") == ("PASSED", "")
    outcome, reason = run.check(f"{base}too_few")
    assert (outcome, "expected three rows" in reason) == ("FAILED", True)
    assert "len(rows) == wanted; rows = list of 2; wanted = 3" in reason
    outcome, reason = run.check(f"{base}asserted")
    assert outcome == "FAILED"
    assert "the rows do not add up" in reason
    assert "sum([1, 2])" in reason
    outcome, reason = run.check(f"{base}silent")
    assert outcome == "NOT_VERIFIED"
    assert "write expect(observed == wanted, examined=…, total=…)" in reason
    assert run.check(f"{base}broken") == ("ERROR", "RuntimeError: boom")
    outcome, reason = run.check(f"{base}skipped")
    assert (outcome, "no tool" in reason) == ("NOT_VERIFIED", True)
    assert run.check("s") == ("PASSED", "")
    record = run.record()
    assert (record.counts.mandatory, record.counts.advisory) == (7, 1)
    assert [step["text"] for step in run.of("step")][:2] == ["test_counted", "test_too_few"]
    assert [data["stage"] for data in run.of("stage-entered")] == ["database", "objects", "smoke"]
    assert "three rows" in run.output


CASES = """\
import pytest

@pytest.mark.parametrize("n", range(3))
def test_read(n, expect):
    {body}
"""


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        ("expect(n < 3, examined=1, total=1)", "PASSED", ""),
        ("expect(n < 2, examined=1, total=1)", "FAILED", "n = 2"),
        (
            "n == 1 or expect(n < 3, examined=1, total=1)",
            "NOT_VERIFIED",
            "test_read[1] recorded no obs",
        ),
        ("1 / (1 - n); expect(n < 3, examined=1, total=1)", "ERROR", "test_read[1]: ZeroDivisionError"),
        ("expect(True, examined=1, total=1); assert n != 1", "FAILED", "test_read[1]: AssertionError"),
    ],
)
def test_a_parametrised_test_is_one_check_and_its_worst_case_counts(
    body: str, outcome: str, reason: str, feature: Write, run_inner: Run
) -> None:
    feature("test_cases.py", CASES.format(body=body))
    run = run_inner()
    assert len(run.of("scenario-started")) == len(run.of("scenario-finished")) == 1
    assert [step["text"] for step in run.of("step")] == ["test_read[0]", "test_read[1]", "test_read[2]"]
    seen, why = run.check("test_cases.py::test_read")
    assert (seen, reason in why) == (outcome, True), why


@pytest.mark.parametrize("how", ["del items[1]", "items[:] = items[2:]"])
def test_a_case_that_something_deselects_is_missed(how: str, feature: Write, run_inner: Run) -> None:
    feature("test_cases.py", CASES.format(body="expect(n < 3, examined=1, total=1)"))
    run = run_inner(extra=f"\ndef pytest_collection_modifyitems(items):\n    {how}\n")
    outcome, reason = run.check("test_cases.py::test_read")
    assert outcome == "NOT_VERIFIED"
    assert "of its 3 cases were deselected" in reason


def test_a_run_that_stops_between_two_cases_did_not_pass(feature: Write, run_inner: Run) -> None:
    body = "expect(n < 3, examined=1, total=1); request.session.shouldstop = n == 1"
    feature("test_cases.py", CASES.format(body=body).replace("(n, expect)", "(n, expect, request)"))
    run = run_inner()
    outcome, reason = run.check("test_cases.py::test_read")
    assert (outcome, reason) == ("ERROR", "the run was stopped after 2 of its 3 cases")


def test_what_was_not_planned_is_named_and_not_run(feature: Write, run_inner: Run) -> None:
    """Made at run time, inherited, or a doctest: pytest finds more than the source says."""
    feature("rows/test_rows.py", ROWS.split("def test_too_few", maxsplit=1)[0])
    feature(
        "rows/test_more.py",
        "class Base:\n    def test_inherited(self): assert False\n"
        "class TestRows(Base): ...\n"
        "def make():\n    def test(): print('RAN')\n    return test\n"
        "test_made = make()\n",
    )
    run = run_inner("-s")
    assert "RAN" not in run.output
    problems, unplanned = run.record().incomplete, "pytest collected a check that was not planned"
    for name in ("TestRows::test_inherited", "test_made"):
        assert f"{unplanned}: features/rows/test_more.py::{name}" in problems
    assert run.check("rows/test_rows.py::test_counted") == ("PASSED", "")


def test_a_planned_test_that_is_not_collected_is_absent(feature: Write, run_inner: Run) -> None:
    feature("test_maybe.py", "if not __name__:\n    def test_it(expect): ...\ndef test_other(): ...\n")
    run = run_inner()
    assert any("planned but absent: test_maybe.py::test_it" in reason for reason in run.record().incomplete)


def test_a_stage_that_is_not_reached_leaves_its_tests_so(feature: Write, run_inner: Run) -> None:
    feature("rows/test_rows.py", ROWS.split("def test_too_few", maxsplit=1)[0])
    run = run_inner(broken="database")
    outcome, reason = run.check("rows/test_rows.py::test_counted")
    assert (outcome, "stage database was not reached" in reason) == ("NOT_VERIFIED", True)
    assert [step["outcome"] for step in run.of("step")] == ["not-run"]


def test_a_mark_that_the_source_does_not_show_is_refused(feature: Write, run_inner: Run) -> None:
    text = "import pytest\nearly = pytest.mark.at('database')\n@early\ndef test_x(expect): ...\n"
    feature("test_x.py", text)
    run = run_inner()
    assert run.returncode == 4
    assert "was planned for the stage 'smoke' and is marked for ('database',)" in run.output
    assert run.of("scenario-started") == []


def test_an_assertion_of_ones_own_step_speaks_of_the_backup_and_one_of_the_harness_does_not(
    feature: Write, run_inner: Run
) -> None:
    text = (
        "@at:database\nFeature: F\n  Scenario: own\n    Then it adds up\n"
        "  Scenario: harness\n    Then the harness asserts\n"
        "  Scenario: library\n    Then a library asserts for it\n"
        "  Scenario: silent\n    Then nothing is observed\n"
    )
    feature("x.feature", text)
    steps = feature(
        "../steps/sums.py",
        "from pytest_bdd import then\nimport pytest\n"
        "@then('it adds up')\ndef _():\n    assert 1 + 1 == 3, 'it does not add up'\n"
        "@then('a library asserts for it')\ndef _():\n    pytest.fail('not so')\n"
        "@then('the harness asserts')\ndef _():\n"
        "    from restoreproof.gherkin.ids import slugify\n    slugify.__globals__['harness_bug']()\n",
    )
    bug = (
        "\nimport restoreproof.gherkin.ids as ids\n"
        "exec(compile('def harness_bug():\\n    assert False', ids.__file__, 'exec'), vars(ids))\n"
    )
    run = run_inner(extra=bug)
    assert steps.is_file()
    outcome, reason = run.check("own")
    assert (outcome, "it does not add up" in reason) == ("FAILED", True)
    assert run.check("harness")[0] == "ERROR"
    assert run.check("library") == ("FAILED", "Failed: not so")
    outcome, reason = run.check("silent")
    assert (outcome, "write expect(" in reason) == ("NOT_VERIFIED", True)


def test_scenarios_that_a_module_binds_run_there_once(feature: Write, run_inner: Run) -> None:
    """As in any project of pytest-bdd: the steps may stand beside ``scenarios()``."""
    feature(
        "rows/rows.feature",
        "@at:database\nFeature: F\n  Scenario: Local\n    Then it is here\n"
        "  Scenario Outline: Row <n>\n    Then it is here\n"
        "    Examples:\n      | n |\n      | 1 |\n      | 2 |\n",
    )
    feature(
        "rows/test_bound.py",
        "from pytest_bdd import scenarios, then\nscenarios('rows.feature')\n"
        "@then('it is here')\ndef _(expect):\n    expect(True, examined=1, total=1)\n",
    )
    run = run_inner()
    assert run.returncode == 0, run.output
    assert run.of("collected") == [{"checks": ["rows/local", "rows/row-n[1]", "rows/row-n[2]"]}]
    assert {check.outcome for check in run.record().checks} == {"PASSED"}


@pytest.mark.parametrize("file", ["steps/own.py", "fixtures/own.py"])
def test_code_beside_the_features_that_raises_is_named_with_its_line_and_nothing_runs(
    file: str, feature: Write, run_inner: Run
) -> None:
    feature("rows/test_rows.py", ROWS)
    feature(
        f"../{file}",
        "import json\n\nraise ValueError('no such thing') from json.JSONDecodeError('', '', 0)\n",
    )
    run = run_inner()
    assert run.returncode == 4
    told = f"{file}:3: can't be imported: ValueError: no such thing"
    assert told in run.output
    assert run.of("note") == [{"text": told}]
    assert run.of("scenario-started") == []


def test_a_conftest_that_raises_is_named_with_its_line_and_nothing_runs(
    project: Path, feature: Write, run_inner: Run
) -> None:
    feature("rows/test_rows.py", ROWS)
    run = run_inner(extra="\nraise ValueError('no such thing')\n")
    assert run.returncode == 4
    line = len((project / "conftest.py").read_text().splitlines())
    told = f"conftest.py:{line}: can't be imported: ValueError: no such thing"
    assert told in run.output
    assert run.of("note") == [{"text": told}]
    assert run.of("scenario-started") == []


def test_fixtures_beside_the_features_are_there(feature: Write, run_inner: Run) -> None:
    feature("../fixtures/own.py", "import pytest\n@pytest.fixture\ndef answer():\n    return 42\n")
    feature("test_it.py", "def test_it(answer, expect):\n    expect(answer == 42, examined=1, total=1)\n")
    run = run_inner()
    assert run.check("test_it.py::test_it") == ("PASSED", ""), run.output


def test_the_first_failure_stops_it_and_the_others_never_ran(feature: Write, run_inner: Run) -> None:
    feature("rows/test_rows.py", ROWS)
    run = run_inner("--maxfail=1")
    assert run.check("rows/test_rows.py::test_too_few")[0] == "FAILED"
    assert run.check("rows/test_rows.py::test_broken") == ("NOT_VERIFIED", "planned, but it never ran")


def test_verbosity_says_more_and_less(feature: Write, run_inner: Run) -> None:
    feature("a.feature", "@at:objects\nFeature: F\n  Scenario: S\n    Then the observation is PASSED\n")
    more, usual, less = run_inner("-v"), run_inner(), run_inner("-q")
    assert "1 of 1: one" in more.output
    assert "1 of 1: one" not in usual.output
    assert "✔ Then the observation is PASSED" in usual.output
    assert "✔ Then the observation is PASSED" not in less.output


def test_code_that_no_digest_covers_turns_the_run_red(feature: Write, run_inner: Run) -> None:
    """Beside the features, and not in ``steps/``: in a runtime without a sandbox it can be imported."""
    feature("../helpers.py", "wanted = 1\n")
    feature("test_it.py", "import helpers\ndef test_it(expect):\n    expect(True, examined=1, total=1)\n")
    run = run_inner()
    assert run.check("test_it.py::test_it") == ("PASSED", "")
    assert run.returncode == 1
    assert "helpers.py was imported, and no digest of the plan covers it" in run.of("note")[0]["text"]
