"""Rows and structure of a PostgreSQL database, fingerprinted at the backup and again after the restore."""

from __future__ import annotations

from typing import LiteralString

from psycopg import sql as composed

from restoreproof.assets.database import TableKnown
from restoreproof.assets.postgres.connection import Connection
from restoreproof.backups.fingerprint import Fingerprint


def fingerprint_tables(connection: Connection) -> dict[str, TableKnown]:
    """Count and fingerprint the rows of every table in ``public``, whatever their order, through COPY."""
    names = connection.execute(
        "select relname as name from pg_class where relnamespace = 'public'::regnamespace "
        "and relkind in ('r', 'p') and not relispartition order by relname"
    ).fetchall()
    return {str(row["name"]): fingerprint_table(connection, str(row["name"])) for row in names}


def fingerprint_table(connection: Connection, table: str) -> TableKnown:
    """Count and fingerprint one table, every row as PostgreSQL writes it as text."""
    return _fingerprint(
        connection, composed.SQL("select t::text from {} as t").format(composed.Identifier("public", table))
    )


STRUCTURE: dict[str, LiteralString] = {
    "row-level security": "select relname, relrowsecurity, relforcerowsecurity from pg_class "
    "where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
    "policies": "select tablename, policyname, permissive, roles::text, cmd, qual, with_check "
    "from pg_policies where schemaname = 'public'",
    "grants": "select table_name, grantee, privilege_type, is_grantable "
    "from information_schema.role_table_grants where table_schema = 'public' and grantee <> grantor",
    "owners": "select relname, pg_get_userbyid(relowner) from pg_class "
    "where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'S', 'v')",
    "constraints": "select conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated "
    "from pg_constraint where connamespace = 'public'::regnamespace",
    "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'",
    "triggers": "select tgrelid::regclass::text, tgname, tgenabled::text, pg_get_triggerdef(oid) "
    "from pg_trigger where not tgisinternal",
    "sequences": "select sequencename, last_value from pg_sequences where schemaname = 'public'",
    "extensions": "select extname, extversion from pg_extension",
    "functions": "select oid::regprocedure::text, pg_get_functiondef(oid) from pg_proc "
    "where pronamespace = 'public'::regnamespace and prokind in ('f', 'p') and not exists (select 1 "
    "from pg_depend d where d.objid = pg_proc.oid and d.deptype = 'e')",
    "views": "select viewname, definition from pg_views where schemaname = 'public'",
    "other schemas": "select nspname, relname, relkind::text from pg_class c join pg_namespace n "
    "on n.oid = c.relnamespace where nspname not like 'pg\\_%' "
    "and nspname not in ('public', 'information_schema')",
    "what roles may do": "select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, "
    "rolbypassrls, rolreplication from pg_roles where rolname in (select grantee "
    "from information_schema.role_table_grants where table_schema = 'public' and grantee <> grantor)",
}
"""What a database is beside its rows; each query's rows are fingerprinted at backup and after restore."""


def fingerprint_structure(connection: Connection) -> dict[str, TableKnown]:
    """Count and fingerprint each kind of structure: a lost policy or index shows like a lost row."""
    return {name: _fingerprint(connection, composed.SQL(query + "")) for name, query in STRUCTURE.items()}


def _fingerprint(connection: Connection, query: composed.Composable) -> TableKnown:
    fingerprint = Fingerprint()
    with (
        connection.cursor() as cursor,
        cursor.copy(composed.SQL("copy ({}) to stdout").format(query)) as copy,
    ):
        for chunk in copy:
            fingerprint.feed(bytes(chunk))
    return TableKnown(rows=fingerprint.count, fingerprint=fingerprint.hexdigest())
