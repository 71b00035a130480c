"""A PostgreSQL database: pg_dump ``-Fc`` and the roles it needs, restored with pg_restore."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import psycopg
from pydantic import BaseModel, ConfigDict, Field

from restoreproof.assets.base import (
    ArrivalTrace,
    Asset,
    BackupContext,
    InstallContext,
    RestoreContext,
    RestoreFailed,
    Searchable,
    StackContext,
)
from restoreproof.assets.compatibility import misfit, refuse_base, refuse_newer
from restoreproof.assets.database import QueriesKnown, TableKnown
from restoreproof.assets.database_stats import (
    chain_heads,
    count_datasets,
    count_queues,
    fingerprint_structure,
    fingerprint_tables,
    identify_letters,
)
from restoreproof.assets.dataset import connect, scalar
from restoreproof.assets.placeholders import stand_in_roles
from restoreproof.assets.require_empty import refuse_used
from restoreproof.assets.search_streams import printed
from restoreproof.backups import layout, missing
from restoreproof.contract.declarations import ServiceName
from restoreproof.contract.sql import FixedSql
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.events import Note
from restoreproof.runtimes.base import Completed

PROVISIONED_ROLES = "roles.sql"
"""What provisioning leaves for a fresh server: roles and databases, one statement a line."""

_ROLE_STATEMENT = re.compile(r'^(?:CREATE|ALTER) ROLE "?(?P<role>[^"\s;]+)"?(?: WITH [^;]*| SET [^;]*)?;$')
_GRANT = re.compile(r'^GRANT "?(?P<group>[^"\s]+)"? TO "?(?P<member>[^"\s;]+)"?[^;]*;$')
_TROUBLE = re.compile(r"^[\w-]+: (?:error|warning): |^(?:[\w-]+: )?(?:ERROR|FATAL|PANIC): ", re.MULTILINE)
"""A complaint of pg_restore's own, or an error of the server's. Not a server's WARNING, which a function of
the restored schema may raise on sound data; what could be lost by one, the fingerprints tell."""


class PostgresKnown(QueriesKnown):
    """A database at its snapshot.

    ``tables`` go by name, ``structure`` by kind: it counts and fingerprints what is no row, policies, grants,
    constraints, indexes, sequences.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tables: dict[str, TableKnown] = Field(default_factory=dict)
    structure: dict[str, TableKnown] = Field(default_factory=dict)
    roles: tuple[str, ...] = ()


class PostgresAsset(Asset):
    """``database`` owned by ``owner``; ``roles`` are restored, and nothing else of the globals."""

    service: ServiceName
    database: str
    owner: str | None = None
    roles: tuple[str, ...] = ()
    newest: FixedSql | None = None

    after: ClassVar[tuple[str, ...]] = ()
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
        wanted = roles_of(stack_context, self.service)
        if stack_context.servers.claimed(self.service):
            wanted -= roles_on(stack_context, self.service)
        else:
            refuse_used(stack_context, self.service, wanted)
            stack_context.servers.claim(self.service)
        with stack_context.phase("roles") as work:
            if restore_context.backup.lacks(missing.ROLES):
                work.items = stand_in_roles(stack_context, self.service, wanted)
            else:
                work.items = restore_roles(restore_context, self.service, self.globals, wanted)

    def install(self, install_context: InstallContext) -> None:
        statements = (install_context.provisioned / PROVISIONED_ROLES).read_text().splitlines()
        stack_context = install_context.stack_context
        if stack_context.servers.claimed(self.service):
            return  # the same statements have made the roles and databases of this server
        stack_context.servers.claim(self.service)
        runtime = stack_context.runtime
        with connect(runtime, self.service, "postgres", readonly=False, autocommit=True) as connection:
            for statement in filter(str.strip, statements):
                connection.execute(statement.encode())

    def take(self, backup_context: BackupContext) -> None:
        stack_context = backup_context.stack_context
        with stack_context.phase("roles"):
            dump_roles(backup_context, self.service, self.globals)
        with snapshot(stack_context, self.service, self.database) as (connection, name):
            point = _now(connection)
            backup_context.recovery_point(point)
            with stack_context.phase(f"dump of {self.database}") as work:
                work.bytes = dump_database(
                    backup_context, self.service, self.database, self.dump, snapshot_name=name
                )
            with stack_context.phase(f"fingerprints of {self.database}") as work:
                tables = fingerprint_tables(connection)
                work.items = sum(table.rows for table in tables.values())
            if self.newest:
                backup_context.learnt.newest = scalar(connection, self.newest, {})
            known = PostgresKnown(
                tables=tables,
                structure=fingerprint_structure(connection),
                roles=tuple(sorted(roles_of(stack_context, self.service))),
                datasets=count_datasets(stack_context, self.name, connection, point),
                chains=chain_heads(stack_context, self.name, connection),
                queues=count_queues(stack_context, self.name, connection),
                letters=identify_letters(stack_context, self.name, connection),
            )
        backup_context.expect(self.name, known)

    def versions(self, stack_context: StackContext) -> Mapping[str, str]:
        said = stack_context.runtime.run_tool(self.service, "pg_dump", ["--version"]).stdout.decode().strip()
        return {"pg_dump": said.rpartition(" ")[2]}

    def searchable(self, stack_context: StackContext) -> Iterable[Searchable]:
        command = ["pg_dump", "--no-password", f"--dbname={self.database}"]
        # An administrator who may not read it all is no fault of the set's; lost rows are told elsewhere.
        read = partial(printed, stack_context, self.service, command, failed=EnvironmentUnfitError)
        return (Searchable(f"database {self.database}, as restored", read),)

    def newest_record(self, restore_context: RestoreContext) -> datetime | None:
        if self.newest is None:
            return None
        with connect(restore_context.stack_context.runtime, self.service, self.database) as connection:
            newest: datetime | None = scalar(connection, self.newest, {})
        return newest

    def marks(self, stack_context: StackContext) -> Sequence[ArrivalTrace]:
        return (database_mark(stack_context, self.service, self.database),)


