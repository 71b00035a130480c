"""nginx in a container, with the restored configuration, certificate and key laid over its prefix."""

from __future__ import annotations

from restoreproof.errors import ServiceFailedError
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.parts.base import Container, Part
from restoreproof.runtimes.process.components.nginx import Nginx


class NginxPart(Part):
    """Its health check is the image's; that it serves the restored certificate is a check of the drill."""

    component: Nginx

    def container(self, start: Start) -> Container:
        if self.component.options.configuration not in start.files:
            raise ServiceFailedError(
                f"{self.name}: the set restored no {self.component.options.configuration}"
            )
        return super().container(start)


PART = NginxPart
