"""A base backup says of which PostgreSQL it is, plain or as tar; what does not say is refused."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from restoreproof.backups import layout, missing
from restoreproof.backups.adopt import Given, adopt
from restoreproof.backups.backup_set import open_set
from restoreproof.backups.basebackup import read_base
from restoreproof.backups.verify import verify_against
from restoreproof.cli import app
from restoreproof.errors import ForeignSetError, UsageError

CONTRACT = Path(__file__).parents[3] / "compose" / "wipe" / "stack.yaml"
LABEL = b"START WAL LOCATION: 0/2000028\nSTART TIME: 2026-11-22 03:00:00 UTC\nLABEL: nightly\n"
BEGUN = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FILES = {"backup_label": LABEL, "base/1/112": b"rows", "PG_VERSION": b"15\n"}


def plain(directory: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    return directory


def archived(directory: Path, files: dict[str, bytes], mode: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    name = "base.tar.gz" if mode.endswith("gz") else "base.tar"
    with tarfile.open(directory / name, mode) as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(f"./{path}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return directory


@pytest.mark.parametrize("mode", ["plain", "w", "w:gz"])
def test_its_version_and_time_are_read(tmp_path: Path, mode: str) -> None:
    made = plain(tmp_path / "b", FILES) if mode == "plain" else archived(tmp_path / "b", FILES, mode)
    base = read_base(made)
    assert base
    assert (base.major, base.begun) == ("15", BEGUN)


def test_what_is_no_base_backup_is_none(tmp_path: Path) -> None:
    assert read_base(tmp_path) is None
    assert read_base(tmp_path / "nothing") is None


@pytest.mark.parametrize("version", [b"", b"fifteen\n", b"\xff\xfe"])
def test_one_that_does_not_say_its_version_is_refused(tmp_path: Path, version: bytes) -> None:
    with pytest.raises(UsageError, match="names a version"):
        read_base(plain(tmp_path / "b", FILES | {"PG_VERSION": version}))


def test_an_archive_without_a_version_or_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names a version"):
        read_base(archived(tmp_path / "a", {"base/1/112": b"rows"}, "w"))
    with pytest.raises(UsageError, match="can't be read"):
        read_base(plain(tmp_path / "b", {"base.tar": b"no archive" * 100}))


def test_a_link_in_the_place_of_the_version_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").symlink_to("/etc/hostname")
    with pytest.raises(ForeignSetError):
        read_base(tmp_path)


def test_adopted_it_stands_for_roles_and_databases(tmp_path: Path) -> None:
    base = read_base(plain(tmp_path / "b", FILES))
    given = Given(stack="shop", synthetic=True, recovery_point=BEGUN, base=base)
    manifest, _ = adopt(given, tmp_path / "set")
    assert manifest.tool_versions == {"postgres": "15"}
    assert manifest.adopted
    assert not {missing.ROLES, missing.IDENTITY} & set(manifest.adopted.lacks)
    backup = open_set(tmp_path / "set", "shop")
    assert verify_against(backup, None).sound
    assert read_base(backup.directory / layout.BASE)


def test_the_command_adopts_it_and_refuses_a_dump_beside_it(tmp_path: Path) -> None:
    base = plain(tmp_path / "b", FILES)
    fixed = ["adopt", "--contract", str(CONTRACT), "--base", str(base), "--out", str(tmp_path / "set")]
    refused = CliRunner().invoke(app, [*fixed, "--roles", str(base / "PG_VERSION")], standalone_mode=False)
    assert isinstance(refused.exception, UsageError)
    assert "--roles can't go with it" in str(refused.exception)
    done = CliRunner().invoke(app, fixed)
    assert done.exit_code == 0, done.output
    assert open_set(tmp_path / "set", "wipe").manifest.recovery_point == BEGUN


def test_what_is_no_base_backup_is_refused_by_the_command(tmp_path: Path) -> None:
    argv = ["adopt", "--contract", str(CONTRACT), "--base", str(tmp_path), "--out", str(tmp_path / "set")]
    refused = CliRunner().invoke(app, argv, standalone_mode=False)
    assert isinstance(refused.exception, UsageError)
    assert "no base backup" in str(refused.exception)
