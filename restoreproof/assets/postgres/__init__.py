"""PostgreSQL databases: ``kind: postgres``. Only this folder knows the client that speaks to them."""

from restoreproof.assets.postgres.asset import PostgresAsset, PostgresKnown

__all__ = ["PostgresAsset", "PostgresKnown"]
