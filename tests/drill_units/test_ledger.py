"""The ledger: a chain of every drill that was started, whoever wrote it and however it ended."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from restoreproof.errors import EvidenceError, ExitCode
from restoreproof.evidence.ledger import GENESIS, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "reports" / "ledger.jsonl")


def rewritten(ledger: Ledger, line: int, **data: Any) -> None:
    """The ledger with fields of one entry replaced and every hash after it made right again."""
    raw = [json.loads(one) for one in ledger.path.read_text().splitlines()]
    raw[line - 1]["data"].update(data)
    ledger.path.unlink()
    fresh = Ledger(ledger.path)
    from restoreproof.evidence.ledger import _append

    with fresh._locked() as (file, entries):
        for one in raw:
            _append(file, entries, one["type"], one["drill_id"], one["data"])


def test_a_ledger_that_does_not_exist_yet_is_empty(ledger: Ledger) -> None:
    assert ledger.entries() == []
    assert ledger.abort_dead() == []


def test_entries_are_chained_from_the_first_on(ledger: Ledger) -> None:
    ledger.start("d1", "set", "plan")
    ledger.finish("d1", "VERIFIED", "0" * 64)
    first, second = ledger.entries()
    assert (first.seq, first.prev, first.type) == (1, GENESIS, "started")
    assert (second.seq, second.type, second.data["verdict"]) == (2, "finished", "VERIFIED")
    assert second.prev != GENESIS


def test_attempts_are_counted_for_each_set(ledger: Ledger) -> None:
    attempts = [ledger.start(f"d{number}", which, "plan") for number, which in enumerate("aaba")]
    assert attempts == [1, 2, 1, 3]


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
    ledger.finish("d1", "VERIFIED", "0" * 64)
    ledger.start("d2", "set", "plan")
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    lines[line - 1] = damage(lines[line - 1])
    ledger.path.write_bytes(b"".join(lines))
    before = ledger.path.read_bytes()
    asks: list[Any] = [ledger.entries, ledger.abort_dead, lambda: ledger.start("d3", "set", "plan")]
    for ask in asks:
        with pytest.raises(EvidenceError) as caught:
            ask()
        assert str(caught.value.where) == f"{ledger.path}:{named}"
        assert caught.value.hint
        assert caught.value.exit_code is ExitCode.NO_TRUSTWORTHY_EVIDENCE
    assert ledger.path.read_bytes() == before


def test_a_living_drill_is_not_aborted(ledger: Ledger) -> None:
    ledger.start("mine", "set", "plan")
    assert ledger.abort_dead() == []


def test_a_drill_whose_process_ended_is_aborted_once(ledger: Ledger) -> None:
    code = "import sys; from pathlib import Path; from restoreproof.evidence.ledger import Ledger; "
    code += "Ledger(Path(sys.argv[1])).start('dead', 'set', 'plan')"
    subprocess.run([sys.executable, "-c", code, str(ledger.path)], check=True)
    ledger.start("mine", "set", "plan")
    assert ledger.abort_dead() == ["dead"]
    assert ledger.abort_dead() == []
    assert ledger.entries()[-1].data == {"verdict": "ABORTED"}


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
    ledger.finish("done", "FAILED", "0" * 64)
    rewritten(ledger, 1, pid=2**22 + 7)
    assert ledger.abort_dead() == []


def test_drills_that_write_at_the_same_time_leave_one_chain(ledger: Ledger) -> None:
    code = "import sys; from pathlib import Path; from restoreproof.evidence.ledger import Ledger\n"
    code += "for n in range(20): Ledger(Path(sys.argv[1])).start(f'{sys.argv[2]}-{n}', 'set', 'plan')"
    argv = [sys.executable, "-c", code, str(ledger.path)]
    others = [subprocess.Popen([*argv, str(one)]) for one in range(2)]
    with ThreadPoolExecutor(4) as pool:
        attempts = list(pool.map(lambda n: ledger.start(f"t{n}", "set", "plan"), range(40)))
    assert [other.wait(timeout=60) for other in others] == [0, 0]
    entries = ledger.entries()
    assert len(entries) == 80
    assert sorted(one.data["attempt"] for one in entries) == list(range(1, 81))
    assert len(set(attempts)) == 40
