"""The outer's hold on the inner process: its pipe, its end, and the judgement of its isolation."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from restoreproof.drill.isolation_gate import Probes, permit
from restoreproof.errors import EnvironmentUnfitError, EvidenceError
from restoreproof.events import (
    DrillInterrupted,
    Event,
    InnerLaunched,
    IsolationProbed,
    IsolationVerdict,
    StageDone,
)
from restoreproof.journal.read import MAX_LINE
from restoreproof.journal.write import JournalWriter
from restoreproof.runtimes.driver import IsolationControl

_ALL_THE_SAME = (
    "`restoreproof doctor` says what it lacks to be isolated; with --allow-unisolated the set is drilled all "
    "the same where it can't read what is private to this user, may reach what was reached, and can't end "
    "VERIFIED"
)


class Interrupted(BaseException):
    """Someone asked the drill to stop."""


@dataclass(frozen=True, slots=True)
class Pipes:
    """The descriptors that an inner process inherits: its events go out, permission comes in."""

    events: int
    permission: int


class InnerProcess:
    """Runs the inner process and copies its events into the journal, as they come.

    Args:
        journal: the only place they may go.
        control: the listeners outside; its targets are what the inner has to have probed.
        unreached: the listeners that were not reached from outside either; one of these, and nothing is
            proven.
        refuse_unisolated: permit nothing, and kill the inner process, where its isolation is not proven.
        told: gets every event once it is written.
    """

    def __init__(
        self,
        journal: JournalWriter,
        control: IsolationControl,
        *,
        unreached: Sequence[str],
        refuse_unisolated: bool,
        told: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self._told = told
        self._journal = journal
        self._refuse = refuse_unisolated
        self._unreached = tuple(unreached)
        self._probes = Probes(control.targets)
        self._judged = False

    def run(self, launch: Callable[[Pipes], subprocess.Popen[bytes]]) -> int:
        """Launch it, read its events to the end, and return its return code.

        Raises:
            EnvironmentUnfitError: its isolation is not proven, and that was to be refused; it is dead then.
            EvidenceError: it sent something that is no event of its own; it is dead then.
        """
        read_fd, write_fd = os.pipe()
        permitted_fd, permit_fd = os.pipe()
        try:
            process = launch(Pipes(events=write_fd, permission=permitted_fd))
        except BaseException:
            os.close(read_fd)
            os.close(permit_fd)
            raise
        finally:
            os.close(write_fd)
            os.close(permitted_fd)
        try:
            self._journal.emit(InnerLaunched(pid=process.pid))
            with os.fdopen(read_fd, "rb", buffering=1024 * 1024) as pipe:
                while line := pipe.readline(MAX_LINE + 1):
                    self._take(line, permit_fd)
            return process.wait()
        except EvidenceError as error:
            self._journal.emit(DrillInterrupted(reason=f"the inner process was stopped: {error}"))
            raise
        finally:
            os.close(permit_fd)
            if process.poll() is None:
                process.kill()
                process.wait()

    def _take(self, line: bytes, permit_fd: int) -> None:
        event = self._journal.accept(line).event
        self._told(event)
        match event:
            case IsolationProbed() if self._probes.take(event.probe, reached=event.reached):
                self._judge(proven=not self._probes.reached and not self._unreached, reason=self._reason())
                permit(permit_fd)
            case StageDone() if self._refuse and not self._judged:
                missing = ", ".join(self._probes.missing)
                self._judge(proven=False, reason=f"a stage was performed before these were tried: {missing}")

    def _judge(self, *, proven: bool, reason: str) -> None:
        self._judged = True
        self._journal.emit(IsolationVerdict(proven=proven, reason=reason))
        if not proven and self._refuse:
            raise EnvironmentUnfitError(
                "a backup set is not drilled where the target is not proven isolated, "
                "whatever it says of its data",
                hint=_ALL_THE_SAME,
            )

    def _reason(self) -> str:
        if reached := self._probes.reached:
            return f"reached from inside: {', '.join(reached)}"
        if self._unreached:
            return f"the control failed, not even from outside were reached: {', '.join(self._unreached)}"
        return "no probe got out, and each listener was reached from outside"
