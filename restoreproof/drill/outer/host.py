"""The host as a drill's outer process meets it: what it is made of, and the signals it is sent."""

from __future__ import annotations

import hashlib
import hmac
import os
import platform
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from restoreproof.drill.outer.inner_process import Interrupted
from restoreproof.events import HostFacts


@contextmanager
def orderly_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a drill as Ctrl-C does: in order, with evidence."""

    def stop(number: int, _: object) -> None:
        raise Interrupted(f"signal {signal.Signals(number).name}")

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def describe_host() -> HostFacts:
    """Return the hardware and software that the measured times belong to."""
    return HostFacts(
        cpus=os.cpu_count(),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        machine=platform.machine(),
    )


def host_fingerprint(machine_id: Path = Path("/etc/machine-id")) -> str:
    """Return what tells this machine from another and names none: a keyed digest of its id or host name."""
    try:
        identity = machine_id.read_text().strip()
    except OSError:
        identity = ""
    return hmac.new(b"restoreproof host", (identity or platform.node()).encode(), hashlib.sha256).hexdigest()
