"""What the outer process tells of itself, its machine and the set, before anything is restored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from restoreproof.backups.backup_set import BackupSet
from restoreproof.backups.manifest import Artifact, Manifest
from restoreproof.backups.verify import VerifyReport
from restoreproof.drill.outer.host import host_fingerprint
from restoreproof.drill.outer.kernel_clock import describe_clock
from restoreproof.drill.outer.operator import ci_run_url, operator
from restoreproof.drill.outer.set_summary import LISTED, describe_set, encryption_of
from restoreproof.events import EncryptionFacts
from restoreproof.record.build import git_commit, harness_build

COMMIT = "a" * 40
DIGEST = hashlib.sha256(b"content").hexdigest()


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"RESTOREPROOF_OPERATOR": "ada", "GITHUB_ACTOR": "bot"}, "ada"),
        ({"GITHUB_ACTOR": "bot", "RESTOREPROOF_LOGIN": "root"}, "bot"),
        ({"GITLAB_USER_LOGIN": "eve"}, "eve"),
        ({"RESTOREPROOF_LOGIN": "grace"}, "grace"),
    ],
)
def test_the_operator_is_whom_the_environment_names(environment: Mapping[str, str], name: str) -> None:
    assert operator(environment) == name


def test_without_a_name_the_operator_is_the_user_that_runs_it() -> None:
    assert operator({})


def test_the_run_of_a_ci_is_found_by_its_variables() -> None:
    github = {"GITHUB_SERVER_URL": "https://h", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7"}
    assert ci_run_url(github) == "https://h/o/r/actions/runs/7"
    assert ci_run_url({"CI_JOB_URL": "https://gitlab/1"}) == "https://gitlab/1"
    assert ci_run_url({"GITHUB_RUN_ID": "7"}) is None


def test_the_commit_is_read_however_git_keeps_it(tmp_path: Path) -> None:
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    assert git_commit(tmp_path) is None
    (git / "HEAD").write_text(f"{COMMIT}\n")
    assert git_commit(tmp_path) == COMMIT
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert git_commit(tmp_path) is None
    (git / "packed-refs").write_text(f"# pack-refs\n{COMMIT} refs/heads/main\n")
    assert git_commit(tmp_path) == COMMIT
    (git / "refs" / "heads" / "main").write_text("b" * 40 + "\n")
    assert git_commit(tmp_path) == "b" * 40


def test_the_commit_of_a_further_work_tree_is_its_own(tmp_path: Path) -> None:
    home = tmp_path / "main" / ".git" / "worktrees" / "other"
    home.mkdir(parents=True)
    (home / "HEAD").write_text("ref: refs/heads/topic\n")
    (home / "commondir").write_text("../..\n")
    (tmp_path / "main" / ".git" / "packed-refs").write_text(f"{COMMIT} refs/heads/topic\n")
    tree = tmp_path / "other"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {home}\n")
    assert git_commit(tree) == COMMIT


def test_the_build_names_its_lock_file_by_digest(tmp_path: Path) -> None:
    assert harness_build(tmp_path).lockfile_sha256 is None
    assert harness_build(tmp_path).code_sha256 == harness_build().code_sha256
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "harness.txt").write_bytes(b"content")
    assert harness_build(tmp_path).lockfile_sha256 == DIGEST


def test_a_fingerprint_tells_machines_apart_and_names_none(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("4f5c\n")
    other.write_text("4f5d\n")
    prints = {host_fingerprint(path) for path in (one, other, tmp_path / "none")}
    assert len(prints) == 3
    assert all(len(found) == 64 and "4f5c" not in found for found in prints)
    assert hashlib.sha256(b"4f5c").hexdigest() not in prints


def test_the_clock_has_an_offset_only_where_something_keeps_it() -> None:
    clock = describe_clock()
    assert clock.source is not None
    assert "clock" in clock.source
    assert (clock.offset_ms is not None) == ("kept by a time service" in clock.source)


def backup_of(directory: Path, files: Mapping[str, bytes]) -> BackupSet:
    """A set of just these files; what they list is what they are."""
    artifacts = []
    for path, content in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(content)
        artifacts.append(Artifact(path=path, bytes=len(content), sha256=hashlib.sha256(content).hexdigest()))
    manifest = Manifest(
        set_id="s1",
        stack="shop",
        run_id="r1",
        recovery_point=datetime(2026, 11, 22, tzinfo=UTC),
        synthetic=True,
        release="1.0",
        tool_versions={"pg_dump": "18"},
        artifacts=tuple(artifacts),
    )
    return BackupSet(directory, manifest, "5" * 64)


def report_of(digests: Mapping[str, str]) -> VerifyReport:
    return VerifyReport("s1", True, (), 0, 1, 0, 0, 0, 0, 0.0, digests)


def known(manifest_sha256: str) -> Any:
    """What of a catalogue is asked here."""
    taken = datetime(2026, 11, 22, 1, tzinfo=UTC)
    given = SimpleNamespace(taken_at=taken, manifest_sha256=manifest_sha256, reissued_from=None)
    return cast("Any", given)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (b"age-encryption.org/v1\n-> X25519 abc\nbody\n--- mac\n-> no stanza", ("age", 1)),
        (
            b"age-encryption.org/v1\n-> X25519 a\nb\n-> ssh-ed25519 c d\ne\n-> x-grease f\n--- mac\n",
            ("age", 2),
        ),
        (b"Salted__0123", None),
        (b"", None),
    ],
)
def test_the_recipients_of_an_encrypted_file_are_counted(
    tmp_path: Path, header: bytes, told: tuple[str, int] | None
) -> None:
    facts = encryption_of(backup_of(tmp_path, {"secrets/environment.age": header}))
    assert facts == (told and EncryptionFacts(scheme=told[0], recipients=told[1]))


def test_an_encrypted_file_that_is_not_there_is_no_reason_to_stop(tmp_path: Path) -> None:
    backup = backup_of(tmp_path, {"secrets/environment.age": b"x"})
    (tmp_path / "secrets/environment.age").unlink()
    assert encryption_of(backup) is None


def test_files_say_what_was_found_what_was_due_and_whose_word_that_is(tmp_path: Path) -> None:
    backup = backup_of(tmp_path, {"a": b"content", "b": b"content", "c": b"content"})
    report = report_of({"a": DIGEST, "b": "9" * 64})
    event = describe_set(backup, known("5" * 64), report)
    assert [(file.name, file.sha256) for file in event.files] == [
        ("b", "9" * 64),
        ("c", None),
        ("a", DIGEST),
    ]
    assert {file.expected_sha256 for file in event.files} == {DIGEST}
    assert {file.digest_source for file in event.files} == {
        "manifest.json, whose own digest the catalogue states"
    }
    assert (event.taken_at, event.run_id) == ("2026-11-22T01:00:00+00:00", "r1")
    for catalogue in (None, known("6" * 64)):
        (first, *_) = describe_set(backup, catalogue, report).files
        assert first.digest_source == "manifest.json, whose own digest nothing outside the set confirms"


def test_the_list_of_files_is_bounded(tmp_path: Path) -> None:
    files = {f"f{number:04d}": b"x" for number in range(LISTED + 5)}
    event = describe_set(backup_of(tmp_path, files), None, report_of({}))
    assert len(event.files) == LISTED
    assert not {"lacks", "references", "reissued_from"} & event.model_fields_set
