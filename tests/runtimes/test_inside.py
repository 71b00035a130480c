"""The whole of ``inside/`` in one drill sandbox: every component, every failure, every way out."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Run:
    outcome: dict[str, Any]
    cases: dict[str, str]
    output: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Run:
    workdir = tmp_path_factory.mktemp("sandboxed")
    argv = [sys.executable, str(HERE / "sandboxed.py"), str(workdir), str(cache)]
    inner = workdir / "inner"
    chosen = [str(HERE / "inside"), "-q", f"--junitxml={inner}/junit.xml", f"--basetemp={inner}/tmp"]
    done = subprocess.run(
        [*argv, *chosen],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    output = done.stdout + done.stderr
    assert (workdir / "outcome.json").exists(), output
    return Run(json.loads((workdir / "outcome.json").read_text()), _cases(inner / "junit.xml"), output)


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT), "HOST_SECRET": "must-not-cross"}


def _cases(junit: Path) -> dict[str, str]:
    found = {}
    for case in ElementTree.parse(junit).iter("testcase"):
        bad = [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
        found[f"{case.get('classname')}::{case.get('name')}"] = bad[0] if bad else "passed"
    return found


def test_every_case_ran_and_passed(run: Run) -> None:
    assert run.outcome["code"] == 0, run.output
    assert set(run.cases.values()) == {"passed"}, run.output
    for module in ("test_components", "test_failures", "test_containment", "test_isolation"):
        assert any(module in name for name in run.cases), f"{module} did not run: {run.output}"


def test_the_listeners_were_reached_from_outside_and_never_from_inside(run: Run) -> None:
    assert [result["reached"] for result in run.outcome["outside"]] == [True, True]
    assert run.outcome["from_inside"] == 0


def test_only_the_inner_process_wrote_to_the_pipe(run: Run) -> None:
    assert run.outcome["pipe"] == "the inner process can write here\n"
