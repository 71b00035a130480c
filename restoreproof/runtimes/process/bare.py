"""The outer half of a drill where the kernel refuses namespaces: the inner process as a plain one."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.kinds import Place
from restoreproof.runtimes.process.confinement import BELONGS_TO, bare_argv, end_remains, kill_family
from restoreproof.runtimes.process.isolation import Control

BARE = "RESTOREPROOF_BARE"
"""Tells the inner process that it has no sandbox to put services in."""


class BareProcess(subprocess.Popen[bytes]):
    """The inner process, as seen from outside."""

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


class Unsandboxed:
    """A drill that can reach whatever its user can; what it left running is found by its directory."""

    exposure = "the stack ran as plain processes of the user who seals"

    def __init__(self, place: Place) -> None:
        self._place = place

    def control(self) -> Control:
        return Control()

    def launch(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        pass_fds: Sequence[int],
        stdout: int | None,
    ) -> subprocess.Popen[bytes]:
        if os.geteuid() == 0:
            raise EnvironmentUnfitError("nothing of a drill runs as uid 0")
        inside = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(self._place.workdir)}
        told = {**inside, **environment, BARE: "1"}
        return launch_bare(argv, told, self._place.workdir, pass_fds=pass_fds, stdout=stdout)

    def collect(self) -> None:
        """The services wrote their logs where they belong."""

    def remove(self) -> list[str]:
        return end_remains(self._place.workdir)
