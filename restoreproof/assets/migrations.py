"""Schema migrations: the release's own tool brings the restored database to the version it expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from restoreproof.assets.base import (
    Asset,
    Ground,
    Installing,
    Mark,
    RestoreFailed,
    Restoring,
)
from restoreproof.assets.dataset import connect_asset, scalar


class MigrationsAsset(Asset):
    """Runs ``service`` with ``arguments`` once; ``version`` is the SQL that tells where the schema is.

    ``committed`` is the SQL that tells when, by the server's own commit timestamps.

    ``database`` names the asset it migrates.
    """

    service: str
    database: str
    arguments: tuple[str, ...]
    version: str
    committed: str

    after: ClassVar[tuple[str, ...]] = ("postgres",)

    def restore(self, restoring: Restoring) -> None:
        self._migrate(restoring.ground)

    def install(self, installing: Installing) -> None:
        self._migrate(installing.ground)

    def _migrate(self, ground: Ground) -> None:
        with ground.phase("migrations"):
            done = ground.run_once(self.service, self.arguments, environment=ground.vault.environment())
        if done.returncode != 0:
            raise RestoreFailed(f"the migrations ended with {done.returncode}: {done.stderr.strip()[-600:]}")

    def current(self, ground: Ground) -> str | None:
        """The version that the restored database is at."""
        with connect_asset(ground, self.database) as connection:
            version = scalar(connection, self.version, {})
        return None if version is None else str(version)

    def marks(self, ground: Ground) -> Sequence[Mark]:
        with connect_asset(ground, self.database) as connection:
            at = scalar(connection, self.committed, {})
        return (Mark(at, "postgres: commit time of the schema version"),) if at else ()
