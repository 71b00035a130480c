"""Commands that run to their end, each confined like a service."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.events import Emitter
from restoreproof.private_files import private_writer
from restoreproof.redaction.redactor import Redactor, Secret
from restoreproof.runtimes.base import Completed
from restoreproof.runtimes.host import spawn
from restoreproof.runtimes.host.spawn import revealed
from restoreproof.runtimes.process.confinement import Confinement
from restoreproof.runtimes.process.sandbox import Mounts


class ProcessTools:
    """Runner of commands beside the services of one runtime; from any thread."""

    def __init__(
        self, spawner: spawn.Spawner, confinement: Confinement, emitter: Emitter, redactor: Redactor
    ) -> None:
        self._spawner = spawner
        self._confinement = confinement
        self._emitter = emitter
        self._redactor = redactor

    def complete(
        self,
        tool: str,
        argv: Sequence[str],
        *,
        mounts: Mounts,
        environment: Mapping[str, str | Secret],
        cwd: Path,
        stdin: Path | None = None,
        stdout: Path | None = None,
        timeout_s: float,
        shown: Callable[[str], str] = str,
    ) -> Completed:
        """Run ``argv`` to its end in a sandbox with ``mounts``, and journal it as a run of ``tool``.

        A failure of the command is returned. ``stdin`` and ``stdout`` are files of ours, opened here;
        ``shown`` leaves out of its words what its component stores.

        Raises:
            EnvironmentUnfitError: it did not end within ``timeout_s``; it is dead then.
        """
        self._redactor.learn(value for value in environment.values() if isinstance(value, Secret))
        confined = self._confinement.command(tool, argv, mounts=mounts, cwd=cwd)
        began = time.monotonic()
        with contextlib.ExitStack() as files:
            source = files.enter_context(stdin.open("rb")) if stdin else subprocess.DEVNULL
            target = files.enter_context(private_writer(stdout)) if stdout else subprocess.PIPE
            process = self._spawner.popen(
                confined,
                environment=self._confinement.environment(revealed(environment)),
                stdin=source,
                stdout=target,
                stderr=subprocess.PIPE,
            )
            out, err = self._communicate(tool, process, timeout_s)
        seconds = time.monotonic() - began
        stderr = shown(self._redactor.text(err.decode(errors="replace")))
        completed = Completed(tuple(argv), process.returncode, out or b"", stderr, seconds)
        self._emitter.emit(completed.event(tool))
        return completed

    def _communicate(
        self, tool: str, process: subprocess.Popen[bytes], timeout_s: float
    ) -> tuple[bytes, bytes]:
        try:
            return process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise EnvironmentUnfitError(
                f"{tool} did not end within {timeout_s:.0f} s",
                hint="is the set larger than this machine can do?",
            ) from error
        finally:
            if process.poll() is None:
                self._confinement.bring_down(process, sign=None, grace_s=0)
