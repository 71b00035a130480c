"""The compose runtime: every service of the contract in a container of the drill's own project."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker.errors

from restoreproof.backups.references import Reference
from restoreproof.errors import ContractError, EnvironmentUnfitError, ServiceFailedError
from restoreproof.events import Overridden, ServiceReady, ServiceStopped
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Completed, Credentials, Endpoint, Start, nothing_managed
from restoreproof.runtimes.compose import composefile, override
from restoreproof.runtimes.compose.component import Container, ContainerComponent, container_component
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.compose.inspection import doors, log_of, state_of
from restoreproof.runtimes.compose.launcher import ContainerLauncher
from restoreproof.runtimes.compose.limits import Limits
from restoreproof.runtimes.compose.logs import append_log
from restoreproof.runtimes.compose.project import EDGE, Project
from restoreproof.runtimes.compose.tools import ContainerTools
from restoreproof.runtimes.driver import InnerContext
from restoreproof.runtimes.host.disk_space import enough_room

_PLAIN = Start()
_LOG_LINES = 20


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

    def __init__(
        self, project: Project, inner_context: InnerContext, targets: Mapping[str, str], limits: Limits
    ) -> None:
        self.stage: str | None = None
        self._project = project
        self._inner_context = inner_context
        self._limits = limits
        self._launcher = ContainerLauncher(project, inner_context, targets)
        self._units = {
            name: _Unit(container_component(name, service))
            for name, service in inner_context.contract.services.items()
        }
        self._private = inner_context.workdir / "private"
        self._logs = inner_context.workdir / "logs"
        self._lock = threading.Lock()
        self._tools = ContainerTools(project, inner_context, self._private, self._launcher, limits)
        self._doors: dict[int, int] | None = None
        with enough_room(inner_context.workdir):
            self._private.mkdir(mode=0o700)
            self._logs.mkdir(exist_ok=True)

    # ---- Stack

    def endpoint(self, service: str, port: str = "main") -> Endpoint:
        """Return the edge's door to ``service``: 127.0.0.1 and a port that Docker chose.

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
        """Do nothing: no service of the contract is left out here. Raises ContractError for another."""
        self._of(service)

    def administrator(self, service: str) -> Credentials:
        """Return the throw-away administrator of a started service. Raises ContractError if it has none."""
        credentials = self._of(service).administrator
        if credentials is None:
            raise ContractError(f"service {service!r} has no throw-away administrator (or was never started)")
        return credentials

    def log_tail(self, service: str, lines: int = _LOG_LINES) -> str:
        """Return the last lines of the service's log, redacted; or, in one line, why they can't be had."""
        return self._launcher.log_tail(service, self._of(service).container, lines)

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
            path, files = self._private / f"{service}.yaml", self._private / "files" / service
            block = self._project.config["services"][service]
            with enough_room(self._inner_context.workdir):
                override.write_start(
                    path,
                    name=service,
                    service=unit.part.service,
                    container=container,
                    block=block,
                    files=files,
                    limits=self._limits,
                    writable=unit.part.writable,
                )
            kept = override.kept_mounts(service, block, container.volumes)
            grant = self._project.grant(service, volumes=[mount["source"] for mount in kept], files=[files])
            unit.container = self._launcher.make(service, path, grant)
            self._launcher.start(unit.container, service, unit.part.service, container, self.stage)
            log = log_of(unit.container)
            unit.administrator = container.administrator
            if container.administrator_if and container.administrator_if not in log:
                unit.administrator = None
            left = override.left_of(unit.part.service, container, block)
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
                self._launcher.note_limits(container, service)
                container.stop(timeout=3)
                container.reload()
                code = container.attrs["State"]["ExitCode"]
                append_log(self._logs, service, container)
                container.remove(force=True, v=True)
                self._inner_context.emitter.emit(ServiceStopped(service=service, returncode=code))
            unit.container = None

    def restore_reference(self, asset: str, reference: Reference, recovery_point: datetime) -> None:
        """Raise EnvironmentUnfitError: nothing here is managed by a provider."""
        raise nothing_managed(asset, reference)

    def claim(self) -> None:
        """Do nothing: the target was made for this drill."""

    def running(self, service: str) -> bool:
        """Return whether the service's container runs."""
        return bool(state_of(self._of(service).container).get("Running"))

    def started_at(self, service: str) -> datetime | None:
        """Return when the daemon started the service's container (UTC); None if none runs."""
        state = state_of(self._of(service).container)
        if not state.get("Running"):
            return None
        return datetime.fromisoformat(str(state["StartedAt"])).astimezone(UTC)

    def teardown(self) -> None:
        """Tell what limits were reached; the outer process collects what containers say, and removes them."""
        running = {unit.container: name for name, unit in self._units.items() if unit.container}
        # A daemon that went away is told by the outer process, which can't remove anything then.
        with contextlib.suppress(EnvironmentUnfitError), daemon() as client:
            for identifier, name in running.items():
                with contextlib.suppress(docker.errors.NotFound):
                    self._launcher.note_limits(client.containers.get(identifier), name)

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

    def _open_doors(self) -> dict[int, int]:
        with self._lock:
            if self._doors is None:
                self._doors = doors(self._project.name)
            return self._doors
