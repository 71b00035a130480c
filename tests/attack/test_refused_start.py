"""A drill that could not start shows, and no older pass hides it; a slip of the hand is no drill."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from restoreproof.cli import app, ordinary_user
from restoreproof.drill.evidence_store import EvidenceOptions, ledger_of, open_evidence_store
from restoreproof.drill.refusals import enter_noted, refusals_entered
from restoreproof.errors import RestoreproofError, SelectionError, UsageError
from restoreproof.gherkin.feature_directory import locate
from restoreproof.gherkin.selection import Selection
from restoreproof.ledger import Ledger
from restoreproof.verifier import assemble
from restoreproof.verifier.formats import REFUSED
from tests.unit.sealing.sealed import Desk
from tests.unit.verifier.verify_cases import failed
from tests.workshop import CONTRACT, ROOT, Workshop

BACKUP = Path("sets/s1")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def quiet(_: str) -> None:
    """Nobody listens."""


def opened(desk: Desk, wanted: EvidenceOptions) -> None:
    """What a drill does first, with ``reports/latest`` on a VERIFIED one."""
    (desk.reports / "latest").symlink_to(desk.file("d1").name)
    with refusals_entered(desk.reports, lambda: ledger_of(wanted, desk.reports), BACKUP):
        open_evidence_store(wanted, desk.root, desk.reports, quiet)


def answers(desk: Desk, name: str) -> list[tuple[dict[str, Any], str]]:
    """What both verifiers say of a drill, as JSON and in their last line."""
    directory = desk.reports / name
    script = assemble.write_beside(directory)
    options = [str(directory), "--key", str(desk.public)]
    bare = [str(getattr(sys, "_base_executable", sys.executable)), "-I", "-S", str(script)]

    def ours(*more: str) -> str:
        return (
            CliRunner().invoke(app, ["verify", "--no-rerender", *options, *more], terminal_width=1000).stdout
        )

    def alone(*more: str) -> str:
        argv = [*bare, *options, *more]
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout

    return [(json.loads(ask("--json")), ask().splitlines()[-1]) for ask in (ours, alone)]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (EvidenceOptions(key="file:/none.pem"), "no signing key at /none.pem"),
        (EvidenceOptions(key="nonsense:key"), "names no key"),
        (
            EvidenceOptions(head_file=Path("/proc/none/head")),
            "the head file /proc/none/head can't be written",
        ),
    ],
    ids=["key", "scheme", "head file"],
)
def test_a_drill_that_lacks_its_key_or_head_file_is_entered(
    desk: Desk, wanted: EvidenceOptions, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        opened(desk, wanted)
    entry = desk.ledger.entries()[-1]
    assert (entry.type, entry.data["set"]) == ("refused", str(BACKUP))
    assert reason in entry.data["reason"]
    assert not (desk.reports / "latest").is_symlink()
    for answer, last in answers(desk, "d1"):
        assert (answer["authentic"], answer["exit_code"]) == (True, 0)
        assert f"refused: {reason}" in answer["since"] or reason in answer["since"]
        assert "VERIFIED" in last and "BUT since then drill" in last and reason in last


@pytest.mark.parametrize("where", ["s3://bucket/ledger", "/proc/none/ledger.jsonl"])
def test_where_the_ledger_is_out_of_reach_a_note_is_left_that_the_next_drill_enters(
    desk: Desk, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    wanted = EvidenceOptions(ledger=where, key=f"file:{desk.root}/keys/drill.pem")
    (desk.reports / "latest").symlink_to(desk.file("d1").name)
    with (
        pytest.raises(RestoreproofError) as caught,
        refusals_entered(desk.reports, lambda: ledger_of(wanted, desk.reports), BACKUP),
    ):
        open_evidence_store(wanted, desk.root, desk.reports, quiet).ledger.abort_dead()
    assert any(str(desk.reports / REFUSED) in note for note in caught.value.__notes__)
    assert not (desk.reports / "latest").is_symlink()
    for answer, last in answers(desk, "d1"):
        assert answer["later"][-1]["outcome"].endswith("(noted beside the ledger)")
        assert "BUT since then drill" in last
    assert enter_noted(desk.reports, desk.ledger) == 1
    assert not (desk.reports / REFUSED).exists()
    entry = desk.ledger.entries()[-1]
    assert (entry.type, entry.data["reason"]) == ("refused", caught.value.message)
    assert entry.signature is not None and entry.data["noted_at"]
    assert enter_noted(desk.reports, desk.ledger) == 0


def test_a_broken_ledger_is_left_as_it_is_and_the_refusal_noted_beside_it(desk: Desk) -> None:
    desk.reports.mkdir()
    (desk.reports / "latest").symlink_to("d1")
    (desk.reports / "ledger.jsonl").write_text("no ledger\n")
    with (
        pytest.raises(RestoreproofError) as caught,
        refusals_entered(desk.reports, lambda: desk.ledger, BACKUP, plan="p", stack="wipe"),
    ):
        desk.ledger.abort_dead()
    assert (desk.reports / "ledger.jsonl").read_text() == "no ledger\n"
    [note] = [json.loads(line) for line in (desk.reports / REFUSED).read_text().splitlines()]
    assert (note["reason"], note["plan"], note["stack"]) == (caught.value.message, "p", "wipe")
    assert not (desk.reports / "latest").is_symlink()


def test_where_nothing_can_be_written_the_refusal_says_that_it_is_entered_nowhere(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("in the way")
    reports = tmp_path / "reports"
    with (
        pytest.raises(UsageError) as caught,
        refusals_entered(reports, lambda: Ledger(reports / "l"), BACKUP),
    ):
        raise UsageError("no key")
    assert caught.value.message == "no key"
    assert "entered nowhere" in caught.value.__notes__[-1]


def test_a_defect_or_an_interruption_before_the_start_is_entered_too(desk: Desk) -> None:
    for error, reason in ((KeyboardInterrupt(), "interrupted"), (TypeError("x"), "a defect of the harness")):
        with pytest.raises(type(error)), refusals_entered(desk.reports, lambda: desk.ledger, BACKUP):
            raise error
        assert reason in desk.ledger.entries()[-1].data["reason"]


def test_a_slip_of_the_hand_withdraws_nothing(desk: Desk) -> None:
    (desk.reports / "latest").symlink_to(desk.file("d1").name)
    before = desk.ledger.entries()
    slips: list[Callable[[], object]] = [
        lambda: Selection(ROOT / "features", "and and").choose([]),
        lambda: locate(CONTRACT, [Path("nope")], ROOT),
    ]
    for slip in slips:
        with pytest.raises(SelectionError), refusals_entered(desk.reports, lambda: desk.ledger, BACKUP):
            slip()
    assert desk.ledger.entries() == before
    assert (desk.reports / "latest").is_symlink()


def test_a_pass_tells_what_failed_was_aborted_or_is_unfinished_after_it(desk: Desk) -> None:
    desk.file("d1")
    desk.ledger.start("t1", "s1", "plan", "wipe", ["lost-row"])
    desk.ledger.finish("t1", "FAILED")
    desk.ledger.start("x1", "s1", "plan", "shop")
    for answer, last in answers(desk, "d1"):
        assert [(drill["drill_id"], drill["tested"]) for drill in answer["later"]] == [("t1", True)]
        assert "BUT" not in last  # a test of the harness, and another stack's drill
    desk.file("d2", tell=failed)
    desk.ledger.start("d3", "s1", "plan", "wipe")
    for answer, last in answers(desk, "d1"):
        assert [drill["outcome"] for drill in answer["later"]] == ["FAILED", "FAILED", "not finished"]
        assert last.endswith(": not finished") and "(and 1 before it)" in last


def test_a_full_disk_ends_a_drill_in_a_sentence_at_every_write_of_its_evidence(desk: Desk) -> None:
    """Of the journal and the record; ledger and seal are in test_torn_ledger."""
    script = """
