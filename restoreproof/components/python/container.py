"""A Python service in a container: its image holds the release, the drill brings the restored environment."""

from __future__ import annotations

from dataclasses import replace

from restoreproof.components.python.options import PythonOptions
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.component import Container, ContainerComponent, ContainerTool


class PythonContainer(ContainerComponent[PythonOptions]):
    """A Python service's container, awaited by its log too where ``ready:`` names a text."""

    def container(self, start: Start) -> Container:
        ready = self.options.ready
        return replace(super().container(start), ready=ready.log if ready else None)

    def tool(self, name: str) -> ContainerTool:
        return ContainerTool(["python", "-m", name])


PART = PythonContainer
