"""The outer's hold on the inner process: only its own events count, and unproven isolation ends it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from restoreproof.drill.outer.inner_process import InnerProcess, Pipes
from restoreproof.errors import EnvironmentUnfitError, EvidenceError
from restoreproof.gherkin.feature_directory import features_of
from restoreproof.gherkin.support_code import step_modules
from restoreproof.journal.read import read_journal
from restoreproof.journal.write import JournalWriter
from restoreproof.redaction.redactor import MASK, Redactor, Secret

SECRET = Secret("PASSWORD", "correct-horse-battery")
HANG = "sys.stdin.read()"


def event(seq: int, type: str, source: str = "inner", **data: Any) -> bytes:
    whole = {
        "seq": seq,
        "source": source,
        "type": type,
        "at": "2026-11-22T00:00:00Z",
        "mono": 1.0,
        "data": data,
    }
    return json.dumps(whole).encode() + b"\n"


def probe(seq: int, name: str, reached: object = False) -> bytes:
    return event(seq, "isolation-probe", probe=name, reached=reached, detail="")


class Outer:
    """A journal, and a control with two listeners, around an inner process that runs given code."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "journal.jsonl"
        self.journal = JournalWriter(self.path, Redactor([SECRET]))
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *events: bytes, then: str = "", unreached: Sequence[str] = (), refuse: bool = True) -> int:
        """Run an inner process that sends ``events`` and then does what ``then`` says; its return code."""
        code = f"import os, sys\nfor line in {list(events)!r}: os.write(int(sys.argv[1]), line)\n{then}"
        control: Any = SimpleNamespace(targets={"one": "", "two": ""})

        def launch(pipes: Pipes) -> subprocess.Popen[bytes]:
            fds = [pipes.events, pipes.permission]
            argv = [sys.executable, "-c", code, *map(str, fds)]
            # Its standard input never ends, so that what waits for it hangs until somebody kills it.
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, pass_fds=fds)
            return self.process

        inner = InnerProcess(self.journal, control, unreached=unreached, refuse_unisolated=refuse)
        try:
            return inner.run(launch)
        finally:
            assert self.process is not None
            assert self.process.poll() is not None, "it must be dead, however it ended"
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.journal.close()

    def of(self, type: str) -> list[dict[str, Any]]:
        return [line.event.data() for line in read_journal(self.path) if line.type == type]


@pytest.fixture
def outer(tmp_path: Path) -> Outer:
    return Outer(tmp_path)


def test_events_are_journaled_redacted_and_the_return_code_is_told(outer: Outer) -> None:
    assert outer.run(event(1, "note", text="with correct-horse-battery"), then="sys.exit(3)") == 3
    assert outer.of("note") == [{"text": f"with {MASK}"}]
    assert [one.type for one in read_journal(outer.path)] == ["inner-launched", "note"]


@pytest.mark.parametrize(
    "line",
    [
        event(1, "isolation-verdict", proven=True, reason="trust me"),
        event(1, "teardown", proven=True, leftovers=[]),
        event(1, "note", source="outer", text="x"),
        event(2, "note", text="one was lost"),
        b"not json\n",
        b"[]\n",
    ],
)
def test_an_inner_process_that_sends_what_is_not_its_own_is_killed(outer: Outer, line: bytes) -> None:
    with pytest.raises(EvidenceError):
        outer.run(line, then=HANG)
    assert outer.of("isolation-verdict") == outer.of("teardown") == []
    assert outer.of("drill-interrupted")[0]["reason"].startswith("the inner process was stopped")


def test_isolation_is_proven_when_every_probe_stayed_inside(outer: Outer) -> None:
    assert outer.run(probe(1, "one"), probe(2, "two")) == 0
    [verdict] = outer.of("isolation-verdict")
    assert verdict["proven"] is True


@pytest.mark.parametrize("reached", [None, "no", 0])
def test_a_probe_that_says_neither_yes_nor_no_ends_any_drill(outer: Outer, reached: object) -> None:
    with pytest.raises(EvidenceError, match="'isolation-probe' is not what it may be: reached"):
        outer.run(probe(1, "one", reached), probe(2, "two"), then=HANG, refuse=False)
    assert outer.of("isolation-verdict") == []


