"""What tests of every directory share: the workshop, and the order in which they run."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from restoreproof.drill.outer.tally import COMPARED
from tests.workshop import CONTRACT, ROOT, Workshop

LONGEST = "tests/drill/test_faults.py"


def pytest_configure(config: pytest.Config) -> None:
    """Let each drill of the suite say how much it compared, also those that workers of xdist start."""
    if not hasattr(config, "workerinput"):
        descriptor, path = tempfile.mkstemp(prefix="restoreproof-compared-")
        os.fchmod(descriptor, 0o666)  # a drill that root starts runs as somebody else
        os.close(descriptor)
        os.environ[COMPARED] = path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many planned steps and observations the drills of the suite compared."""
    if path := os.environ.get(COMPARED):
        tallies = [json.loads(line) for line in Path(path).read_text().splitlines()]
        steps, observations = (sum(tally[key] for tally in tallies) for key in ("steps", "observations"))
        if tallies:
            terminalreporter.write_line(
                f"{len(tallies)} drills compared {steps:,} planned steps with those that ran, "
                f"and counted {observations:,} observations again"
            )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the drills' counts."""
    if not hasattr(config, "workerinput") and (path := os.environ.pop(COMPARED, None)):
        Path(path).unlink(missing_ok=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs drills, and begin with it, so that no worker is left with a long file at the end."""
    for item in items:
        if runs_drills(item):
            item.add_marker(pytest.mark.drill)
    items.sort(key=lambda item: (not item.nodeid.startswith(LONGEST), not runs_drills(item)))


def runs_drills(item: pytest.Item) -> bool:
    """Whether the test is made in the workshop."""
    return "workshop" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    """The workshop, with a small backup set in it."""
    directory = ROOT / "var" / "tests" / str(os.getpid())
    directory.mkdir(parents=True)
    cache = Path(os.environ.get("RESTOREPROOF_TEST_CACHE") or user_cache_path("restoreproof"))
    shop = Workshop(directory, cache)
    done = shop.run("backup", CONTRACT, "--size", "small", "--var", shop.var, "--cache", cache)
    assert done.returncode == 0, done.output
    yield shop
    shutil.rmtree(directory)
