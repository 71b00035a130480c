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
CONTRACT = str(ROOT / "compose/wipe/stack.yaml")
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


def python(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{project}"},
        capture_output=True,
        text=True,
        check=False,
    )


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    features = str(project / "features")
    return python(project, "-m", "restoreproof.cli", "lint", CONTRACT, "--features", features)


def test_the_page_has_a_whole_example_of_each() -> None:
    assert set(BLOCKS) == {
        "steps/blank_values.py",
        "features/consistency/sizes.feature",
        "faults/sizes.py",
        "acme_drills/flags.py",
        "acme_drills/clock/process.py",
    }


def test_the_check_lints(project: Path) -> None:
    done = lint(project)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_noun_that_is_none_is_named(project: Path) -> None:
    feature = project / "features/consistency/sizes.feature"
    feature.write_text(feature.read_text().replace("stored proofs", "storde proofs"))
    done = lint(project)
    assert done.returncode == 2
    assert "storde proofs" in done.stdout + done.stderr
    assert "stored proofs" in done.stdout + done.stderr


def test_the_fault_names_the_check(project: Path) -> None:
    code = (
        "from pathlib import Path; from restoreproof.faults.registry import faults_of; "
        "print(faults_of('wipe', [Path('faults')])['blank-size'].detected_by)"
    )
    done = python(project, "-c", code)
    assert done.stdout.strip() == "('consistency/proof-sizes',)", done.stderr


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("acme_drills.flags.FlagsAsset", "restoreproof.assets.base.Asset"),
        ("acme_drills.clock.process.PART", "restoreproof.runtimes.process.component.ProcessComponent"),
    ],
)
def test_the_kinds_are_whole(project: Path, kind: str, base: str) -> None:
    code = (
        "import inspect, pkgutil; "
        f"kind, base = pkgutil.resolve_name('{kind}'), pkgutil.resolve_name('{base}'); "
        "print(issubclass(kind, base) and not inspect.isabstract(kind))"
    )
    done = python(project, "-c", code)
    assert done.stdout.strip() == "True", done.stderr
