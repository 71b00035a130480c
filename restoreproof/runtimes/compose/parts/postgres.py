"""PostgreSQL in a container: the official image's variables, and a throw-away superuser."""

from __future__ import annotations

from restoreproof.errors import ContractError
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.parts.base import Container, ContainerTool, Part
from restoreproof.runtimes.process.components.postgres import NO_FSYNC, SUPERUSER, Postgres

_TOOLS = frozenset({"psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_amcheck"})
_PLACE = "/run/stack"


class PostgresPart(Part):
    """The password reaches the image as a file, its settings as arguments."""

    component: Postgres
    data = ("/var/lib/postgresql",)

    def container(self, start: Start) -> Container:
        options, administrator = self.component.options, self.component.administrator
        settings = {
            "track_commit_timestamp": "on",
            "fsync": "on" if options.fsync else "off",
            "shared_buffers": "128MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
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
        return ContainerTool([name], self.component.pointed_at(self.name, self.service.port))


PART = PostgresPart
