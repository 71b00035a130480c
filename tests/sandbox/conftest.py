"""Runs the tests of each directory below this one in a drill sandbox, a file at a time; each is its own item.

The items are collected outside and run inside, as an ordinary user without a way out; their reports are
played back here. What stands in this directory itself, and the stand-in's own suite, runs outside.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sandbox.run import SandboxRun, run_in_sandbox

HERE = Path(__file__).parent
INSIDE = "INSIDE_WORK" in os.environ
OUTSIDE = {HERE, HERE / "platform"}
RUNS = pytest.StashKey[dict[Path, SandboxRun]]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Play back what became of the test in the sandbox; its file is run there with its first test."""
    if INSIDE or HERE not in item.path.parents or item.path.parent in OUTSIDE:
        return None
    run = _run_of(item)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in run.reports.get(item.nodeid) or [_missing(item, run)]:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    # As pytest's own protocol ends: what the next test does not need must not stay set up.
    item.session._setupstate.teardown_exact(nextitem)
    return True


def _run_of(item: pytest.Item) -> SandboxRun:
    runs = item.session.stash.setdefault(RUNS, {})
    if item.path not in runs:
        chosen = [other.nodeid for other in item.session.items if other.path == item.path]
        runs[item.path] = run_in_sandbox(item.config, item.path, chosen)
    return runs[item.path]


def _missing(item: pytest.Item, run: SandboxRun) -> pytest.TestReport:
    return pytest.TestReport(
        item.nodeid,
        item.location,
        dict.fromkeys(item.keywords, 1),
        "failed",
        f"the test was not run in the sandbox:\n{run.output}",
        "call",
    )
