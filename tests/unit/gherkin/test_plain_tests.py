"""Plain tests beside the features: what is planned of a file that nobody runs, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from restoreproof.errors import FeatureError, UsageError
from restoreproof.gherkin.linter import lint
from restoreproof.gherkin.plain_tests import plain_checks
from restoreproof.gherkin.support_code import support_digest
from tests.inner_run import STAGES, plan_of

Write = Callable[[str, str], Path]

TESTS = '''\
"""Rows, as a test sees them.

More of it."""
import pytest
from nowhere import nothing

pytestmark = [pytest.mark.at("objects"), pytest.mark.control("A.8.13")]

def test_counts(database, expect):
    """Every table holds its rows."""

@pytest.mark.at("database")
@pytest.mark.advisory
@pytest.mark.parametrize("n", nothing())
async def test_reads_them(n): ...

class TestOrders:
    pytestmark = pytest.mark.severity("critical")

    def test_kept(self): ...
    def helper(self): ...
    class TestPaid:
        def test_all(self): ...

if nothing:
    def test_perhaps(): ...

class Helper:
    def test_nothing(self): ...

def testing_is_collected_too(): ...
'''


def test_each_function_and_method_is_a_check_and_nothing_is_imported(feature: Write, project: Path) -> None:
    feature("rows/test_rows.py", TESTS)
    checks = plain_checks(project / "features", STAGES)
    assert [(check.id, check.stage, check.mandatory) for check in checks] == [
        ("rows/test_rows.py::test_counts", "objects", True),
        ("rows/test_rows.py::test_reads_them", "database", False),
        ("rows/test_rows.py::TestOrders::test_kept", "objects", True),
        ("rows/test_rows.py::TestOrders::TestPaid::test_all", "objects", True),
        ("rows/test_rows.py::test_perhaps", "objects", True),
        ("rows/test_rows.py::testing_is_collected_too", "objects", True),
    ]
    first, second, third, *_ = checks
    assert (first.title, first.feature, first.line) == (
        "Every table holds its rows",
        "Rows, as a test sees them",
        9,
    )
    assert second.title == "reads them"
    assert third.tags == ("at:objects", "control:A.8.13", "severity:critical")
    assert all(check.is_plain_test for check in checks)


def test_without_a_mark_a_test_looks_when_everything_is_there(feature: Write, project: Path) -> None:
    feature("test_last.py", "def test_it(): ...\n")
    (check,) = plain_checks(project / "features", STAGES)
    assert (check.id, check.stage) == ("test_last.py::test_it", STAGES[-1])


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("import pytest\n@pytest.mark.at(STAGE)\ndef test_x(): ...\n", 2, "can't be read without running"),
        ("from pytest import mark\n@mark.at('object')\ndef test_x(): ...\n", 2, "unknown stage 'object'"),
        ("import pytest\npytestmark = pytest.mark.severity('dire')\n", 2, "unknown severity 'dire'"),
        ("def test_x(): ...\ndef test_x(): ...\n", 2, "two tests are called 'test_x': lines 1 and 2"),
        ("class Orders(unittest.TestCase):\n    def test_x(self): ...\n", 1, "Orders is a unittest class"),
        ("def test_x(:\n", 1, "not Python"),
    ],
)
def test_what_can_not_be_planned_is_refused_with_its_line(
    text: str, line: int, said: str, feature: Write, project: Path
) -> None:
    feature("rows/test_rows.py", text)
    with pytest.raises(FeatureError, match=said) as refused:
        plain_checks(project / "features", STAGES)
    assert str(refused.value.where) == f"rows/test_rows.py:{line}"
    (finding,) = lint(project / "features", STAGES)
    assert (finding.file, finding.line, finding.rule) == ("rows/test_rows.py", line, "plain-test")


def test_a_scenario_that_a_module_binds_is_no_second_check(feature: Write, project: Path) -> None:
    feature("test_bound.py", "@scenario('x.feature', 'Rows')\ndef test_rows(): ...\n")
    assert plain_checks(project / "features", STAGES) == []


def test_they_are_in_the_plan_beside_the_scenarios(feature: Write, project: Path) -> None:
    feature("x.feature", "@at:smoke\nFeature: F\n  Scenario: S\n    Then it holds\n")
    feature("rows/test_rows.py", TESTS)
    plan = plan_of(project / "features")
    assert [check.stage for check in plan.checks] == ["database", *["objects"] * 5, "smoke"]
    assert plan.whole
    part = plan_of(project / "features", selection="TestOrders and not Paid")
    assert ([check.id for check in part.checks], part.whole) == (
        ["rows/test_rows.py::TestOrders::test_kept"],
        False,
    )


@pytest.mark.parametrize(
    ("typed", "count"), [("", 6), ("::TestOrders", 2), ("::TestOrders::test_kept", 1), ("::test_counts", 1)]
)
def test_a_node_id_selects_them_as_in_pytest(typed: str, count: int, feature: Write, project: Path) -> None:
    path = feature("rows/test_rows.py", TESTS)
    assert len(plan_of(project / "features", paths=[Path(f"{path}{typed}")]).checks) == count


def test_one_case_of_a_parametrised_test_can_not_be_drilled(feature: Write, project: Path) -> None:
    """The check is the test with all its cases; a part of it would be recorded as the whole."""
    path = feature("rows/test_rows.py", TESTS)
    with pytest.raises(UsageError, match=r"leave \[1\] out"):
        plan_of(project / "features", paths=[Path(f"{path}::test_reads_them[1]")])


def test_the_digest_covers_every_file_that_checks_run(feature: Write, project: Path) -> None:
    """Features have a digest of their own, so that drills before and after can be compared."""
    features = project / "features"
    feature("x.feature", "@at:smoke\nFeature: F\n  Scenario: S\n    Then it holds\n")
    assert support_digest(features) is None
    before = plan_of(features)
    seen = []
    for name in ("features/rows/test_rows.py", "features/rows/wanted.json", "conftest.py", "steps/a.py"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("")
        seen.append(support_digest(features))
    (project / "fixtures" / "deep").mkdir(parents=True)
    (project / "fixtures" / "deep" / "_own.py").write_text("x = 1\n")
    seen.append(support_digest(features))
    (project / "fixtures" / "deep" / "_own.py").write_text("x = 2\n")
    (project / "fixtures" / "__pycache__").mkdir()
    (project / "fixtures" / "__pycache__" / "a.pyc").write_text("")
    seen.append(support_digest(features))
    assert None not in seen
    assert len(set(seen)) == len(seen)
    after = plan_of(features)
    assert (after.features_sha256, after.support_sha256) == (before.features_sha256, seen[-1])
    assert "support_sha256" not in before.as_json(), "a plan of before keeps its digest"


@pytest.mark.parametrize("name", ["steps/a.py", "fixtures/b.py", "conftest.py", "features/rows/helper.py"])
def test_code_that_is_no_python_keeps_a_drill_from_starting(name: str, feature: Write, project: Path) -> None:
    feature("x.feature", "@at:smoke\nFeature: F\n  Scenario: S\n    Then it holds\n")
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_text("x = 1\nx = = 2\n")
    with pytest.raises(FeatureError, match="not Python") as refused:
        plan_of(project / "features")
    assert str(refused.value.where) == f"{name}:2"
