"""A stack's own code that replaces what judges ends a drill NOT VERIFIED, by the name of what it replaced."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from restoreproof.outcome import Outcome
from tests.inner_run import InnerRun, feature, project, run_inner
from tests.workshop import CONTRACT, Workshop

__all__ = ["feature", "project", "run_inner"]

FEATURE = """
@at:database
Feature: Rows
  Scenario: Rows survive
    Given a restored stack
    Then the observation is PASSED
"""

ATTACKS = {
    "the judge, by an attribute": (
        """
from restoreproof.checks import base
from restoreproof.outcome import Observation, Outcome
base.conclude = lambda expected, observed, findings, **counts: Observation(
    Outcome.PASSED, expected, observed, 1, 1)
""",
        "restoreproof.checks.base.conclude",
    ),
    "the judge, by its code": (
        """
from restoreproof.checks import base
def conclude(expected, observed, findings, *, examined, total, sample="all", zero_is_right=False):
    return None
base.conclude.__code__ = conclude.__code__
""",
        "restoreproof.checks.base.conclude",
    ),
    "a method of the library": (
        """
from restoreproof.checks.base import Findings
Findings.add = lambda self, finding: None
""",
        "restoreproof.checks.base.Findings.add",
    ),
    "only while a test runs": (
        """
@given("a judge of one's own")
def _(monkeypatch):
    monkeypatch.setattr("restoreproof.outcome.require_passed", lambda observation: None)
""",
        "restoreproof.outcome.require_passed",
    ),
    "the fixture that observes": (
        """
@pytest.fixture
def drill():
    return None
""",
        "the fixture 'drill'",
    ),
    "a phrase of the library": (
        """
@then("it is the very set that was taken")
def _(drill):
    drill.observe("PASSED")
""",
        "the step Then 'it is the very set that was taken'",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_replaced_is_named(
    attack: str, feature: Callable[[str, str], object], run_inner: Callable[..., InnerRun]
) -> None:
    code, name = ATTACKS[attack]
    feature("rows.feature", _feature(attack))
    done = run_inner(extra=code)
    assert name in [event["name"] for event in done.of("library-replaced")], done.output
    assert any(name in reason for reason in done.record().incomplete)


def _feature(attack: str) -> str:
    lines = {
        "only while a test runs": "Given a judge of one's own",
        "a phrase of the library": "Then it is the very set that was taken",
    }
    return FEATURE + f"    {lines[attack]}\n" if attack in lines else FEATURE


def test_code_that_only_observes_replaces_nothing(
    feature: Callable[[str, str], object], run_inner: Callable[..., InnerRun]
) -> None:
    feature("rows.feature", FEATURE)
    done = run_inner()
    assert done.record().checks[0].outcome is Outcome.PASSED
    # The stack of these tests is a fake, which is opened in the place of a drill: that is told as well.
    assert {event["name"] for event in done.of("library-replaced")} == {
        "the hook pytest_restoreproof_open_drill"
    }


def test_a_drill_over_such_a_conftest_is_not_verified_and_names_the_file_by_its_digest(
    workshop: Workshop,
) -> None:
    project = workshop.project("patched-judge")
    conftest = project / "conftest.py"
    conftest.write_text(conftest.read_text() + ATTACKS["the judge, by an attribute"][0])
    drilled = workshop.drill("--features", project / "features")
    assert drilled.returncode == 3, drilled.output[-3000:]
    assert drilled.record["verdict"] == "NOT VERIFIED"
    (reason,) = [one for one in drilled.record["incomplete"] if "restoreproof.checks.base.conclude" in one]
    assert "conftest.py:" in reason
    plan = json.loads((drilled.directory / "plan.json").read_text())
    named = {file["path"] for file in plan["files"]}
    assert {"project/conftest.py", "contract.yaml"} <= named
    assert CONTRACT.is_file()
