"""Commands that run to their end in a container of a service's image, beside the service."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.events import CommandRun
from restoreproof.private_files import private_writer
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Completed
from restoreproof.runtimes.compose import override
from restoreproof.runtimes.compose.component import ContainerTool
from restoreproof.runtimes.compose.exit_status import remove_ended, why_no_answer
from restoreproof.runtimes.compose.project import Project
from restoreproof.runtimes.driver import InnerContext
from restoreproof.runtimes.host.hints import hint_for
from restoreproof.runtimes.messages import messages_of

_STDERR_TAIL = 4000
_SAID = 600


class ContainerTools:
    """Runs tools of one drill; from any thread. ``private`` is where its override files are kept."""

    def __init__(self, project: Project, inner_context: InnerContext, private: Path) -> None:
        self._project, self._inner_context, self._private = project, inner_context, private
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
        given = {**spec.environment, **environment}
        self._inner_context.redactor.learn(value for value in given.values() if isinstance(value, Secret))
        argv = [*spec.argv, *arguments]
        name = f"{self._project.name}-tool-{next(self._numbers)}"
        began = time.monotonic()
        with contextlib.ExitStack() as files:
            source = files.enter_context(stdin.open("rb")) if stdin else subprocess.DEVNULL
            target = files.enter_context(private_writer(stdout)) if stdout else subprocess.PIPE
            try:
                done = self._project.run(
                    ["run", "--name", name, "--no-deps", "-T", *_options(given, read, write), service, *argv],
                    files=[self._override(service)],
                    environment=override.revealed(given),
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
        self._inner_context.emitter.emit(
            CommandRun(
                tool=tool,
                argv=tuple(argv),
                returncode=done.returncode,
                seconds=round(seconds, 3),
                stderr_tail=stderr[-_STDERR_TAIL:],
            )
        )
        # Compose's exit code is the tool's, or its own: which of them, the container says that it leaves.
        if why := why_no_answer(remove_ended(name), done.returncode):
            said = stderr.strip()[-_SAID:]
            raise EnvironmentUnfitError(f"{tool} beside {service}: {why}: {said}", hint=hint_for(said))
        return Completed(tuple(argv), done.returncode, done.stdout or b"", stderr, seconds)

    def _override(self, service: str) -> Path:
        with self._lock:
            path = self._private / f"{service}.tool.yaml"
            if not path.exists():
                override.write_tool(path, service)
        return path


def _options(names: Mapping[str, object], read: Sequence[Path], write: Sequence[Path]) -> list[str]:
    mounts = [*(f"{path}:{path}:ro" for path in read), *(f"{path}:{path}" for path in write)]
    options = [part for mount in mounts for part in ("-v", mount)]
    # By name alone: the values are in compose's own environment, and on no command line.
    options += [part for name in names for part in ("-e", name)]
    if bound := (*write, *read):
        owner = bound[0].stat()
        options += ["--user", f"{owner.st_uid}:{owner.st_gid}"]
    return options
