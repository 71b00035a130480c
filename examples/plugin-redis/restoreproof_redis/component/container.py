"""Redis in a container of the official image, whose command reads ``/run/stack/redis.conf``."""

from __future__ import annotations

from functools import cached_property

from restoreproof.errors import ContractError
from restoreproof.runtimes.base import Credentials, Start
from restoreproof.runtimes.compose.component import Container, ContainerComponent, ContainerTool
from restoreproof_redis.component.configuration import FILE, configuration, new_administrator
from restoreproof_redis.component.options import RedisOptions

_PLACE = "/run/stack"


class RedisContainer(ContainerComponent[RedisOptions]):
    """Everything is in its configuration; the volume of the image holds nothing that has to stay."""

    data = ("/data",)

    @cached_property
    def administrator(self) -> Credentials:
        """The throw-away administrator of this drill."""
        return new_administrator()

    def container(self, start: Start) -> Container:
        settings = self.options.settings
        content = configuration(self.name, "0.0.0.0", self.service.port, self.administrator, settings)
        return Container(
            environment=start.environment,
            files={**start.files, FILE: content},
            place=_PLACE,
            volumes=self.data,
            arguments=start.arguments,
            administrator=self.administrator,
        )

    def tool(self, name: str) -> ContainerTool:
        if name != "redis-cli":
            raise ContractError(f"Redis has no tool {name!r}", hint="it has redis-cli")
        administrator = self.administrator
        argv = [name, "-h", self.name, "-p", str(self.service.port), "--user", administrator.user, "-e"]
        return ContainerTool(argv, {"REDISCLI_AUTH": administrator.password})


PART = RedisContainer
