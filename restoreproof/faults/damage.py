"""Damage that faults are made of, done with the clients anybody would use: SQL, S3."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import obstore
from psycopg.sql import SQL

from restoreproof.assets.base import Restoring
from restoreproof.assets.dataset import connect_asset
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.s3 import control, store
from restoreproof.checks.objects import objects_asset
from restoreproof.drill.stages import merge
from restoreproof.faults.base import FaultMissed, Mend, OnStack
from restoreproof.runtimes.base import Start


def sql(*statements: str, mend: Sequence[str] = (), asset: str = "database") -> OnStack:
    """Run ``statements`` as administrator; ``mend`` afterwards, before the next stage.

    Raises FaultMissed when a statement that changes rows changes none.
    """

    def damage(restoring: Restoring) -> Mend | None:
        execute(restoring, asset, statements)
        return (lambda: execute(restoring, asset, mend)) if mend else None

    return damage


def execute(restoring: Restoring, asset: str, statements: Sequence[str]) -> None:
    """Run statements in one transaction of the administrator. Raises FaultMissed, see ``sql``."""
    with connect_asset(restoring.ground, asset, readonly=False) as connection:
        for statement in statements:
            if connection.execute(SQL(statement)).rowcount == 0:
                raise FaultMissed(f"nothing was changed by: {statement}")


def first(restoring: Restoring, query: str, *values: Any, asset: str = "database") -> dict[str, Any]:
    """The first row of a query. Raises FaultMissed if there is none."""
    with connect_asset(restoring.ground, asset) as connection:
        row = connection.execute(query.encode(), values).fetchone()
    if row is None:
        raise FaultMissed(f"no row answers: {query}")
    return row


def start_again(restoring: Restoring, service: str) -> None:
    """Stop a service and start it with what a drill gives it, except that it is not held."""
    ground = restoring.ground
    contributions = [asset.contribution(service, restoring) for asset in ground.assets()]
    start = reduce(merge, contributions, Start(environment={**ground.vault.environment()}))
    ground.runtime.stop(service)
    ground.runtime.start(service, start)


class Bucket:
    """A restored bucket in the administrator's hands."""

    def __init__(self, restoring: Restoring, bucket: str) -> None:
        ground = restoring.ground
        asset: ObjectsAsset = objects_asset(restoring, bucket)
        endpoint, admin = ground.runtime.endpoint(asset.service), ground.runtime.administrator(asset.service)
        self.name = asset.bucket_name(ground, bucket)
        self.client = control(endpoint, admin)
        self._store = store(endpoint, admin, self.name)

    def listed(self) -> list[str]:
        """Every key in it, sorted. Raises FaultMissed if there is none."""
        found = sorted(meta["path"] for page in obstore.list(self._store) for meta in page)
        if not found:
            raise FaultMissed(f"the bucket {self.name} is empty")
        return found

    def read(self, key: str) -> bytes:
        """The content under ``key``."""
        return bytes(obstore.get(self._store, key).bytes())

    def write(self, key: str, content: bytes, content_type: str) -> None:
        """Put ``content`` under ``key``, without metadata."""
        obstore.put(self._store, key, content, attributes={"Content-Type": content_type}, use_multipart=False)

    def delete(self, key: str) -> None:
        """Delete ``key``."""
        obstore.delete(self._store, key)


def altered(content: bytes) -> bytes:
    """``content`` with its middle byte changed: same length, other digest."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
