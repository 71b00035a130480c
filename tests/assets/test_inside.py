"""PostgreSQL's own tools, for real: ``inside/`` in one drill sandbox, as ``tests/runtimes`` runs its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from platformdirs import user_cache_path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_every_case_inside_ran_and_passed(tmp_path: Path) -> None:
    cache = os.environ.get("RESTOREPROOF_TEST_CACHE") or str(user_cache_path("restoreproof"))
    inner = tmp_path / "inner"
    runner = [sys.executable, str(ROOT / "tests/runtimes/sandboxed.py"), str(tmp_path), cache]
    chosen = [str(HERE / "inside"), "-q", f"--junitxml={inner}/junit.xml", f"--basetemp={inner}/tmp"]
    done = subprocess.run(
        [*runner, *chosen],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (tmp_path / "outcome.json").exists(), done.stdout + done.stderr
    assert json.loads((tmp_path / "outcome.json").read_text())["code"] == 0, done.stdout + done.stderr
    cases = list(ElementTree.parse(inner / "junit.xml").iter("testcase"))
    assert len(cases) >= 25
    assert not [case.get("name") for case in cases if len(case)]
