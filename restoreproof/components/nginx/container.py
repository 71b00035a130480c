"""nginx in a container, with the restored configuration, certificate and key laid over its prefix."""

from __future__ import annotations

from restoreproof.components.nginx.options import NginxOptions
from restoreproof.errors import ServiceFailedError
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.component import Container, ContainerComponent


class NginxContainer(ContainerComponent[NginxOptions]):
    """nginx with the restored configuration; whether it serves the restored certificate, a check asks."""

    def container(self, start: Start) -> Container:
        if self.options.configuration not in start.files:
            raise ServiceFailedError(f"{self.name}: the set restored no {self.options.configuration}")
        return super().container(start)


PART = NginxContainer
