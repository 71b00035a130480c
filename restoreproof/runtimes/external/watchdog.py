"""Runs one command and ends it, with all that it started, when this process is asked to end.

It is run as a file, by itself: ``python -IS watchdog.py /PROGRAM ARGUMENT…``. What the command leaves running
when it ends by itself is the target's own and is left alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

_GRACE_S = 2.0
_PR_SET_CHILD_SUBREAPER = 36
_AWAITED = {signal.SIGTERM, signal.SIGCHLD}


def main(argv: list[str]) -> int:
    """Run ``argv``; its exit code, or 128 and the signal that ended it."""
    # What loses its parent meanwhile becomes ours, so that it is found.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
    default = [signal.SIGPIPE, signal.SIGXFSZ]  # which Python ignores
    child = os.posix_spawn(argv[0], argv, os.environ, setsid=True, setsigmask=[], setsigdef=default)
    while signal.sigwait(_AWAITED) is not signal.SIGTERM:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            return 128 - code if code < 0 else code
    _end(child)
    return 128 + signal.SIGTERM


def _end(group: int) -> None:
    _signal(group, signal.SIGTERM)
    until = time.monotonic() + _GRACE_S
    while os.waitpid(group, os.WNOHANG) == (0, 0) and time.monotonic() < until:
        signal.sigtimedwait({signal.SIGCHLD}, max(until - time.monotonic(), 0))
    _signal(group, signal.SIGKILL)
    while family := _children():
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _children() -> list[int]:
    return [int(pid) for pid in Path("/proc/thread-self/children").read_text().split()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