def roles_of(stack_context: StackContext, service: str) -> frozenset[str]:
    """The roles that the contract's assets on the server ``service`` name: only these are restored."""
    blocks = (block.model_dump() for block in stack_context.contract.assets.values())
    # An asset like a realm has its tables on a server that is not its own service.
    here = (block for block in blocks if (block.get("store") or block.get("service")) == service)
    return frozenset(str(role) for block in here for role in block.get("roles", ()))


def roles_on(stack_context: StackContext, service: str) -> frozenset[str]:
    """The roles that the server ``service`` has, administrators left out."""
    with connect(stack_context.runtime, service, "postgres") as connection:
        rows = connection.execute("select rolname as name from pg_roles where not rolsuper").fetchall()
    return frozenset(str(row["name"]) for row in rows)


def _now(connection: psycopg.Connection[dict[str, Any]]) -> datetime:
    row = connection.execute("select now() as now").fetchone()
    assert row is not None
    now: datetime = row["now"]
    return now


@contextmanager
def snapshot(
    stack_context: StackContext, service: str, database: str
) -> Iterator[tuple[psycopg.Connection[dict[str, Any]], str]]:
    """A repeatable-read transaction and the name of its exported snapshot.

    What is dumped and what is counted then agree (PostgreSQL manual, "Snapshot Synchronization Functions").
    """
    with connect(stack_context.runtime, service, database) as connection:
        connection.execute("set transaction isolation level repeatable read")
        row = connection.execute("select pg_export_snapshot() as name").fetchone()
        assert row is not None
        yield connection, str(row["name"])


def dump_roles(backup_context: BackupContext, service: str, path: str) -> None:
    """``pg_dumpall --globals-only`` into the set, at ``path``."""
    out = backup_context.directory / path
    out.parent.mkdir(parents=True, exist_ok=True)
    _must(
        backup_context.stack_context.runtime.run_tool(
            service,
            "pg_dumpall",
            ["--globals-only", "--no-password"],
            stdout=out,
        ),
        "pg_dumpall",
    )


def dump_database(
    backup_context: BackupContext, service: str, database: str, path: str, *, snapshot_name: str | None = None
) -> int:
    """``pg_dump -Fc`` of ``database`` into the set; returns its size in bytes."""
    out = backup_context.directory / path
    out.parent.mkdir(parents=True, exist_ok=True)
    at = [f"--snapshot={snapshot_name}"] if snapshot_name else []
    arguments = ["--format=custom", *at, "--no-password", f"--dbname={database}"]
    done = backup_context.stack_context.runtime.run_tool(service, "pg_dump", arguments, stdout=out)
    _must(done, "pg_dump")
    return out.stat().st_size


