"""The outer half of a drill of processes: in the drill sandbox, or plain where the kernel refuses one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.private_files import make_private_directory
from restoreproof.runtimes.driver import OuterContext
from restoreproof.runtimes.host.plain_process import launch_bare
from restoreproof.runtimes.host.processes import end_remains
from restoreproof.runtimes.host.scratch import Scratch
from restoreproof.runtimes.process.isolation import SandboxControl
from restoreproof.runtimes.process.launch import DrillSandbox


class _OnThisMachine:
    """Base of both halves: the control listens here, and the services write their own logs."""

    def __init__(self, context: OuterContext) -> None:
        self._context = context

    def control(self) -> SandboxControl:
        return SandboxControl()

    def collect(self) -> None:
        """Do nothing: services of this runtime write their logs to the drill's directory themselves."""


class Sandboxed(_OnThisMachine):
    """A drill in the drill sandbox; everything of it ends with the sandbox."""

    exposure = ""
    unconfined = ""

    def launch(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        pass_fds: Sequence[int],
        stdout: int | None,
    ) -> subprocess.Popen[bytes]:
        context = self._context
        sandbox = DrillSandbox(context.workdir, read=context.read, services=context.contract.services)
        return sandbox.launch(argv, environment, pass_fds=pass_fds, stdout=stdout)

    def remove(self) -> list[str]:
        return []


BARE = "RESTOREPROOF_BARE"
"""Tells the inner process that it has no sandbox to put services in."""


class Unsandboxed(_OnThisMachine):
    """A drill that can reach whatever its user can; what it left running is found by its directory."""

    exposure = "the stack ran as plain processes of the user who seals"
    unconfined = "the kernel refuses namespaces, so the stack would run as plain processes of this user"

    def __init__(self, context: OuterContext) -> None:
        super().__init__(context)
        self._scratch = Scratch()

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
        base = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(self._context.workdir),
        }
        scratch = make_private_directory(self._context.workdir / "tmp")
        variables = {**base, **environment, BARE: "1", "TMPDIR": str(scratch)}
        return launch_bare(argv, variables, self._context.workdir, pass_fds=pass_fds, stdout=stdout)

    def remove(self) -> list[str]:
        left = end_remains(self._context.workdir)
        return [*left, *(f"{path}, new since the drill began" for path in self._scratch.added())]