def test_a_probe_that_got_out_ends_the_drill(outer: Outer) -> None:
    with pytest.raises(EnvironmentUnfitError, match="a backup set is not drilled") as refused:
        outer.run(probe(1, "one", True), probe(2, "two"), then=HANG)
    assert "--allow-unisolated" in str(refused.value.hint)
    [verdict] = outer.of("isolation-verdict")
    assert (verdict["proven"], "one" in verdict["reason"]) == (False, True)


def test_a_control_that_was_not_reached_proves_nothing(outer: Outer) -> None:
    with pytest.raises(EnvironmentUnfitError):
        outer.run(probe(1, "one"), probe(2, "two"), unreached=["one"], then=HANG)
    assert outer.of("isolation-verdict")[0]["proven"] is False


def test_a_set_that_is_allowed_may_go_on_but_is_not_proven(outer: Outer) -> None:
    assert outer.run(probe(1, "one", True), probe(2, "two"), event(3, "note", text="on"), refuse=False) == 0
    assert outer.of("isolation-verdict")[0]["proven"] is False
    assert outer.of("note") == [{"text": "on"}]


@pytest.mark.parametrize("sent", [[], ["one"], ["one", "one"], ["three", "four"]])
def test_without_every_probe_there_is_no_verdict(outer: Outer, sent: list[str]) -> None:
    outer.run(*(probe(seq, name) for seq, name in enumerate(sent, 1)))
    assert outer.of("isolation-verdict") == []


ASK = "sys.exit(0 if os.read(int(sys.argv[2]), 1) == b'+' else 9)"


@pytest.mark.parametrize(("got_out", "refuse"), [(False, True), (True, False)])
def test_permission_is_given_where_isolation_is_proven_or_need_not_be(
    outer: Outer, got_out: bool, refuse: bool
) -> None:
    assert outer.run(probe(1, "one"), probe(2, "two", got_out), then=ASK, refuse=refuse) == 0


def test_no_permission_is_given_before_the_last_probe(outer: Outer) -> None:
    waiting = "import select\nsys.exit(bool(select.select([int(sys.argv[2])], [], [], 0.5)[0]))"
    assert outer.run(probe(1, "one"), then=waiting) == 0


def test_nothing_is_permitted_to_a_set_that_could_get_out(outer: Outer) -> None:
    told = "os.read(int(sys.argv[2]), 1) and os.write(int(sys.argv[1]), b'went on')"
    with pytest.raises(EnvironmentUnfitError):
        outer.run(probe(1, "one", True), probe(2, "two"), then=told)


def test_a_stage_before_the_verdict_ends_the_drill(outer: Outer) -> None:
    with pytest.raises(EnvironmentUnfitError):
        outer.run(probe(1, "one"), event(2, "stage-done", stage="database", seconds=1), then=HANG)
    [verdict] = outer.of("isolation-verdict")
    assert (verdict["proven"], verdict["reason"].endswith(": two")) == (False, True)


def test_a_launch_that_fails_leaves_no_descriptor_open(tmp_path: Path) -> None:
    given: list[int] = []

    def launch(pipes: Pipes) -> subprocess.Popen[bytes]:
        given.append(pipes.events)
        raise OSError("no sandbox")

    journal = JournalWriter(tmp_path / "journal.jsonl", Redactor())
    control: Any = SimpleNamespace(targets={})
    inner = InnerProcess(journal, control, unreached=(), refuse_unisolated=True)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match="no sandbox"):
        inner.run(launch)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    journal.close()


def test_a_part_of_the_features_is_a_part_of_the_whole(tmp_path: Path) -> None:
    part = tmp_path / "features" / "restore"
    part.mkdir(parents=True)
    file = part / "a.feature"
    file.touch()
    for given in (tmp_path / "features", part, file):
        assert features_of(given) == tmp_path / "features"
    other = tmp_path / "elsewhere"
    other.mkdir()
    assert features_of(other) == other


def test_the_stacks_own_phrases_are_found_beside_its_features(tmp_path: Path) -> None:
    assert step_modules(tmp_path) == ()
    (tmp_path / "steps").mkdir()
    for name in ("b.py", "a.py", "_private.py", "notes.txt"):
        (tmp_path / "steps" / name).touch()
    assert step_modules(tmp_path) == ("steps.a", "steps.b")
