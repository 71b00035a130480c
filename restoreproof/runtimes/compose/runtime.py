"""The compose runtime: every service of the contract in a container of the drill's own project."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker.errors

from restoreproof.backups.references import Reference
from restoreproof.errors import ContractError, EnvironmentUnfitError, ServiceFailedError
from restoreproof.events import IsolationProbed, Overridden, ServiceReady, ServiceStarted, ServiceStopped
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Completed, Credentials, Endpoint, Start, nothing_managed
from restoreproof.runtimes.compose import composefile, override
from restoreproof.runtimes.compose.component import Container, ContainerComponent, container_component
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.compose.health import await_healthy
from restoreproof.runtimes.compose.inspection import container_of, doors, identity, log_of, state_of
from restoreproof.runtimes.compose.isolation import Prover
from restoreproof.runtimes.compose.logs import append_log
from restoreproof.runtimes.compose.project import EDGE, Project
from restoreproof.runtimes.compose.tools import ContainerTools
from restoreproof.runtimes.driver import InnerContext
from restoreproof.runtimes.host.disk_space import enough_room
from restoreproof.runtimes.host.hints import hint_for
from restoreproof.runtimes.messages import messages_of
from restoreproof.waiting import NotReady, wait_until

_PLAIN = Start()
_LOG_LINES = 20
_LINE_CHARACTERS = 400


@dataclass(slots=True)
class _Unit:
    """One service: what configures it, and the container that runs it."""

    part: ContainerComponent[Any]
    lock: threading.RLock = field(default_factory=threading.RLock)
    container: str | None = None
    administrator: Credentials | None = None


class ComposeRuntime:
    """Implements ``Runtime`` (restoreproof/runtimes/base.py). Every method may be called from any thread.

    Raises:
        ContractError: a service names no component, or an option that its component does not know.
    """

    name = "compose"
    clock = "Docker"

    def __init__(self, project: Project, inner_context: InnerContext, targets: Mapping[str, str]) -> None:
        self.stage: str | None = None
        self._project = project
        self._inner_context = inner_context
        self._prover = Prover(project, dict(targets))
        self._units = {
            name: _Unit(container_component(name, one))
            for name, one in inner_context.contract.services.items()
        }
        self._private = inner_context.workdir / "private"
        self._logs = inner_context.workdir / "logs"
        self._lock = threading.Lock()
        self._tools = ContainerTools(project, inner_context, self._private)
        self._doors: dict[int, int] | None = None
        with enough_room(inner_context.workdir):
            self._private.mkdir(mode=0o700)
            self._logs.mkdir(exist_ok=True)

    # ---- Stack

    def endpoint(self, service: str, port: str = "main") -> Endpoint:
        """The edge's door to ``service``: 127.0.0.1 and a port that Docker chose.

        Raises:
            EnvironmentUnfitError: the edge does not publish the port, or does not run.
        """
        wanted = self._of(service).part.service.port_of(port)
        if wanted is None:
            raise ContractError(
                f"service {service!r} has no port called {port!r}", hint="add it to its ports"
            )
        if (door := self._open_doors().get(wanted)) is None:
            raise EnvironmentUnfitError(
                f"the {EDGE} does not publish {wanted}, the {port} port of {service}, and the drill needs it",
                where=composefile.place(self._inner_context.contract, "services", EDGE, "ports"),
                hint=f"add `- 127.0.0.1::{wanted}` there, and let the {EDGE} lead to {service}:{wanted}",
            )
        return Endpoint(service, service, "127.0.0.1", door)

    def require(self, service: str) -> None:
        """Nothing, for a service of the contract: none is left out here. Raises ContractError for another."""
        self._of(service)

    def administrator(self, service: str) -> Credentials:
        """The throw-away administrator of a service that was started. Raises ContractError if it has none."""
        credentials = self._of(service).administrator
        if credentials is None:
            raise ContractError(f"service {service!r} has no throw-away administrator (or was never started)")
        return credentials

    def log_tail(self, service: str, lines: int = _LOG_LINES) -> str:
        """The last lines of the service's log, redacted; or, in one line, why they can't be had."""
        container = self._of(service).container
        try:
            text = self._inner_context.redactor.text(log_of(container, lines))
        except EnvironmentUnfitError as error:
            return f"the log can't be had: {error.message}"
        text = messages_of(self._inner_context.contract.services[service].component).shown(text)
        return "\n".join(line[:_LINE_CHARACTERS] for line in text.splitlines())

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
        """Run a tool in a container of the service's image, beside it; see ``Stack.run_tool``.

        Raises EnvironmentUnfitError if it came to no end of its own. It runs as whoever owns
        the first directory.
        """
        return self._tools.complete(
            service,
            tool,
            self._of(service).part.tool(tool),
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
        """Start ``service`` and return once its health check passes; see ``Runtime.start``."""
        unit = self._of(service)
        with unit.lock:
            if self.running(service):
                raise ServiceFailedError(f"{service} is running already", hint="stop it first")
            began = time.monotonic()
            container = unit.part.container(start)
            self._learn(container, start)
            path = self._private / f"{service}.yaml"
            told = self._project.config["services"][service]
            with enough_room(self._inner_context.workdir):
                override.write_start(
                    path,
                    name=service,
                    service=unit.part.service,
                    container=container,
                    told=told,
                    files=self._private / "files" / service,
                )
            self._up(unit, service, container, path)
            log = log_of(unit.container)
            unit.administrator = container.administrator
            if container.administrator_if and container.administrator_if not in log:
                unit.administrator = None
            left = override.left_of(unit.part.service, container, told)
            for made in (*container.overrides, *self._project.other_image(service), *left):
                self._inner_context.emitter.emit(Overridden(service=service, name=made.name, why=made.why))
            seconds = round(time.monotonic() - began, 3)
            self._inner_context.emitter.emit(ServiceReady(service=service, seconds=seconds))

    def stop(self, service: str) -> None:
        """Stop ``service`` and remove its container, its log kept; nothing happens if it does not run."""
        unit = self._of(service)
        with unit.lock:
            if unit.container is None:
                return
            with daemon() as client, contextlib.suppress(docker.errors.NotFound):
                container = client.containers.get(unit.container)
                container.stop(timeout=3)
                container.reload()
                code = container.attrs["State"]["ExitCode"]
                append_log(self._logs, service, container)
                container.remove(force=True, v=True)
                self._inner_context.emitter.emit(ServiceStopped(service=service, returncode=code))
            unit.container = None

    def restore_reference(self, asset: str, reference: Reference, recovery_point: datetime) -> None:
        """Nothing here is managed by a provider. Raises EnvironmentUnfitError."""
        raise nothing_managed(asset, reference)

    def claim(self) -> None:
        """Nothing: the target was made for this drill."""

    def running(self, service: str) -> bool:
        """Whether the service's container runs."""
        return bool(state_of(self._of(service).container).get("Running"))

    def started_at(self, service: str) -> datetime | None:
        """When the daemon started the service's container (UTC); None if none runs."""
        state = state_of(self._of(service).container)
        if not state.get("Running"):
            return None
        return datetime.fromisoformat(str(state["StartedAt"])).astimezone(UTC)

    def teardown(self) -> None:
        """Nothing: the outer process collects what the containers say, and removes them."""

    # ---- parts

    def _of(self, service: str) -> _Unit:
        if service not in self._units:
            raise ContractError(
                f"the contract has no service {service!r}", hint=f"it has {', '.join(self._units)}"
            )
        return self._units[service]

    def _learn(self, container: Container, start: Start) -> None:
        values = [*container.environment.values(), *start.environment.values()]
        self._inner_context.redactor.learn(value for value in values if isinstance(value, Secret))
        if container.administrator is not None:
            self._inner_context.redactor.learn([container.administrator.password])

    def _up(self, unit: _Unit, service: str, container: Container, path: Path) -> None:
        done = self._project.run(["up", "-d", "--no-build", "--no-deps", service], files=[path])
        made = self._made(unit, service)
        if done.returncode or made is None:
            said = self._inner_context.redactor.text(done.stderr.decode(errors="replace")).strip()
            raise ServiceFailedError(f"{service} could not be started: {said[-600:]}{self._context(service)}")
        # Side by side: the probes wait for answers that do not come, and the service comes up meanwhile.
        with ThreadPoolExecutor(1) as pool:
            proof = pool.submit(self._prover.probe, made, service)
            await_healthy(
                made, service, deadline_s=container.deadline_s, context=lambda: self._context(service)
            )
            if container.ready is not None:
                self._await_log(unit, service, container.ready, container.deadline_s)
        for one in proof.result():
            self._inner_context.emitter.emit(
                IsolationProbed(probe=one.probe, reached=one.reached, detail=one.detail)
            )

    def _made(self, unit: _Unit, service: str) -> str | None:
        """Note the container that now is the service's, and tell of it; returns its id if there is one."""
        with daemon() as client:
            made = container_of(client, self._project.name, service)
            if made is None:
                return None
            unit.container = str(made.id)
            self._inner_context.emitter.emit(
                ServiceStarted(
                    service=service,
                    pid=made.attrs["State"]["Pid"],
                    argv=(made.attrs["Path"], *made.attrs["Args"]),
                    stage=self.stage,
                    **identity(made, unit.part.service),
                )
            )
        return unit.container

    def _await_log(self, unit: _Unit, service: str, wanted: str, deadline_s: float) -> None:
        def look() -> None:
            if wanted not in log_of(unit.container):
                raise NotReady(f"its log does not say {wanted!r} yet")

        wait_until(
            look,
            what=f"{service} is ready",
            deadline_s=deadline_s,
            context=lambda: self._context(service),
            retry_on=(NotReady,),
        )

    def _context(self, service: str) -> str:
        tail = self.log_tail(service)
        hint = hint_for(tail)
        lines = "".join(f"\n    | {line}" for line in tail.splitlines())
        return f"\n  last lines of {service}:{lines or ' none'}" + (f"\n  next: {hint}" if hint else "")

    def _open_doors(self) -> dict[int, int]:
        with self._lock:
            if self._doors is None:
                self._doors = doors(self._project.name)
            return self._doors
