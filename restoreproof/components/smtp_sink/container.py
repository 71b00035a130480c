"""The mail sink in a container."""

from __future__ import annotations

from restoreproof.components.base import ComponentOptions
from restoreproof.components.sinks.container import WRITABLE, ports
from restoreproof.errors import ServiceFailedError
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.component import Container, ContainerComponent

_WANTED = ("SMTP_USER", "SMTP_PASSWORD")


class SmtpSinkContainer(ContainerComponent[ComponentOptions]):
    """The mail sink as a container; of the restored environment it gets the user that it lets in."""

    writable = WRITABLE

    def container(self, start: Start) -> Container:
        if missing := [name for name in _WANTED if name not in start.environment]:
            raise ServiceFailedError(f"{self.name}: its environment has no {' and no '.join(missing)}")
        environment = {**ports(self.service), **{name: start.environment[name] for name in _WANTED}}
        return Container(environment=environment, arguments=start.arguments)


PART = SmtpSinkContainer
