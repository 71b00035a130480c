"""Keycloak in a container, on a database that another service of the stack holds."""

from __future__ import annotations

from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.parts.base import Container, Part
from restoreproof.runtimes.process.components.keycloak import ADMINISTRATOR_MADE, Keycloak

_OWN_CONFIGURATION = "/opt/keycloak/conf/keycloak.conf"
"""The file of the image: the compose file names one that its own scaffolding would have made."""


class KeycloakPart(Part):
    """Everything by variables; the realm comes with the restored database."""

    component: Keycloak

    def container(self, start: Start) -> Container:
        environment = self.component.environment(self.name, start)
        return Container(
            environment={"KC_CONFIG_FILE": _OWN_CONFIGURATION, **environment},
            files=start.files,
            place="/opt/keycloak/data",
            arguments=start.arguments,
            administrator=self.component.administrator,
            administrator_if=ADMINISTRATOR_MADE,
            deadline_s=2 * self.component.options.deadline_s,
        )


PART = KeycloakPart
