"""The inner process opens nothing of a set before it was told that it may."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from restoreproof.drill.isolation_gate import Awaiting, Probes, permit
from restoreproof.errors import EvidenceError
from restoreproof.events import Event, IsolationProbed, Note


class Sent:
    """An emitter that keeps what it is given."""

    def __init__(self) -> None:
        self.probes: list[Any] = []

    def emit(self, event: Event) -> None:
        self.probes.append(event.probe if isinstance(event, IsolationProbed) else event.type)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Where permission is read, and where it is given."""
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def test_a_verdict_is_due_with_the_last_probe_and_with_each_that_gets_out_later() -> None:
    probes = Probes(["one", "two"])
    due = [
        probes.take("one", reached=False),
        probes.take("one", reached=True),
        probes.take("two", reached=False),
    ]
    later = [probes.take("one", reached=False), probes.take("three", reached=True)]
    assert (due, later) == ([False, False, True], [False, True])
    assert probes.reached == ["one", "three"]


def test_the_last_probe_returns_only_once_it_is_permitted(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    sent = Sent()
    emitter = Awaiting(sent, ["one", "two"], reading)
    emitter.emit(IsolationProbed(probe="one", reached=False, detail=""))
    emitter.emit(Note(text="others need none"))
    last = threading.Thread(target=lambda: emitter.emit(IsolationProbed(probe="two", reached=False)))
    last.start()
    last.join(0.3)
    assert last.is_alive()
    assert sent.probes == ["one", "note", "two"], "the outer judges by what it was sent"
    permit(writing)
    last.join(10)
    assert not last.is_alive()
    os.close(writing)


def test_an_outer_process_that_ends_permits_nothing(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.close(writing)
    with pytest.raises(EvidenceError, match="nobody permitted"):
        Awaiting(Sent(), ["one"], reading).emit(IsolationProbed(probe="one", reached=False))


def test_without_an_outer_process_nobody_permits() -> None:
    with pytest.raises(EvidenceError, match="nobody permitted"):
        Awaiting(Sent(), ["one"], None).emit(IsolationProbed(probe="one", reached=False))


def test_who_has_ended_needs_no_permission() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    permit(writing)
    os.close(writing)
    with pytest.raises(OSError, match="Bad file descriptor"):
        permit(writing)
