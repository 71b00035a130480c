"""How long the parts of a stage take, and how much they handle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from restoreproof.events import Emitter, PhaseTimed


class PhaseStats:
    """What a timed piece of work handled: ``bytes`` and ``items``, each None where it is not counted."""

    def __init__(self) -> None:
        self.bytes: int | None = None
        self.items: int | None = None


@contextmanager
def timed(emitter: Emitter, stage: Callable[[], str], name: str) -> Iterator[PhaseStats]:
    """Time the work in the body, which fills what it handled, and journal it, also when it raises."""
    work, started = PhaseStats(), time.monotonic()
    try:
        yield work
    finally:
        emitter.emit(
            PhaseTimed(
                stage=stage(),
                name=name,
                seconds=round(time.monotonic() - started, 4),
                bytes=work.bytes,
                items=work.items,
            )
        )
