"""One run of tests in a drill sandbox, as the pytest outside sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TIMEOUT_S = 600


@dataclass(frozen=True)
class SandboxRun:
    """What came out of a sandbox: the reports by node id, what the listeners saw, and everything printed."""

    reports: dict[str, list[pytest.TestReport]]
    outcome: dict[str, Any]
    output: str


def run_in_sandbox(config: pytest.Config, file: Path, nodeids: Iterable[str]) -> SandboxRun:
    """Run ``nodeids``, all of one ``file``, in a drill sandbox of their own."""
    with tempfile.TemporaryDirectory(prefix="restoreproof-sandbox-") as workdir:
        return _run(config, Path(workdir), file, nodeids)


def _run(config: pytest.Config, workdir: Path, file: Path, nodeids: Iterable[str]) -> SandboxRun:
    (workdir / "chosen.json").write_text(json.dumps(list(nodeids)))
    cache = os.environ.get("RESTOREPROOF_TEST_CACHE") or str(user_cache_path("restoreproof"))
    done = subprocess.run(
        [sys.executable, str(HERE / "sandboxed.py"), str(workdir), cache, str(file), "-q"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOST_SECRET": "must-not-cross"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    written = workdir / "inner" / "reports.jsonl"
    reports: dict[str, list[pytest.TestReport]] = defaultdict(list)
    for line in written.read_text().splitlines() if written.exists() else ():
        report = config.hook.pytest_report_from_serializable(config=config, data=json.loads(line))
        reports[report.nodeid].append(report)
    outcome = workdir / "outcome.json"
    return SandboxRun(
        dict(reports), json.loads(outcome.read_text()) if outcome.exists() else {}, done.stdout + done.stderr
    )
