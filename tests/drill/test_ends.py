"""Drills that end otherwise than they should: killed, interrupted, without a scenario, in part."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from restoreproof.drill.outer.cleanup import processes_of
from restoreproof.waiting import NotReady, wait_until
from tests.workshop import CONTRACT, ROOT, Workshop

_HEEDING_CTRL_C = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
os.execv(sys.argv[1], sys.argv[1:])
"""


@contextmanager
def running(workshop: Workshop, reports: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A drill in the background that has restored its database."""
    argv = workshop.argv(*workshop.drill_arguments(reports))
    # A shell that runs the tests in the background lets them, and what they start, ignore Ctrl-C.
    argv = [sys.executable, "-c", _HEEDING_CTRL_C, *argv]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def restored() -> None:
        journals = list(reports.glob("*/journal.jsonl"))
        if not journals or b'"type":"stage-done"' not in journals[0].read_bytes():
            raise NotReady("no stage is done")

    try:
        wait_until(restored, what="the first stage", deadline_s=60)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def outer_of(process: subprocess.Popen[bytes]) -> psutil.Process:
    """The outer process: under root it is the one that became an ordinary user, some levels down."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    ours = [one for one in family if "restoreproof.cli" in one.cmdline() and one.uids().real != 0]
    return ours[-1]


def nothing_left(workshop: Workshop) -> None:
    def gone() -> None:
        if left := processes_of(workshop.var / "run"):
            raise NotReady("; ".join(left))

    wait_until(gone, what="every process of the drill is gone", deadline_s=15)


def ledger(reports: Path) -> list[tuple[str, str]]:
    lines = (reports / "ledger.jsonl").read_text().splitlines()
    return [(one["type"], one["drill_id"]) for one in map(json.loads, lines)]


def test_a_killed_drill_leaves_no_process_and_is_recorded_as_aborted(workshop: Workshop) -> None:
    reports = workshop.reports()
    with running(workshop, reports) as process:
        outer_of(process).kill()
        process.wait(timeout=30)
        nothing_left(workshop)
    [(_, killed)] = ledger(reports)
    assert (workshop.var / "run" / killed).exists()
    done = workshop.run(*workshop.drill_arguments(reports, "-k", "set-identity"))
    assert f"drill {killed} died earlier: recorded as ABORTED" in done.output
    assert ("aborted", killed) in ledger(reports)
    assert list((workshop.var / "run").iterdir()) == []


def test_ctrl_c_leaves_evidence_and_nothing_else(workshop: Workshop) -> None:
    reports = workshop.reports()
    with running(workshop, reports) as process:
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=300)[0].decode()
    record = json.loads((reports / "latest" / "record.json").read_text())
    assert process.returncode == 3, output[-3000:]
    assert record["verdict"] == "NOT VERIFIED"
    assert any("interrupted" in reason for reason in record["incomplete"])
    assert record["safety"]["torn_down"]
    nothing_left(workshop)
    assert [kind for kind, _ in ledger(reports)] == ["started", "finished"]


HIDING = """

def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "nothing_leaves_the_platform" not in item.name]
"""


def test_a_scenario_hidden_from_pytest_is_missed(workshop: Workshop) -> None:
    project = workshop.project("hidden")
    with (project / "conftest.py").open("a") as file:
        file.write(HIDING)
    drilled = workshop.drill("--features", project / "features")
    assert drilled.returncode == 3, drilled.output[-3000:]
    assert drilled.record["verdict"] == "NOT VERIFIED"
    assert drilled.outcomes["restore/no-effect"] == "NOT_VERIFIED"
    assert any("restore/no-effect" in reason for reason in drilled.record["incomplete"])
    assert "restore/no-effect" in drilled.output


def test_one_scenario_by_hand_performs_just_the_stages_it_needs(workshop: Workshop) -> None:
    project = workshop.project("by-hand")
    (project / "pytest.ini").write_text(
        "[pytest]\naddopts = -p restoreproof.plugin --import-mode=importlib\n"
    )
    (project / "var").mkdir()
    for part in ("sets", "catalogue", "keys"):
        workshop.copy_into(part, project / "var")
    argv = [sys.executable, "-m", "pytest", "-c", str(project / "pytest.ini"), f"--rootdir={project}"]
    done = workshop.execute(
        [*argv, str(project / "features" / "consistency"), "-k", "receipts"],
        RESTOREPROOF_CONTRACT=str(CONTRACT),
        XDG_CACHE_HOME=str(workshop.cache.parent),
    )
    assert done.returncode == 3, done.output[-3000:]
    record = json.loads((project / "reports" / "latest" / "record.json").read_text())
    assert record["verdict"] == "PARTIAL"
    assert {one["id"]: one["outcome"] for one in record["checks"]} == {
        "consistency/consumption-receipts": "PASSED"
    }
    reached = [stage["name"] for stage in record["stages"] if stage["status"] == "done"]
    assert reached == ["database"]
