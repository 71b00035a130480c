"""Whose containers these are: labels that name the drill and the process that owns it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from restoreproof.errors import EvidenceError

DRILL = "org.restoreproof.drill"
OWNER = "org.restoreproof.owner"


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, told apart from a later one with its id: by its start, the boot and its pid namespace."""

    pid: int
    started: str
    boot: str
    namespace: str

    @staticmethod
    def this() -> Owner:
        """This very process."""
        pid = os.getpid()
        started = _started(pid)
        if started is None:
            raise EvidenceError("/proc does not show this process, so nothing can be labelled as its own")
        return Owner(pid, started, _boot(), _namespace())

    @staticmethod
    def parse(label: str) -> Owner | None:
        """What ``label`` names, or None if it is nothing that ``__str__`` wrote."""
        parts = label.split(":")
        if len(parts) != 4 or not parts[0].isdigit():
            return None
        return Owner(int(parts[0]), *parts[1:])

    def __str__(self) -> str:
        return f"{self.pid}:{self.started}:{self.boot}:{self.namespace}"

    def is_gone(self) -> bool:
        """Whether it certainly ended. A process of another pid namespace can't be seen, so it is not."""
        if self.boot != _boot():
            return True
        return self.namespace == _namespace() and _started(self.pid) != self.started


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _namespace() -> str:
    return str(Path("/proc/self/ns/pid").stat().st_ino)


def _started(pid: int) -> str | None:
    """The kernel's start time of ``pid`` in clock ticks, or None if there is no such process."""
    try:
        # The command may hold spaces and parentheses; field 22 of proc_pid_stat(5) is the 20th after it.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None
