"""A dump and its roles against real servers: a sound one comes back whole, a damaged one is lost aloud."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from restoreproof.assets.base import BackupContext, RestoreContext, RestoreFailed, StackContext
from restoreproof.assets.database import DatabaseError
from restoreproof.assets.postgres import PostgresAsset
from restoreproof.assets.postgres.connection import connect
from restoreproof.assets.postgres.dump import dump_database, restore_dump
from restoreproof.assets.postgres.roles import dump_roles, restore_roles

ROLES = frozenset({"shop", "reader"})
GLOBALS = "postgres/shop/globals.sql"

# Warns on sound data, as somebody's own function may; and names things after what goes wrong.
SCHEMA = """
create table orders (id int primary key, note text);
create table error (id int primary key references orders);
create function chatty(text) returns boolean language plpgsql immutable as
  $$ begin raise warning 'a note of %', $1; raise notice 'error: none'; return true; end $$;
create table warned (note text check (chatty(note)));
create materialized view totals as select count(*) from orders;
alter table orders enable row level security;
create policy mine on orders for select to reader using (id < 10);
grant select on orders to reader;
comment on table error is 'FATAL: or so it says';
select lo_from_bytea(0, 'large');
insert into orders select n, 'order ' || n from generate_series(1, 5000) as n;
insert into error select n from generate_series(1, 50) as n;
insert into warned values ('one');
refresh materialized view totals;
"""


def as_administrator(stack_context: StackContext, service: str, database: str = "postgres") -> Any:
    return connect(stack_context.runtime, service, database, readonly=False, autocommit=True)


@pytest.fixture(scope="module", autouse=True)
def taken(stack_context: StackContext, backup_context: BackupContext) -> None:
    """A backup of a small shop, by the asset's own code."""
    with as_administrator(stack_context, "source") as connection:
        connection.execute("create role shop login password 'shop-password'")
        connection.execute("create role reader login")
        connection.execute("create role stranger superuser")
        connection.execute("create database shop owner shop")
    with as_administrator(stack_context, "source", "shop") as connection:
        connection.execute(SCHEMA.encode())
    dump_roles(backup_context, "source", GLOBALS)
    dump_database(backup_context, "source", "shop", "postgres/shop/shop.dump")


@pytest.fixture(autouse=True)
def fresh_target(stack_context: StackContext) -> Iterator[None]:
    """Every test finds a target without the shop and its roles."""
    yield
    with as_administrator(stack_context, "target") as connection:
        connection.execute("drop database if exists shop with (force)")
        for role in ("shop", "reader", "evil"):
            connection.execute(f"drop role if exists {role}".encode())


@pytest.fixture
def whole(restore_context: RestoreContext, backup_context: BackupContext) -> RestoreContext:
    """A restore from the whole backup."""
    for name in ("globals.sql", "shop.dump"):
        shutil.copy(
            backup_context.directory / "postgres/shop" / name,
            restore_context.backup.directory / "postgres/shop" / name,
        )
    return restore_context


def roles(stack_context: StackContext) -> set[str]:
    with connect(stack_context.runtime, "target", "postgres") as connection:
        found = connection.execute("select rolname as name from pg_roles where rolname !~ '^pg_'").fetchall()
    return {str(row["name"]) for row in found} - {"restoreproof_admin"}


def test_a_sound_backup_comes_back_whole_although_a_function_of_it_warns(
    whole: RestoreContext, stack_context: StackContext, asset: PostgresAsset
) -> None:
    asset.restore(whole)
    assert roles(stack_context) == {"shop", "reader"}
    seen = []
    for service in ("source", "target"):
        on_it = asset.model_copy(update={"service": service})
        with on_it.connect(stack_context) as database:
            seen.append((database.tables(), database.structure()))
    assert seen[0] == seen[1]
    assert seen[0][0]["orders"].rows == 5000


