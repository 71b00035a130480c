"""Commands that run to their end in a container of a service's image, beside the service."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.private_files import private_writer
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Completed
from restoreproof.runtimes.compose import override
from restoreproof.runtimes.compose.component import ContainerTool
from restoreproof.runtimes.compose.exit_status import remove_ended, why_no_answer
from restoreproof.runtimes.compose.grants import Grant
from restoreproof.runtimes.compose.isolation import inspected
from restoreproof.runtimes.compose.launcher import ContainerLauncher
from restoreproof.runtimes.compose.limits import Limits
from restoreproof.runtimes.compose.project import Project
from restoreproof.runtimes.driver import InnerContext
from restoreproof.runtimes.host.hints import hint_for
from restoreproof.runtimes.messages import messages_of

_COMPLAINT_CHARACTERS = 600


class ContainerTools:
    """Runs tools of one drill; from any thread. ``private`` is where its override files are kept."""

    def __init__(
        self,
        project: Project,
        inner_context: InnerContext,
        private: Path,
        launcher: ContainerLauncher,
        limits: Limits,
    ) -> None:
        self._project, self._inner_context, self._private = project, inner_context, private
        self._launcher, self._limits = launcher, limits
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def complete(
        self,
        service: str,
        tool: str,
        spec: ContainerTool,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str | Secret],
        read: Sequence[Path],
        write: Sequence[Path],
        stdin: Path | None,
        stdout: Path | None,
        timeout_s: float,
    ) -> Completed:
        """Run ``tool`` beside ``service`` and journal it; a failure of it is returned.

        It gets none of the service's mounts, and runs as whoever owns the first directory bound into it.

        Raises:
            EnvironmentUnfitError: it did not come to an end of its own: it did not start, did not end within
                ``timeout_s``, was killed, or the daemon went away. It is dead then, if the daemon answers.
        """
        variables = {**spec.environment, **environment}
        self._inner_context.redactor.learn(value for value in variables.values() if isinstance(value, Secret))
        argv = [*spec.argv, *arguments]
        name = f"{self._project.name}-tool-{next(self._numbers)}"
        options, grant = _options(variables, read, write), self._grant(service, read, write)
        began = time.monotonic()
        with contextlib.ExitStack() as files:
            source = files.enter_context(stdin.open("rb")) if stdin else subprocess.DEVNULL
            target = files.enter_context(private_writer(stdout)) if stdout else subprocess.PIPE
            try:
                done = self._project.run(
                    [*("run", "--name", name, "--no-deps", "-T"), *options, service, *argv],
                    files=[self._override(service)],
                    environment=override.revealed(variables),
                    stdin=source,
                    stdout=target,
                    timeout_s=timeout_s,
                )
            except EnvironmentUnfitError:
                # Only compose ended: the tool itself would go on with what it was at.
                remove_ended(name)
                raise
        seconds = time.monotonic() - began
        component = self._inner_context.contract.services[service].component
        said = self._inner_context.redactor.text(done.stderr.decode(errors="replace"))
        stderr = messages_of(component).shown(said)
        completed = Completed(tuple(argv), done.returncode, done.stdout or b"", stderr, seconds)
        self._inner_context.emitter.emit(completed.event(tool))
        # Compose's exit code is the tool's, or its own: which of them, the container says that it leaves.
        state = remove_ended(name, lambda container: self._look(container, f"{tool} beside {service}", grant))
        if why := why_no_answer(state, done.returncode):
            complaint = stderr.strip()[-_COMPLAINT_CHARACTERS:]
            raise EnvironmentUnfitError(
                f"{tool} beside {service}: {why}: {complaint}", hint=hint_for(complaint)
            )
        return completed

    def _override(self, service: str) -> Path:
        with self._lock:
            path = self._private / f"{service}.tool.yaml"
            if not path.exists():
                override.write_tool(path, service, self._project.config["services"][service], self._limits)
        return path

    def _grant(self, service: str, read: Sequence[Path], write: Sequence[Path]) -> Grant:
        grant = self._project.grant(service, files=[*read, *write])
        return replace(grant, user=_user(read, write) or grant.user)

    def _look(self, container: Any, name: str, grant: Grant) -> None:
        """Tell what it had beyond ``grant``: compose makes and starts it in one, so nobody can ask before."""
        self._launcher.report(result for result in inspected(container, f"{name}: ", grant) if result.reached)
        self._launcher.note_limits(container, name)


def _options(names: Mapping[str, object], read: Sequence[Path], write: Sequence[Path]) -> list[str]:
    mounts = [*(f"{path}:{path}:ro" for path in read), *(f"{path}:{path}" for path in write)]
    options = [part for mount in mounts for part in ("-v", mount)]
    # By name alone: the values are in compose's own environment, and on no command line.
    options += [part for name in names for part in ("-e", name)]
    if user := _user(read, write):
        options += ["--user", user]
    return options


def _user(read: Sequence[Path], write: Sequence[Path]) -> str | None:
    """Who a tool runs as: whoever owns the first directory that is bound into it.

    In a container root reads no more than its own either. So where root drills a set of somebody else's that
    nobody else may read, a tool runs as they, and what it writes to is given to them first.
    """
    if not (bound := (*write, *read)):
        return None
    owner = bound[0].stat()
    if read and write and os.geteuid() == 0:
        owner = read[0].stat()
        for place in write:
            os.chown(place, owner.st_uid, owner.st_gid)
    return f"{owner.st_uid}:{owner.st_gid}"
