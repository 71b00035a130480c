"""The examples of CONTRIBUTING.md, taken from the page as it stands and used as it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
BLOCKS = dict(re.findall(r"```(?:python|gherkin)\n# (\S+)\n(.*?)```", PAGE, flags=re.DOTALL))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The reference stack's own folders, with the examples among them."""
    for folder in ("features", "steps", "fixtures", "faults"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "conftest.py", tmp_path / "conftest.py")
    for name, text in BLOCKS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "restoreproof.cli", *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{project}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_has_a_whole_example_of_each() -> None:
    assert set(BLOCKS) == {
        "steps/blank_values.py",
        "features/consistency/sizes.feature",
        "faults/sizes.py",
        "acme_drills/flags.py",
        "acme_drills/clock/process.py",
    }


def test_the_check_lints(project: Path) -> None:
    done = run(
        project, "lint", str(ROOT / "compose/wipe/stack.yaml"), "--features", str(project / "features")
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_noun_that_is_none_is_named(project: Path) -> None:
    feature = project / "features/consistency/sizes.feature"
    feature.write_text(feature.read_text().replace("stored proofs", "storde proofs"))
    done = run(
        project, "lint", str(ROOT / "compose/wipe/stack.yaml"), "--features", str(project / "features")
    )
    assert done.returncode == 2
    assert "storde proofs" in done.stdout + done.stderr
    assert "stored proofs" in done.stdout + done.stderr


def test_the_fault_is_among_those_of_the_stack(project: Path) -> None:
    done = run(project, "faults", str(ROOT / "compose/wipe/stack.yaml"))
    # Those beside the contract's own features are found too; the example's lie in this project.
    assert done.returncode == 0, done.stdout + done.stderr
    check = "from restoreproof.faults.registry import faults_of; from pathlib import Path; "
    check += "print(faults_of('wipe', [Path('faults')])['blank-size'].detected_by)"
    known = subprocess.run(
        [sys.executable, "-c", check], cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert known.stdout.strip() == "('consistency/proof-sizes',)", known.stderr


@pytest.mark.parametrize("module", ["acme_drills.flags", "acme_drills.clock.process"])
def test_the_kinds_import_and_are_of_their_kind(project: Path, module: str) -> None:
    check = f"import {module} as module; import inspect; "
    check += "print([name for name, value in vars(module).items() if inspect.isclass(value)"
    check += " and value.__module__ == module.__name__ and not inspect.isabstract(value)])"
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=project,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{project}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() in ("['FlagsAsset']", "['ClockProcess']"), done.stderr
