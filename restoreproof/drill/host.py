"""The host as a drill's outer process meets it: what it is made of, and the signals it is sent."""

from __future__ import annotations

import os
import platform
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from restoreproof.drill.inner import Interrupted


@contextmanager
def orderly_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end a drill as Ctrl-C does: in order, with evidence."""

    def stop(number: int, _: object) -> None:
        raise Interrupted(f"signal {signal.Signals(number).name}")

    before = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def describe_host() -> dict[str, object]:
    """The hardware and software that the measured times belong to."""
    return {
        "cpus": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
