"""What a drill leaves behind: found, removed, and its logs kept without secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from restoreproof.drill.outer import cleanup
from restoreproof.drill.outer.cleanup import collect_logs, destroy, processes_of
from restoreproof.redaction.redactor import MASK, Redactor, Secret

SECRET = Secret("SMTP_PASSWORD", "correct-horse-battery")


def test_a_process_that_names_the_work_directory_is_found_until_it_ends(tmp_path: Path) -> None:
    code = "import sys; print('up', flush=True); sys.stdin.read()"
    argv = [sys.executable, "-c", code, str(tmp_path / "data")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        [found] = processes_of(tmp_path)
        assert f"process {process.pid} " in found
        process.kill()
    assert processes_of(tmp_path) == []


def test_a_directory_is_destroyed_with_what_restored_code_closed(tmp_path: Path) -> None:
    inner = tmp_path / "run" / "data" / "closed"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    (inner / "link").symlink_to(outside)
    inner.chmod(0)
    inner.parent.chmod(0o500)
    assert destroy(tmp_path / "run") == []
    assert not (tmp_path / "run").exists()
    assert (outside / "kept").exists()
    assert outside.stat().st_mode & 0o700 == 0o700


def test_destroying_what_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    assert destroy(tmp_path / "never") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove everything")
def test_what_can_not_be_removed_is_told(tmp_path: Path) -> None:
    held = tmp_path / "held"
    (held / "run").mkdir(parents=True)
    held.chmod(0o500)
    try:
        assert destroy(held / "run") == [str(held / "run")]
    finally:
        held.chmod(0o700)


def collected(tmp_path: Path, content: bytes) -> bytes:
    source = tmp_path / "logs"
    source.mkdir()
    (source / "service.log").write_bytes(content)
    collect_logs(source, tmp_path / "kept", Redactor([SECRET]))
    return (tmp_path / "kept" / "service.log").read_bytes()


def test_logs_are_kept_without_secrets(tmp_path: Path) -> None:
    kept = collected(tmp_path, b"one\nlogin with correct-horse-battery\n\xff\xfe raw\nlast")
    assert kept.decode("latin-1").splitlines()[1] == f"login with {MASK}".encode().decode("latin-1")
    assert kept.endswith(b"last")


def test_only_ordinary_logs_are_taken_along(tmp_path: Path) -> None:
    source = tmp_path / "logs"
    source.mkdir()
    (tmp_path / "private").write_text("not for the evidence")
    (source / "link.log").symlink_to(tmp_path / "private")
    (source / "directory.log").mkdir()
    (source / "other.txt").write_text("x")
    collect_logs(source, tmp_path / "kept", Redactor())
    assert not (tmp_path / "kept").exists(), "a directory that holds nothing is no evidence"
    collect_logs(tmp_path / "none", tmp_path / "nowhere", Redactor())
    assert not (tmp_path / "nowhere").exists()


def test_a_log_is_cut_at_its_bound_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "MAX_LOG", 1000)
    kept = collected(tmp_path, b"0123456789\n" * 1000)
    assert len(kept) < 1100
    assert kept.endswith(b"... cut here by restoreproof\n")


def test_a_line_without_an_end_is_dropped_rather_than_cut_through_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "MAX_LOG_LINE", 100)
    kept = collected(tmp_path, b"first\n" + b"x" * 90 + b"correct-horse-battery" * 10 + b"\nafter\n")
    assert kept == b"first\n... cut here by restoreproof\n"
