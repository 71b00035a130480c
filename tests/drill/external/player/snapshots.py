"""A provider's snapshots of a PostgreSQL service: a directory with its roles and a dump of each database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from restoreproof.components.postgres.superuser import SUPERUSER
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.process.runtime import ProcessRuntime
from tests.drill.external.player.stores import OWNER, connected

GLOBALS = "globals.sql"
# A new instance has administrators of its own: those of the old one must not take their place.
_ADMINISTRATORS = re.compile(rf'(?:CREATE|ALTER) ROLE "?(?:{SUPERUSER}|{OWNER})"?\b')


def take(runtime: ProcessRuntime, service: str, directory: Path) -> None:
    """Write a snapshot of everything but the database ``postgres``, where the drill marker is."""
    directory.mkdir(parents=True)
    _ask(runtime, service, "pg_dumpall", ["--roles-only"], stdout=directory / GLOBALS)
    with connected(runtime, service) as connection:
        found = connection.execute(
            "select datname from pg_database where not datistemplate and datname <> 'postgres'"
        ).fetchall()
    for (database,) in found:
        _ask(runtime, service, "pg_dump", ["-Fc", "-d", database], stdout=directory / f"{database}.dump")


def bring(runtime: ProcessRuntime, service: str, directory: Path, work: Path) -> None:
    """Fill the new instance ``service`` from a snapshot; ``work`` is a directory to write in."""
    lines = (directory / GLOBALS).read_text().splitlines(keepends=True)
    roles = work / GLOBALS
    roles.write_text("".join(line for line in lines if not _ADMINISTRATORS.match(line)))
    _ask(runtime, service, "psql", ["--quiet", "--set=ON_ERROR_STOP=1"], stdin=roles)
    for dump in sorted(directory.glob("*.dump")):
        _ask(runtime, service, "pg_restore", ["--create", "--dbname=postgres"], stdin=dump)


def _ask(
    runtime: ProcessRuntime,
    service: str,
    tool: str,
    arguments: Sequence[str],
    *,
    stdin: Path | None = None,
    stdout: Path | None = None,
) -> None:
    done = runtime.run_tool(service, tool, arguments, stdin=stdin, stdout=stdout)
    if done.returncode:
        raise EnvironmentUnfitError(f"{tool} ended with {done.returncode}: {done.stderr[-800:]}")
