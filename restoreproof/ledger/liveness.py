"""Whether the process of a drill still lives, also where its process id means nothing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from restoreproof.machine_id import machine

_PURPOSE = "ledger"
_ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
"""What the kernel calls a process that has ended and that its parent has not asked for yet."""


class Liveness:
    """Signs of life in a directory: a locked file for each running drill of this machine."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._held: dict[str, int] = {}

    def describe(self) -> dict[str, Any]:
        """Return what identifies this process; the machine by a digest alone."""
        me = psutil.Process()
        return {
            "pid": me.pid,
            "pid_started": me.create_time(),
            "pid_namespace": _pid_namespace(),
            "machine": machine(_PURPOSE),
        }

    def show(self, drill_id: str) -> None:
        """Hold the lock of ``drill_id`` as long as this process lives."""
        path = self._directory / drill_id
        path.parent.mkdir(parents=True, exist_ok=True)
        sign = self._held[drill_id] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(sign, fcntl.LOCK_EX)

    def end(self, drill_id: str) -> None:
        """Give up the lock of ``drill_id``, ours or that of a drill that is gone."""
        (self._directory / drill_id).unlink(missing_ok=True)
        if (sign := self._held.pop(drill_id, None)) is not None:
            os.close(sign)

    def is_gone(self, drill_id: str, process: Mapping[str, Any]) -> bool:
        """Return whether the drill described by ``process`` has ended; never for another machine's."""
        if process.get("machine", machine(_PURPOSE)) != machine(_PURPOSE):
            return False
        if process.get("pid_namespace", _pid_namespace()) == _pid_namespace():
            return _has_ended(process)
        # As root every drill has process ids of its own; what we see under that id is something else.
        try:
            with (self._directory / drill_id).open("rb") as sign:
                fcntl.flock(sign, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except FileNotFoundError:
            return True
        return True


def _pid_namespace() -> int:
    return Path("/proc/self/ns/pid").stat().st_ino


def _has_ended(description: Mapping[str, Any]) -> bool:
    """Whether the drill's process ended: process ids are reused, so its start time counts too."""
    try:
        process = psutil.Process(int(description["pid"]))
        another = abs(process.create_time() - float(description["pid_started"])) > 1.0
        return another or process.status() in _ENDED
    except (psutil.NoSuchProcess, KeyError, ValueError, TypeError):
        return True
