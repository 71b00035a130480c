"""The contract's own commands for a target: run without a shell, with a deadline, and never left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.private_files import private_writer
from restoreproof.redaction.redactor import Redactor, Secret
from restoreproof.runtimes.base import Completed
from restoreproof.runtimes.driver import InnerContext
from restoreproof.runtimes.external import watchdog
from restoreproof.runtimes.external.target import ExternalTarget
from restoreproof.runtimes.host.disk_space import enough_room
from restoreproof.runtimes.host.spawn import Spawner, revealed
from restoreproof.waiting import PATIENCE

_KEPT = 256 * 1024
"""Bytes of a command's words that are looked at; the end is what counts."""
_HANDED = "RESTOREPROOF_USER_ENVIRONMENT"
_MOST = 120_000
"""Bytes of one variable: Linux takes 128 KiB, its name and what ends it included."""
_ENDING_S = 15.0


def own_environment() -> Mapping[str, str]:
    """Return the user's environment as the outer process had it; in the inner one, from one variable."""
    handed = os.environ.get(_HANDED)
    return dict(os.environ) if handed is None else {**json.loads(handed)}


def handed_on() -> dict[str, str]:
    """Return the variable that hands the user's environment to the inner process.

    Its own stays clean: PGSERVICE, AWS_SESSION_TOKEN or a proxy would lead the harness's clients elsewhere.

    Raises:
        EnvironmentUnfitError: the kernel passes on no variable of that size.
    """
    text = json.dumps(dict(os.environ))
    if len(text) > _MOST:
        raise EnvironmentUnfitError(
            f"the environment of this drill is {len(text)} bytes long, and at most {_MOST} can be handed on",
            hint="start it with fewer variables; `env -i` with those that the contract's commands need",
        )
    return {_HANDED: text}


def words_of(drill_id: str, target: ExternalTarget) -> dict[str, str | Secret]:
    """Return the variables that every command of a drill is told."""
    return {"RESTOREPROOF_DRILL_ID": drill_id, "RESTOREPROOF_MARKER": target.marker}


@dataclass(frozen=True, slots=True)
class Order:
    """One command. ``deadline_s`` is before ``PATIENCE``; ``more`` is added to its environment.

    What it says goes to ``stdout``, if given, and else into what comes back. ``ours`` marks a program of the
    harness, which gets nothing of the user's environment.
    """

    what: str
    argv: Sequence[str]
    deadline_s: float
    more: Mapping[str, str | Secret] = field(default_factory=dict)
    stdin: Path | None = None
    stdout: Path | None = None
    ours: bool = False


class Commands:
    """Runner of one drill's commands, from any thread.

    Args:
        directory: where they run: the contract's.
        private: a directory that only this user may enter.
        environment: what each gets beside the user's own environment.
        redactor: masks what they say.
    """

    def __init__(
        self, directory: Path, private: Path, environment: Mapping[str, str | Secret], redactor: Redactor
    ) -> None:
        self._directory, self._private = directory, private
        self._environment = dict(environment)
        self._redactor = redactor
        self._spawner = Spawner()

    def run(self, order: Order) -> Completed:
        """Run ``order`` to its end; a failure of it is returned.

        Raises:
            ContractError: there is no such program.
            EnvironmentUnfitError: it did not end in time; nothing of it runs any more.
        """
        variables = {**self._environment, **order.more}
        self._redactor.learn(value for value in variables.values() if isinstance(value, Secret))
        plain = {
            name: value.reveal() if isinstance(value, Secret) else value for name, value in variables.items()
        }
        environment = {**(revealed({}) if order.ours else own_environment()), **plain}
        argv = [self._program(order, environment), *order.argv[1:]]
        began = time.monotonic()
        with ExitStack() as files:
            source = files.enter_context(order.stdin.open("rb")) if order.stdin else subprocess.DEVNULL
            out = files.enter_context(private_writer(order.stdout) if order.stdout else self._scratch())
            err = files.enter_context(self._scratch())
            process = self._spawner.popen(
                self._watched(argv), environment=environment, stdin=source, stdout=out, stderr=err
            )
            self._wait(order, process, err)
            output = b"" if order.stdout else _read(out)
            stderr = self._redactor.text(_read(err)[-_KEPT:].decode(errors="replace"))
        return Completed(tuple(order.argv), process.returncode, output, stderr, time.monotonic() - began)

    def close(self) -> None:
        """End whatever still runs."""
        self._spawner.close()

    def _watched(self, argv: Sequence[str]) -> list[str]:
        # The watchdog is asked to end when the thread ends that spawned it, so also when we are killed.
        tied = ["setpriv", "--pdeathsig", "TERM", "env", f"--chdir={self._directory}"]
        return [*tied, sys.executable, "-IS", watchdog.__file__, *argv]

    def _program(self, order: Order, environment: Mapping[str, str]) -> str:
        name = order.argv[0]
        program = shutil.which(
            str(self._directory / name) if "/" in name else name, path=environment.get("PATH")
        )
        if program is None:
            raise ContractError(
                f"{order.what}: there is no program {name!r} that can be run",
                hint=f"commands run in {self._directory}, with the PATH of the drill",
            )
        return program

    def _scratch(self) -> IO[bytes]:
        return tempfile.TemporaryFile(dir=self._private)

    def _wait(self, order: Order, process: subprocess.Popen[bytes], err: IO[bytes]) -> None:
        limit = order.deadline_s * PATIENCE
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired as error:
            message = self._redactor.text(_read(err)[-1000:].decode(errors="replace")).strip()
            raise EnvironmentUnfitError(
                f"{order.what} did not end within {limit:.0f} s, and was ended"
                + (f"; it said: {message}" if message else ""),
                hint="try the command by hand; RESTOREPROOF_PATIENCE multiplies every deadline",
            ) from error
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(_ENDING_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def commands_of(context: InnerContext, target: ExternalTarget) -> Commands:
    """Return what runs the contract's commands for the inner process."""
    private = context.workdir / "private"
    with enough_room(context.workdir):
        private.mkdir(mode=0o700, exist_ok=True)
    return Commands(context.contract.directory, private, words_of(context.drill_id, target), context.redactor)


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()
