"""What killed drills left is removed; what somebody still works in is not touched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from restoreproof.drill.alive import alive, is_abandoned
from restoreproof.drill.reaping import reap_directories

HANG = "import sys; print('up', flush=True); sys.stdin.read()"
LIVE = """
import sys
from pathlib import Path
from restoreproof.drill.alive import alive
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
