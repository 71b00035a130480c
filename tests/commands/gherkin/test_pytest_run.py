"""``pytest features/ …`` as people type it: options that are honoured or refused, and other projects."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from restoreproof.gherkin.pytest_run import ByHand, leave_results
from tests.commands.gherkin.test_collector import FEATURE, run_pytest

Write = Callable[[str, str], Path]

STAND_IN = """
from restoreproof.gherkin import pytest_run
def answer(config, asked):
    print('ASKED', asked.options, asked.allure, asked.junit, asked.clean_allure, asked.keyword)
    return 3
pytest_run.run_by_hand = answer
"""


@pytest.fixture
def typed(feature: Write, project: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Type ``pytest features …`` in a project with a contract; what would be drilled is only printed."""
    feature("consistency/receipts.feature", FEATURE)
    feature("consistency/test_plain.py", "def test_it(): raise SystemExit('ran outside a drill')\n")
    (project / "stack.yaml").write_text("stack: shop\n")
    (project / "stand_in.py").write_text(STAND_IN)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return run_pytest(project, *args, PYTEST_PLUGINS="stand_in", plugin="restoreproof.plugin")

    return run


Typed = Callable[..., subprocess.CompletedProcess[str]]


def test_what_a_drill_can_do_is_passed_on(typed: Typed, project: Path) -> None:
    options = [
        "-k",
        "receipts",
        "--alluredir=out/a",
        "--clean-alluredir",
        "--junitxml=out/j.xml",
        "-x",
        "-vv",
        "-s",
    ]
    done = typed("features/", *options, "--tb=long", "-l", "--strict-markers")
    assert done.returncode == 3, done.stderr
    passed = ("--maxfail=1", "--verbosity=2", "--capture=no", "--tb=long", "--showlocals")
    out = project / "out"
    assert f"ASKED {passed} {out / 'a'} {out / 'j.xml'} True receipts" in done.stdout


def test_without_options_nothing_is_passed_on(typed: Typed) -> None:
    assert "ASKED () None None False None" in typed("features").stdout


def test_a_plain_test_beside_the_features_is_drilled_too(typed: Typed) -> None:
    done = typed("features/consistency/test_plain.py")
    assert (done.returncode, "ASKED" in done.stdout) == (3, True), done.stderr


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--pdb"], "--pdb"),
        (["--lf"], "--last-failed"),
        (["--deselect=features/x"], "--deselect"),
        (["--durations=3", "--ff"], "--durations and --failed-first"),
        (["-p", "no:randomly"], "-p no:randomly"),
        (["-o", "xfail_strict=false"], "-o xfail_strict=false"),
        (["--junit-prefix=x"], "--junit"),
        (["-m", "slow"], "leave out -m"),
    ],
)
def test_what_a_drill_can_not_do_is_refused_by_name(options: list[str], named: str, typed: Typed) -> None:
    done = typed("features", *options)
    assert done.returncode == 2
    assert "ASKED" not in done.stdout
    assert named in done.stderr


def test_options_of_an_ini_file_are_of_the_projects_own_tests(typed: Typed, project: Path) -> None:
    (project / "pytest.ini").write_text("[pytest]\naddopts = --durations=3 --import-mode=importlib -ra\n")
    assert typed("features").returncode == 3


def test_collecting_only_lists_scenarios_and_plain_tests(typed: Typed, project: Path) -> None:
    done = typed("features", "--collect-only", "-q")
    assert done.returncode == 0, done.stdout
    assert "features/consistency/receipts.feature::test_chains_verify" in done.stdout
    assert "features/consistency/test_plain.py::test_it" in done.stdout


def test_other_tests_leave_the_features_out_and_say_how_they_run(typed: Typed, project: Path) -> None:
    (project / "test_unit.py").write_text("def test_unit(): pass\n")
    done = typed()
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "features/ runs as a drill: pytest features/" in done.stdout


def test_the_results_are_left_where_they_were_wanted(tmp_path: Path) -> None:
    evidence, out = tmp_path / "evidence", tmp_path / "out"
    (evidence / "allure-results").mkdir(parents=True)
    (evidence / "junit.xml").write_text("<testsuites/>")
    (evidence / "allure-results" / "a-result.json").write_text("{}")
    (evidence / "allure-results" / "b-result.json").symlink_to("/etc/hostname")
    (out / "a").mkdir(parents=True)
    (out / "a" / "old-result.json").write_text("{}")
    asked = ByHand([], None, tmp_path, allure=out / "a", junit=out / "j" / "j.xml")
    leave_results(evidence, asked)
    assert (out / "j" / "j.xml").read_text() == "<testsuites/>"
    assert sorted(path.name for path in (out / "a").iterdir()) == ["a-result.json", "old-result.json"]
    leave_results(evidence, ByHand([], None, tmp_path, allure=out / "a", clean_allure=True))
    assert [path.name for path in (out / "a").iterdir()] == ["a-result.json"]


def test_a_stale_report_is_gone_when_the_drill_could_not_start(feature: Write, project: Path) -> None:
    feature("x.feature", FEATURE)
    (project / "j.xml").write_text("<testsuites/>")
    done = run_pytest(project, "features", "--junitxml=j.xml")
    assert done.returncode == 2
    assert not (project / "j.xml").exists()


@pytest.mark.parametrize("args", [["features"], ["features", "-n0"], []])
def test_a_foreign_project_of_pytest_bdd_is_left_alone(
    args: list[str], feature: Write, project: Path
) -> None:
    """It has features, and no contract: its scenarios run as they did before restoreproof was installed."""
    feature("x.feature", "@high\nFeature: F\n  Scenario: S\n    Then it holds\n")
    feature(
        "test_x.py",
        "from pytest_bdd import scenarios, then\nscenarios('x.feature')\n@then('it holds')\ndef _(): pass\n",
    )
    (project / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\nmarkers = high: x\n")
    done = run_pytest(project, *args, plugin=None)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert "runs as a drill" not in done.stdout


def test_the_plugin_is_found_by_its_entry_point_and_loads_next_to_nothing(project: Path) -> None:
    (project / "test_x.py").write_text(
        "import sys\ndef test_x(request):\n"
        "    assert request.config.pluginmanager.has_plugin('restoreproof.plugin')\n"
        "    ours = [name for name in sys.modules if name.startswith('restoreproof')]\n"
        "    assert len(ours) < 8, ours\n"
    )
    (project / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    command = [sys.executable, "-m", "pytest", "-q", "test_x.py"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
