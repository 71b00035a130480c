"""Tools of the target's services: run by a service's ``exec``, or by the harness's own binaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.redaction.redactor import Redactor, Secret
from restoreproof.runtimes.base import Completed
from restoreproof.runtimes.external import secret_files
from restoreproof.runtimes.external.clients import own_tool, pointed
from restoreproof.runtimes.external.commands import Order
from restoreproof.runtimes.external.handler import ASK_S, Handler, last_words
from restoreproof.runtimes.external.marker import Found, MarkerRefused, MarkerTool
from restoreproof.runtimes.external.target import ExternalTarget
from restoreproof.runtimes.external.write_guard import WriteGuard
from restoreproof.runtimes.messages import messages_of

_OWN_FAILURE = 125
"""From here on a prefix such as ``docker exec``, ``env`` or ``ssh`` tells of itself (env(1), ssh(1)) or of a
signal: no tool that a drill runs ends so by itself."""


class TargetTools:
    """Runner of one drill's tools, from any thread.

    Args:
        target: the target.
        guard: asked before each tool.
        handler: what runs and journals commands.
        redactor: learns the secrets that tools are given.
        private: a directory that only this user may enter.
    """

    def __init__(
        self,
        target: ExternalTarget,
        guard: WriteGuard,
        handler: Handler,
        redactor: Redactor,
        private: Path,
    ) -> None:
        self._target, self._guard, self._handler = target, guard, handler
        self._redactor, self._private = redactor, private

    def run(
        self,
        service: str,
        tool: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str | Secret],
        read: Sequence[Path],
        write: Sequence[Path],
        stdin: Path | None,
        stdout: Path | None,
        timeout_s: float,
    ) -> Completed:
        """Run a tool beside ``service``; see ``Stack.run_tool``.

        Raises:
            MarkerRefusedError: the service is not this drill's to write to.
            NotInTarget: there is no way to run the tool.
            EnvironmentUnfitError: it ran out of time, or ``exec`` could not run it.
        """
        block = self._target.service(service)
        endpoint = self._target.endpoint(service)
        self._guard.require(service, endpoint)
        component = self._target.contract.services[service].component
        shown = messages_of(component).shown
        place = block.inside if block.exec else None
        pointing = pointed(component, endpoint, place, self._target.administrator(service))
        variables = {**pointing, **environment}
        self._redactor.learn(value for value in variables.values() if isinstance(value, Secret))
        if block.exec is None:
            argv = [str(own_tool(endpoint, component, tool)), *arguments]
            order = Order(f"{tool} for {service}", argv, timeout_s, variables, stdin, stdout, ours=True)
            with self._guard.unchanged(service):
                return self._handler.run(order, service, tool, shown)
        with secret_files.for_tool(self._private, variables, read, write) as filed:
            self._require_inside(service, block.exec, filed, place or f"{endpoint.address}:{endpoint.port}")
            argv = [*block.exec, tool, *arguments]
            order = Order(f"{tool} in {service}", argv, timeout_s, filed, stdin, stdout)
            return _the_tools_own(order, self._handler.run(order, service, tool, shown))

    def _require_inside(
        self, service: str, prefix: Sequence[str], filed: Mapping[str, str], place: str
    ) -> None:
        """Raise unless the marker is there where a tool that ``prefix`` runs is pointed at.

        Raises:
            MarkerRefusedError: it is not, or can't be read.
        """
        reader = self._guard.markers.reader(service)
        if reader is None or reader.tool is None:
            return
        tool = reader.tool
        argv = [*prefix, tool.name, *tool.arguments]
        done = self._handler.ask(Order(f"the marker in {service}", argv, ASK_S, filed))
        self._guard.require_inside(service, place, lambda: _read(tool, done))


def _read(tool: MarkerTool, done: Completed) -> Sequence[Found]:
    """Return the markers that ``tool`` printed. Raises Unmarked if it failed, or printed something else."""
    if done.returncode:
        message = last_words(done.stderr, 300)
        raise MarkerRefused(
            f"{tool.name}, asked for the marker there, ended with {done.returncode}: {message}"
        )
    return tool.parse(done.stdout)


def _the_tools_own(order: Order, done: Completed) -> Completed:
    """Return ``done``. Raises EnvironmentUnfitError where ``exec``, and not the tool, ended with its code."""
    if done.returncode >= _OWN_FAILURE:
        raise EnvironmentUnfitError(
            f"{order.what}: `exec` ended with {done.returncode}: {last_words(done.stderr)}",
            hint=f"from {_OWN_FAILURE} on it says that the tool was not run to its end; try it by hand",
        )
    return done
