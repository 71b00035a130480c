"""What is told of a command of the contract that failed: its last words, or that it had none."""

from __future__ import annotations

import pytest

from restoreproof.errors import ServiceFailedError
from restoreproof.events import Event
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.external.commands import Commands, Order
from restoreproof.runtimes.external.handler import Handler


class Journal:
    """Events as they were emitted."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        """Keep one."""
        self.events.append(event)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 3", "it said nothing"),
        ("echo there is no room >&2; exit 3", "there is no room"),
        ("echo only here; exit 3", "only here"),
    ],
)
def test_a_command_that_failed_is_told_by_its_last_words(commands: Commands, script: str, words: str) -> None:
    journal = Journal()
    order = Order("start of db", ["sh", "-c", script], 60)
    with pytest.raises(ServiceFailedError) as failed:
        Handler(commands, journal, Redactor()).must(order, "db")
    assert failed.value.message == f"start of db ended with 3: {words}"
    assert len(journal.events) == 1
