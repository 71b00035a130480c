"""What a dump does while it is restored is told, and what it holds is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from restoreproof.assets.base import BackupContext, RestoreContext, RestoreFailed, StackContext
from restoreproof.assets.postgres.connection import connect
from restoreproof.assets.postgres.dump import dump_database, restore_dump

ANNA = "anna.private@example.com"
DUMP = "postgres/shop/told.dump"
AT_HOME = "current_setting('application_name') <> 'pg_restore'"
USERS = f"create table users (id int, email {{kind}}); insert into users values (1, '{ANNA}');"

REFUSED = {
    "a domain": (
        f"create function sound(text) returns boolean language sql immutable as $$ select {AT_HOME} $$;"
        "create domain mail as text constraint sound check (sound(value));" + USERS.format(kind="mail"),
        "COPY users, line 1, column email",
    ),
    "a row": (
        f"create function sound(text) returns boolean language sql immutable as $$ select {AT_HOME} $$;"
        + USERS.format(kind="text check (sound(email))"),
        "(COPY users, line 1)",
    ),
    "a function": (
        "create function sound(mail text) returns boolean language plpgsql as $$ begin "
        f"if not {AT_HOME} then raise 'no mail to %', mail; end if; return true; end $$;"
        + USERS.format(kind="text check (sound(email))"),
        "a function raised it in words of its own (COPY users, line 1)",
    ),
}
# pg_restore may empty the table once more before it fills it; a large object that the dump lacks stays.
KEEP = (
    "if not exists (select from pg_largeobject_metadata where oid = 4711) then perform "
    "lo_from_bytea(4711, convert_to((select line from public.seen limit 1), 'UTF8')); end if;"
)
RUNNING = {
    "as it is": "copy public.seen from program 'echo run-by-the-dump'",
    # Another command: one that was told is not told again.
    "put together": "execute 'copy public.seen from pro' || 'gram ''echo  run-by-the-dump'''",
}


@pytest.fixture(autouse=True)
def servers(stack_context: StackContext) -> Iterator[None]:
    """Both servers know the owner, and neither has the database before and after a test."""
    yield
    for service in ("source", "target"):
        with _administration(stack_context, service) as connection:
            connection.execute("drop database if exists told with (force)")


def _administration(stack_context: StackContext, service: str, database: str = "postgres") -> Any:
    return connect(stack_context.runtime, service, database, readonly=False, autocommit=True)


def restore(
    sql: str, stack_context: StackContext, backup_context: BackupContext, restore_context: RestoreContext
) -> None:
    """Dump a database that ``sql`` made on the one server, and restore it on the other."""
    with _administration(stack_context, "source") as connection:
        connection.execute("create database told")
    with _administration(stack_context, "source", "told") as connection:
        connection.execute(sql.encode())
    dump_database(backup_context, "source", "told", DUMP)
    target: Path = restore_context.backup.directory / DUMP
    target.write_bytes((backup_context.directory / DUMP).read_bytes())
    restore_dump(restore_context, "target", "told", DUMP)


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_row_is_told_by_its_place_alone(
    case: str,
    stack_context: StackContext,
    backup_context: BackupContext,
    restore_context: RestoreContext,
    notes: Any,
) -> None:
    sql, place = REFUSED[case]
    with pytest.raises(RestoreFailed) as lost:
        restore(sql, stack_context, backup_context, restore_context)
    assert place in str(lost.value)
    log = stack_context.runtime.log_tail("target", 50)
    assert "ERROR:" in log
    assert ANNA not in f"{lost.value}{log}{notes.told}"


@pytest.mark.parametrize("way", RUNNING)
def test_a_program_that_ran_is_an_event(
    way: str,
    stack_context: StackContext,
    backup_context: BackupContext,
    restore_context: RestoreContext,
    notes: Any,
) -> None:
    before = len(notes.told)
    sql = (
        "create table seen (line text); create table users (id int);"
        "create function look() returns boolean language plpgsql as $$ begin "
        f"if not {AT_HOME} then {RUNNING[way]}; {KEEP} end if; return true; end $$;"
        "alter table users add constraint looking check (look()); insert into users values (1);"
    )
    restore(sql, stack_context, backup_context, restore_context)
    [ran] = [data for kind, data in notes.told[before:] if kind == "program-run"]
    assert (ran["service"], ran["expected"]) == ("target", False)
    assert "run-by-the-dump" in ran["what"]
    with connect(stack_context.runtime, "target", "told") as connection:
        rows = connection.execute("select convert_from(lo_get(4711), 'UTF8') as line").fetchall()
    assert [row["line"] for row in rows] == ["run-by-the-dump"], "it was told, and not kept from running"


def test_a_function_that_may_do_anything_is_an_event(
    stack_context: StackContext, backup_context: BackupContext, restore_context: RestoreContext, notes: Any
) -> None:
    before = len(notes.told)
    sql = "create function beside() returns trigger language c as '$libdir/refint', 'check_primary_key'"
    restore(sql, stack_context, backup_context, restore_context)
    [told] = [data for kind, data in notes.told[before:] if kind == "program-run"]
    assert told["what"] == "the function beside of told is in c, which is not trusted"