def restore_roles(restore_context: RestoreContext, service: str, path: str, wanted: frozenset[str]) -> int:
    """Create the ``wanted`` roles from the set's globals file; returns how many statements were applied.

    The file is untrusted and would be run by a superuser, so only statements about wanted roles pass, one
    by one. A bare dump has no globals: the roles are then missing, which a check reports.

    Raises:
        RestoreFailed: the file is no text, or the server refused a statement about a wanted role.
    """
    stack_context, file = restore_context.stack_context, restore_context.backup.directory / path
    if not file.is_file():
        stack_context.emitter.emit(Note(text=f"the set holds no {path}: no role was restored"))
        return 0
    applied = 0
    administration = connect(stack_context.runtime, service, "postgres", readonly=False)
    try:
        with administration as connection, file.open(encoding="utf-8") as lines:
            for line in lines:
                if is_wanted(line.strip(), wanted):
                    connection.execute(line.encode())
                    applied += 1
    except UnicodeDecodeError as error:
        raise RestoreFailed(f"{path} is no text") from error
    except psycopg.DatabaseError as error:
        # Only the server's one-line reason: the statement holds a role's password.
        reason = error.diag.message_primary or type(error).__name__
        raise misfit(str(error)) or RestoreFailed(f"the server refused a role of {path}: {reason}") from error
    return applied


def is_wanted(line: str, wanted: frozenset[str]) -> bool:
    """Whether a line of a globals file is one whole statement about ``wanted`` roles and nothing else."""
    if match := _ROLE_STATEMENT.match(line):
        return match["role"] in wanted
    if match := _GRANT.match(line):
        return match["group"] in wanted and match["member"] in wanted
    return False


def restore_dump(restore_context: RestoreContext, service: str, database: str, path: str) -> None:
    """Create ``database``, with its owner and grants, and fill it from the set's dump at ``path``.

    Raises:
        RestoreFailed: pg_restore did not end cleanly; its own words are in the message.
        EnvironmentUnfitError: the target can't hold what the set has, which is no fault of the set's.
    """
    stack_context, dump = restore_context.stack_context, restore_context.backup.directory / path
    with connect(stack_context.runtime, service, "postgres") as connection:
        version = connection.info.server_version // 10_000
    refuse_base(restore_context.backup, version)
    refuse_newer(restore_context.backup.manifest.tool_versions, version)
    if not dump.is_file():
        raise RestoreFailed(f"the set holds no {path}: the database {database!r} can't be restored")
    with stack_context.phase(f"pg_restore of {database}") as work:
        work.bytes = dump.stat().st_size
        done = stack_context.runtime.run_tool(
            service,
            "pg_restore",
            [
                "--create",
                "--exit-on-error",
                "--jobs=2",
                "--no-password",
                "--dbname=postgres",
                str(dump),
            ],
            read=[dump.parent],
        )
    if done.returncode != 0 or complains(done.stderr):
        raise misfit(done.stderr) or RestoreFailed(
            f"pg_restore of {path} ended with {done.returncode}: {done.stderr.strip()[-600:]}"
        )
    try:
        with (
            connect(stack_context.runtime, service, database, readonly=False) as connection,
            stack_context.phase("analyze"),
        ):
            connection.execute("analyze")
    except psycopg.DatabaseError as error:
        raise RestoreFailed(f"{path} was restored, but {database!r} can't be used: {error}") from error


def complains(stderr: str) -> bool:
    """Whether pg_restore says that something went wrong, whatever it returned."""
    return _TROUBLE.search(stderr) is not None


def database_mark(stack_context: StackContext, service: str, database: str) -> ArrivalTrace:
    """When the server created the files of ``database``: its own file times, not the harness's clock."""
    with connect(stack_context.runtime, service, database) as connection:
        row = connection.execute(
            "select (pg_stat_file('base/' || oid || '/PG_VERSION')).modification as at "
            "from pg_database where datname = current_database()"
        ).fetchone()
    assert row is not None
    return ArrivalTrace(row["at"], f"{service}: files of database {database}")


def _must(done: Completed, tool: str) -> None:
    if done.returncode != 0:
        raise RestoreFailed(f"{tool} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
