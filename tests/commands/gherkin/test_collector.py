"""Feature files under pytest: node ids, -k, refusal of xdist, and runs that someone types by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str, str], Path]

FEATURE = """\
@at:database @severity:critical
Feature: Receipts
  Scenario: Chains verify
    Then it holds

  Scenario Outline: Read <n>
    Then it holds

    @severity:minor
    Examples:
      | n |
      | 1 |
      | 2 |
"""


def run_pytest(
    project: Path, *args: str, plugin: str | None = "restoreproof.plugin", **environment: str
) -> subprocess.CompletedProcess[str]:
    """A pytest of its own, with the plugin (named, or as pytest finds it) and without a drill around it."""
    named = ["-p", plugin] if plugin else []
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RESTOREPROOF_")}
    kept["PYTHONPATH"] = f"{Path(__file__).parents[3]}{os.pathsep}{project}"
    return subprocess.run(
        [sys.executable, "-m", "pytest", *named, *args],
        cwd=project,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_every_scenario_and_row_is_an_item_named_after_its_file(feature: Write, project: Path) -> None:
    feature("consistency/receipts.feature", FEATURE)
    done = run_pytest(project, "--collect-only", "-q", "features")
    assert done.stdout.splitlines()[:3] == [
        "features/consistency/receipts.feature::test_chains_verify",
        "features/consistency/receipts.feature::test_read_n[1]",
        "features/consistency/receipts.feature::test_read_n[2]",
    ], done.stdout


@pytest.mark.parametrize(
    ("keyword", "count"), [("receipts", 3), ("chains", 1), ("consistency/read", 2), ("nothing", 0)]
)
def test_a_keyword_matches_titles_files_and_check_ids(
    feature: Write, project: Path, keyword: str, count: int
) -> None:
    feature("consistency/receipts.feature", FEATURE)
    done = run_pytest(project, "--collect-only", "-q", "features", "-k", keyword)
    assert done.stdout.count("receipts.feature::") == count


def test_what_the_linter_refuses_is_a_collection_error(feature: Write, project: Path) -> None:
    """The file is named with both lines, and pytest ends with 2."""
    feature("x.feature", FEATURE + "  Scenario: Chains verify\n    Then it holds\n")
    done = run_pytest(project, "--collect-only", "features")
    assert done.returncode == 2
    line = FEATURE.count("\n") + 1
    assert f"x.feature:{line}: two scenarios are called 'Chains verify': lines 3 and {line}" in done.stdout


def test_features_are_not_spread_over_processes(feature: Write, project: Path) -> None:
    """One restore serves all; xdist itself need not be installed for the refusal to be tested."""
    feature("x.feature", FEATURE)
    (project / "fake_xdist.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--workers', dest='numprocesses', type=int)\n"
    )
    done = run_pytest(project, "-p", "fake_xdist", "--workers=2", "features")
    assert done.returncode == 2
    assert "can't be spread over processes" in done.stderr


def test_features_and_other_tests_are_run_apart(feature: Write, project: Path) -> None:
    feature("x.feature", FEATURE)
    (project / "test_x.py").write_text("def test_x(): pass\n")
    done = run_pytest(project, "features", "test_x.py")
    assert done.returncode == 2
    assert "apart from other tests: leave out test_x.py" in done.stderr


def test_other_tests_are_left_alone(project: Path) -> None:
    (project / "test_x.py").write_text("def test_x(): pass\n")
    done = run_pytest(project, "test_x.py")
    assert (done.returncode, "1 passed" in done.stdout) == (0, True)


def test_features_by_hand_go_to_the_outer_process(feature: Write, project: Path) -> None:
    """With what was typed, and with its exit code."""
    feature("consistency/receipts.feature", FEATURE)
    (project / "stand_in.py").write_text(
        "from restoreproof.gherkin import pytest_run\n"
        "def answer(config, asked):\n    print('ASKED', asked.args, asked.keyword)\n    return 3\n"
        "pytest_run.run_by_hand = answer\n"
    )
    done = run_pytest(project, "features/consistency", "-k", "receipts", PYTEST_PLUGINS="stand_in")
    assert done.returncode == 3
    assert "ASKED ['features/consistency'] receipts" in done.stdout


def test_by_hand_without_a_contract_could_not_start(feature: Write, project: Path) -> None:
    """Exit 2 with the next step, not a traceback."""
    feature("x.feature", FEATURE)
    done = run_pytest(project, "features")
    assert done.returncode == 2
    assert "0 contracts at stack.yaml or compose/*/stack.yaml" in done.stderr


def test_pytest_bdd_still_has_what_the_collector_relies_on() -> None:
    """None of these is public; a new pytest-bdd or pytest that moves one is noticed here."""
    from pytest_bdd.feature import get_feature
    from pytest_bdd.scenario import get_python_name_generator, scenario_wrapper_template_registry
    from pytest_bdd.steps import step_function_context_registry

    assert callable(get_feature)
    assert next(iter(get_python_name_generator("A b"))) == "test_a_b"
    assert hasattr(pytest.Module, "_getobj")
    assert all(
        hasattr(one, "get") for one in (scenario_wrapper_template_registry, step_function_context_registry)
    )
