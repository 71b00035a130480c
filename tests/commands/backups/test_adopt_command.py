"""``restoreproof adopt`` with references, as anybody would type it: what it writes, says and refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.backup_set import open_set
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.dumpfile import DumpFile
from restoreproof.backups.manifest import Manifest
from restoreproof.backups.verify import verify_against
from restoreproof.cli import app
from restoreproof.cli.adopt_references import refuse_databases
from restoreproof.contract.loader import parse
from restoreproof.errors import UsageError

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  postgres: {component: postgres, port: 5432, starts: rows}
  s3: {component: seaweedfs, port: 8333, starts: rows}
  nginx: {component: nginx, port: 8443, starts: rows}
order: [rows]
assets:
  rows: {kind: postgres, at: rows, service: postgres, database: shop, owner: shop, roles: [shop]}
  objects:
    kind: objects
    at: rows
    service: s3
    access_key: KEY
    secret_key: SECRET
    object_lock: inactive
    buckets: {photos: {name: shop-photos}, drop: {name: shop-drop}}
  release: {kind: release, at: rows}
"""
SNAPSHOT = "--reference=rows=arn:aws:rds:eu-west-1:1:snapshot:shop-1"
IN_PLACE = "--reference=objects=in-place"
POINT = "--recovery-point=2026-11-22T03:00:00"


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "stack.yaml"
    path.write_text(CONTRACT)
    return path


def adopt(contract: Path, *options: object, umask: int = -1) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "restoreproof.cli", "adopt"),
            *("--contract", str(contract), "--out", str(contract.parent / "sets" / "new")),
            *map(str, options),
        ],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        umask=umask,
        timeout=120,
        check=False,
    )


