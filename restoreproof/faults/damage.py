"""Damage that faults are made of, done with the clients anybody would use: SQL, S3."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import obstore

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.dataset import open_database
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.s3 import control, store
from restoreproof.checks.objects import objects_asset
from restoreproof.drill.inner.stages import merge
from restoreproof.faults.base import FaultMissed, Mend, OnStack
from restoreproof.runtimes.base import Start


def sql(*statements: str, mend: Sequence[str] = (), asset: str = "database") -> OnStack:
    """Run ``statements`` as administrator; ``mend`` afterwards, before the next stage.

    Raises FaultMissed when a statement that changes rows changes none.
    """

    def damage(restore_context: RestoreContext) -> Mend | None:
        execute(restore_context, asset, statements)
        return (lambda: execute(restore_context, asset, mend)) if mend else None

    return damage


def execute(restore_context: RestoreContext, asset: str, statements: Sequence[str]) -> None:
    """Run statements in one transaction of the administrator. Raises FaultMissed, see ``sql``."""
    with open_database(restore_context.stack_context, asset, readonly=False) as database:
        for statement in statements:
            if database.execute(statement) == 0:
                raise FaultMissed(f"nothing was changed by: {statement}")


def first(
    restore_context: RestoreContext, query: str, *, asset: str = "database", **values: Any
) -> dict[str, Any]:
    """Return the first row of a query with ``:names`` for ``values``. Raises FaultMissed without one."""
    with open_database(restore_context.stack_context, asset) as database:
        row = next(database.rows(query, values), None)
    if row is None:
        raise FaultMissed(f"no row answers: {query}")
    return row


def start_again(restore_context: RestoreContext, service: str) -> None:
    """Stop a service and start it with what a drill gives it, except that it is not held."""
    stack_context = restore_context.stack_context
    contributions = [asset.contribution(service, restore_context) for asset in stack_context.assets()]
    start = reduce(merge, contributions, Start(environment={**stack_context.vault.environment()}))
    stack_context.runtime.stop(service)
    stack_context.runtime.start(service, start)


class DamagedBucket:
    """A restored bucket in the administrator's hands."""

    def __init__(self, restore_context: RestoreContext, bucket: str) -> None:
        stack_context = restore_context.stack_context
        asset: ObjectsAsset = objects_asset(restore_context, bucket)
        endpoint, admin = (
            stack_context.runtime.endpoint(asset.service),
            stack_context.runtime.administrator(asset.service),
        )
        self.name = asset.bucket_name(stack_context, bucket)
        self.client = control(endpoint, admin)
        self._store = store(endpoint, admin, self.name)

    def listed(self) -> list[str]:
        """Return every key in the bucket, sorted. Raises FaultMissed if there is none."""
        keys = sorted(meta["path"] for page in obstore.list(self._store) for meta in page)
        if not keys:
            raise FaultMissed(f"the bucket {self.name} is empty")
        return keys

    def read(self, key: str) -> bytes:
        """Return the content under ``key``."""
        return bytes(obstore.get(self._store, key).bytes())

    def write(self, key: str, content: bytes, content_type: str) -> None:
        """Put ``content`` under ``key``, without metadata."""
        obstore.put(self._store, key, content, attributes={"Content-Type": content_type}, use_multipart=False)

    def delete(self, key: str) -> None:
        """Delete ``key``."""
        obstore.delete(self._store, key)


def altered(content: bytes) -> bytes:
    """Return ``content`` with its middle byte changed: of the same length, with another digest."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