def test_rows_are_streamed_and_read_only(
    whole: RestoreContext, stack_context: StackContext, asset: PostgresAsset
) -> None:
    asset.restore(whole)
    with asset.connect(stack_context) as database:
        rows = database.rows("select id from orders where id > :low order by id", {"low": 4990})
        assert [row["id"] for row in rows] == list(range(4991, 5001))
        both = zip(database.rows("select 1 as n"), database.rows("select 2 as n"), strict=True)
        assert list(both) == [({"n": 1}, {"n": 2})]
        with pytest.raises(DatabaseError, match="ReadOnlySqlTransaction"):
            database.execute("delete from orders")


HOSTILE = """\
CREATE ROLE shop;
ALTER ROLE shop WITH LOGIN PASSWORD 'kept';
CREATE ROLE evil;
ALTER ROLE restoreproof_admin WITH PASSWORD 'taken-over';
ALTER ROLE "restoreproof_admin" WITH NOSUPERUSER;
COPY (SELECT 1) TO PROGRAM 'touch {mark}';
CREATE ROLE reader; COPY (SELECT 1) TO PROGRAM 'touch {mark}';
GRANT pg_execute_server_program TO shop;
\\! touch {mark}
"""


def test_of_hostile_globals_only_the_wanted_roles_are_applied(
    restore_context: RestoreContext, stack_context: StackContext
) -> None:
    path = restore_context.backup.directory / GLOBALS
    mark = restore_context.backup.directory / "pwned"
    path.write_text(HOSTILE.format(mark=mark))
    assert restore_roles(restore_context, "target", GLOBALS, ROLES) == 2
    assert roles(stack_context) == {"shop"}
    assert not mark.exists()
    with connect(stack_context.runtime, "target", "postgres") as connection:
        granted = connection.execute("select from pg_auth_members where member = 'shop'::regrole").fetchall()
        assert granted == []


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"CREATE ROLE shop;\nALTER ROLE shop WITH NONSENSE 'hunter2';\n"]
)
def test_globals_that_the_server_refuses_are_lost_and_their_passwords_not_told(
    restore_context: RestoreContext, stack_context: StackContext, content: bytes
) -> None:
    path = restore_context.backup.directory / GLOBALS
    path.write_bytes(content)
    with pytest.raises(RestoreFailed) as caught:
        restore_roles(restore_context, "target", GLOBALS, ROLES)
    assert "hunter2" not in str(caught.value)
    assert roles(stack_context) == set()


def test_a_bare_dump_has_no_roles_and_that_is_noted(
    restore_context: RestoreContext, stack_context: StackContext, notes: Any
) -> None:
    assert restore_roles(restore_context, "target", GLOBALS, ROLES) == 0
    assert notes.told[-1][1]["text"].endswith("no role was restored")


def lost(
    restore_context: RestoreContext, path: str = "postgres/shop/shop.dump", database: str = "shop"
) -> str:
    with pytest.raises(RestoreFailed) as caught:
        restore_dump(restore_context, "target", database, path)
    return str(caught.value)


def test_a_dump_whose_roles_are_missing_is_lost(whole: RestoreContext) -> None:
    assert 'role "shop" does not exist' in lost(whole)


@pytest.mark.parametrize("kept", [0.0, 0.4, 0.7])
def test_a_torn_dump_is_lost(whole: RestoreContext, stack_context: StackContext, kept: float) -> None:
    restore_roles(whole, "target", GLOBALS, ROLES)
    path: Path = whole.backup.directory / "postgres/shop/shop.dump"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert "pg_restore of postgres/shop/shop.dump ended with 1" in lost(whole)


def test_a_missing_dump_and_one_of_another_database_are_lost(
    whole: RestoreContext, stack_context: StackContext
) -> None:
    assert "the set holds no postgres/none.dump" in lost(whole, "postgres/none.dump")
    restore_roles(whole, "target", GLOBALS, ROLES)
    assert "'other' can't be used" in lost(whole, database="other")
