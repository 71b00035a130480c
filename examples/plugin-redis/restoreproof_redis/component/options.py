"""What a service of Redis takes in a contract."""

from __future__ import annotations

from pydantic import Field

from restoreproof.components.base import ComponentOptions


class RedisOptions(ComponentOptions):
    """``settings`` are lines of ``redis.conf`` by their directive, such as ``maxmemory: 100mb``."""

    settings: dict[str, str] = Field(default_factory=dict)


OPTIONS = RedisOptions
