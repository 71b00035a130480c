"""What the catalogue learns of a database at the backup's snapshot, and the checks measure again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from restoreproof.assets.base import StackContext
from restoreproof.assets.database import ChainHead, ChainKnown, DatasetKnown, TableKnown
from restoreproof.assets.dataset import parameters, scalar
from restoreproof.backups.fingerprint import Fingerprint


def fingerprint_tables(connection: psycopg.Connection[dict[str, Any]]) -> dict[str, TableKnown]:
    """Rows and an order-independent fingerprint of every table in ``public``, streamed through COPY."""
    names = connection.execute(
        "select relname as name from pg_class where relnamespace = 'public'::regnamespace "
        "and relkind in ('r', 'p') and not relispartition order by relname"
    ).fetchall()
    return {str(row["name"]): fingerprint_table(connection, str(row["name"])) for row in names}


def fingerprint_table(connection: psycopg.Connection[dict[str, Any]], table: str) -> TableKnown:
    """Count and fingerprint one table, every row as PostgreSQL writes it as text."""
    return _fingerprint(
        connection, sql.SQL("select t::text from {} as t").format(sql.Identifier("public", table))
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


def fingerprint_structure(connection: psycopg.Connection[dict[str, Any]]) -> dict[str, TableKnown]:
    """Count and fingerprint of each kind of structure: a lost policy or index shows like a lost row."""
    return {name: _fingerprint(connection, sql.SQL(query + "")) for name, query in STRUCTURE.items()}


def _fingerprint(connection: psycopg.Connection[dict[str, Any]], query: sql.Composable) -> TableKnown:
    fingerprint = Fingerprint()
    with connection.cursor() as cursor, cursor.copy(sql.SQL("copy ({}) to stdout").format(query)) as copy:
        for chunk in copy:
            fingerprint.feed(bytes(chunk))
    return TableKnown(rows=fingerprint.count, fingerprint=fingerprint.hexdigest())


def count_datasets(
    stack_context: StackContext,
    asset_name: str,
    connection: psycopg.Connection[dict[str, Any]],
    recovery_point: datetime,
) -> dict[str, DatasetKnown]:
    """How many rows each dataset of this asset has at the snapshot: the N of "n of N".

    A dataset with ``of`` lists exceptions; what is counted then is what they are looked for among.
    """
    counts: dict[str, DatasetKnown] = {}
    for name, dataset in stack_context.contract.datasets.items():
        if dataset.database == asset_name:
            query = dataset.of or f"select count(*) from ({dataset.sql}) as counted"
            values = parameters(stack_context, query, recovery_point)
            counts[name] = DatasetKnown(rows=int(scalar(connection, query, values)))
    return counts


def count_queues(
    stack_context: StackContext, asset_name: str, connection: psycopg.Connection[dict[str, Any]]
) -> dict[str, dict[str, int]]:
    """Queue → class → items at the snapshot: a source that goes on working is not counted a moment later."""
    queues = stack_context.contract.queues
    return {
        name: {
            str(row["kind"]): int(row["items"]) for row in connection.execute(queue.sql.encode()).fetchall()
        }
        for name, queue in queues.items()
        if queue.database == asset_name
    }


def identify_letters(
    stack_context: StackContext, asset_name: str, connection: psycopg.Connection[dict[str, Any]]
) -> dict[str, tuple[str, ...]]:
    """Queue → what tells each item from every other at the snapshot, where the contract says how."""
    return {
        name: tuple(sorted(str(row["item"]) for row in connection.execute(queue.items.encode()).fetchall()))
        for name, queue in stack_context.contract.queues.items()
        if queue.database == asset_name and queue.items
    }


def chain_heads(
    stack_context: StackContext, asset_name: str, connection: psycopg.Connection[dict[str, Any]]
) -> dict[str, ChainKnown]:
    """Length and head of each hash chain, so that a chain whose tail is cut does not look whole."""
    chains: dict[str, ChainKnown] = {}
    for name, chain in stack_context.contract.chains.items():
        if chain.database != asset_name:
            continue
        part = chain.partition or "''"
        query = (
            f"select distinct on (part) part, sequence, hash, rows from (select {part}::text as part, "
            f"{chain.sequence} as sequence, {chain.hash} as hash, "
            f"count(*) over (partition by {part}::text) as rows from ({chain.sql}) as links) as parts "
            "order by part, sequence desc"
        )
        rows = connection.execute(query.encode()).fetchall()
        chains[name] = ChainKnown(
            rows=sum(int(row["rows"]) for row in rows),
            heads={
                str(row["part"]): ChainHead(sequence=int(row["sequence"]), hash=row["hash"]) for row in rows
            },
        )
    return chains
