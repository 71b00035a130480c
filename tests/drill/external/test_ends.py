"""Drills that are ended early: the target stays as it is, and nothing of the harness does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from restoreproof.waiting import NotReady, wait_until
from tests.drill.external.conftest import BLOCK, contract_with
from tests.drill.external.held import STORES, Foreign
from tests.drill.test_ends import ledger, nothing_left, outer_of
from tests.workshop import ROOT


@contextmanager
def running(foreign: Foreign, reports: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A drill in the background that has restored its database into a fresh target."""
    foreign.target.provision()
    # A shell that runs the tests in the background lets them, and what they start, ignore Ctrl-C.
    argv = ["env", "--default-signal=INT", *foreign.argv(reports)]
    environment = {**os.environ, **foreign.target.environment()}
    process = subprocess.Popen(
        argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )

    def restored() -> None:
        journal = reports / "latest" / "journal.jsonl"
        if not journal.exists() or b'"type":"stage-done"' not in journal.read_bytes():
            raise NotReady("no stage is done")

    def ended() -> str | None:
        return None if process.poll() is None else f"it ended with {process.returncode}"

    try:
        wait_until(restored, what="the first stage", deadline_s=60, gave_up=ended)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def as_it_was(foreign: Foreign) -> None:
    """The target's stores run, and hold what the drill had restored."""
    for store in STORES:
        foreign.target.order("since", store)
    with foreign.target.connected("wipe") as connection:
        assert connection.execute("select count(*) > 0 from proofs").fetchone() == (True,)


def test_ctrl_c_leaves_evidence_and_the_target(foreign: Foreign) -> None:
    reports = foreign.workshop.reports()
    with running(foreign, reports) as process:
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=300)[0].decode()
    assert process.returncode == 3, output[-3000:]
    record = json.loads((reports / "latest" / "record.json").read_text())
    assert record["verdict"] == "NOT VERIFIED"
    assert any("interrupted" in reason for reason in record["incomplete"])
    nothing_left(foreign.workshop)
    as_it_was(foreign)
    assert [kind for kind, _ in ledger(reports)] == ["started", "finished"]


def test_a_second_drill_on_a_target_in_use_leaves_it_to_the_first(foreign: Foreign) -> None:
    contract = contract_with(foreign.workshop, "removed", BLOCK.read_text() + "  down: [$TARGET, fresh]\n")
    with running(foreign, foreign.workshop.reports()) as first:
        second = Foreign(foreign.workshop, foreign.target, contract).drill()
        assert second.returncode == 3, second.output
        assert "postgres was restored into before" in second.output
        [left] = second.record["safety"]["leftovers"]
        assert "`down` was not run: this drill put nothing into it" in left
        assert first.poll() is None
        as_it_was(foreign)


def test_a_killed_drill_leaves_no_process_and_the_target(foreign: Foreign) -> None:
    reports = foreign.workshop.reports()
    with running(foreign, reports) as process:
        outer_of(process).kill()
        process.wait(timeout=30)
        nothing_left(foreign.workshop)
    as_it_was(foreign)
    [(kind, killed)] = ledger(reports)
    assert kind == "started"
    again = foreign.drill_into(reports)
    assert again.returncode == 3, "what is left of one drill says nothing of the next one's backup"
    assert "provision a new target" in again.output
    assert f"drill {killed} died earlier: recorded as ABORTED" in again.output
    assert not (foreign.workshop.var / "run" / killed).exists()
    as_it_was(foreign)
