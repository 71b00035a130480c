"""Commands of a contract, run for real: where, with what, for how long, and what is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.external.commands import Commands, Order, handed_on
from restoreproof.waiting import NotReady, wait_until

LONG = "while :; do sleep 1; done"
FAMILY = f"sh -c 'echo $$ > child; {LONG}' & setsid sh -c 'echo $$ > stray; {LONG}' & echo $$ > parent; wait"
"""A command with a child, and one that left its process group."""


def pids(directory: Path, *names: str) -> list[int]:
    def look() -> list[int]:
        texts = [(directory / name).read_text().strip() for name in names]
        if not all(texts):
            raise NotReady("not all of them have started")
        return [int(text) for text in texts]

    return wait_until(look, what="the family", deadline_s=30)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def gone(*family: int) -> None:
    def look() -> None:
        if left := [pid for pid in family if alive(pid)]:
            raise NotReady(f"{left} still run")

    wait_until(look, what="the end of the family", deadline_s=30, retry_on=(NotReady, psutil.Error))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script"
    path.write_text('#!/bin/sh\necho "$PWD|$1|$TOLD|$RESTOREPROOF_DRILL_ID|$MORE|$PYTHONPATH|$HOME"\n')
    path.chmod(0o700)
    return path


def test_it_runs_in_the_contracts_directory_with_the_users_environment_and_no_shell(
    commands: Commands, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/of/the/user")
    monkeypatch.setenv("PYTHONPATH", "/of/the/user")
    done = commands.run(
        Order("script", ["./script", "$(id); *"], 30, {"MORE": Secret("more", "revealed-here")})
    )
    assert done.returncode == 0
    told = f"{script.parent}|$(id); *|a-secret-of-the-drill|d1|revealed-here|/of/the/user|/home/of/the/user\n"
    assert done.stdout.decode() == told
    assert done.argv == ("./script", "$(id); *")


def test_the_inner_process_hands_on_an_environment_that_it_does_not_have_itself(
    commands: Commands, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MORE", "of-the-user")
    [(name, value)] = handed_on().items()
    monkeypatch.delenv("MORE")
    monkeypatch.setenv(name, value)
    assert "|of-the-user|" in commands.run(Order("script", ["./script"], 30)).stdout.decode()


def test_a_program_of_the_harness_is_pointed_by_the_harness_alone(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSERVICE", "production")
    done = commands.run(Order("env", ["env"], 30, {"PGHOST": "drill"}, ours=True))
    names = {line.partition("=")[0] for line in done.stdout.decode().splitlines()}
    assert names == {"PATH", "LANG", "PGHOST", "RESTOREPROOF_DRILL_ID", "TOLD"}


def test_an_environment_that_can_not_be_handed_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        monkeypatch.setenv(f"LARGE_{number}", "x" * 40_000)
    with pytest.raises(EnvironmentUnfitError, match="at most 120000 can be handed on"):
        handed_on()


def test_a_failure_is_returned_with_what_it_said_and_no_secret_in_it(commands: Commands) -> None:
    done = commands.run(Order("it", ["sh", "-c", 'echo "no: $TOLD" >&2; exit 7'], 30))
    assert done.returncode == 7
    assert done.stderr == "no: ‹redacted›\n"


def test_a_program_that_is_not_there_is_named(commands: Commands, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"start of db: there is no program './absent'") as caught:
        commands.run(Order("start of db", ["./absent"], 30))
    assert str(tmp_path) in str(caught.value)
    with pytest.raises(ContractError, match="no program 'no-such-program-anywhere'"):
        commands.run(Order("it", ["no-such-program-anywhere"], 30))


def test_input_and_output_are_files(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("as it is")
    done = commands.run(Order("it", ["cat"], 30, stdin=tmp_path / "in", stdout=tmp_path / "out"))
    assert (done.returncode, done.stdout) == (0, b"")
    assert (tmp_path / "out").read_text() == "as it is"


def test_one_that_hangs_is_ended_with_all_that_it_started(commands: Commands, tmp_path: Path) -> None:
    order = Order("restore of main", ["sh", "-c", f'echo "is it $TOLD?" >&2; {FAMILY}'], 1.5)
    with pytest.raises(EnvironmentUnfitError, match=r"restore of main did not end within") as caught:
        commands.run(order)
    assert "is it ‹redacted›?" in str(caught.value)
    gone(*pids(tmp_path, "parent", "child", "stray"))


def test_what_one_that_ended_well_left_running_is_the_targets_own(commands: Commands, tmp_path: Path) -> None:
    done = commands.run(Order("start", ["sh", "-c", f"setsid sh -c 'echo $$ > stray; {LONG}' &"], 30))
    [stray] = pids(tmp_path, "stray")
    try:
        assert done.returncode == 0
        commands.close()
        assert alive(stray)
    finally:
        os.kill(stray, signal.SIGKILL)


RUNNER = """
import sys
from pathlib import Path
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.external.commands import Commands, Order
here = Path(sys.argv[1])
Commands(here, here, {}, Redactor()).run(Order("it", ["sh", "-c", sys.argv[2]], 600))
"""


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that runs the family."""
    process = subprocess.Popen([sys.executable, "-c", RUNNER, str(tmp_path), FAMILY])
    yield process
    process.kill()
    process.wait()


def test_nothing_outlives_a_drill_that_is_killed(runner: subprocess.Popen[bytes], tmp_path: Path) -> None:
    family = pids(tmp_path, "parent", "child", "stray")
    runner.kill()
    runner.wait()
    gone(*family)
