"""Evidence made to hang, exhaust or mislead whoever verifies it: both verifiers answer, and say the same."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from restoreproof.cli import app
from restoreproof.errors import UsageError
from restoreproof.events import FaultInjected
from restoreproof.journal.read import JournalLine
from restoreproof.sealing.decision import Decision
from restoreproof.sealing.keys import SigningKey, make_signing_key, pinned_key, signing_key
from restoreproof.sealing.signoff import Word, sign_off
from restoreproof.verifier import assemble
from restoreproof.verifier.answers import Refused
from restoreproof.verifier.formats import RECORD, SUMS, canonical, envelope_text, open_envelope
from restoreproof.verifier.options import ledger_of, read_key_file
from tests.stories import Story
from tests.unit.sealing.sealed import YEAR, Desk

HUGE = 2**42
"""Bytes of a sparse file: nothing on disk, and hours to read."""

VERIFY = ("verify", "--no-rerender")
"""The views of a desk's evidence are stand-ins; tests/attack/test_tampered_views.py renders them."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def both(desk: Desk, directory: Path, *options: str) -> tuple[int, str]:
    """What both verifiers say, which is the same."""
    asked = [str(directory), "--key", str(desk.public), "--json", *options]
    ours = CliRunner().invoke(app, [*VERIFY, *asked])
    script = assemble.write_beside(directory)
    bare = [str(getattr(sys, "_base_executable", sys.executable)), "-I", "-S", str(script)]
    theirs = subprocess.run([*bare, *asked], capture_output=True, text=True, check=False)
    assert ours.exit_code == theirs.returncode, theirs.stderr
    assert json.loads(ours.stdout)["authentic"] == json.loads(theirs.stdout)["authentic"]
    return ours.exit_code, ours.stdout


def a_pipe_for_the_sums(directory: Path) -> None:
    (directory / SUMS).unlink()
    os.mkfifo(directory / SUMS)


def endless_sums(directory: Path) -> None:
    (directory / SUMS).unlink()
    (directory / SUMS).symlink_to("/dev/zero")


def a_huge_record(directory: Path) -> None:
    os.truncate(directory / RECORD, HUGE)


def a_huge_log(directory: Path) -> None:
    os.truncate(directory / "logs" / "api.log", HUGE)


def a_name_that_is_no_text(directory: Path) -> None:
    Path(os.fsdecode(os.fsencode(directory) + b"/\xff\xfe")).write_text("x")


def an_id_that_is_no_text(directory: Path) -> None:
    (directory / RECORD).write_text('{"drill_id": "\\ud800"}')


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, HUGE)


def an_unsigned_entry_without_a_drill(directory: Path) -> None:
    ledger = directory.parent / "ledger.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    told = {"prev": hashlib.sha256(lines[-1]).hexdigest(), "seq": len(lines) + 1, "type": "started"}
    lines.append(json.dumps(told, separators=(",", ":")).encode() + b"\n")
    ledger.write_bytes(b"".join(lines))


@pytest.mark.parametrize(
    "damage",
    [
        a_pipe_for_the_sums,
        endless_sums,
        a_huge_record,
        a_huge_log,
        a_name_that_is_no_text,
        an_id_that_is_no_text,
        an_unsigned_entry_without_a_drill,
    ],
)
def test_what_can_not_be_read_is_refused_at_once(desk: Desk, damage: Callable[[Path], None]) -> None:
    directory = desk.file("d1")
    damage(directory)
    code, _ = both(desk, directory)
    assert code == 1


def test_a_ledger_that_is_malformed_is_not_blamed_on_the_record(desk: Desk) -> None:
    directory = desk.file("d1")
    an_unsigned_entry_without_a_drill(directory)
    assert {one.where for one in desk.verify(directory).findings} == {"ledger"}


@pytest.mark.parametrize("make", [os.mkfifo, sparse])
def test_a_sign_off_that_can_not_be_read_is_said_to_be_so(desk: Desk, make: Callable[[Path], None]) -> None:
    directory = desk.file("d1")
    make(desk.reports / "d1.sign-off-1.dsse.json")
    code, told = both(desk, directory)
    assert code == 0
    assert json.loads(told)["sign_offs"][0]["status"].startswith("unreadable")


@pytest.mark.parametrize("make", [os.mkfifo, sparse])
def test_a_ledger_that_can_not_be_read_is_no_ledger(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "ledger.jsonl")
    with pytest.raises(Refused, match="no ordinary file of bearable size"):
        ledger_of(tmp_path / "d1", None)


def test_the_answer_says_what_was_drilled(desk: Desk) -> None:
    """One key may seal several stacks: a verdict must not be taken for that of another."""
    directory = desk.file("d1")
    record = json.loads((directory / RECORD).read_bytes())
    _, told = both(desk, directory)
    assert json.loads(told)["about"] == {
        "stack": record["stack"],
        "backup set": record["backup_set"]["set_id"],
        "contract": f"SHA256:{record['plan']['contract_sha256']}",
        "features": f"SHA256:{record['plan']['features_sha256']}",
    }


