"""PostgreSQL in a container: the official image's variables, and a throw-away superuser."""

from __future__ import annotations

from functools import cached_property

from restoreproof.components.postgres.options import PostgresOptions
from restoreproof.components.postgres.superuser import (
    LOGGED,
    NO_FSYNC,
    SILENT_SESSION,
    SUPERUSER,
    libpq,
    new_superuser,
)
from restoreproof.errors import ContractError
from restoreproof.runtimes.base import Credentials, Start
from restoreproof.runtimes.compose.component import Container, ContainerComponent, ContainerTool

_TOOLS = frozenset({"psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_amcheck"})
_PLACE = "/run/stack"


class PostgresContainer(ContainerComponent[PostgresOptions]):
    """PostgreSQL whose password reaches the image as a file, and its settings as arguments."""

    data = ("/var/lib/postgresql",)
    writable = ("/tmp", "/var/run/postgresql")

    @cached_property
    def administrator(self) -> Credentials:
        """The throw-away administrator of this drill."""
        return new_superuser()

    def container(self, start: Start) -> Container:
        options, administrator = self.options, self.administrator
        settings = {
            "track_commit_timestamp": "on",
            "fsync": "on" if options.fsync else "off",
            "shared_buffers": "128MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
            **LOGGED,
            **options.settings,
        }
        return Container(
            environment={
                "POSTGRES_USER": SUPERUSER,
                "POSTGRES_PASSWORD_FILE": f"{_PLACE}/password",
                **start.environment,
            },
            files={"password": administrator.password.reveal().encode(), **start.files},
            place=_PLACE,
            volumes=self.data,
            arguments=[
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
                *start.arguments,
            ],
            overrides=() if options.fsync else (NO_FSYNC,),
            administrator=administrator,
        )

    def tool(self, name: str) -> ContainerTool:
        if name not in _TOOLS:
            raise ContractError(
                f"PostgreSQL has no tool {name!r}", hint=f"it has {', '.join(sorted(_TOOLS))}"
            )
        pointed = libpq(self.name, self.service.port, self.administrator)
        return ContainerTool([name], {**pointed, **SILENT_SESSION})


PART = PostgresContainer
