"""The webhook sink in a container; nothing of a set concerns it."""

from __future__ import annotations

from restoreproof.components.base import ComponentOptions
from restoreproof.components.sinks.container import WRITABLE, ports
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.component import Container, ContainerComponent


class HttpSinkContainer(ContainerComponent[ComponentOptions]):
    """The webhook sink as a container; its environment names its ports."""

    writable = WRITABLE

    def container(self, start: Start) -> Container:
        return Container(environment=ports(self.service), arguments=start.arguments)


PART = HttpSinkContainer
