"""The plug-in holds what every asset kind and component has to hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from restoreproof_redis.asset import RedisAsset
from restoreproof_redis.client import connected
from restoreproof_redis.component.configuration import configuration, new_administrator
from restoreproof_redis.keyspace import NotADump, entries, restorable

from restoreproof.assets.base import StackContext
from restoreproof.components.registry import component
from restoreproof.errors import ContractError
from restoreproof.testing.asset_suite import AssetSuite
from restoreproof.testing.component_suite import ComponentSuite

CONTRACT = Path(__file__).parents[1] / "stack" / "stack.yaml"


class TestComponent(ComponentSuite):
    name = "redis"
    contract = CONTRACT
    service = "redis"


class TestAsset(AssetSuite):
    contract = CONTRACT
    asset = "sessions"

    def fill(self, stack_context: StackContext) -> None:
        with connected(stack_context.runtime, "redis", 0) as client:
            client.set(b"string\x00\xff", b"binary \r\n")
            client.set("soon", "gone", ex=600)
            client.hset("hash", mapping={"a": "1", "b": "2"})
            client.zadd("zset", {"x": 1.5, "y": -2})
            client.rpush("list", "b", "a", "b")
            client.sadd("set", "1", "2")
            client.xadd("stream", {"field": "value"})

    def content(self, stack_context: StackContext) -> Any:
        with connected(stack_context.runtime, "redis", 0) as client:
            return {entry.key: (entry.content, entry.expires_ms is None) for entry in entries(client)}


def test_the_kind_is_the_plug_in_s_own() -> None:
    registered = component("redis")
    assert registered is not None
    assert registered.door.distribution == "restoreproof-redis"
    assert RedisAsset.model_fields.keys() == {"kind", "at", "name", "service", "database"}


@pytest.mark.parametrize(
    "line",
    [b"no json\n", b"[]\n", b"{}\n", b'{"key": "=", "payload": "", "expires_ms": null}\n',
     b'{"key": "", "payload": "", "expires_ms": true}\n', b'{"key": "", "payload": "", "expires_ms": -1}\n'],
)  # fmt: skip
def test_a_line_that_is_no_entry_is_named(line: bytes) -> None:
    with pytest.raises(NotADump, match="line 1"):
        list(restorable([line]))


@pytest.mark.parametrize("settings", [{"bind": "0.0.0.0"}, {"maxmemory": "1mb\nuser x on"}, {"user x": "on"}])
def test_a_setting_that_would_open_the_server_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ContractError, match="the drill's own"):
        configuration("redis", "127.0.0.2", 6379, new_administrator(), settings)
