"""What a service of Postgres takes in a contract."""

from __future__ import annotations

from pydantic import Field

from restoreproof.components.base import ComponentOptions


class PostgresOptions(ComponentOptions):
    """``version`` is the major version; ``fsync: true`` keeps the target durable; ``settings`` are GUCs."""

    version: int | None = None
    fsync: bool = False
    settings: dict[str, str] = Field(default_factory=dict)


OPTIONS = PostgresOptions