@pytest.mark.parametrize(
    "line",
    [
        "#not-after: 2026-01-01T00:00:00Z",
        "# Not-After: 2026-01-01T00:00:00Z",
        "# not after: 2026-01-01T00:00:00Z",
        "# not-after: 2026-01-01",
        "# not-after: 2026-01-01T00:00:00Z # revoked",
        "# not-after: 2026-01-01T00:00:00Z\n# not-after: 2036-01-01T00:00:00Z",
    ],
)
def test_a_limit_that_would_not_be_understood_is_refused(desk: Desk, line: str) -> None:
    """Whoever revokes a key by editing its file must not go on trusting it for a slip of the pen."""
    desk.public.write_text(re.sub("# not-after: .*", line, desk.public.read_text()))
    with pytest.raises(UsageError, match=r"is no limit|has no time zone"):
        pinned_key(desk.public)


def test_blanks_after_a_limit_do_not_undo_it(desk: Desk) -> None:
    line = "# not-after: 2026-01-01T00:00:00Z  "
    desk.public.write_text(re.sub("# not-after: .*", line, desk.public.read_text()))
    *_, not_after = read_key_file(desk.public)
    assert not_after is not None


def test_a_directory_that_leads_to_itself_is_a_mistake_of_the_user(desk: Desk) -> None:
    (desk.root / "latest").symlink_to("latest")
    done = CliRunner().invoke(app, [*VERIFY, str(desk.root / "latest"), "--key", str(desk.public)])
    assert getattr(done.exception, "exit_code", getattr(done.exception, "code", None)) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_evidence_that_this_user_may_not_read_can_not_be_asked_about(desk: Desk) -> None:
    directory = desk.file("d1")
    (directory / "logs").chmod(0)
    done = CliRunner().invoke(app, [*VERIFY, str(directory), "--key", str(desk.public)])
    (directory / "logs").chmod(0o755)
    assert isinstance(done.exception, UsageError)
    assert "logs can't be read" in str(done.exception)


def test_the_single_file_answers_on_a_terminal_that_knows_no_signs(desk: Desk) -> None:
    """Python's own exit code for a sign that can't be printed, 1, would say that nothing is authentic."""
    directory = desk.file("d1")
    script = assemble.write_beside(directory)
    plain = os.environ | {"PYTHONIOENCODING": "ascii"}
    argv = [sys.executable, str(script), str(directory), "--key", str(desk.public)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=plain)
    assert done.returncode == 0, done.stderr
    assert "AUTHENTIC" in done.stdout


def test_a_sign_off_can_not_say_itself_what_it_is_worth(desk: Desk) -> None:
    """Its words are shown before anybody's key vouches for them: they must not stand for the verifier's."""
    directory = desk.file("d1")
    signed = sign_off(directory, Word("Mallory", "management", Decision.ACCEPT, "fine"), stranger(desk))
    payload, keyid, signature = open_envelope(signed.path.read_bytes())
    statement = json.loads(payload)
    statement["predicate"] |= {"status": "signed by the approver's key", "file": "approved.json"}
    signed.path.write_bytes(envelope_text(canonical(statement), keyid, signature))
    _, told = both(desk, directory)
    (one,) = json.loads(told)["sign_offs"]
    assert one["status"].startswith("not checked")
    assert one["file"] == signed.path.name


def test_a_sign_off_by_a_key_that_was_revoked_does_not_hold(desk: Desk) -> None:
    directory = desk.file("d1")
    sign_off(directory, Word("Ann", "management", Decision.ACCEPT, "fine"), stranger(desk))
    public = desk.root / "keys" / "stranger.pub"
    public.write_text(re.sub("(# not-after: ).*", r"\g<1>2026-01-01T00:00:00Z", public.read_text()))
    _, told = both(desk, directory, "--approver-key", str(public))
    assert "was not valid" in json.loads(told)["sign_offs"][0]["status"]


def test_a_sign_off_without_a_name_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="--as is empty"):
        sign_off(desk.file("d1"), Word(" ", "management", Decision.ACCEPT, "fine"), stranger(desk))


def test_nothing_is_sealed_that_the_ledger_can_not_be_told(desk: Desk) -> None:
    directory = desk.file("d1", sealed=False)
    (desk.reports / "ledger.jsonl").unlink()
    asked = ["seal", str(directory), "--key", f"file:{desk.root}/keys/drill.pem"]
    done = CliRunner().invoke(app, asked)
    assert isinstance(done.exception, UsageError)
    assert not (directory / SUMS).exists()


@pytest.mark.parametrize("uri", ["drill.pem", "foo:bar", "/keys/drill.pem"])
def test_a_key_that_is_no_uri_is_told_how_to_be_one(uri: str) -> None:
    with pytest.raises(UsageError, match="names no key") as refused:
        signing_key(uri)
    assert refused.value.hint
    assert refused.value.hint.startswith("file:PATH")


def test_a_drill_with_a_fault_is_said_to_be_one(desk: Desk) -> None:
    def spoilt(story: Story) -> list[JournalLine]:
        where = next(n for n, one in enumerate(story.events) if one.source == "inner")
        injected = replace(story.events[where], event=FaultInjected(fault="lost-rows"))
        told = [*story.events[:where], injected, *story.events[where:]]
        return [replace(one, seq=number) for number, one in enumerate(told, 1)]

    answer = desk.verify(desk.file("d1", tell=spoilt))
    assert not answer.findings
    assert answer.exit_code == 3
    assert [note for note in answer.notes if "injected was lost-rows" in note]


def stranger(desk: Desk) -> SigningKey:
    """A key that nobody here vouches for."""
    make_signing_key(desk.root / "keys" / "stranger.pem", valid_for=YEAR)
    return signing_key(f"file:{desk.root}/keys/stranger.pem")
