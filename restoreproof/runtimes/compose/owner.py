"""Whose containers these are: labels that name the drill and the process that owns it."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from restoreproof.errors import EvidenceError
from restoreproof.machine_id import machine

DRILL = "org.restoreproof.drill"
OWNER = "org.restoreproof.owner"

_LABEL = re.compile(
    r"(?P<pid>\d+):(?P<started>\d+):(?P<machine>[0-9a-f]{16}):(?P<boot>[0-9a-f-]{36}):(?P<namespace>\d+)"
)
_DRILL = re.compile(r"(?P<begun>\d{8}T\d{6}Z)-\w+")
_SKEW = timedelta(minutes=1)
"""The daemon writes a thing's creation by its own clock, to the second."""
_ENDED = frozenset("ZX")
"""States of a process that has ended and that its parent has not asked for yet (proc_pid_stat(5))."""


def project_name(drill: str) -> str:
    """Return the name of a drill's compose project, with which the name of each thing of it begins."""
    return f"rp-{drill.lower()}"


def why_foreign(drill: str, name: str, created: datetime | None) -> str | None:
    """Return why a thing that has the labels of ``drill`` is not that drill's; None if it is.

    Labels are inherited: whoever makes an image of a drill's container gives them to all that is run of it.
    """
    match = _DRILL.fullmatch(drill)
    if match is None:
        return f"its label names no drill ({drill[:60]!r})"
    project = project_name(drill)
    if not name.startswith((f"{project}-", f"{project}_")):
        return f"its name is none of the drill's, whose all begin with {project}"
    begun = datetime.strptime(match["begun"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if created is None or created < begun - _SKEW:
        return (
            "it was there before the drill began" if created else "the daemon does not say when it was made"
        )
    return None


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
        """Return this very process. Raises EvidenceError if /proc does not show it."""
        pid = os.getpid()
        started = _started(pid)
        if started is None:
            raise EvidenceError("/proc does not show this process, so nothing can be labelled as its own")
        return Owner(pid, started, _machine(), _boot(), _namespace())

    @staticmethod
    def parse(label: str) -> Owner | None:
        """Return what ``label`` names, or None if it is nothing that ``__str__`` wrote."""
        match = _LABEL.fullmatch(label)
        return Owner(int(match["pid"]), *match.groups()[1:]) if match else None

    def __str__(self) -> str:
        return f"{self.pid}:{self.started}:{self.machine}:{self.boot}:{self.namespace}"

    def why_not_gone(self) -> str | None:
        """Return why what it owns is left alone; None if it certainly ended.

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
