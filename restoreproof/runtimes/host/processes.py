"""Plain processes of this machine: started so that they die with us, found again, and ended."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from restoreproof.errors import ServiceFailedError
from restoreproof.waiting import NotReady, wait_until

BELONGS_TO = "RESTOREPROOF_BELONGS_TO"
"""In the environment of every unsandboxed process of a drill: its directory, which children inherit."""


def bare_argv(argv: Sequence[str], cwd: Path) -> list[str]:
    """Return ``argv`` in ``cwd`` as a process that dies with its parent thread and gains no privileges."""
    return ["setpriv", "--pdeathsig", "KILL", "--no-new-privs", "env", f"--chdir={cwd}", *argv]


def kill_family(pid: int) -> None:
    """Kill a process and all its descendants. Raises psutil.NoSuchProcess if it is gone."""
    top = psutil.Process(pid)
    # Stopped first, so that it can't start another child while we look at those it has.
    top.suspend()
    family = top.children(recursive=True)
    top.kill()
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=10)


def remains(workdir: Path) -> list[psutil.Process]:
    """Return the processes that work below ``workdir``, name it, or bear its mark; of all users for root.

    One that wants to be missed can be: it leaves the directory and empties its environment.
    """
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and _is_of(process, workdir)
    ]


def _is_of(process: psutil.Process, workdir: Path) -> bool:
    signs = (
        lambda: workdir in (here := Path(process.cwd()), *here.parents),
        lambda: any(str(workdir) in word for word in process.cmdline()),
        lambda: process.environ().get(BELONGS_TO) == str(workdir),
    )
    with contextlib.suppress(psutil.Error):
        return os.geteuid() in (0, *process.uids()) and any(map(_told, signs))
    return False


def _told(sign: Callable[[], bool]) -> bool:
    """Return whether a process that may have ended, or let nobody look, gave that sign."""
    with contextlib.suppress(psutil.Error):
        return sign()
    return False


def end_remains(workdir: Path, deadline_s: float = 10.0) -> list[str]:
    """Kill what ``remains`` finds, and what that starts meanwhile; returns what did not end."""

    def ended() -> None:
        left = remains(workdir)
        for process in left:
            # Gone already is the aim of it; what can't be killed is found by the next look.
            with contextlib.suppress(psutil.Error):
                process.kill()
        # One whose parent never asks for it stays a zombie, which the next look does not find.
        psutil.wait_procs(left, timeout=1)
        if left:
            raise NotReady("they were there just now")

    try:
        wait_until(ended, what="the end of every process", deadline_s=deadline_s, retry_on=(NotReady,))
    except ServiceFailedError:
        return [f"process {process.pid}" for process in remains(workdir)]
    return []


def payload(process: subprocess.Popen[bytes]) -> psutil.Process | None:
    """Return the service below the sandbox's monitor and init; None while or after it is there."""
    with contextlib.suppress(psutil.NoSuchProcess, IndexError):
        return psutil.Process(process.pid).children()[0].children()[0]
    return None
