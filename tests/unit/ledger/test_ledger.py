"""The ledger: a chain of every drill that was started, whoever wrote it and however it ended."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from restoreproof.errors import EvidenceError, ExitCode
from restoreproof.ledger import GENESIS, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "reports" / "ledger.jsonl")


def file_of(ledger: Ledger) -> Path:
    return Path(ledger.home.name)


def rewritten(ledger: Ledger, line: int, **data: Any) -> None:
    """Fields of one entry replaced, and every hash after it made right again."""
    lines: list[bytes] = []
    prev = GENESIS
    for number, entry in enumerate(ledger.entries(), 1):
        told = entry.data | data if number == line else entry.data
        lines.append(replace(entry, prev=prev, data=told).line())
        prev = hashlib.sha256(lines[-1]).hexdigest()
    file_of(ledger).write_bytes(b"".join(lines))


def test_a_ledger_that_does_not_exist_yet_is_empty(ledger: Ledger) -> None:
    assert ledger.entries() == []
    assert ledger.abort_dead() == []


def test_entries_are_chained_from_the_first_on(ledger: Ledger) -> None:
    ledger.start("d1", "set", "plan")
    ledger.finish("d1", "VERIFIED", record_sha256="0" * 64)
    first, second = ledger.entries()
    assert (first.seq, first.prev, first.type) == (1, GENESIS, "started")
    assert (second.seq, second.type, second.data["verdict"]) == (2, "finished", "VERIFIED")
    assert second.prev != GENESIS


def test_attempts_are_counted_for_each_set(ledger: Ledger) -> None:
    begun = [ledger.start(f"d{number}", which, "plan") for number, which in enumerate("aaba")]
    assert [one.attempt for one in begun] == [1, 2, 1, 3]


def test_a_drill_that_begins_is_told_what_the_ledger_held_before_it(ledger: Ledger) -> None:
    assert ledger.start("d1", "set", "plan").before == []
    ledger.finish("d1", "VERIFIED")
    before = ledger.entries()
    assert ledger.start("d2", "set", "plan").before == before


def test_another_plan_for_the_same_set_does_not_hide_the_earlier_attempts(ledger: Ledger) -> None:
    begun = [ledger.start(f"d{number}", "set", plan) for number, plan in enumerate(["old", "old", "new"])]
    assert [one.attempt for one in begun] == [1, 2, 1]
    assert [one.attempt_at_set for one in begun] == [1, 2, 3]


@pytest.mark.parametrize(
    ("line", "damage", "named"),
    [
        (2, lambda one: one.replace(b"VERIFIED", b"FAILED"), 3),
        (2, lambda one: b"", 2),
        (1, lambda one: b"", 1),
        (2, lambda one: one + one, 3),
        (2, lambda one: one[:20] + b"\n", 2),
        (3, lambda one: one[:-30], 3),
        (2, lambda one: b'{"seq": 2}\n', 2),
        (2, lambda one: b"[]\n", 2),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_appended_to_it(
    ledger: Ledger, line: int, damage: Any, named: int
) -> None:
    ledger.start("d1", "set", "plan")
    ledger.finish("d1", "VERIFIED", record_sha256="0" * 64)
    ledger.start("d2", "set", "plan")
    lines = file_of(ledger).read_bytes().splitlines(keepends=True)
    lines[line - 1] = damage(lines[line - 1])
    file_of(ledger).write_bytes(b"".join(lines))
    before = file_of(ledger).read_bytes()
    asks: list[Any] = [ledger.entries, ledger.abort_dead, lambda: ledger.start("d3", "set", "plan")]
    for ask in asks:
        with pytest.raises(EvidenceError) as caught:
            ask()
        assert str(caught.value.where) == f"{file_of(ledger)}:{named}"
        assert caught.value.hint
        assert caught.value.exit_code is ExitCode.NO_TRUSTWORTHY_EVIDENCE
    assert file_of(ledger).read_bytes() == before


def test_a_living_drill_is_not_aborted(ledger: Ledger) -> None:
    ledger.start("mine", "set", "plan")
    assert ledger.abort_dead() == []


def test_a_drill_whose_process_ended_is_aborted_once(ledger: Ledger) -> None:
    code = "import sys; from pathlib import Path; from restoreproof.ledger import Ledger; "
    code += "Ledger(Path(sys.argv[1])).start('dead', 'set', 'plan')"
    subprocess.run([sys.executable, "-c", code, str(file_of(ledger))], check=True)
    ledger.start("mine", "set", "plan")
    assert ledger.abort_dead() == ["dead"]
    assert ledger.abort_dead() == []
    assert ledger.entries()[-1].data == {"verdict": "ABORTED"}


def test_an_aborted_drill_is_entered_with_what_it_left(ledger: Ledger) -> None:
    ledger.start("dead", "set", "plan")
    rewritten(ledger, 1, pid_started=0.0)
    assert ledger.abort_dead(lambda name: {"attestation_sha256": name}) == ["dead"]
    assert ledger.entries()[-1].data == {"verdict": "ABORTED", "attestation_sha256": "dead"}


def test_a_ledger_from_before_entries_were_signed_is_continued(ledger: Ledger) -> None:
    first = '{"at":"2026-11-22T16:16:00Z","data":{"attempt":1,"pid":1,"pid_started":2.5,"plan":"plan",' + (
        f'"set_id":"set"}},"drill_id":"d0","prev":"{GENESIS}","seq":1,"type":"started"}}\n'
    )
    file_of(ledger).parent.mkdir()
    file_of(ledger).write_text(first)
    assert ledger.start("d1", "set", "plan").attempt == 2
    assert file_of(ledger).read_text().startswith(first)
    assert [one.seq for one in ledger.entries()] == [1, 2]


def test_a_reused_process_id_does_not_keep_a_dead_drill_alive(ledger: Ledger) -> None:
    ledger.start("dead", "set", "plan")
    rewritten(ledger, 1, pid_started=psutil.Process().create_time() - 3600)
    assert ledger.abort_dead() == ["dead"]


@pytest.mark.parametrize("data", [{"pid": "none"}, {"pid": None}, {"pid_started": None}, {"pid": -1}])
def test_an_entry_that_does_not_tell_its_process_counts_as_dead(ledger: Ledger, data: dict[str, Any]) -> None:
    ledger.start("dead", "set", "plan")
    rewritten(ledger, 1, **data)
    assert ledger.abort_dead() == ["dead"]


def test_a_finished_drill_is_never_aborted(ledger: Ledger) -> None:
    ledger.start("done", "set", "plan")
    ledger.finish("done", "FAILED", record_sha256="0" * 64)
    rewritten(ledger, 1, pid=2**22 + 7)
    assert ledger.abort_dead() == []


def test_drills_that_write_at_the_same_time_leave_one_chain(ledger: Ledger) -> None:
    code = "import sys; from pathlib import Path; from restoreproof.ledger import Ledger\n"
    code += "for n in range(20): Ledger(Path(sys.argv[1])).start(f'{sys.argv[2]}-{n}', 'set', 'plan')"
    argv = [sys.executable, "-c", code, str(file_of(ledger))]
    others = [subprocess.Popen([*argv, str(one)]) for one in range(2)]
    with ThreadPoolExecutor(4) as pool:
        attempts = list(pool.map(lambda n: ledger.start(f"t{n}", "set", "plan").attempt, range(40)))
    assert [other.wait(timeout=60) for other in others] == [0, 0]
    entries = ledger.entries()
    assert len(entries) == 80
    assert sorted(one.data["attempt"] for one in entries) == list(range(1, 81))
    assert len(set(attempts)) == 40
