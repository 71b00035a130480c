"""What the drill restored into, as its servers, its services and its machine say."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psutil
import psycopg

from restoreproof.assets.base import Restoring
from restoreproof.assets.dataset import connect
from restoreproof.backups.lacking import Lacking
from restoreproof.errors import RestoreproofError
from restoreproof.journal import Emitter

_DATABASE = """
select current_setting('server_version') as version, pg_database_size(oid) as bytes,
  coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', datcollate) as collation,
  pg_database_collation_actual_version(oid) as collation_version,
  case datlocprovider when 'b' then 'builtin' when 'i' then 'ICU' else 'libc' end as provider
from pg_database d where datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class Database:
    """One restored database. ``collation_version`` is None where the provider has no versions."""

    service: str
    name: str
    version: str
    collation: str
    provider: str
    collation_version: str | None
    bytes: int
    extensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Program:
    """What ran as a service: its version, the digest of its image or program, and where that is from."""

    version: str | None = None
    digest: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """All of it. ``unreached`` says of each database that could not be asked why."""

    databases: tuple[Database, ...]
    programs: Mapping[str, Program]
    cpus: int
    memory: int
    unreached: Mapping[str, str] = field(default_factory=dict)


class Witness:
    """An emitter that remembers which program started as which service."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self.programs: dict[str, Program] = {}

    def emit(self, type: str, /, **data: Any) -> None:
        if type == "service-started":
            self.programs[data["service"]] = Program(
                data.get("version"), data.get("digest"), data.get("source")
            )
        self._emitter.emit(type, **data)


def look(restoring: Restoring, programs: Mapping[str, Program]) -> Target:
    """Ask every restored database, and the machine."""
    databases: list[Database] = []
    unreached: dict[str, str] = {}
    for service, name in _places(restoring):
        try:
            databases.append(_ask(restoring, service, name))
        except (Lacking, RestoreproofError, psycopg.Error) as error:
            unreached[name] = str(error).strip()
    memory = psutil.virtual_memory().total
    return Target(tuple(databases), dict(programs), os.cpu_count() or 0, memory, unreached)


def _places(restoring: Restoring) -> Iterator[tuple[str, str]]:
    """Service and name of every database that an asset restores."""
    for block in restoring.ground.contract.assets.values():
        options = block.options()
        if (store := options.get("store", block.service)) and "owner" in options and "database" in options:
            yield store, options["database"]


def _ask(restoring: Restoring, service: str, name: str) -> Database:
    with connect(restoring.ground.runtime, service, name) as connection:
        row = connection.execute(_DATABASE).fetchone()
        assert row is not None
        installed = connection.execute("select extname as name, extversion as version from pg_extension")
        extensions = {str(one["name"]): str(one["version"]) for one in installed}
    return Database(
        service=service,
        name=name,
        version=str(row["version"]).split(maxsplit=1)[0],
        collation=str(row["collation"]),
        provider=str(row["provider"]),
        collation_version=row["collation_version"],
        bytes=int(row["bytes"]),
        extensions=extensions,
    )
