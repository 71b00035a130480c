"""Keycloak in a container, on a database that another service of the stack holds."""

from __future__ import annotations

from functools import cached_property

from restoreproof.components.keycloak.environment import ADMINISTRATOR_MADE, environment, new_administrator
from restoreproof.components.keycloak.options import KeycloakOptions
from restoreproof.runtimes.base import Credentials, Start
from restoreproof.runtimes.compose.component import Container, ContainerComponent

_OWN_CONFIGURATION = "/opt/keycloak/conf/keycloak.conf"
"""The file of the image: the compose file names one that its own scaffolding would have made."""


class KeycloakContainer(ContainerComponent[KeycloakOptions]):
    """Keycloak configured by variables alone; its realm comes with the restored database."""

    @cached_property
    def administrator(self) -> Credentials:
        """The throw-away administrator of this drill."""
        return new_administrator()

    def container(self, start: Start) -> Container:
        variables = environment(self.name, self.options, self.administrator, start)
        return Container(
            environment={"KC_CONFIG_FILE": _OWN_CONFIGURATION, **variables},
            files=start.files,
            place="/opt/keycloak/data",
            arguments=start.arguments,
            administrator=self.administrator,
            administrator_if=ADMINISTRATOR_MADE,
            deadline_s=2 * self.options.deadline_s,
        )


PART = KeycloakContainer
