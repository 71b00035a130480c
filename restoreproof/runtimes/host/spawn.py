"""One sandboxed process: spawned so that it can't outlive us, followed, and brought down whole."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from restoreproof.redaction.redactor import Secret

_TAIL_BYTES = 64 * 1024
_SINCE_BYTES = 4 * 1024 * 1024
_LINE_CHARACTERS = 400
_PATH = "/usr/local/bin:/usr/bin:/bin"


def revealed(environment: Mapping[str, str | Secret]) -> dict[str, str]:
    """Return the environment of a process: these variables, a PATH and a locale, nothing of ours."""
    plain = {
        name: value.reveal() if isinstance(value, Secret) else value for name, value in environment.items()
    }
    return {"PATH": _PATH, "LANG": "C.UTF-8", **plain}


class Spawner:
    """Starter of processes, from one thread that lives as long as the runtime.

    bubblewrap dies with its parent *thread* (pdeathsig): a sandbox spawned from a worker thread of a pool
    would be killed as soon as that worker retires.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")

    def popen(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        stderr: int | IO[bytes] = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        """Start ``argv`` with exactly ``environment`` and no descriptor beyond the three given."""

        def spawn() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                list(argv), env=dict(environment), close_fds=True, stdin=stdin, stdout=stdout, stderr=stderr
            )

        return self._thread.submit(spawn).result()

    def close(self) -> None:
        """End the thread; whatever it spawned and is still running dies with it."""
        self._thread.shutdown()


def append_only(path: Path) -> IO[bytes]:
    """Open the log at ``path`` (mode 0600) for appending."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab")


def tail(path: Path, lines: int, redact: Callable[[str], str]) -> str:
    """Return the last ``lines`` lines of ``path``, bounded in width and redacted; empty without a file."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        text = redact(file.read().decode(errors="replace"))
    return "\n".join(line[:_LINE_CHARACTERS] for line in text.splitlines()[-lines:])


def since(path: Path, offset: int) -> str:
    """Return at most 4 MiB of what was written to ``path`` from ``offset`` (bytes) on."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(_SINCE_BYTES).decode(errors="replace")
