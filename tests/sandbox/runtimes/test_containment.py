"""What restored code can reach: here a superuser of the restored database, by COPY … FROM PROGRAM."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

Shell = Callable[[str], str]


@pytest.fixture
def shell(build) -> Iterator[Shell]:
    """Runs a command line as the database server, and returns what it said."""
    runtime = build(postgres={"component": "postgres", "port": 5432})
    runtime.start("postgres")
    admin, endpoint = runtime.administrator("postgres"), runtime.endpoint("postgres")
    connection = psycopg.connect(
        host=endpoint.address, user=admin.user, password=admin.password.reveal(), dbname="postgres"
    )

    def run(command: str) -> str:
        connection.execute("create temp table if not exists said (line text)")
        connection.execute("truncate said")
        program = f"({command}) 2>&1 | tr '\\\\\\t' '//' ; true"
        connection.execute(psycopg.sql.SQL("copy said from program {}").format(program))
        return "\n".join(line for (line,) in connection.execute("select line from said"))

    run.data = runtime.data_directory("postgres")  # type: ignore[attr-defined]
    run.address = endpoint.address  # type: ignore[attr-defined]
    with contextlib.closing(connection):
        yield run


def test_it_reaches_no_network_but_the_drills(shell) -> None:
    def dial(host: str, port: str) -> str:
        return shell(f"bash -c 'exec 3<>/dev/tcp/{host}/{port} && echo connected'")

    assert dial(shell.address, "5432") == "connected", "the positive control"
    targets = json.loads(os.environ["INSIDE_TARGETS"])
    host, port = targets["outer-tcp-listener"].split(":")
    assert "Connection refused" in dial(host, port)
    assert "Network is unreachable" in dial("192.0.2.1", "9")
    assert "connected" not in dial("example.com", "443")


def test_it_writes_to_its_data_directory_and_its_private_tmp_only(shell, tmp_path: Path) -> None:
    def write(directory: str | Path) -> str:
        return shell(f"echo x > {directory}/written && echo done")

    assert write(shell.data) == "done", "the positive control"
    assert write("/tmp") == "done"
    assert not Path("/tmp/written").exists(), "its /tmp is its own"
    for directory in ("/", "/usr", "/etc", "/dev/..", "/home", "/root"):
        assert write(directory) != "done", directory
    for directory in (tmp_path, tmp_path / "logs", shell.data.parent):
        write(directory)  # its own /tmp may have a directory of that name, which is another one
        assert not (directory / "written").exists()


def test_it_sees_no_process_but_its_own(shell) -> None:
    seen = set(shell("cat /proc/[0-9]*/comm").splitlines())
    assert "postgres" in seen, "the positive control"
    # The shell itself stands at another place, below the witness of its starts.
    assert seen <= {"postgres", "bwrap", "sh", ".sh", "bash", "cat", "tr"}
    assert Path(f"/proc/{os.getpid()}/comm").exists()
    assert "-m pytest" not in shell("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")


def test_it_reads_nothing_from_home(shell) -> None:
    planted = os.environ["INSIDE_PLANTED"]
    assert "No such file" in shell(f"cat {planted}")
    assert "No such file" in shell("ls /home")
    home, interpreter = Path("/root"), Path(sys.base_prefix)
    listed = shell(f"ls -A {home}")
    # The witness over the shell is a program of Python's, whose installation may stand there.
    mine = interpreter.relative_to(home).parts[0] if interpreter.is_relative_to(home) else None
    assert "No such file" in listed or listed == mine
    assert not Path(planted).exists(), "the drill sandbox itself does not see it either"


def test_it_can_not_write_to_the_channel_of_the_verdict(shell) -> None:
    pipe = int(os.environ["INSIDE_PIPE"])
    os.write(pipe, b"the inner process can write here\n")
    ours = str(Path(f"/proc/self/fd/{pipe}").readlink())
    assert ours.startswith("pipe:")
    theirs = shell("readlink /proc/[0-9]*/fd/*")
    assert "pipe:" in theirs, "the positive control: it found pipes of its own"
    assert ours not in theirs
    # Writing to every pipe it has may well bring its own server down, which is its own affair.
    with contextlib.suppress(psycopg.OperationalError):
        shell('for fd in /proc/[0-9]*/fd/*; do [ -p "$fd" ] && echo forged >> "$fd"; done')
    # That nothing arrived is judged outside, in test_boundary.py, when the pipe is closed.


def test_it_has_no_capability_and_gets_none(shell) -> None:
    status = shell("grep -E '^(Cap|NoNewPrivs|Uid)' /proc/self/status")
    assert "CapEff:/0000000000000000" in status
    assert "CapBnd:/0000000000000000" in status
    assert "NoNewPrivs:/1" in status
    assert "Uid:/1000" in status
    assert "failed" in shell("unshare --user true || echo failed")
