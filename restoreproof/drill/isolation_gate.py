"""How the inner process waits to be told that its isolation was judged and that it may go on.

What it found goes to the outer process as events; that it may go on comes back on a pipe of its own, one byte
for each verdict. Whoever sends the probe that a verdict waits for does nothing else until then: what is
refused was not begun.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from restoreproof.errors import EvidenceError
from restoreproof.events import Emitter, Event, IsolationProbed

PERMISSION = "RESTOREPROOF_PERMISSION"
"""The variable that names the descriptor on which permission comes."""

_GO = b"+"


class Probes:
    """The answers to the probes, as they come: both processes know by them when a verdict is due."""

    def __init__(self, awaited: Iterable[str]) -> None:
        self._awaited = set(awaited)
        self.reached: list[str] = []

    @property
    def missing(self) -> list[str]:
        """The probes that were not answered yet."""
        return sorted(self._awaited)

    def take(self, probe: str, *, reached: bool) -> bool:
        """Note one answer; whether a verdict is due now.

        A runtime may probe again once a service runs: that can only take back what was proven.
        """
        judged = not self._awaited
        self._awaited.discard(probe)
        if reached:
            self.reached.append(probe)
        return reached if judged else not self._awaited


def permit(fd: int) -> None:
    """Let the inner process go on; one that has ended needs no permission."""
    try:
        os.write(fd, _GO)
    except BrokenPipeError:
        return


class Awaiting:
    """An emitter that returns from the event that a verdict follows only once it is given.

    Args:
        emitter: where the events go.
        awaited: the probes that make up the isolation.
        fd: where permission comes from; None (nobody launched this process) never gives any.
    """

    def __init__(self, emitter: Emitter, awaited: Iterable[str], fd: int | None) -> None:
        self._emitter = emitter
        self._probes = Probes(awaited)
        self._fd = fd
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Pass it on. Raises EvidenceError if the outer process ended instead of permitting what follows."""
        if not isinstance(event, IsolationProbed):
            self._emitter.emit(event)
            return
        with self._lock:
            self._emitter.emit(event)
            if self._probes.take(event.probe, reached=event.reached):
                self._wait()

    def _wait(self) -> None:
        if self._fd is None or os.read(self._fd, 1) != _GO:
            raise EvidenceError("nobody permitted the drill to go on after its isolation was probed")
