"""The external runtime against real stores: ``inside/`` in one drill sandbox, as others are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
CASES = 20


def test_every_case_inside_ran_and_passed(tmp_path: Path, cache: Path) -> None:
    inner = tmp_path / "inner"
    runner = [sys.executable, str(ROOT / "tests/runtimes/sandboxed.py"), str(tmp_path), str(cache)]
    chosen = [str(HERE / "inside"), "-q", f"--junitxml={inner}/junit.xml", f"--basetemp={inner}/tmp"]
    done = subprocess.run(
        [*runner, *chosen],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert (tmp_path / "outcome.json").exists(), done.stdout + done.stderr
    assert json.loads((tmp_path / "outcome.json").read_text())["code"] == 0, done.stdout + done.stderr
    cases = list(ElementTree.parse(inner / "junit.xml").iter("testcase"))
    assert len(cases) >= CASES
    assert not [case.get("name") for case in cases if len(case)]
