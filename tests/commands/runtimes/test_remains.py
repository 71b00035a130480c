"""What an unsandboxed drill left running is found and ended, and nobody else's processes are."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from restoreproof.runtimes.host.plain_process import launch_bare
from restoreproof.runtimes.host.processes import BELONGS_TO, end_remains, remains
from restoreproof.runtimes.process.confinement import Bare
from restoreproof.runtimes.process.sandbox import Etc
from restoreproof.waiting import NotReady, wait_until

PLAIN = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


@pytest.fixture
def workdir(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "drill"
    made.mkdir()
    yield made
    end_remains(made)


def has_ended(process: psutil.Process) -> bool:
    """Whether it runs no more; who waits for orphans, and when, is the machine's affair."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_program_that_left_the_directory_and_the_session_is_ended(workdir: Path) -> None:
    argv = ["sh", "-c", "cd / && setsid sleep 600 &"]
    assert launch_bare(argv, PLAIN, workdir, pass_fds=(), stdout=None).wait(30) == 0

    def left() -> psutil.Process:
        found = [one for one in remains(workdir) if one.name() == "sleep"]
        if not found:
            raise NotReady("it has not begun to sleep")
        return found[0]

    one = wait_until(left, what="the program sleeps", deadline_s=20)
    assert one.cwd() == "/"
    assert str(workdir) not in " ".join(one.cmdline())
    assert end_remains(workdir) == []
    assert has_ended(one)


def test_a_service_belongs_to_the_drill_that_started_it(
    workdir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = Bare(Etc.write(tmp_path / "etc", ""), {})
    monkeypatch.setenv(BELONGS_TO, str(workdir))
    assert bare.environment({"A": "b"})[BELONGS_TO] == str(workdir)


def test_a_program_of_another_drill_is_left_alone(workdir: Path) -> None:
    command = ["sleep", "600"]
    with subprocess.Popen(command, env={**PLAIN, BELONGS_TO: f"{workdir}-2"}, cwd="/") as other:
        try:
            assert other.pid not in {one.pid for one in remains(workdir)}
            assert end_remains(workdir) == []
            assert other.poll() is None
        finally:
            other.kill()
