"""Under whose key evidence is filed, and what is entered when a drill can't start."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from restoreproof.drill.evidence_store import EvidenceOptions, open_evidence_store
from restoreproof.drill.refusals import refusals_entered
from restoreproof.errors import EnvironmentUnfitError, EvidenceError, IdentityError, UsageError
from restoreproof.events import OuterNote
from restoreproof.journal.read import read_journal
from restoreproof.journal.write import JournalWriter
from restoreproof.record.reduce import reduce
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.compose.outer import ComposeProject
from restoreproof.runtimes.external.outer import ProvisionedTarget
from restoreproof.runtimes.process.launch import namespaces_available
from restoreproof.runtimes.process.outer import Sandboxed, Unsandboxed
from restoreproof.sealing.keys import signing_key
from tests.stories import plan_of

HERE = Path(__file__).parent


def quiet(_: str) -> None:
    """Nobody listens."""


def test_a_drill_makes_its_own_key_once_and_says_that_it_is_self_issued(tmp_path: Path) -> None:
    said: list[str] = []
    first = open_evidence_store(EvidenceOptions(), tmp_path, tmp_path / "reports", said.append)
    second = open_evidence_store(EvidenceOptions(), tmp_path, tmp_path / "reports", said.append)
    assert first.key is not None and second.key is not None
    assert (first.key.keyid, first.key.self_issued) == (second.key.keyid, True)
    assert len(said) == 1 and "self-issued" in said[0]
    assert stat.S_IMODE((tmp_path / "keys" / "drill.pem").stat().st_mode) == 0o600


def test_a_key_does_not_show_itself(tmp_path: Path) -> None:
    filing = open_evidence_store(EvidenceOptions(), tmp_path, tmp_path / "reports", quiet)
    secret = (tmp_path / "keys" / "drill.pem").read_text().splitlines()[1]
    assert secret not in repr(filing) and secret not in repr(filing.key)


def test_without_sealing_no_key_is_made(tmp_path: Path) -> None:
    filing = open_evidence_store(EvidenceOptions(sealed=False), tmp_path, tmp_path / "reports", quiet)
    assert filing.key is None
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("file:/none.pem", "no signing key at /none.pem"),
        ("nonsense:key", "names no key"),
        ("file:/etc/passwd", "not a private key"),
    ],
)
def test_a_key_that_can_not_be_used_is_refused_in_plain_words(uri: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        signing_key(uri)
    assert "next:" in str(caught.value)


def test_a_head_file_that_can_not_be_written_is_refused_before_the_drill(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wanted = EvidenceOptions(head_file=tmp_path / "file" / "head")
    with pytest.raises(UsageError, match="can't be written"):
        open_evidence_store(wanted, tmp_path, tmp_path / "reports", quiet)


@pytest.mark.parametrize("error", [IdentityError("it does not decrypt"), EnvironmentUnfitError("no disk")])
def test_a_drill_that_could_not_start_is_entered_and_no_old_pass_is_shown(
    tmp_path: Path, error: Exception
) -> None:
    reports = tmp_path / "reports"
    (reports / "d1").mkdir(parents=True)
    (reports / "latest").symlink_to("d1")
    filing = open_evidence_store(EvidenceOptions(), tmp_path, reports, quiet)
    with (
        pytest.raises(type(error)),
        refusals_entered(reports, lambda: filing.ledger, Path("sets/s1"), plan="f" * 64),
    ):
        raise error
    (entry,) = filing.ledger.entries()
    assert (entry.type, entry.data["set"], entry.data["plan"]) == ("refused", "sets/s1", "f" * 64)
    assert entry.data["reason"] == str(error)
    assert entry.signature is not None
    assert not (reports / "latest").is_symlink()
    assert (reports / "d1").is_dir()


def test_nothing_is_added_to_a_broken_ledger_and_no_old_pass_is_shown(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "latest").symlink_to("d1")
    (reports / "ledger.jsonl").write_text("torn")
    filing = open_evidence_store(EvidenceOptions(), tmp_path, reports, quiet)
    with pytest.raises(EvidenceError), refusals_entered(reports, lambda: filing.ledger, Path("s1")):
        filing.ledger.abort_dead()
    assert (reports / "ledger.jsonl").read_text() == "torn"
    assert not (reports / "latest").is_symlink()


def test_a_key_that_restored_code_could_read_is_refused(tmp_path: Path) -> None:
    filing = open_evidence_store(EvidenceOptions(), tmp_path, tmp_path / "reports", quiet)
    for seen in (tmp_path / "keys", tmp_path, tmp_path / "keys" / "drill.pem"):
        with pytest.raises(UsageError, match="the signing key"):
            filing.refuse_visible_key([tmp_path / "sets", seen])
    filing.refuse_visible_key([tmp_path / "sets", tmp_path / "keys" / "recovery.txt"])


@pytest.mark.skipif(namespaces_available() is not None, reason="the kernel refuses namespaces here")
def test_the_drills_sandbox_does_not_hold_the_signing_key(tmp_path: Path) -> None:
    """The inner process sees the recovery identity in the same directory, and the key not at all."""
    for name in ("var", "cache"):
        (tmp_path / name).mkdir()
    argv = [sys.executable, str(HERE / "key_hunt.py"), str(tmp_path / "var"), str(tmp_path / "cache")]
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[2])}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "what the inner process needs" in done.stdout
    assert "recovery.txt" in done.stdout
    assert "PRIVATE KEY" not in done.stdout
    assert "drill.pem" not in done.stdout


@pytest.mark.parametrize("hosting", [Unsandboxed, ComposeProject, ProvisionedTarget])
def test_a_key_beside_a_drill_without_a_sandbox_is_told_to_the_reader(
    tmp_path: Path, hosting: type[Unsandboxed | ComposeProject | ProvisionedTarget]
) -> None:
    here = open_evidence_store(EvidenceOptions(), tmp_path, tmp_path / "reports", quiet)
    assert hosting.exposure in here.exposed_key(hosting.exposure)
    elsewhere = open_evidence_store(EvidenceOptions(sealed=False), tmp_path, tmp_path / "reports", quiet)
    assert elsewhere.exposed_key(hosting.exposure) == ""


def test_a_key_that_no_sandbox_shows_needs_no_word(tmp_path: Path) -> None:
    filing = open_evidence_store(EvidenceOptions(), tmp_path, tmp_path / "reports", quiet)
    assert filing.exposed_key(Sandboxed.exposure) == ""


def test_what_the_outer_process_notes_stands_in_the_record(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "journal.jsonl", Redactor())
    writer.emit(OuterNote(text="the signing key lay within the drill's reach"))
    writer.close()
    record = reduce(plan_of(), read_journal(writer.path))
    assert record.notes == ("the signing key lay within the drill's reach",)
