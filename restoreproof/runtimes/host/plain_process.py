"""The outer half of a drill where the kernel refuses namespaces: the inner process as a plain one."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from restoreproof.runtimes.host.processes import BELONGS_TO, bare_argv, kill_family


class BareProcess(subprocess.Popen[bytes]):
    """The inner process as a plain one, seen from outside."""

    def kill(self) -> None:
        """Kill it and whatever it started, and return once that is gone."""
        with contextlib.suppress(psutil.NoSuchProcess):
            kill_family(self.pid)


def launch_bare(
    argv: Sequence[str],
    environment: Mapping[str, str],
    workdir: Path,
    *,
    pass_fds: Sequence[int],
    stdout: int | None,
) -> BareProcess:
    """Start the inner process without a sandbox, with ``environment`` and its mark; it dies with this one."""
    return BareProcess(
        bare_argv(argv, workdir),
        env={**environment, BELONGS_TO: str(workdir)},
        pass_fds=tuple(pass_fds),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        start_new_session=True,
    )
