"""Dumps of PostgreSQL databases: taken with ``pg_dump -Fc``, restored with pg_restore."""

from __future__ import annotations

import psycopg

from restoreproof.assets.arrival import ArrivalTrace
from restoreproof.assets.base import BackupContext, RestoreContext, RestoreFailed, StackContext
from restoreproof.assets.compatibility import misfit, refuse_base, refuse_newer
from restoreproof.assets.postgres.connection import connect
from restoreproof.assets.postgres.tools import complains, require_success


def dump_database(
    backup_context: BackupContext, service: str, database: str, path: str, *, snapshot_name: str | None = None
) -> int:
    """Write ``pg_dump -Fc`` of ``database`` into the set, at ``path``; return its size in bytes.

    ``snapshot_name`` is an exported snapshot to dump at; None for one of its own. Raises RestoreFailed.
    """
    out = backup_context.directory / path
    out.parent.mkdir(parents=True, exist_ok=True)
    at = [f"--snapshot={snapshot_name}"] if snapshot_name else []
    arguments = ["--format=custom", *at, "--no-password", f"--dbname={database}"]
    done = backup_context.stack_context.runtime.run_tool(service, "pg_dump", arguments, stdout=out)
    require_success(done, "pg_dump")
    return out.stat().st_size


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


def database_mark(stack_context: StackContext, service: str, database: str) -> ArrivalTrace:
    """Return when the server created the files of ``database``, by its own file times."""
    with connect(stack_context.runtime, service, database) as connection:
        row = connection.execute(
            "select (pg_stat_file('base/' || oid || '/PG_VERSION')).modification as at "
            "from pg_database where datname = current_database()"
        ).fetchone()
    assert row is not None
    return ArrivalTrace(row["at"], f"{service}: files of database {database}")
