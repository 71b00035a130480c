"""Bringing up the container of one service: made, compared with what it is to have, started, awaited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker.errors

from restoreproof.contract.services import Service
from restoreproof.errors import EnvironmentUnfitError, ServiceFailedError
from restoreproof.events import IsolationProbed, Note, ServiceStarted
from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.compose import limits
from restoreproof.runtimes.compose.component import Container
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.compose.grants import Grant
from restoreproof.runtimes.compose.health import await_healthy
from restoreproof.runtimes.compose.inspection import container_of, identity, log_of
from restoreproof.runtimes.compose.isolation import Prover, inspected
from restoreproof.runtimes.compose.project import Project
from restoreproof.runtimes.driver import InnerContext
from restoreproof.runtimes.host.hints import hint_for
from restoreproof.runtimes.messages import messages_of
from restoreproof.waiting import NotReady, wait_until

_LOG_LINES = 20
_LINE_CHARACTERS = 400
_COMPLAINT_CHARACTERS = 600


class ContainerLauncher:
    """Brings up containers of one drill; from any thread. ``targets`` are the ways out that are tried."""

    def __init__(self, project: Project, inner_context: InnerContext, targets: Mapping[str, str]) -> None:
        self._project, self._inner_context = project, inner_context
        self._prover = Prover(project, dict(targets))

    def make(self, name: str, override: Path, grant: Grant) -> str:
        """Make the container of service ``name``, and compare what it was given with ``grant``.

        What it has beyond that is told to the outer process, and this returns only if that lets it.

        Returns:
            Its id. It was not started yet.

        Raises:
            ServiceFailedError: compose did not make it.
            EnvironmentUnfitError: the daemon does not answer.
        """
        done = self._project.run(["up", "--no-start", "--no-build", "--no-deps", name], files=[override])
        with daemon() as client:
            container = container_of(client, self._project.name, name)
        if done.returncode or container is None:
            raise self._not_started(name, done.stderr.decode(errors="replace"), None)
        self.report(inspected(container, f"{name}: ", grant))
        return str(container.id)

    def start(
        self, identifier: str, name: str, service: Service, container: Container, stage: str | None
    ) -> None:
        """Start the container with this id, and return once it is ready and every way out of it was tried.

        Raises:
            ServiceFailedError: it did not start, or is not ready in time.
            EnvironmentUnfitError: the daemon does not answer.
        """
        with daemon() as client:
            started = client.containers.get(identifier)
            try:
                started.start()
            except docker.errors.APIError as error:
                raise self._not_started(name, str(error.explanation), identifier) from error
            started.reload()
            self._inner_context.emitter.emit(
                ServiceStarted(
                    service=name,
                    pid=started.attrs["State"]["Pid"],
                    argv=(started.attrs["Path"], *started.attrs["Args"]),
                    stage=stage,
                    **identity(started, service),
                )
            )
        # Side by side: the probes wait for answers that do not come, and the service comes up meanwhile.
        with ThreadPoolExecutor(1) as pool:
            proof = pool.submit(self._prover.probe, identifier, name)
            await_healthy(
                identifier,
                name,
                deadline_s=container.deadline_s,
                context=lambda: self._context(name, identifier),
            )
            if container.ready is not None:
                self._await_log(identifier, name, container.ready, container.deadline_s)
        self.report(proof.result())

    def report(self, results: Iterable[ProbeResult]) -> None:
        """Tell the outer process what probes came to."""
        for result in results:
            self._inner_context.emitter.emit(
                IsolationProbed(probe=result.probe, reached=result.reached, detail=result.detail)
            )

    def note_limits(self, container: Any, name: str) -> None:
        """Tell of each limit that ``container``, which is called ``name`` to people, came to until now."""
        for limit in limits.reached(container.attrs):
            self._inner_context.emitter.emit(Note(text=f"{name}: {limit}; the compose file may give it more"))

    def log_tail(self, name: str, identifier: str | None, lines: int = _LOG_LINES) -> str:
        """Return the last lines that service ``name`` logged in the container with this id.

        They are redacted, without contents of rows; or, in one line, why they can't be had.
        """
        try:
            text = self._inner_context.redactor.text(log_of(identifier, lines))
        except EnvironmentUnfitError as error:
            return f"the log can't be had: {error.message}"
        text = messages_of(self._inner_context.contract.services[name].component).shown(text)
        return "\n".join(line[:_LINE_CHARACTERS] for line in text.splitlines())

    def _await_log(self, identifier: str, name: str, wanted: str, deadline_s: float) -> None:
        def look() -> None:
            if wanted not in log_of(identifier):
                raise NotReady(f"its log does not say {wanted!r} yet")

        wait_until(
            look,
            what=f"{name} is ready",
            deadline_s=deadline_s,
            context=lambda: self._context(name, identifier),
            retry_on=(NotReady,),
        )

    def _not_started(self, name: str, complaint: str, identifier: str | None) -> ServiceFailedError:
        text = self._inner_context.redactor.text(complaint).strip()[-_COMPLAINT_CHARACTERS:]
        return ServiceFailedError(f"{name} could not be started: {text}{self._context(name, identifier)}")

    def _context(self, name: str, identifier: str | None) -> str:
        tail = self.log_tail(name, identifier)
        reached = "".join(f"\n  {limit}" for limit in _reached(identifier))
        hint = hint_for(tail)
        lines = "".join(f"\n    | {line}" for line in tail.splitlines())
        return f"{reached}\n  last lines of {name}:{lines or ' none'}" + (f"\n  next: {hint}" if hint else "")


def _reached(identifier: str | None) -> list[str]:
    if identifier is None:
        return []
    try:
        with daemon() as client:
            return list(limits.reached(client.containers.get(identifier).attrs))
    except (EnvironmentUnfitError, docker.errors.NotFound):
        # Something failed already, and that is told; this would only have said more of it.
        return []
