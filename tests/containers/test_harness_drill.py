"""The harness's own image drills a target that it did not start: a PostgreSQL in another container."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from restoreproof.waiting import NotReady, wait_until
from tests.drill.examples.known import of_the_database
from tests.workshop import ROOT, Workshop

EXAMPLE = ROOT / "examples" / "managed-snapshot"
HARNESS, POSTGRES = "restoreproof/restoreproof:0.1.0", "restoreproof/wipe-postgres:18"
ADMINISTRATOR = "provider"
RESTORE = """#!/bin/bash
# restore.sh SNAPSHOT: the roles that the server lacks, and the database.
set -euo pipefail
export PGHOST=target PGUSER=provider PGPASSWORD=$DRILL_DB_PASSWORD PGDATABASE=postgres
grep -vE '^(CREATE|ALTER) ROLE "?(postgres|provider)"?( |;)' "$1/globals.sql" |
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1
pg_restore --create --exit-on-error --dbname postgres "$1/wipe.dump"
"""
MARKER = """
create table if not exists restoreproof_drill_marker
  (nonce text not null, created_at timestamptz not null default now());
insert into restoreproof_drill_marker (nonce) values ('{nonce}')
"""


def docker(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )


def must(*arguments: object) -> None:
    done = docker(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class Target:
    """A network without a way out, and on it a server named ``target`` with a drill's marker."""

    network: str
    password: str
    nonce: str

    def mark(self) -> None:
        """Leave the marker, as provisioning does."""
        sql = MARKER.format(nonce=self.nonce)
        # By TCP: while the cluster is being made, a server answers on the socket alone.
        psql = ["psql", "--no-psqlrc", "-h", "127.0.0.1", "-U", ADMINISTRATOR, "-d", "postgres", "-c", sql]
        done = docker("exec", "--env", f"PGPASSWORD={self.password}", self.network, *psql)
        if done.returncode:
            raise NotReady(done.stderr)


@pytest.fixture
def target() -> Iterator[Target]:
    if any(docker("image", "inspect", image).returncode for image in (HARNESS, POSTGRES)):
        pytest.skip("no Docker daemon with the images; `make images` builds them")
    name = f"restoreproof-harness-{secrets.token_hex(4)}"
    made = Target(name, secrets.token_hex(16), secrets.token_hex(24))
    must("network", "create", "--internal", name)
    try:
        must(
            "run", "--detach", "--rm", "--name", name, "--network", name, "--network-alias", "target",
            "--env", f"POSTGRES_USER={ADMINISTRATOR}", "--env", f"POSTGRES_PASSWORD={made.password}",
            "--env", "POSTGRES_INITDB_ARGS=--data-checksums --encoding=UTF8 --locale=C "
            "--locale-provider=builtin --builtin-locale=C.UTF-8",
            POSTGRES, "postgres", "-c", "track_commit_timestamp=on", "-c", "timezone=UTC",
        )  # fmt: skip
        wait_until(made.mark, what="the server takes the marker", deadline_s=60)
        yield made
    finally:
        docker("rm", "--force", "--volumes", name)
        must("network", "rm", name)


def contract() -> dict[str, Any]:
    """The example's, less its isolation and ``down``: a provider's commands are not in the image."""
    whole: dict[str, Any] = yaml.safe_load((EXAMPLE / "stack.yaml").read_text())
    external = whole["external"]
    del external["isolation"], external["down"]
    external["restore"]["database"]["command"] = ["./restore.sh", "{reference}"]
    administrator = {"user": ADMINISTRATOR, "password": "$DRILL_DB_PASSWORD"}
    # The test's own network has these two containers on it and nobody else.
    external["services"]["postgres"] = {
        "address": "target", "port": 5432, "tls": False, "administrator": administrator,
    }  # fmt: skip
    return whole


def prepare(workshop: Workshop) -> Path:
    """The directory that is mounted: contract, features, the command, and a set that refers to a snapshot."""
    made = workshop.directory / "harness-image"
    # The keys are beside it: a drill's commands see the contract's directory.
    stack = made / "stack"
    (stack / "snapshot").mkdir(parents=True)
    for part in ("globals.sql", "wipe.dump"):
        (stack / "snapshot" / part).write_bytes((workshop.set / "postgres/database" / part).read_bytes())
    (stack / "features").mkdir()
    (stack / "features" / "database.feature").write_text((EXAMPLE / "features/database.feature").read_text())
    (stack / "stack.yaml").write_text(yaml.safe_dump(contract(), sort_keys=False))
    (stack / "restore.sh").write_text(RESTORE)
    (stack / "restore.sh").chmod(0o755)
    known = made / "known.json"
    known.write_text(json.dumps(of_the_database(workshop.catalogue)))
    done = workshop.run(
        "adopt", "--contract", stack / "stack.yaml", "--out", made / "set", "--synthetic",
        "--reference", "database=snapshot", "--engine", "database=18.6",
        "--catalogue", known, "--catalogue-out", made / "catalogue.json",
        RESTOREPROOF_DRILL_MARKER="0" * 32, DRILL_DB_PASSWORD="0" * 32,
    )  # fmt: skip
    assert done.returncode == 0, done.output
    return workshop.give(made)


def test_the_image_restores_a_snapshot_checks_it_and_finds_its_own_evidence_authentic(
    workshop: Workshop, target: Target
) -> None:
    work = prepare(workshop)
    owner = work.stat()
    secret = {"RESTOREPROOF_DRILL_MARKER": target.nonce, "DRILL_DB_PASSWORD": target.password}
    told = [part for name, value in secret.items() for part in ("--env", f"{name}={value}")]
    user = f"{owner.st_uid}:{owner.st_gid}"
    container = ["run", "--rm", "--cap-drop", "ALL", "--user", user, "-v", f"{work}:/work"]
    what = ["drill", "stack/stack.yaml", "--features", "stack/features", "--runtime", "external"]
    what += ["--allow-unisolated"]
    of = ["--set", "set", "--catalogue", "catalogue.json"]
    done = docker(*container, "--network", target.network, "--env", "HOME=/tmp", *told, HARNESS, *what, *of)
    # Nobody showed that the target has no way out: every check passes, and the verdict can't be VERIFIED.
    assert done.returncode == 3, done.stdout + done.stderr
    record = json.loads((work / "reports" / "latest" / "record.json").read_text())
    assert [check["outcome"] for check in record["checks"]] == ["PASSED"] * 8, done.stdout
    assert record["verdict"] == "NOT VERIFIED"
    assert any("isolated" in reason for reason in record["incomplete"])
    drilled = (work / "reports" / "latest").readlink()
    verify = ["verify", f"reports/{drilled}", "--key", "var/keys/drill.pub"]
    done = docker(*container, "--network", "none", HARNESS, *verify)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "AUTHENTIC" in done.stdout
