"""The process runtime: every service of the contract in a sandbox of its own, inside the drill sandbox."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from restoreproof.backups.references import Reference
from restoreproof.contract.services import Service
from restoreproof.errors import ContractError, EnvironmentUnfitError, ServiceFailedError
from restoreproof.events import Emitter, Overridden, ProgramRun, ServiceReady, ServiceStarted, ServiceStopped
from restoreproof.redaction.redactor import Redactor, Secret
from restoreproof.runtimes.base import Completed, Credentials, Endpoint, Start, nothing_managed
from restoreproof.runtimes.host import spawn
from restoreproof.runtimes.host.disk_space import enough_room
from restoreproof.runtimes.host.files import write_confined
from restoreproof.runtimes.host.spawn import revealed
from restoreproof.runtimes.messages import messages_of
from restoreproof.runtimes.process.addresses import addresses, hosts
from restoreproof.runtimes.process.component import Launch, Site, process_component
from restoreproof.runtimes.process.confinement import Bare, Sandbox
from restoreproof.runtimes.process.ports import refuse_busy_ports
from restoreproof.runtimes.process.sandbox import NO_MOUNTS, Etc, Mounts
from restoreproof.runtimes.process.service_unit import LOG_LINES, ServiceUnit, await_ready
from restoreproof.runtimes.process.shell_witness import ShellWitness
from restoreproof.runtimes.process.tools import ProcessTools

_PLAIN = Start()


class ProcessRuntime:
    """Runtime (``runtimes/base.py``) of processes. Methods may be called from any thread.

    Args:
        services: the contract's services, in its order; the order decides their addresses.
        workdir: this drill's own directory: ``services/<name>/data`` and ``logs/<name>.log`` are made in it.
        contract_dir: the directory that the contract's relative paths start from.
        code: the release tree that Python services import.
        emitter: where service, command and override events go.
        redactor: knows the secrets that must not stand in messages; learns those that are made here.
        cache: the user cache, which holds the built Keycloak.
        stage: the stage being performed, for the journal.
        bare: run plain processes, because the kernel refuses sandboxes.

    Raises:
        ContractError: a service names no component, or an option that its component does not know.
        EnvironmentUnfitError: ``workdir`` has data of an earlier run, or no room.
    """

    name = "process"
    clock = "kernel"

    def __init__(
        self,
        *,
        services: Mapping[str, Service],
        workdir: Path,
        contract_dir: Path,
        code: Path,
        emitter: Emitter,
        redactor: Redactor,
        cache: Path,
        stage: str | None = None,
        bare: bool = False,
    ) -> None:
        self.stage = stage
        self._services = dict(services)
        self._addresses = addresses(services)
        self._emitter = emitter
        self._redactor = redactor
        self._workdir = workdir
        self._spawner = spawn.Spawner()
        self._tool_runs = 0
        self._lock = threading.Lock()
        with enough_room(workdir):
            (workdir / "logs").mkdir(parents=True, exist_ok=True)
            etc = Etc.write(workdir / "etc", hosts(services))
            self._confinement = (Bare if bare else Sandbox)(etc, self._addresses)
            self._tools = ProcessTools(self._spawner, self._confinement, emitter, redactor)
            self._units = {
                name: self._unit(name, service, contract_dir=contract_dir, code=code, cache=cache)
                for name, service in services.items()
            }

    def _unit(
        self, name: str, service: Service, *, contract_dir: Path, code: Path, cache: Path
    ) -> ServiceUnit:
        data = self._workdir / "services" / name / "data"
        if data.is_dir() and any(data.iterdir()):
            raise EnvironmentUnfitError(
                f"{data} holds data of an earlier run of {name!r}; a drill starts from nothing",
                hint="`restoreproof doctor --reap` removes what dead drills left; or name another --var",
            )
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o700)

        def run(
            argv: Sequence[str], *, mounts: Mounts, environment: Mapping[str, str | Secret] | None = None
        ) -> Completed:
            own = mounts.plus(Mounts(write=(data,)))
            return self._tools.complete(
                name, argv, mounts=own, environment=environment or {}, cwd=data, timeout_s=120
            )

        site = Site(
            name, service, self._addresses[name], data, contract_dir, code, cache, run, self._confinement
        )
        log = self._workdir / "logs" / f"{name}.log"
        return ServiceUnit(site, process_component(name, service), log, threading.RLock())

    # ---- Stack

    def endpoint(self, service: str, port: str = "main") -> Endpoint:
        """Return where ``service`` listens. Raises ContractError for an unknown service or port."""
        site = self._of(service).site
        return Endpoint(service, service, site.address, site.port(port))

    def require(self, service: str) -> None:
        """Raise ContractError unless ``service`` is of the contract: none is left out in this runtime."""
        self._of(service)

    def administrator(self, service: str) -> Credentials:
        """Return the throw-away administrator of a started service. Raises ContractError if it has none."""
        credentials = self._of(service).administrator
        if credentials is None:
            raise ContractError(f"service {service!r} has no throw-away administrator (or was never started)")
        return credentials

    def data_directory(self, service: str) -> Path:
        """Return the one directory that ``service`` may write; its path is the same in its sandbox."""
        return self._of(service).site.data

    def log_tail(self, service: str, lines: int = LOG_LINES) -> str:
        """Return the last lines of the service's log, redacted."""
        text = spawn.tail(self._of(service).log, lines, self._redactor.text)
        return messages_of(self._services[service].component).shown(text)

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
        """Run a tool of the service's component beside it; see ``Stack.run_tool``.

        Its working directory is its own and empty. Raises EnvironmentUnfitError if it ran out of time.
        """
        unit = self._of(service)
        spec = unit.component.tool(unit.site, tool)
        cwd = self._tool_directory(service)
        bound = Mounts(read=tuple(read), write=(cwd, *write))
        return self._tools.complete(
            tool,
            [*spec.argv, *arguments],
            mounts=spec.mounts.plus(bound),
            environment={**spec.environment, **(environment or {})},
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            timeout_s=timeout_s,
            shown=messages_of(self._services[service].component).shown,
        )

    # ---- Runtime

    def start(self, service: str, start: Start = _PLAIN) -> None:
        """Start ``service`` and return once it answers; see ``Runtime.start``."""
        unit = self._of(service)
        with unit.lock:
            if unit.process is not None and unit.process.poll() is None:
                raise ServiceFailedError(f"{service} is running already", hint="stop it first")
            refuse_busy_ports(unit.site)
            began = time.monotonic()
            with enough_room(self._workdir):
                for path, content in start.files.items():
                    write_confined(unit.site.data, path, content)
                launch = unit.component.prepare(unit.site, start)
                self._adopt(unit, launch, start)
                offset = self._spawn(unit, launch)
            self._await(unit, launch, offset)
            if launch.administrator_if and launch.administrator_if not in spawn.since(unit.log, offset):
                unit.administrator = None
            self._emitter.emit(ServiceReady(service=service, seconds=round(time.monotonic() - began, 3)))

    def stop(self, service: str, *, grace_s: float | None = None) -> None:
        """Stop ``service`` and everything in its sandbox; nothing happens if it does not run.

        ``grace_s`` replaces the component's own patience between asking and killing.
        """
        unit = self._of(service)
        with unit.lock:
            if unit.process is None:
                return
            component = unit.component
            grace = component.stop_grace_s if grace_s is None else grace_s
            code = self._confinement.bring_down(unit.process, sign=component.stop_signal, grace_s=grace)
            unit.process = None
            if unit.witness:
                unit.witness.close()
                unit.witness = None
            self._emitter.emit(ServiceStopped(service=service, returncode=code))

    def restore_reference(self, asset: str, reference: Reference, recovery_point: datetime) -> None:
        """Raise EnvironmentUnfitError: nothing in this runtime is managed by a provider."""
        raise nothing_managed(asset, reference)

    def claim(self) -> None:
        """Do nothing: the target was made for this drill."""

    def running(self, service: str) -> bool:
        """Return whether the service's process is alive."""
        process = self._of(service).process
        return process is not None and process.poll() is None

    def started_at(self, service: str) -> datetime | None:
        """Return when the kernel started the process (UTC, to its clock tick); None if none runs."""
        process = self._of(service).process
        return None if process is None else self._confinement.started_at(process)

    def teardown(self) -> None:
        """Stop everything, the last started first; safe to call twice."""
        for service in reversed(self._units):
            self.stop(service)
        self._spawner.close()

    # ---- parts

    def _of(self, service: str) -> ServiceUnit:
        if service not in self._units:
            raise ContractError(
                f"the contract has no service {service!r}", hint=f"it has {', '.join(self._units)}"
            )
        return self._units[service]

    def _adopt(self, unit: ServiceUnit, launch: Launch, start: Start) -> None:
        secrets = [*launch.environment.values(), *start.environment.values()]
        self._redactor.learn(value for value in secrets if isinstance(value, Secret))
        if launch.administrator is not None:
            self._redactor.learn([launch.administrator.password])
            unit.administrator = launch.administrator
        for override in launch.overrides:
            self._emitter.emit(Overridden(service=unit.site.name, name=override.name, why=override.why))

    def _spawn(self, unit: ServiceUnit, launch: Launch) -> int:
        mounts = launch.mounts.plus(Mounts(write=(unit.site.data,))).plus(self._watched(unit, launch))
        argv = self._confinement.command(unit.site.name, launch.argv, mounts=mounts, cwd=unit.site.data)
        with spawn.append_only(unit.log) as log:
            offset = log.seek(0, os.SEEK_END)
            unit.process = self._spawner.popen(
                argv,
                environment=self._confinement.environment(revealed(launch.environment)),
                stdout=log,
                stderr=log,
            )
        self._emitter.emit(
            ServiceStarted(
                service=unit.site.name,
                pid=unit.process.pid,
                argv=tuple(launch.argv),
                stage=self.stage,
                **asdict(unit.component.identity(unit.site, launch)),
            )
        )
        return offset

    def _watched(self, unit: ServiceUnit, launch: Launch) -> Mounts:
        """Return what has the service tell of each shell that it starts; nothing where it may start any."""
        name = unit.site.name
        if launch.programs == "any" or not self._confinement.lays_over:
            return NO_MOUNTS

        def tell(command: str) -> None:
            expected = launch.programs == "expected"
            self._emitter.emit(ProgramRun(service=name, what=command, stage=self.stage, expected=expected))

        unit.witness = ShellWitness(self._workdir / "witness" / name, tell)
        return unit.witness.mounts

    def _await(self, unit: ServiceUnit, launch: Launch, offset: int) -> None:
        try:
            await_ready(unit, launch, offset, self._redactor)
        except BaseException:
            # Whatever ended the wait, Ctrl-C included, a service that is not ready does not stay behind.
            self.stop(unit.site.name)
            raise

    def _tool_directory(self, service: str) -> Path:
        with self._lock:
            self._tool_runs += 1
            directory = self._workdir / "tools" / f"{self._tool_runs}-{service}"
        directory.mkdir(parents=True)
        return directory
