"""What only the outside can tell of a sandbox: who reached its listeners, and what came through the pipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.run import SandboxRun, run_in_sandbox

RUNTIMES = Path(__file__).parent / "runtimes"


@pytest.fixture(scope="module")
def forging(request: pytest.FixtureRequest) -> SandboxRun:
    """A run whose restored code writes to every pipe that it finds."""
    return _run(request, "test_containment.py", "test_it_can_not_write_to_the_channel_of_the_verdict")


@pytest.fixture(scope="module")
def probing(request: pytest.FixtureRequest) -> SandboxRun:
    """A run that tries every way out."""
    return _run(request, "test_isolation.py", "test_every_probe_fails_inside")


def _run(request: pytest.FixtureRequest, name: str, test: str) -> SandboxRun:
    file = RUNTIMES / name
    run = run_in_sandbox(
        request.config, file, [f"{file.relative_to(request.config.rootpath).as_posix()}::{test}"]
    )
    assert [report.outcome for reports in run.reports.values() for report in reports] == ["passed"] * 3, (
        run.output
    )
    return run


def test_the_listeners_were_reached_from_outside_and_never_from_inside(probing: SandboxRun) -> None:
    assert [result["reached"] for result in probing.outcome["outside"]] == [True, True]
    assert probing.outcome["from_inside"] == 0


def test_only_the_inner_process_wrote_to_the_pipe(forging: SandboxRun) -> None:
    assert forging.outcome["pipe"] == "the inner process can write here\n"
