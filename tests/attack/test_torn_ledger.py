"""A torn ledger is told as what it is, mended on record, and takes no earlier evidence with it."""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from restoreproof.cli import app
from restoreproof.errors import EnvironmentUnfitError, EvidenceError, ExitCode, UsageError
from restoreproof.ledger import Ledger
from restoreproof.outcome import Verdict
from restoreproof.sealing.decision import Decision
from restoreproof.sealing.keys import make_signing_key, signing_key
from restoreproof.sealing.seal import seal
from restoreproof.sealing.signoff import Word, sign_off
from restoreproof.verifier import assemble
from restoreproof.verifier.formats import ATTESTATION, SUMS
from tests.stories import plan_of
from tests.unit.sealing.sealed import Desk, written
from tests.unit.verifier.verify_cases import failed

_FINISH = (
    "import sys; from pathlib import Path; from restoreproof.ledger import Ledger; "
    "Ledger(Path(sys.argv[1])).finish('d2', 'VERIFIED', record_sha256='0' * 64)"
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def file_of(desk: Desk) -> Path:
    return Path(desk.ledger.home.name)


def torn(desk: Desk, left: int) -> bytes:
    """Cut the ledger's last line to ``left`` bytes, as a crash while it was written would."""
    *whole, last = file_of(desk).read_bytes().splitlines(keepends=True)
    end = last[:left] if left >= 0 else last[:-1]
    file_of(desk).write_bytes(b"".join(whole) + end)
    return end


def command(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in arguments], terminal_width=1000)


def asked(desk: Desk, directory: Path) -> list[dict[str, Any]]:
    """What both verifiers say."""
    options = [str(directory), "--key", str(desk.public), "--json"]
    bare = [str(getattr(sys, "_base_executable", sys.executable)), "-I", "-S"]
    script = assemble.write_beside(directory)
    alone = subprocess.run([*bare, str(script), *options], capture_output=True, text=True, check=False)
    return [json.loads(command("verify", "--no-rerender", *options).stdout), json.loads(alone.stdout)]


@pytest.mark.parametrize("left", [1, 40, -1], ids=["one byte", "a part", "all but the line break"])
def test_a_torn_last_line_takes_no_earlier_evidence_with_it(desk: Desk, left: int) -> None:
    directory = desk.file("d1")
    desk.ledger.start("d2", "s1", "plan", "wipe")
    end = torn(desk, left)
    for answer in asked(desk, directory):
        assert (answer["exit_code"], answer["authentic"]) == (0, True), answer
        [note] = [note for note in answer["notes"] if "torn" in note]
        assert f"{len(end)} bytes of an entry that was not written to its end" in note


def test_evidence_whose_own_entry_was_torn_is_not_believed(desk: Desk) -> None:
    directory = desk.file("d1")
    torn(desk, 40)
    for answer in asked(desk, directory):
        assert answer["exit_code"] == 1, answer
        assert any("once started and once finished was due" in one["what"] for one in answer["findings"])


def test_no_entry_is_added_to_a_torn_line_and_the_command_that_mends_it_is_named(desk: Desk) -> None:
    desk.file("d1")
    torn(desk, 40)
    before = file_of(desk).read_bytes()
    with pytest.raises(EvidenceError, match="the last line is torn: 40 bytes") as caught:
        desk.ledger.start("d2", "s1", "plan", "wipe")
    assert "mend-ledger" in str(caught.value.hint)
    assert caught.value.exit_code is ExitCode.NO_TRUSTWORTHY_EVIDENCE
    assert file_of(desk).read_bytes() == before


def test_mending_is_recorded_and_keeps_the_torn_bytes(desk: Desk) -> None:
    directory = desk.file("d1")
    desk.ledger.start("d2", "s1", "plan", "wipe")
    whole = file_of(desk).read_bytes().splitlines(keepends=True)[:-1]
    end = torn(desk, 300)
    mended = command("mend-ledger", file_of(desk), "--key", f"file:{desk.root}/keys/drill.pem", "--json")
    assert mended.exit_code == 0, mended.output
    entries = desk.ledger.entries()
    digest = hashlib.sha256(end).hexdigest()
    assert [entry.type for entry in entries] == ["started", "finished", "mended"]
    assert entries[-1].data == {"torn_bytes": 300, "torn_sha256": digest}
    assert json.loads(mended.stdout)["head"] == entries[-1].head
    assert file_of(desk).read_bytes().splitlines(keepends=True)[:-1] == whole
    assert file_of(desk).with_name(f"ledger.jsonl.torn-{digest[:16]}").read_bytes() == end
    assert all((answer["exit_code"], answer["authentic"]) == (0, True) for answer in asked(desk, directory))
    assert desk.verify(desk.file("d3")).exit_code == 0


