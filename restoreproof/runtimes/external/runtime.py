"""The external runtime: a target that somebody else provisioned, handled by the contract's commands."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx

from restoreproof.backups.missing import NotInTarget
from restoreproof.backups.references import Reference
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.events import Overridden, ServiceReady, ServiceStarted, ServiceStopped
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Completed, Credentials, Endpoint, ReferenceLost, Start
from restoreproof.runtimes.driver import InnerContext
from restoreproof.runtimes.external import secret_files
from restoreproof.runtimes.external.block import REFERENCE, ExternalService
from restoreproof.runtimes.external.client import client_of
from restoreproof.runtimes.external.commands import Order, commands_of
from restoreproof.runtimes.external.handler import START_S, STOP_S, Handler, last_words, tail
from restoreproof.runtimes.external.ownership import Ownership
from restoreproof.runtimes.external.target import ExternalTarget
from restoreproof.runtimes.external.tools import TargetTools
from restoreproof.runtimes.external.write_guard import WriteGuard
from restoreproof.runtimes.messages import messages_of
from restoreproof.waiting import NotReady, wait_until

_PLAIN = Start()
_LOG_LINES = 20
_ANSWER_S = 300.0
_LOST = os.EX_NOINPUT
"""What a restore command ends with if the provider can't restore what the set refers to: 66, which none ends
with by accident, as a shell script does with 1 on an unset variable or a program that failed."""


class ExternalRuntime:
    """Runtime (``runtimes/base.py``) of a provisioned target. Methods may be called from any thread.

    Raises:
        MarkerRefusedError: a store of the target answers and was not made for this drill.
    """

    name = "external"
    clock = "since"

    def __init__(self, context: InnerContext, target: ExternalTarget, targets: Mapping[str, str]) -> None:
        self._drill, self._target = context, target
        self._private = context.workdir / "private"
        self._commands = commands_of(context, target)
        self._handler = Handler(self._commands, context.emitter, context.redactor)
        ownership = Ownership(context.workdir)
        self._guard = WriteGuard(target, targets, self._commands, context.emitter, ownership)
        self._tools = TargetTools(target, self._guard, self._handler, context.redactor, self._private)
        self._locks = {name: threading.RLock() for name in target.block.services}
        self._running: set[str] = set()

    @property
    def stage(self) -> str | None:
        """Name of the stage being performed, for the journal and the commands; None before the first."""
        return self._handler.stage

    @stage.setter
    def stage(self, stage: str | None) -> None:
        self._handler.stage = stage

    # ---- Stack

    def endpoint(self, service: str, port: str = "main") -> Endpoint:
        """Return where ``service`` is reached from here. Raises NotInTarget if the target goes without it."""
        endpoint = self._target.endpoint(service, port)
        self._guard.require(service, endpoint)
        return replace(endpoint, proof=self._guard.proof(service, endpoint))

    def require(self, service: str) -> None:
        """Raise NotInTarget if the target goes without ``service``."""
        self.endpoint(service)

    def administrator(self, service: str) -> Credentials:
        """Return the administrator that the contract names. Raises NotInTarget if it names none."""
        credentials = self._target.administrator(service)
        if credentials is None:
            raise NotInTarget(service, "its external: block names no administrator")
        self._guard.require(service)
        return credentials

    def log_tail(self, service: str, lines: int = _LOG_LINES) -> str:
        """Return the last lines that the service's log command prints, redacted; empty if it has none."""
        block = self._target.block.services.get(service)
        if block is None:
            return ""
        component = self._target.contract.services[service].component
        return tail(messages_of(component).shown(self._handler.log(service, block)), lines)

    def run_tool(
        self,
        service: str,
        tool: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str | Secret] | None = None,
        read: Sequence[Path] = (),
        write: Sequence[Path] = (),
        stdin: Path | None = None,
        stdout: Path | None = None,
        timeout_s: float = 3600.0,
    ) -> Completed:
        """Run a tool by the service's ``exec``, or a database's client by the harness's own; as ``Stack``.

        Raises EnvironmentUnfitError if it ran out of time, NotInTarget if there is no way to run it.
        """
        return self._tools.run(
            service,
            tool,
            arguments,
            environment=environment or {},
            read=read,
            write=write,
            stdin=stdin,
            stdout=stdout,
            timeout_s=timeout_s,
        )

    # ---- Runtime

    def start(self, service: str, start: Start = _PLAIN) -> None:
        """Start ``service`` by its command, if it has one, and return once it answers; see ``Runtime.start``.

        Raises:
            NotInTarget: the target goes without it, or it runs already and can't be held.
            MarkerRefusedError: it, or another store of the target, is not this drill's.
            EnvironmentUnfitError: it did not answer in time.
        """
        block = self._target.service(service)
        with self._locks[service]:
            began = time.monotonic()
            self._drill.redactor.learn(
                value for value in start.environment.values() if isinstance(value, Secret)
            )
            self._guard.before(service)
            before = ""
            if service not in self._guard.markers.stores:  # a store may yet have to be made by its command
                self._guard.require(service)
            if block.start is None:
                self._found_running(service, start)
            else:
                before = self._handler.log(service, block)
                self._guard.replaced(service)
                self._run_start(service, block.start, start)
            self._await(service, block, start, before)
            self._guard.require(service)
            self._running.add(service)
            self._tell_started(service, block)
            self._guard.after(service)
            seconds = round(time.monotonic() - began, 3)
            self._drill.emitter.emit(ServiceReady(service=service, seconds=seconds))

    def stop(self, service: str) -> None:
        """Stop ``service`` by its command. Raises NotInTarget if it has none."""
        block = self._target.service(service)
        if block.stop is None:
            raise NotInTarget(service, "its external: block has no stop command")
        with self._locks[service]:
            self._guard.before(service)
            self._guard.require(service)
            done = self._handler.must(Order(f"stop of {service}", block.stop, STOP_S), service)
            self._running.discard(service)
            self._guard.replaced(service)
            self._drill.emitter.emit(ServiceStopped(service=service, returncode=done.returncode))

    def restore_reference(self, asset: str, reference: Reference, recovery_point: datetime) -> None:
        """Have the contract's command restore ``reference``; see ``Runtime.restore_reference``."""
        holders = self._holders(asset)
        for service in holders:
            self._guard.markers.demand(service)
        if reference.in_place:
            self._guard.ownership.make()
            return
        spec = self._target.block.restore.get(asset)
        if spec is None:
            raise EnvironmentUnfitError(
                f"the set's part of {asset} is the reference {reference}, and no command restores it",
                where=self._target.where(),
                hint=f"add external.restore.{asset} to the contract",
            )
        self._guard.before(*holders)
        for service in holders:
            self._guard.markers.refuse_used(service, asset)
        self._guard.ownership.make()
        self._guard.replaced(*holders)
        variables = {
            "RESTOREPROOF_ASSET": asset,
            "RESTOREPROOF_REFERENCE": reference.reference,
            "RESTOREPROOF_RECOVERY_POINT": recovery_point.isoformat(),
        }
        argv = [part.replace(REFERENCE, reference.reference) for part in spec.command]
        what = f"restore of {asset}"
        done = self._handler.run(Order(what, argv, spec.deadline, variables))
        if done.returncode:
            message = f"{what} ended with {done.returncode}: {last_words(done.stderr)}"
            raise ReferenceLost(message) if done.returncode == _LOST else EnvironmentUnfitError(message)
        for service in holders:
            block = self._target.block.services[service]
            to_come = block.start is not None and service not in self._running
            if service in self._guard.markers.stores and not to_come:
                self._await(service, block, _PLAIN, "")
        self._guard.after(*holders)

    def claim(self) -> None:
        """Note that the target may be removed for this drill from now on; see ``Runtime.claim``."""
        self._guard.ownership.make()

    def running(self, service: str) -> bool:
        """Return whether the drill found or started it and did not stop it: its process can't be watched."""
        return service in self._running

    def started_at(self, service: str) -> datetime | None:
        """Return when its process started, as its ``since`` command says; None if it has none."""
        return self._handler.since(service, self._target.service(service))

    def teardown(self) -> None:
        """End every command. The target is left to the outer process, which collects its logs first."""
        self._commands.close()

    # ---- parts

    def _holders(self, asset: str) -> list[str]:
        """Return the services of the target that hold what ``asset`` restores."""
        block = self._target.contract.assets[asset]
        named = (block.service, block.options().get("store"))
        return [str(name) for name in named if name in self._target.block.services]

    def _found_running(self, service: str, start: Start) -> None:
        """Journal that a service without a start command got nothing of what the set restored."""
        if start.arguments:
            raise NotInTarget(service, "it runs already, and without a start command it can't be held")
        if start.environment or start.files:
            self._drill.emitter.emit(
                Overridden(
                    service=service,
                    name="configured by its provisioner",
                    why="it has no start command, so nothing that the set restored was handed to it",
                )
            )

    def _run_start(self, service: str, argv: Sequence[str], start: Start) -> None:
        with secret_files.for_start(self._private, start) as filed:
            self._handler.must(Order(f"start of {service}", argv, START_S, filed), service)

    def _await(self, service: str, block: ExternalService, start: Start, before: str) -> None:
        """Return once it answers. ``before`` is what it had logged earlier, which does not count."""

        def look() -> None:
            if service in self._guard.markers.stores:
                self._guard.ask(service)
            else:
                client_of(self._target.contract.services[service].component).ask(
                    self._target.contract.services[service],
                    self._listening(service),
                    start,
                    lambda: self._handler.log(service, block).removeprefix(before),
                )

        wait_until(
            look,
            what=f"{service} at {block.address}:{block.port} answers",
            deadline_s=_ANSWER_S,
            context=lambda: self._context(service),
            retry_on=(NotReady, OSError, httpx.TransportError),
        )

    def _listening(self, service: str) -> Endpoint:
        try:
            return self._target.endpoint(service)
        except EnvironmentUnfitError as error:  # a name that is made with the service
            raise NotReady(error.message) from error

    def _context(self, service: str) -> str:
        lines = "".join(f"\n    | {line}" for line in self.log_tail(service).splitlines())
        return f"\n  last lines of {service}:{lines}" if lines else "\n  it has no log that can be read"

    def _tell_started(self, service: str, block: ExternalService) -> None:
        self._drill.emitter.emit(
            ServiceStarted(
                service=service,
                argv=tuple(block.start or ()),
                stage=self.stage,
                component=self._target.contract.services[service].component,
                version=None,
                digest=None,
                source=f"{'started' if block.start else 'found'} at {block.address}:{block.port}",
            )
        )
