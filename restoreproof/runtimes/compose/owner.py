"""Whose containers these are: labels that name the drill and the process that owns it."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from restoreproof.errors import EvidenceError
from restoreproof.machine_id import machine

DRILL = "org.restoreproof.drill"
OWNER = "org.restoreproof.owner"

_LABEL = re.compile(
    r"(?P<pid>\d+):(?P<started>\d+):(?P<machine>[0-9a-f]{16}):(?P<boot>[0-9a-f-]{36}):(?P<namespace>\d+)"
)
_ENDED = frozenset("ZX")
"""States of a process that has ended and that its parent has not asked for yet (proc_pid_stat(5))."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, told apart from any other: by its start, its machine, the boot and its pid namespace."""

    pid: int
    started: str
    machine: str
    boot: str
    namespace: str

    @staticmethod
    def this() -> Owner:
        """This very process."""
        pid = os.getpid()
        started = _started(pid)
        if started is None:
            raise EvidenceError("/proc does not show this process, so nothing can be labelled as its own")
        return Owner(pid, started, _machine(), _boot(), _namespace())

    @staticmethod
    def parse(label: str) -> Owner | None:
        """What ``label`` names, or None if it is nothing that ``__str__`` wrote."""
        told = _LABEL.fullmatch(label)
        return Owner(int(told["pid"]), *told.groups()[1:]) if told else None

    def __str__(self) -> str:
        return f"{self.pid}:{self.started}:{self.machine}:{self.boot}:{self.namespace}"

    def why_not_gone(self) -> str | None:
        """Why what it owns is left alone; None if it certainly ended.

        A daemon may serve several machines, and what runs on another one is not seen from here.
        """
        if self.machine != _machine():
            return "its process is another machine's, and can't be seen from here"
        if self.boot != _boot():
            return None
        if self.namespace != _namespace():
            return "its process is of another pid namespace, and can't be seen from here"
        return f"its process {self.pid} lives" if _started(self.pid) == self.started else None


def _machine() -> str:
    """With its name: machines that were copied from one image may share their id."""
    return machine(f"owner {platform.node()}")


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _namespace() -> str:
    return str(Path("/proc/self/ns/pid").stat().st_ino)


def _started(pid: int) -> str | None:
    """The kernel's start time of ``pid`` in clock ticks, or None if no such process runs."""
    try:
        # The command may hold spaces and parentheses; what follows it begins with the third field.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in _ENDED else fields[19]
