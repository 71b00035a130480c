"""A set is verified where nobody else writes, or read again; what it claims bounds what is read of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from restoreproof.backups import held_set, layout, open_set, verify_against
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.held_set import changes_of, hold

DUMP = layout.dump("postgres", "rows", "shop")
TERABYTES = 4 * 1024**4


def test_a_small_set_is_brought_over_and_is_as_sound_as_it_was(
    directory: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    held = hold(open_set(directory, "shop"), tmp_path / "held")
    assert held.how in ("cloned", "copied")
    assert (held.origin, held.backup.directory) == (directory.resolve(), tmp_path / "held")
    assert verify_against(held.backup, catalogue).sound
    (directory / DUMP).write_bytes(b"swapped")
    assert verify_against(held.backup, catalogue).sound
    assert changes_of(held, catalogue) == []
    assert not stat.S_IMODE((held.backup.directory / DUMP).stat().st_mode) & 0o077


def test_a_file_that_the_manifest_does_not_list_is_still_a_contradiction(
    directory: Path, tmp_path: Path
) -> None:
    (directory / "stray").write_bytes(b"1234")
    held = hold(open_set(directory, "shop"), tmp_path / "held")
    (found,) = verify_against(held.backup, None).contradictions
    assert (found.artifact, found.observed) == ("stray", "a file of 4 bytes")


@pytest.fixture
def too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file system clones, and every set is too large to copy."""
    monkeypatch.setattr(held_set, "COPIED_AT_MOST", 0)
    monkeypatch.setattr(held_set, "_clones", lambda origin, place: False)


@pytest.mark.usefixtures("too_large")
def test_a_set_that_stays_in_place_and_as_it_was_has_not_changed(
    directory: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    held = hold(open_set(directory, "shop"), tmp_path / "held")
    assert (held.how, held.backup.directory) == ("in place", directory.resolve())
    assert not (tmp_path / "held").exists()
    assert changes_of(held, catalogue) == []


@pytest.mark.usefixtures("too_large")
def test_bytes_that_changed_in_place_are_told_by_name(
    directory: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    held = hold(open_set(directory, "shop"), tmp_path / "held")
    assert verify_against(held.backup, catalogue).sound
    (directory / DUMP).write_bytes(b"PGDMP" + b"1" * 10_000)
    (change,) = changes_of(held, catalogue)
    assert change.startswith(f"{DUMP}: SHA-256 ")


@pytest.mark.usefixtures("too_large")
def test_bytes_that_were_swapped_and_swapped_back_are_told(
    directory: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    path = directory / DUMP
    held = hold(open_set(directory, "shop"), tmp_path / "held")
    genuine, times = path.read_bytes(), path.stat()
    path.write_bytes(b"swapped")
    path.write_bytes(genuine)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert changes_of(held, catalogue) == ["files were written to, moved or replaced"]


@pytest.mark.usefixtures("too_large")
def test_a_manifest_that_was_exchanged_in_place_is_told(
    directory: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    held = hold(open_set(directory, "shop"), tmp_path / "held")
    path = directory / layout.MANIFEST
    path.write_text(path.read_text().replace("1.0.0", "1.0.1"))
    (change,) = changes_of(held, catalogue)
    assert change.startswith("manifest.json: SHA-256 ")


def test_a_sparse_dump_of_terabytes_is_not_read(
    directory: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    os.truncate(directory / DUMP, TERABYTES)
    held = hold(open_set(directory, "shop"), tmp_path / "held")
    (found,) = verify_against(held.backup, catalogue).contradictions
    assert found.artifact == DUMP
    assert found.observed == f"{TERABYTES:,} bytes: something was added"


def test_a_sparse_blob_of_terabytes_is_not_read(
    directory: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    blob = next(path for path in sorted((directory / layout.BLOBS).rglob("*")) if path.is_file())
    os.truncate(blob, TERABYTES)
    report = verify_against(hold(open_set(directory, "shop"), tmp_path / "held").backup, catalogue)
    told = {found.observed for found in report.contradictions}
    assert f"{TERABYTES:,} bytes" in told
    assert report.bytes < 100_000
