"""Dumps of PostgreSQL databases: taken with ``pg_dump -Fc``, restored with pg_restore."""

from __future__ import annotations

import psycopg

from restoreproof.assets.arrival import ArrivalTrace
from restoreproof.assets.base import BackupContext, RestoreContext, RestoreFailed, StackContext
from restoreproof.assets.compatibility import misfit, refuse_base, refuse_newer
from restoreproof.assets.postgres.connection import Connection, connect
from restoreproof.assets.postgres.tools import complains, require_success
from restoreproof.events import ProgramRun

_UNTRUSTED = """
select p.oid::regproc::text as name, l.lanname as language, current_database() as database
from pg_proc p join pg_language l on l.oid = p.prolang
where not l.lanpltrusted and p.oid >= 16384 and not exists (
  select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
order by 1 limit 20
"""
"""Functions of C, plpython3u and the like; ids from 16384 on are of what was made after initdb."""


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
            tell_untrusted(stack_context, service, connection)
    except psycopg.DatabaseError as error:
        raise RestoreFailed(f"{path} was restored, but {database!r} can't be used: {error}") from error


def tell_untrusted(stack_context: StackContext, service: str, connection: Connection) -> None:
    """Tell of each restored function that may run any program: its language is no trusted one.

    What an extension of the server brings is its own, and passed over.
    """
    expected = stack_context.contract.services[service].options().get("runs_programs") is True
    for row in connection.execute(_UNTRUSTED).fetchall():
        description = (
            f"the function {row['name']} of {row['database']} is in {row['language']}, which is not trusted"
        )
        stage = stack_context.stage()
        stack_context.emitter.emit(
            ProgramRun(service=service, what=description, stage=stage, expected=expected)
        )


def database_mark(stack_context: StackContext, service: str, database: str) -> ArrivalTrace:
    """Return when the server created the files of ``database``, by its own file times."""
    with connect(stack_context.runtime, service, database) as connection:
        row = connection.execute(
            "select (pg_stat_file('base/' || oid || '/PG_VERSION')).modification as at "
            "from pg_database where datname = current_database()"
        ).fetchone()
    assert row is not None
    return ArrivalTrace(row["at"], f"{service}: files of database {database}")
