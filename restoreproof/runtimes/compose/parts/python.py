"""A Python service in a container: its image holds the release, the drill brings the restored environment."""

from __future__ import annotations

from dataclasses import replace

from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.parts.base import Container, ContainerTool, Part
from restoreproof.runtimes.process.components.python import Python


class PythonPart(Part):
    """Where the contract says what its log tells when it is ready, that is awaited as well."""

    component: Python

    def container(self, start: Start) -> Container:
        ready = self.component.options.ready
        return replace(super().container(start), ready=ready.log if ready else None)

    def tool(self, name: str) -> ContainerTool:
        return ContainerTool(["python", "-m", name])


PART = PythonPart