def test_a_snapshot_alone_is_a_set_that_says_what_it_lacks(contract: Path) -> None:
    done = adopt(contract, SNAPSHOT, "--engine=rows=18.4", "--bytes=rows=5000", POINT, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["references"] == {"rows": "arn:aws:rds:eu-west-1:1:snapshot:shop-1 (engine 18.4)"}
    # The snapshot holds the roles; what the contract has no asset for can't be lacking.
    assert set(told["lacks"]) == {"catalogue", "objects", "release"}
    manifest = open_set(contract.parent / "sets" / "new", "shop").manifest
    assert manifest.references
    assert (manifest.references["rows"].engine, manifest.references["rows"].bytes) == ("18.4", 5000)
    assert manifest.recovery_point.isoformat() == "2026-11-22T03:00:00+00:00"


def test_with_a_catalogue_the_set_is_held_against_what_is_known(
    contract: Path, directory: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    known, again = tmp_path / "known.json", tmp_path / "again.json"
    catalogues.save(catalogue, known)
    done = adopt(
        contract, SNAPSHOT, "--reference=objects=in-place", "--index", directory / "objects" / "index",
        "--catalogue", known, "--catalogue-out", again,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "its objects is a reference: in-place" in done.stdout
    assert f"--catalogue {again} --runtime external" in done.stdout
    backup, written = open_set(contract.parent / "sets" / "new", "shop"), catalogues.load(again)
    assert written.reissued_from and written.reissued_from.set_id == "set-1"
    report = verify_against(backup, written)
    assert report.sound
    assert report.objects == 20


READ_ALL = ("/usr/bin/find", ".", "-type", "f", "-exec", "cat", "{}", "+")
"""Not by this interpreter, which may lie where only root can go."""


def test_under_root_whoever_the_drill_steps_down_to_can_read_it(
    contract: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    """Also where root's umask lets nobody else read; an ordinary user's sets stay that user's."""
    catalogues.save(catalogue, tmp_path / "known.json")
    known = ("--catalogue", tmp_path / "known.json", "--catalogue-out", tmp_path / "again.json")
    done = adopt(contract, SNAPSHOT, "--reference=objects=in-place", *known, umask=0o077)
    assert done.returncode == 0, done.stderr
    new = contract.parent / "sets" / "new"
    owners = {path.stat().st_uid for path in (new, *new.rglob("*"), tmp_path / "again.json")}
    assert len(owners) == 1
    [owner] = owners
    assert owner != 0 if os.geteuid() == 0 else owner == os.geteuid()
    as_owner = subprocess.run(READ_ALL, cwd=new, user=owner, capture_output=True, check=False)
    assert as_owner.returncode == 0, as_owner.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "nothing is given for the database shop"),
        (["--reference=rows=snap"], "what is given does not say when it was taken"),
        (["--reference=rows", POINT], "'rows' is no ASSET=VALUE"),
        (["--reference=cows=snap", POINT], "has no asset 'cows'"),
        (["--reference=release=snap", "--reference=rows=snap", POINT], "(release) can't be a reference"),
        (["--reference=rows=--force", POINT], "the reference of rows is none that a command line"),
        (["--reference=rows=a b", POINT], "the reference of rows is none that a command line"),
        (["--reference=rows=a", "--reference=rows=b", POINT], "rows=… is given twice"),
        ([SNAPSHOT, "--engine=objects=18", POINT], "--engine objects=… is of no reference"),
        ([SNAPSHOT, "--bytes=rows=many", POINT], "the bytes of rows"),
        ([SNAPSHOT, "--roles=/etc/hostname", POINT], "--roles gives roles as a file"),
        ([SNAPSHOT, "--reference=objects=in-place", "--objects=/tmp", POINT], "--objects gives objects"),
        ([SNAPSHOT, "--catalogue=/nowhere.json"], "--catalogue and --catalogue-out go together"),
        ([SNAPSHOT, "--catalogue=/nowhere.json", "--catalogue-out=n.json"], "can't read the catalogue"),
        ([SNAPSHOT, IN_PLACE, "--index=/nowhere", POINT], "there is no such directory"),
        ([SNAPSHOT, "--index=/tmp", POINT], "an index alone has no objects"),
        ([SNAPSHOT, "--index=/tmp", "--objects=/tmp", POINT], "an index alone has no objects"),
    ],
)
def test_what_can_not_be_adopted_is_refused_and_leaves_nothing(
    contract: Path, options: list[str], said: str
) -> None:
    out = str(contract.parent / "sets" / "new")
    done = CliRunner().invoke(app, ["adopt", "--contract", str(contract), "--out", out, *options])
    assert isinstance(done.exception, UsageError)
    assert done.exception.exit_code == 2
    assert said in str(done.exception)
    assert not (contract.parent / "sets" / "new").exists()


def test_a_dump_of_one_database_is_no_backup_of_another(tmp_path: Path) -> None:
    more = CONTRACT + "  bills: {kind: postgres, at: rows, service: postgres, database: bills}\n"
    contract = parse(more.replace("database: bills", "database: bills, owner: shop, roles: [shop]"), tmp_path)
    dump = DumpFile(tmp_path / "shop.dump", "shop", datetime.now(UTC), "18.6", "18.6")
    with pytest.raises(UsageError, match="for the database bills beside the dump of shop"):
        refuse_databases(contract, dump, set())
    refuse_databases(contract, dump, {"bills"})


def test_a_catalogue_of_another_moment_is_refused_and_leaves_nothing(
    contract: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    catalogues.save(catalogue, tmp_path / "known.json")
    out = tmp_path / "again.json"
    more = ("--recovery-point=2026-11-22T04:00:00", "--catalogue", tmp_path / "known.json")
    done = adopt(contract, SNAPSHOT, *more, "--catalogue-out", out)
    assert done.returncode == 2
    assert "the catalogue is of the recovery point 2026-11-22T03:00:00+00:00" in done.stderr
    assert not out.exists()
    assert not (contract.parent / "sets" / "new").exists()


def test_a_manifest_with_a_hostile_reference_is_no_manifest(contract: Path) -> None:
    assert adopt(contract, SNAPSHOT, POINT).returncode == 0
    path = contract.parent / "sets" / "new" / "manifest.json"
    content = json.loads(path.read_text())
    content["references"]["rows"]["reference"] = "$(reboot)"
    with pytest.raises(ValueError, match=r"references\.rows\.reference"):
        Manifest.model_validate(content)
