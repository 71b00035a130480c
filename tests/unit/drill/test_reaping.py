"""What killed drills left is removed; what somebody still works in is not touched."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from restoreproof.drill.liveness_lock import alive, is_abandoned
from restoreproof.drill.outer.reaper import reap_directories
from restoreproof.runtimes.host.processes import end_remains, remains
from restoreproof.waiting import NotReady, wait_until

HANG = "import sys; print('up', flush=True); sys.stdin.read()"
LIVE = """
import sys
from pathlib import Path
from restoreproof.drill.liveness_lock import alive
with alive(Path(sys.argv[1])):
    print("up", flush=True)
    sys.stdin.read()
"""


def started(code: str, *arguments: object, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """A process that has said ``up``, and ends when its standard input does."""
    argv = [sys.executable, "-c", code, *map(str, arguments)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    return process


@pytest.mark.parametrize("kind", ["run", "source"])
def test_an_abandoned_directory_is_removed_with_what_works_in_it(tmp_path: Path, kind: str) -> None:
    directory = tmp_path / kind / "one"
    (directory / "data").mkdir(parents=True)
    said: list[str] = []
    with started(HANG, cwd=directory / "data") as process:
        assert reap_directories(tmp_path, said.append) == []
        assert not psutil.pid_exists(process.pid)
    assert not directory.exists()
    assert said == [f"{directory} was abandoned: removed"]


def test_what_a_living_process_works_in_is_left_alone_until_it_dies(tmp_path: Path) -> None:
    directory = tmp_path / "run" / "one"
    with started(LIVE, directory) as process:
        directory.mkdir(parents=True)
        assert not is_abandoned(directory)
        assert reap_directories(tmp_path, pytest.fail) == []
        assert directory.is_dir()
        process.kill()
    assert not psutil.pid_exists(process.pid)
    assert is_abandoned(directory)
    assert reap_directories(tmp_path, str) == []
    assert not directory.exists()


def test_the_sign_of_life_ends_with_the_work(tmp_path: Path) -> None:
    with alive(tmp_path / "run" / "one"):
        pass
    assert list((tmp_path / ".alive").iterdir()) == []


def test_a_link_out_of_the_directory_is_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "link").symlink_to(kept)
    assert reap_directories(tmp_path, pytest.fail) == []
    assert kept.is_dir()


def test_the_sign_of_a_killed_one_goes_with_its_directory(tmp_path: Path) -> None:
    directory = tmp_path / "run" / "one"
    with started(LIVE, directory) as process, started(LIVE, tmp_path / "run" / "other"):
        directory.mkdir(parents=True)
        process.kill()
        process.wait()
        assert (tmp_path / ".alive" / "run-one").exists(), "nobody took it away"
        assert reap_directories(tmp_path, str) == []
        assert [one.name for one in (tmp_path / ".alive").iterdir()] == ["run-other"]
        assert not is_abandoned(tmp_path / "run" / "other")


def test_a_sign_that_was_taken_for_a_dead_ones_is_shown_anew(tmp_path: Path) -> None:
    """Whoever forgets the dead may come between making the sign and locking it."""
    directory = tmp_path / "run" / "one"
    sign = tmp_path / ".alive" / "run-one"
    sign.parent.mkdir()
    with sign.open("wb") as held, ThreadPoolExecutor() as pool:
        fcntl.flock(held, fcntl.LOCK_EX)
        shown = pool.submit(is_abandoned_while_alive, directory)
        wait_until(waits_for_a_lock, what="it waits for the lock", deadline_s=10)
        sign.unlink()
        held.close()
        assert shown.result() is False


def is_abandoned_while_alive(directory: Path) -> bool:
    with alive(directory):
        return is_abandoned(directory)


def waits_for_a_lock() -> None:
    if f"-> FLOCK  ADVISORY  WRITE {os.getpid()} " not in Path("/proc/locks").read_text():
        raise NotReady("nobody waits yet")


def test_one_that_its_parent_never_asks_for_counts_as_ended(tmp_path: Path) -> None:
    """As in a container whose first process is no init."""
    (tmp_path / "run").mkdir()
    parent = "subprocess.Popen(['sleep', '600'], cwd='run'); print('up', flush=True); sys.stdin.read()"
    with started(f"import subprocess, sys; child = {parent}", cwd=tmp_path) as process:
        [child] = remains(tmp_path / "run")
        assert child.ppid() == process.pid
        assert end_remains(tmp_path / "run") == []
        assert child.status() == psutil.STATUS_ZOMBIE


def test_a_runtime_that_can_not_be_asked_is_told_and_nothing_is_called_clean(tmp_path: Path) -> None:
    socket = f"unix://{tmp_path}/none.sock"
    done = reaping(tmp_path, DOCKER_HOST=socket)
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert (told["left"], told["left_alone"]) == ([], [])
    [why] = told["not_looked_at"]
    assert why.startswith(f"runtime compose: the Docker daemon does not answer at {socket}")


def reaping(var: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``doctor --reap`` of what is below ``var``."""
    argv = [sys.executable, "-m", "restoreproof.cli", "doctor", "--reap", "--var", str(var), "--json"]
    return subprocess.run(
        argv, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
