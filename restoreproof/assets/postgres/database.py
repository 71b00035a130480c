"""A database of PostgreSQL, as the contract's nouns ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg
from psycopg import sql as composed

from restoreproof.assets.database import NO_PARAMETERS, DatabaseError, DatabaseTraits, TableKnown
from restoreproof.assets.postgres.connection import Connection, connect, connect_by_url
from restoreproof.assets.postgres.fingerprints import fingerprint_structure, fingerprint_tables
from restoreproof.contract.sql import bind
from restoreproof.redaction.redactor import Secret
from restoreproof.redaction.server_messages import without_values
from restoreproof.runtimes.base import Stack

BATCH = 2_000
"""Rows that the server sends at a time."""

_ROLES = "select rolname as name from pg_roles where not rolsuper"
_PROTECTED = (
    "select c.relname as name from pg_class c where (c.relrowsecurity "
    "or exists (select 1 from pg_policy p where p.polrelid = c.oid)) "
    "and c.relnamespace = 'public'::regnamespace and exists (select 1 "
    "from information_schema.role_table_grants g "
    "where g.table_name = c.relname and g.grantee = %s and g.privilege_type = 'SELECT')"
)
_TRAITS = """
select current_setting('server_version') as version, pg_database_size(oid) as bytes,
  coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', datcollate) as collation,
  {version_of} as collation_version,
  case to_jsonb(d) ->> 'datlocprovider'
    when 'b' then 'builtin' when 'i' then 'ICU' else 'libc' end as provider
from pg_database d where datname = current_database()
"""
VERSIONED = 15
"""The first PostgreSQL that tells the version of a database's collation."""


class PostgresDatabase:
    """A ``Database`` over one connection, which whoever opened it closes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursors = count()

    def rows(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Iterator[dict[str, Any]]:
        query, values = bind(sql, parameters)
        # A cursor with a name is the server's: rows come in batches. Two may be open at once.
        name = f"restoreproof_{next(self._cursors)}"
        with translated(), self._connection.cursor(name=name) as cursor:
            cursor.itersize = BATCH
            cursor.execute(query.encode(), values)
            yield from cursor

    def value(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Any:
        query, values = bind(sql, parameters)
        with translated():
            row = self._connection.execute(query.encode(), values).fetchone()
        return next(iter(row.values())) if row else None

    def execute(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> int:
        query, values = bind(sql, parameters)
        with translated():
            return self._connection.execute(query.encode(), values).rowcount

    def tables(self) -> dict[str, TableKnown]:
        with translated():
            return fingerprint_tables(self._connection)

    def structure(self) -> dict[str, TableKnown]:
        with translated():
            return fingerprint_structure(self._connection)

    def roles(self) -> frozenset[str]:
        with translated():
            return frozenset(str(row["name"]) for row in self._connection.execute(_ROLES).fetchall())

    def protected_tables(self, role: str) -> tuple[str, ...]:
        with translated():
            tables = self._connection.execute(_PROTECTED, [role]).fetchall()
        return tuple(str(row["name"]) for row in tables)

    def count(self, table: str) -> int:
        query = composed.SQL("select count(*) as rows from {}").format(composed.Identifier("public", table))
        with translated():
            row = self._connection.execute(query).fetchone()
        return int(row["rows"]) if row else 0

    def traits(self) -> DatabaseTraits:
        with translated():
            version = self._connection.info.server_version
            row = self._connection.execute(traits_query(version)).fetchone()
            extensions = self._connection.execute("select extname, extversion from pg_extension").fetchall()
        assert row is not None
        return DatabaseTraits(
            version=str(row["version"]).split(maxsplit=1)[0],
            collation=str(row["collation"]),
            provider=str(row["provider"]),
            collation_version=row["collation_version"],
            bytes=int(row["bytes"]),
            extensions={str(row["extname"]): str(row["extversion"]) for row in extensions},
            unversioned=unversioned(version),
        )


def traits_query(server_version: int) -> bytes:
    """Return what a server of that version (as libpq numbers it) is asked about its database."""
    version_of = (
        "pg_database_collation_actual_version(oid)" if tells_versions(server_version) else "null::text"
    )
    return _TRAITS.format(version_of=version_of).encode()


def unversioned(server_version: int) -> str:
    """Return what a server of that version (as libpq numbers it) means where it tells no version."""
    return "none" if tells_versions(server_version) else f"not told by PostgreSQL {server_version // 10_000}"


def tells_versions(server_version: int) -> bool:
    """Whether a server of that version (as libpq numbers it) tells the versions of collations."""
    return server_version // 10_000 >= VERSIONED


@contextmanager
def open_postgres(
    runtime: Stack, service: str, database: str, *, readonly: bool = True
) -> Iterator[PostgresDatabase]:
    """Open ``database`` on ``service`` as ``connect`` does. Raises DatabaseError if the server refuses."""
    with translated(), connect(runtime, service, database, readonly=readonly) as connection:
        yield PostgresDatabase(connection)


@contextmanager
def open_by_url(runtime: Stack, url: Secret) -> Iterator[PostgresDatabase]:
    """Open the database of ``url`` as ``connect_by_url`` does. Raises DatabaseError if the server refuses."""
    with translated(), connect_by_url(runtime, url) as connection:
        yield PostgresDatabase(connection)


@contextmanager
def translated() -> Iterator[None]:
    """Raise the client's errors as DatabaseError, by the first line, without what it quotes of rows."""
    try:
        yield
    except psycopg.Error as error:
        reason = error.diag.message_primary or str(error).strip().partition("\n")[0]
        raise DatabaseError(type(error).__name__, without_values(reason)) from error