def test_what_is_whole_or_was_changed_elsewhere_is_not_mended(desk: Desk) -> None:
    desk.file("d1")
    desk.file("d2")
    before = file_of(desk).read_bytes()
    assert "no line is torn" in command("mend-ledger", file_of(desk)).output
    assert file_of(desk).read_bytes() == before
    forged = before.replace(b'"attempt":1', b'"attempt":2')
    file_of(desk).write_bytes(forged[:-9])
    refused = command("mend-ledger", file_of(desk))
    assert isinstance(refused.exception, EvidenceError), refused.output
    assert file_of(desk).read_bytes() == forged[:-9]
    assert isinstance(command("mend-ledger", desk.root / "none").exception, UsageError)


@pytest.mark.parametrize("room", [0, 1, 200])
def test_an_entry_that_finds_no_room_leaves_the_ledger_as_it_was(desk: Desk, room: int) -> None:
    directory = desk.file("d1")
    before = file_of(desk).read_bytes()

    def full() -> None:
        limit = len(before) + room
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    argv = [sys.executable, "-c", _FINISH, str(file_of(desk))]
    done = subprocess.run(argv, preexec_fn=full, capture_output=True, text=True, check=False)
    assert "entry 3 of the ledger can't be written: File too large" in done.stderr
    assert file_of(desk).read_bytes() == before
    assert desk.verify(directory).exit_code == 0


def test_a_ledger_that_can_not_be_opened_is_a_sentence(tmp_path: Path) -> None:
    for ask in (lambda: Ledger(tmp_path).start("d1", "s1", "plan"), Ledger(tmp_path).entries):
        with pytest.raises(EnvironmentUnfitError, match=r"the ledger can't be (opened|read): Is a directory"):
            ask()


def test_a_seal_that_finds_no_room_leaves_no_half_seal(desk: Desk) -> None:
    directory = desk.file("d1", sealed=False)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (900, hard))
    try:
        with pytest.raises(EvidenceError, match="the seal can't be written: File too large"):
            seal(directory, desk.key)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not any((directory / name).exists() for name in (SUMS, ATTESTATION))
    assert seal(directory, desk.key).keyid == desk.key.keyid


def test_a_sign_off_that_finds_no_room_is_not_left_in_part(desk: Desk) -> None:
    directory = desk.file("d1")
    make_signing_key(desk.root / "keys" / "approver.pem", valid_for=timedelta(days=1))
    approver = signing_key(f"file:{desk.root}/keys/approver.pem")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    try:
        with pytest.raises(EvidenceError, match="the sign-off can't be written: File too large"):
            sign_off(directory, Word("Ann", "owner", Decision.ACCEPT, "looked"), approver)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(desk.reports.glob("*.sign-off-*"))


def test_the_ledger_of_another_stack_is_named_as_such(desk: Desk) -> None:
    directory = desk.file("d1", sealed=False)
    other = Ledger(desk.root / "other.jsonl", desk.key)
    other.start("x1", "s1", "plan", "shop")
    entries = Path(other.home.name).read_bytes()
    key = ["--key", f"file:{desk.root}/keys/drill.pem", "--ledger", other.home.name]
    refused = command("seal", directory, *key)
    assert isinstance(refused.exception, UsageError), refused.output
    assert "it is the ledger of shop, and not of wipe" in str(refused.exception)
    assert Path(other.home.name).read_bytes() == entries
    assert not (directory / SUMS).exists()
    desk.seal(directory)
    answer = desk.verify(directory, ledger=entries.splitlines(keepends=True))
    assert answer.exit_code == 1
    assert [one.what for one in answer.findings] == [
        "never began this drill: it is the ledger of shop, and not of wipe"
    ]


def test_a_journal_exchanged_before_sealing_is_not_what_the_ledger_ended(desk: Desk) -> None:
    directory = desk.file("d1", sealed=False, tell=failed)
    opening = {"drill_id": "d1", "attempt": 1, "harness_build": desk.build}
    record = written(directory, plan_of(), opening, datetime.now(UTC), lambda story: story.events)
    assert record.verdict is Verdict.VERIFIED
    refused = command("seal", directory, "--key", f"file:{desk.root}/keys/drill.pem")
    assert isinstance(refused.exception, UsageError), refused.output
    assert "the ledger did not end drill d1 with this record: started, finished FAILED" in str(
        refused.exception
    )
    assert not (directory / SUMS).exists()


def test_a_drill_is_told_that_its_ledger_held_only_drills_of_others(desk: Desk) -> None:
    desk.ledger.start("x1", "s1", "plan", "shop")
    assert desk.ledger.start("d1", "s2", "plan", "wipe").only_stacks == ("shop",)
    assert desk.ledger.start("d2", "s2", "plan", "wipe").only_stacks == ()
