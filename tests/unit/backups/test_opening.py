"""A set is somebody else's: what is unsafe, foreign or unreadable is not opened, and is said with exit 2."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from restoreproof.backups import backup_set as opening_module
from restoreproof.backups import layout, open_set
from restoreproof.errors import ExitCode, ForeignSetError


def refused(directory: Path, words: str, stack: str = "shop") -> None:
    """Assert that ``directory`` is not opened, for a reason that says ``words`` and where."""
    with pytest.raises(ForeignSetError, match=words) as caught:
        open_set(directory, stack)
    assert caught.value.exit_code is ExitCode.COULD_NOT_START
    assert caught.value.where is not None


def rewrite(directory: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Edit the manifest as a forger would."""
    path = directory / layout.MANIFEST
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_a_sound_set_opens_through_a_link_to_it(directory: Path) -> None:
    latest = directory.parent / "latest"
    latest.symlink_to(directory)
    opened = open_set(latest, "shop")
    assert opened.directory == directory
    assert opened.buckets() == ("drop", "photos")
    assert opened.path("postgres/rows/shop.dump").stat().st_size == 10_005
    assert [entry.key for entry in opened.objects("photos")][:2] == ["photo/0", "photo/1"]
    first = next(opened.objects("photos"))
    assert opened.blob(first.sha256).read_bytes() == b"photo 0"
    assert first.metadata == {"of": "photo/0"}
    assert opened.has(layout.globals_of("rows"))
    assert not opened.has("postgres/other.dump")


def test_a_set_of_another_stack_is_foreign(directory: Path) -> None:
    refused(directory, "of the stack 'shop', and the contract of 'wipe'", stack="wipe")


def test_no_directory_and_no_manifest_are_refused(directory: Path, tmp_path: Path) -> None:
    refused(tmp_path / "none", "no backup set")
    (directory / layout.MANIFEST).unlink()
    refused(directory, "manifest can't be read")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"schema": "other"}'])
def test_a_manifest_that_is_none_is_refused(directory: Path, content: bytes) -> None:
    (directory / layout.MANIFEST).write_bytes(content)
    refused(directory, "manifest is none")


def test_a_manifest_without_end_is_not_read(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening_module, "MAX_BYTES", 100)
    refused(directory, "and at most 100 are read")


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "postgres/../../x",
        "postgres//x",
        "./x",
        "",
        "a\\b",
        "a\nb",
        "a\u202eb",
        "a\x00b",
        "x" * 2000,
        "manifest.json",
        f"objects/blobs/aa/{'a' * 64}",
    ],
)
def test_a_listed_path_that_leads_elsewhere_is_refused(directory: Path, path: str) -> None:
    rewrite(directory, lambda manifest: manifest["artifacts"][0].update(path=path))
    refused(directory, "manifest is none")


def test_a_path_listed_twice_is_refused(directory: Path) -> None:
    rewrite(directory, lambda manifest: manifest["artifacts"].append(manifest["artifacts"][0]))
    refused(directory, "lists a path twice")


@pytest.mark.parametrize(
    "change",
    [
        {"set_id": "../../x"},
        {"stack": "a b"},
        {"release": "<script>"},
        {"recovery_point": "yesterday"},
        {"more": 1},
    ],
)
def test_a_name_that_could_do_harm_is_refused(directory: Path, change: dict[str, Any]) -> None:
    rewrite(directory, lambda manifest: manifest.update(change))
    refused(directory, "manifest is none")


def test_a_symbolic_link_is_unsafe_wherever_it_stands(directory: Path) -> None:
    (directory / "postgres/rows/shop.dump").unlink()
    (directory / "postgres/rows/shop.dump").symlink_to("/etc/passwd")
    refused(directory, "a symbolic link")


def test_a_linked_folder_is_unsafe(directory: Path) -> None:
    (directory / "proxy").symlink_to("/etc")
    refused(directory, "a symbolic link")


def test_a_linked_manifest_is_unsafe(directory: Path) -> None:
    manifest = directory / layout.MANIFEST
    manifest.rename(directory.parent / "elsewhere.json")
    manifest.symlink_to(directory.parent / "elsewhere.json")
    refused(directory, "not safe to open")


def test_a_second_name_of_a_file_outside_is_unsafe(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("planted")
    (directory / "custody").mkdir()
    (directory / "custody/record.json").hardlink_to(tmp_path / "outside")
    refused(directory, "a hard link")


def test_a_pipe_or_socket_is_refused_and_never_waited_for(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = directory / layout.MANIFEST
    kept = manifest.read_bytes()
    manifest.unlink()
    os.mkfifo(manifest)
    refused(directory, "neither a folder nor an ordinary file")
    manifest.unlink()
    manifest.write_bytes(kept)
    monkeypatch.chdir(directory)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("door")
        refused(directory, "neither a folder nor an ordinary file")


@pytest.mark.parametrize("path", ["postgres", layout.MANIFEST])
def test_what_this_user_may_not_read_is_said_so(
    directory: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal is played, since root may read everything."""
    real_open, real_scandir = os.open, os.scandir

    def may_not(target: str | Path) -> bool:
        return Path(target).name == path

    def open_(target: str | Path, flags: int, *, dir_fd: int | None = None) -> int:
        if may_not(target):
            raise PermissionError(13, "Permission denied")
        return real_open(target, flags, dir_fd=dir_fd)

    def scandir(target: str | Path) -> Any:
        if may_not(target):
            raise PermissionError(13, "Permission denied")
        return real_scandir(target)

    monkeypatch.setattr(os, "open", open_)
    monkeypatch.setattr(os, "scandir", scandir)
    refused(directory, "can't be read by this user")


def test_folders_without_end_are_unsafe(directory: Path) -> None:
    (directory / "/".join("d" * 20)).mkdir(parents=True)
    refused(directory, "not safe to open")


def test_an_index_line_without_end_is_not_read(directory: Path) -> None:
    (directory / layout.shard("photos", 0)).write_bytes(b'{"key": "' + b"x" * 1_000_000)
    with pytest.raises(ForeignSetError, match="longer than") as caught:
        list(open_set(directory, "shop").objects("photos"))
    assert caught.value.where is not None
    assert caught.value.where.line == 1


@pytest.mark.parametrize(
    "line",
    [
        '{"key": "a", "size": -1, "sha256": "' + "0" * 64 + '"}',
        '{"key": "a", "size": 1, "sha256": "../../etc/passwd"}',
        '{"key": "", "size": 1, "sha256": "' + "0" * 64 + '"}',
        "[]",
        "{",
    ],
)
def test_an_index_line_that_is_no_entry_is_named(directory: Path, line: str) -> None:
    shard = directory / layout.shard("photos", 0)
    shard.write_text(shard.read_text() + line + "\n")
    with pytest.raises(ForeignSetError, match="not an entry of an index") as caught:
        list(open_set(directory, "shop").objects("photos"))
    assert caught.value.where is not None
    assert caught.value.where.line == 21
