"""What the target can't hold is no fault of the backup's: real servers and tools, told by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from restoreproof.assets.base import BackupContext, RestoreContext, RestoreFailed, StackContext
from restoreproof.assets.postgres.connection import connect
from restoreproof.assets.postgres.database import open_postgres
from restoreproof.assets.postgres.dump import dump_database, restore_dump
from restoreproof.backups import layout
from restoreproof.errors import EnvironmentUnfitError

DATABASE, OTHER = "fitting", "fitted"
DUMP = f"postgres/shop/{DATABASE}.dump"
Alter = Callable[[bytes], bytes]


def as_administrator(stack_context: StackContext, service: str, database: str = "postgres") -> Any:
    return connect(stack_context.runtime, service, database, readonly=False, autocommit=True)


@pytest.fixture(scope="module", params=["builtin", "libc"])
def dump(
    request: pytest.FixtureRequest, stack_context: StackContext, backup_context: BackupContext
) -> Iterator[bytes]:
    """A dump of a database that sorts by that provider, and has an extension."""
    locale = {"builtin": "builtin builtin_locale 'C.UTF-8'", "libc": "libc locale 'C.UTF-8'"}[request.param]
    with as_administrator(stack_context, "source") as connection:
        connection.execute(f"create database {DATABASE} template template0 locale_provider {locale}".encode())
    with as_administrator(stack_context, "source", DATABASE) as connection:
        connection.execute("create extension amcheck")
        connection.execute("create table rows as select n from generate_series(1, 100) as n")
    dump_database(backup_context, "source", DATABASE, DUMP)
    yield (backup_context.directory / DUMP).read_bytes()
    with as_administrator(stack_context, "source") as connection:
        connection.execute(f"drop database {DATABASE}".encode())


@pytest.fixture
def restore(
    restore_context: RestoreContext, stack_context: StackContext
) -> Iterator[Callable[[bytes], None]]:
    """Restores the given bytes into the target, which is without the database before and after."""

    def run(content: bytes) -> None:
        (restore_context.backup.directory / DUMP).write_bytes(content)
        restore_dump(restore_context, "target", DATABASE, DUMP)

    yield run
    with as_administrator(stack_context, "target") as connection:
        for name in (DATABASE, OTHER):
            connection.execute(f"drop database if exists {name} with (force)".encode())


def test_a_dump_that_fits_is_restored(restore: Any, dump: bytes, stack_context: StackContext) -> None:
    restore(dump)
    with open_postgres(stack_context.runtime, "target", DATABASE) as database:
        assert database.value("select count(*) from rows") == 100


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (lambda dump: dump[:6] + bytes([dump[6] + 1]) + dump[7:], "the dump is in the archive format 1."),
        (lambda dump: dump.replace(b"amcheck", b"nocheck"), "needs the extension nocheck"),
        (lambda dump: dump.replace(b"'C.UTF-8'", b"'X.UTF-8'"), "sorts by the locale X.UTF-8"),
    ],
    ids=["newer archive", "extension", "locale"],
)
def test_what_the_target_has_not_is_told_by_name(restore: Any, dump: bytes, alter: Alter, said: str) -> None:
    with pytest.raises(EnvironmentUnfitError) as refused:
        restore(alter(dump))
    assert said in refused.value.message
    assert refused.value.hint


@contextmanager
def dumped(stack_context: StackContext, into: Path, *statements: str) -> Iterator[Callable[[], bytes]]:
    """A database of the source that ``statements`` fill; it is dumped, uncompressed, when asked to."""
    with as_administrator(stack_context, "source") as connection:
        connection.execute(f"create database {OTHER} template template0".encode())
    try:
        with as_administrator(stack_context, "source", OTHER) as connection:
            for statement in statements:
                connection.execute(statement.encode())

        def dump() -> bytes:
            into.parent.mkdir(exist_ok=True)
            arguments = ["--format=custom", "--compress=0", "--no-password", f"--dbname={OTHER}"]
            done = stack_context.runtime.run_tool("source", "pg_dump", arguments, stdout=into)
            assert done.returncode == 0, done.stderr
            return into.read_bytes()

        yield dump
    finally:
        with as_administrator(stack_context, "source") as connection:
            connection.execute(f"drop database {OTHER}".encode())


@pytest.mark.parametrize("name", ["d-xicu", "de_DE8"], ids=["ICU", "libc"])
def test_a_column_s_collation_that_the_target_has_not_is_told_by_name(
    restore: Any, stack_context: StackContext, backup_context: BackupContext, name: str
) -> None:
    # As a server that has it would write it; the name is as long, so that the archive's lengths stay true.
    with dumped(
        stack_context, backup_context.directory / DUMP, 'create table people (name text collate "C.utf8")'
    ) as dump:
        written = dump()
    assert b'"C.utf8"' in written
    with pytest.raises(EnvironmentUnfitError) as refused:
        restore(written.replace(b'"C.utf8"', f'"{name}"'.encode()))
    assert f"sorts by the collation {name}" in refused.value.message
    assert refused.value.hint


def test_a_damaged_row_that_holds_an_error_s_words_is_the_backup_s(
    restore: Any, stack_context: StackContext, backup_context: BackupContext
) -> None:
    said = "could not extend file: No space left on device"
    table, row = "create table jobs (error text, at bigint)", f"insert into jobs values ('{said}', 7)"
    with dumped(stack_context, backup_context.directory / DUMP, table, row) as dump:
        written = dump()
    assert f"{said}\t7\n".encode() in written
    with pytest.raises(RestoreFailed, match='missing data for column "at"') as failed:
        restore(written.replace(f"{said}\t7\n".encode(), f"{said} 7\n".encode()))
    assert said not in str(failed.value), "a row is not quoted"


@pytest.fixture(params=["plain", "tar"])
def base(
    request: pytest.FixtureRequest, restore_context: RestoreContext, stack_context: StackContext
) -> Path:
    """A base backup of the source, in the set."""
    directory = restore_context.backup.directory / layout.BASE
    directory.mkdir()
    arguments = ["-D", str(directory), f"--format={request.param}", "--checkpoint=fast", "--no-password"]
    done = stack_context.runtime.run_tool(
        "source", "pg_basebackup", [*arguments, "--wal-method=none"], write=[directory]
    )
    assert done.returncode == 0, done.stderr
    return directory


def test_a_base_backup_of_the_same_version_is_not_verified_by_name(
    base: Path, restore_context: RestoreContext
) -> None:
    with pytest.raises(
        EnvironmentUnfitError, match="base backup of PostgreSQL 18, and this runtime restores"
    ):
        restore_dump(restore_context, "target", DATABASE, DUMP)


def test_a_base_backup_of_another_version_can_not_run_and_that_is_said(
    base: Path, restore_context: RestoreContext
) -> None:
    if not (base / "PG_VERSION").exists():
        (base / "base.tar").unlink()
    (base / "PG_VERSION").write_text("15\n")
    with pytest.raises(
        EnvironmentUnfitError, match="base backup of PostgreSQL 15, which can't run under PostgreSQL 18"
    ):
        restore_dump(restore_context, "target", DATABASE, DUMP)
