"""The outer half of a drill against a target that somebody else provisioned."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from restoreproof.errors import RestoreproofError
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.driver import IsolationControl, OuterContext
from restoreproof.runtimes.external.commands import Commands, Order, handed_on, words_of
from restoreproof.runtimes.external.isolation import control
from restoreproof.runtimes.external.markers import Markers
from restoreproof.runtimes.external.ownership import Ownership
from restoreproof.runtimes.external.target import ExternalTarget
from restoreproof.runtimes.host.plain_process import launch_bare
from restoreproof.runtimes.host.spawn import revealed

_LOGS_S = 60.0
_DOWN_S = 900.0


class ProvisionedTarget:
    """Outer half of a drill whose inner process is a plain one: nothing that was restored runs in it."""

    exposure = "the contract's commands, and no restored code, ran as the user who seals"
    unconfined = ""

    def __init__(self, context: OuterContext, target: ExternalTarget) -> None:
        self._context, self._target = context, target
        self._redactor = Redactor(target.secrets)

    def control(self) -> AbstractContextManager[IsolationControl]:
        isolation = self._target.block.isolation
        neighbour = self._target.block.services[isolation.within].inside if isolation else None
        return control(isolation, neighbour)

    def launch(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        pass_fds: Sequence[int],
        stdout: int | None,
    ) -> subprocess.Popen[bytes]:
        variables = {**revealed({}), "HOME": str(self._context.workdir), **environment, **handed_on()}
        return launch_bare(argv, variables, self._context.workdir, pass_fds=pass_fds, stdout=stdout)

    def collect(self) -> None:
        """Write what the log command of each service prints by now; a service without one is left out."""
        logs = self._context.workdir / "logs"
        logs.mkdir(exist_ok=True)
        for name, service in self._target.block.services.items():
            if service.logs:
                failure = self._run(f"logs of {name}", service.logs, _LOGS_S, logs / f"{name}.log")
                if failure:
                    (logs / f"{name}.collecting.log").write_text(f"{failure}\n")

    def remove(self) -> list[str]:
        """Run the contract's ``down``; without one the target is its provisioner's to remove.

        It is not run on what may be another's: a target that this drill put nothing into, or a store of which
        does not show the drill's marker and is not certainly gone. A store that shows the marker afterwards
        is still there, whatever the command says.
        """
        down = self._target.block.down
        if not down:
            return []
        if why := self._withheld():
            return [f"the target is left as it is, and `down` was not run: {why}"]
        failure = self._run("down", down, _DOWN_S, self._context.workdir / "down.txt")
        failed = [f"the target: {failure}"] if failure else []
        return [
            *failed,
            *(f"after `down`, {remainder}" for remainder in Markers(self._target, stale=True).remains()),
        ]

    def _withheld(self) -> str | None:
        if why := Ownership(self._context.workdir).withheld():
            return why
        reasons = Markers(self._target, stale=True).unanswered()
        return "; ".join(reasons.values()) or None

    def _run(self, what: str, argv: Sequence[str], deadline_s: float, stdout: Path) -> str | None:
        """Run one command; return what went wrong with it, None if it ended with 0."""
        private = self._context.workdir
        directory = self._context.contract.directory
        commands = Commands(
            directory, private, words_of(self._context.drill_id, self._target), self._redactor
        )
        try:
            done = commands.run(Order(what, argv, deadline_s, stdout=stdout))
        except RestoreproofError as error:
            return error.message
        finally:
            commands.close()
        return (
            f"{what} ended with {done.returncode}: {done.stderr.strip()[-500:]}" if done.returncode else None
        )
