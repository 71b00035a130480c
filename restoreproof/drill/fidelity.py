"""How the drill's target differs from production, as the contract declares that. Journaled as overrides."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil
import psycopg

from restoreproof.assets.base import Restoring
from restoreproof.assets.dataset import connect
from restoreproof.assets.postgres import PostgresAsset
from restoreproof.backups.lacking import Lacking
from restoreproof.contract.production import Production
from restoreproof.errors import RestoreproofError

_GIB = 1024**3
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Target:
    """What the drill restored into. ``bytes`` is the size of the restored databases."""

    engines: Mapping[str, str]
    extensions: Mapping[str, str]
    collations: frozenset[str]
    bytes: int
    cpus: int
    memory: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which ``service`` (``*`` for all) is not as in production: what it has here, and there."""

    service: str
    here: str
    there: str


def differences(production: Production, target: Target) -> Iterator[Difference]:
    """Every declared fact that the target does not share; what is not declared is not compared."""
    for service, version in production.engines.items():
        here = target.engines.get(service)
        if here != version:
            yield Difference(service, f"PostgreSQL {here or 'that was not asked'}", f"PostgreSQL {version}")
    for name, version in production.extensions.items():
        here = target.extensions.get(name)
        if here != version:
            yield Difference(EVERY, f"extension {name} {here or 'absent'}", f"extension {name} {version}")
    if production.collation and target.collations != {production.collation}:
        here = ", ".join(sorted(target.collations)) or "unknown"
        yield Difference(EVERY, f"collation {here}", f"collation {production.collation}")
    yield from _amounts(production, target)


def _amounts(production: Production, target: Target) -> Iterator[Difference]:
    machine = production.machine
    if production.data_gib and target.bytes < production.data_gib * _GIB:
        here = f"{target.bytes / _GIB:.2f} GiB of data"
        yield Difference(EVERY, here, f"{production.data_gib} GiB, so times say little of its own")
    if machine.cpus and machine.cpus != target.cpus:
        yield Difference(EVERY, f"{target.cpus} CPUs", f"{machine.cpus} CPUs")
    if machine.memory_gib and machine.memory_gib != round(target.memory / _GIB):
        yield Difference(EVERY, f"{target.memory / _GIB:.1f} GiB of memory", f"{machine.memory_gib} GiB")


def tell_fidelity(restoring: Restoring) -> None:
    """Compare the target with the contract's ``production:`` and journal every difference."""
    ground = restoring.ground
    if ground.contract.production is None:
        return
    try:
        target = _look(restoring)
    except (Lacking, RestoreproofError, psycopg.Error) as error:
        ground.emitter.emit("note", text=f"the target could not be compared with production: {error}")
        return
    for one in differences(ground.contract.production, target):
        why = f"that is what the drill has; production, as the contract declares it, has {one.there}"
        ground.emitter.emit("override", service=one.service, name=one.here, why=why)


def _look(restoring: Restoring) -> Target:
    runtime = restoring.ground.runtime
    engines: dict[str, str] = {}
    extensions: dict[str, str] = {}
    collations: set[str] = set()
    size = 0
    for asset in restoring.ground.assets():
        if not isinstance(asset, PostgresAsset):
            continue
        with connect(runtime, asset.service, asset.database) as connection:
            row = connection.execute(
                "select current_setting('server_version') as version, pg_database_size(oid) as bytes, "
                "coalesce(datlocale, datcollate) as collation from pg_database "
                "where datname = current_database()"
            ).fetchone()
            assert row is not None
            installed = connection.execute("select extname as name, extversion as version from pg_extension")
            extensions |= {str(one["name"]): str(one["version"]) for one in installed}
        engines[asset.service] = str(row["version"]).split(maxsplit=1)[0]
        collations.add(str(row["collation"]))
        size += int(row["bytes"])
    memory = psutil.virtual_memory().total
    return Target(engines, extensions, frozenset(collations), size, os.cpu_count() or 0, memory)
