"""One service of the process runtime, and waiting until it answers."""

from __future__ import annotations

import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.base import Credentials
from restoreproof.runtimes.host import spawn
from restoreproof.runtimes.host.hints import hint_for
from restoreproof.runtimes.process.component import Launch, ProcessComponent, Site
from restoreproof.runtimes.process.shell_witness import ShellWitness
from restoreproof.waiting import NotReady, wait_until

LOG_LINES = 20
"""How much of a log a message carries."""


@dataclass(slots=True)
class ServiceUnit:
    """One service: its component, and its process."""

    site: Site
    component: ProcessComponent[Any]
    log: Path
    lock: threading.RLock
    process: subprocess.Popen[bytes] | None = None
    administrator: Credentials | None = None
    witness: ShellWitness | None = None


def await_ready(unit: ServiceUnit, launch: Launch, offset: int, redactor: Redactor) -> None:
    """Return once the service answers; ``offset`` is where its log of this start begins.

    Raises:
        ServiceFailedError: it ended, or ran out of time; with the last lines of its log, and a hint.
    """
    process = unit.process
    assert process is not None

    def gave_up() -> str | None:
        code = process.poll()
        return None if code is None else f"it exited with {_exit(code)} while starting"

    wait_until(
        lambda: launch.ready(spawn.since(unit.log, offset)),
        what=launch.what,
        deadline_s=launch.deadline_s,
        gave_up=gave_up,
        context=lambda: _context(unit, offset, redactor),
        retry_on=(NotReady, OSError, httpx.TransportError, ValueError),
    )


def _context(unit: ServiceUnit, offset: int, redactor: Redactor) -> str:
    log = redactor.text(spawn.since(unit.log, offset))
    hint = unit.component.hint(log) or hint_for(log)
    lines = spawn.tail(unit.log, LOG_LINES, redactor.text)
    shown = f"\n  last lines of {unit.log.name}:\n{_indented(lines)}" if lines else "\n  it logged nothing"
    return shown + (f"\n  next: {hint}" if hint else "")


def _exit(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"


def _indented(text: str) -> str:
    return "\n".join(f"    | {line}" for line in text.splitlines())
