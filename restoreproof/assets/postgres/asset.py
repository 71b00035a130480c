"""``kind: postgres``: a database and the roles it needs, from ``pg_dump -Fc`` and ``pg_dumpall``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from restoreproof.assets.arrival import ArrivalTrace
from restoreproof.assets.base import (
    Asset,
    BackupContext,
    InstallContext,
    RestoreContext,
    StackContext,
)
from restoreproof.assets.database import Database
from restoreproof.assets.database_stats import chain_heads, count_datasets, count_queues, identify_letters
from restoreproof.assets.dataset import parameters, restored_parameters
from restoreproof.assets.postgres.connection import connect, snapshot
from restoreproof.assets.postgres.database import PostgresDatabase, open_by_url, open_postgres
from restoreproof.assets.postgres.dump import database_mark, dump_database, restore_dump
from restoreproof.assets.postgres.roles import (
    dump_roles,
    refuse_used,
    restore_roles,
    roles_on,
    stand_in_roles,
)
from restoreproof.assets.provisioned import provisioned_file
from restoreproof.assets.query_results import DatabaseKnown
from restoreproof.assets.search_streams import printed
from restoreproof.assets.searchable import Searchable
from restoreproof.assets.servers import roles_of
from restoreproof.backups import layout, missing
from restoreproof.contract.declarations import ServiceName
from restoreproof.contract.sql import Sql
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.redaction.redactor import Secret

PROVISIONED_ROLES = "roles.sql"
"""What provisioning leaves for a fresh server: roles and databases, one statement a line."""


class PostgresKnown(DatabaseKnown):
    """A PostgreSQL database at its snapshot."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PostgresAsset(Asset):
    """``database`` owned by ``owner``; ``roles`` are restored, and nothing else of the globals."""

    service: ServiceName
    database: str
    owner: str | None = None
    roles: tuple[str, ...] = ()
    newest: Sql | None = None

    after: ClassVar[tuple[str, ...]] = ()
    rests_on: ClassVar[tuple[str, ...]] = (
        "rows",
        "structure",
        "roles",
    )
    expectation: ClassVar[type[BaseModel] | None] = PostgresKnown

    def stores(self) -> tuple[str, ...]:
        return (self.service,)

    def parts(self) -> tuple[str, ...]:
        return (missing.ROLES,)

    @property
    def dump(self) -> str:
        """Where in the set the dump lies."""
        return layout.dump("postgres", self.name, self.database)

    @property
    def globals(self) -> str:
        """Where in the set the roles lie."""
        return layout.globals_of(self.name)

    def restore(self, restore_context: RestoreContext) -> None:
        with restore_context.stack_context.servers.turn(self.service):
            self._restore_roles(restore_context)
        restore_dump(restore_context, self.service, self.database, self.dump)

    def _restore_roles(self, restore_context: RestoreContext) -> None:
        """Bring the server's roles back; of a second database on one server, those that are still missing."""
        stack_context = restore_context.stack_context
        wanted = roles_of(stack_context.contract, self.service)
        if stack_context.servers.claimed(self.service):
            wanted -= frozenset(roles_on(stack_context, self.service, wanted))
        else:
            refuse_used(stack_context, self.service, wanted)
            stack_context.servers.claim(self.service)
        with stack_context.phase("roles") as work:
            if restore_context.backup.lacks(missing.ROLES):
                work.items = stand_in_roles(stack_context, self.service, wanted)
            else:
                work.items = restore_roles(restore_context, self.service, self.globals, wanted)

    def install(self, install_context: InstallContext) -> None:
        stack_context = install_context.stack_context
        if stack_context.servers.claimed(self.service):
            return  # the same statements have made the roles and databases of this server
        stack_context.servers.claim(self.service)
        statements = provisioned_file(install_context, self.service, PROVISIONED_ROLES).read_text()
        runtime = stack_context.runtime
        with connect(runtime, self.service, "postgres", readonly=False, autocommit=True) as connection:
            for statement in filter(str.strip, statements.splitlines()):
                connection.execute(statement.encode())

    def back_up(self, backup_context: BackupContext) -> None:
        stack_context = backup_context.stack_context
        with stack_context.phase("roles"):
            dump_roles(backup_context, self.service, self.globals)
        with snapshot(stack_context.runtime, self.service, self.database) as (connection, name):
            database = PostgresDatabase(connection)
            point: datetime = database.value("select now()")
            backup_context.recovery_point(point)
            with stack_context.phase(f"dump of {self.database}") as work:
                work.bytes = dump_database(
                    backup_context, self.service, self.database, self.dump, snapshot_name=name
                )
            with stack_context.phase(f"fingerprints of {self.database}") as work:
                tables = database.tables()
                work.items = sum(table.rows for table in tables.values())
            if self.newest:
                values = parameters(stack_context, self.newest, point)
                backup_context.learnt.newest = database.value(self.newest, values)
            expectation = PostgresKnown(
                tables=tables,
                structure=database.structure(),
                roles=tuple(sorted(roles_of(stack_context.contract, self.service))),
                datasets=count_datasets(stack_context, self.name, database, point),
                chains=chain_heads(stack_context, self.name, database),
                queues=count_queues(stack_context, self.name, database),
                letters=identify_letters(stack_context, self.name, database),
            )
        backup_context.expect(self.name, expectation)

    def connect(
        self, stack_context: StackContext, *, readonly: bool = True
    ) -> AbstractContextManager[Database]:
        return open_postgres(stack_context.runtime, self.service, self.database, readonly=readonly)

    def log_in(self, stack_context: StackContext, url: Secret) -> AbstractContextManager[Database]:
        return open_by_url(stack_context.runtime, url)

    def versions(self, stack_context: StackContext) -> Mapping[str, str]:
        answer = stack_context.runtime.run_tool(self.service, "pg_dump", ["--version"]).stdout.decode()
        return {"pg_dump": answer.strip().rpartition(" ")[2]}

    def searchable(self, stack_context: StackContext) -> Iterable[Searchable]:
        command = ["pg_dump", "--no-password", f"--dbname={self.database}"]
        # An administrator who may not read it all is no fault of the set's; lost rows are told elsewhere.
        read = partial(printed, stack_context, self.service, command, failed=EnvironmentUnfitError)
        return (Searchable(f"database {self.database}, as restored", read),)

    def newest_record(self, restore_context: RestoreContext) -> datetime | None:
        if self.newest is None:
            return None
        with self.connect(restore_context.stack_context) as database:
            values = restored_parameters(restore_context, self.name, self.newest)
            newest: datetime | None = database.value(self.newest, values)
        return newest

    def marks(self, stack_context: StackContext) -> Sequence[ArrivalTrace]:
        return (database_mark(stack_context, self.service, self.database),)
