"""Schema migrations: the release's own tool brings the restored database to the version it expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from restoreproof.assets.arrival import ArrivalTrace
from restoreproof.assets.base import (
    Asset,
    InstallContext,
    RestoreContext,
    RestoreFailed,
    StackContext,
)
from restoreproof.assets.dataset import open_database
from restoreproof.contract.declarations import AssetName, ServiceName
from restoreproof.contract.sql import FixedSql
from restoreproof.redaction.server_messages import without_values


class MigrationsAsset(Asset):
    """Runs ``service`` with ``arguments`` once; ``version`` is the SQL that tells where the schema is.

    ``committed`` is the SQL that tells when, by the server's own commit timestamps.

    ``database`` names the asset it migrates.
    """

    service: ServiceName
    database: AssetName
    arguments: tuple[str, ...] = ()
    version: FixedSql
    committed: FixedSql

    after: ClassVar[tuple[str, ...]] = ("postgres",)
    rests_on: ClassVar[tuple[str, ...]] = ("schema version",)

    def restore(self, restore_context: RestoreContext) -> None:
        self._migrate(restore_context.stack_context)

    def install(self, install_context: InstallContext) -> None:
        self._migrate(install_context.stack_context)

    def _migrate(self, stack_context: StackContext) -> None:
        with stack_context.phase("migrations"):
            done = stack_context.run_once(
                self.service, self.arguments, environment=stack_context.vault.environment()
            )
        if done.returncode != 0:
            words = without_values(done.stderr).strip()[-600:]
            raise RestoreFailed(f"the migrations ended with {done.returncode}: {words}")

    def current(self, stack_context: StackContext) -> str | None:
        """Return the version that the restored database is at; None if it has none."""
        with open_database(stack_context, self.database) as database:
            version = database.value(self.version)
        return None if version is None else str(version)

    def marks(self, stack_context: StackContext) -> Sequence[ArrivalTrace]:
        with open_database(stack_context, self.database) as database:
            at = database.value(self.committed)
        return (ArrivalTrace(at, "postgres: commit time of the schema version"),) if at else ()