import resource, sys
from pathlib import Path
from restoreproof.drill.evidence_store import EvidenceStore
from restoreproof.drill.outer.finalize import close
from restoreproof.errors import EvidenceError
from restoreproof.events import OuterNote
from restoreproof.journal.write import JournalWriter
from restoreproof.ledger import Ledger
from restoreproof.redaction.redactor import Redactor
from tests.stories import plan_of
directory, limit = Path(sys.argv[1]), int(sys.argv[2])
ledger = Ledger(directory.parent / "ledger.jsonl")
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    if sys.argv[3] == "journal":
        journal = JournalWriter(directory / "second.jsonl", Redactor([]))
        for _ in range(1000):
            journal.emit(OuterNote(text="again"))
    else:
        close(directory, plan_of(), EvidenceStore(directory.parent, ledger), "d1", lambda _: ())
except EvidenceError as error:
    print(error, getattr(error, "__notes__", ""))
"""
    directory = desk.file("d1", sealed=False)
    for limit, what, words in (
        (5000, "journal", "the journal can't be written: File too large"),
        (5000, "record", "the evidence can't be written: File too large"),
    ):
        argv = [sys.executable, "-c", script, str(directory), str(limit), what]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        assert words in done.stdout, done
        assert "next: see that the disk has room" in done.stdout


def test_a_note_of_a_refusal_does_not_keep_the_next_drill_of_root_from_the_reports(tmp_path: Path) -> None:
    """Under root the directory is given to the drill's user, unless it holds somebody else's files."""
    for name in ("ledger.jsonl", REFUSED, f"ledger.jsonl.torn-{'0' * 16}"):
        (tmp_path / name).touch()
    ordinary_user.make_or_refuse(tmp_path)
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        ordinary_user.make_or_refuse(tmp_path)


def test_a_refused_drill_of_the_command_line_withdraws_the_pass_and_a_slip_does_not(
    workshop: Workshop,
) -> None:
    reports = workshop.give(workshop.reports())
    (reports / "latest").symlink_to("20261122T000000Z-000000")
    for slip in (["-k", "nosuch"], ["--features", "nope"], ["--runtime", "nope"], ["--fault", "nope"]):
        done = workshop.run(*workshop.drill_arguments(reports, *slip))
        assert done.returncode == 2, done.output
        assert (reports / "latest").is_symlink(), slip
        assert not (reports / "ledger.jsonl").exists() or not (reports / "ledger.jsonl").read_text(), slip
    done = workshop.run(*workshop.drill_arguments(reports, "--key", "file:/none.pem"))
    assert done.returncode == 2, done.output
    assert not (reports / "latest").is_symlink()
    [entry] = [json.loads(line) for line in (reports / "ledger.jsonl").read_text().splitlines()]
    assert (entry["type"], "no signing key" in entry["data"]["reason"]) == ("refused", True)
