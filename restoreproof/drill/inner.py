"""The outer's hold on the inner process: its pipe, its end, and the judgement of its isolation."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence

from restoreproof.errors import EvidenceError
from restoreproof.journal import MAX_LINE, Event, JournalWriter
from restoreproof.runtimes.kinds import Control


class Interrupted(BaseException):
    """Someone asked the drill to stop."""


class InnerProcess:
    """Runs the inner process and copies its events into the journal, as they come.

    Args:
        journal: the only place they may go.
        control: the listeners outside; its targets are what the inner has to have probed.
        unreached: the listeners that were not reached from outside either; one of these, and nothing is
            proven.
        refuse_unisolated: kill the inner process as soon as its isolation is not proven.
        told: gets every event once it is written.
    """

    def __init__(
        self,
        journal: JournalWriter,
        control: Control,
        *,
        unreached: Sequence[str],
        refuse_unisolated: bool,
        told: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self._told = told
        self._journal = journal
        self._refuse = refuse_unisolated
        self._unreached = tuple(unreached)
        self._awaited = set(control.targets)
        self._reached: list[str] = []

    def run(self, launch: Callable[[int], subprocess.Popen[bytes]]) -> int:
        """Launch it, read its events to the end, and return its return code.

        Raises:
            EvidenceError: it sent something that is no event of its own; it is dead then.
        """
        read_fd, write_fd = os.pipe()
        try:
            process = launch(write_fd)
        except BaseException:
            os.close(read_fd)
            raise
        finally:
            os.close(write_fd)
        try:
            self._journal.emit("inner-launched", pid=process.pid)
            with os.fdopen(read_fd, "rb", buffering=1024 * 1024) as pipe:
                while line := pipe.readline(MAX_LINE + 1):
                    self._take(line, process)
            return process.wait()
        except EvidenceError as error:
            self._journal.emit("drill-interrupted", reason=f"the inner process was stopped: {error}")
            raise
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def _take(self, line: bytes, process: subprocess.Popen[bytes]) -> None:
        event = self._journal.accept(line)
        self._told(event)
        if event.type != "isolation-probe":
            return
        probe, reached = str(event.data.get("probe")), event.data.get("reached") is not False
        judged = not self._awaited
        self._awaited.discard(probe)
        if reached:
            self._reached.append(probe)
        # A runtime may probe again once a service runs: that can only take back what was proven.
        if reached if judged else not self._awaited:
            proven = not self._reached and not self._unreached
            self._journal.emit("isolation-verdict", proven=proven, reason=self._reason())
            if not proven and self._refuse:
                process.kill()

    def _reason(self) -> str:
        if self._reached:
            return f"reached from inside: {', '.join(self._reached)}"
        if self._unreached:
            return f"the control failed, not even from outside were reached: {', '.join(self._unreached)}"
        return "no probe got out, and each listener was reached from outside"
