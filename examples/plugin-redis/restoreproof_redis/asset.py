"""``kind: redis``: one database of a Redis, dumped key by key and restored into an empty one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

import redis
from pydantic import Field

from restoreproof.assets.base import Asset, BackupContext, RestoreContext, RestoreFailed, StackContext
from restoreproof.backups.safe_open import open_file
from restoreproof.errors import EnvironmentUnfitError
from restoreproof_redis.client import connected
from restoreproof_redis.keyspace import MAX_LINE, NotADump, Tally, entries, restorable, to_line


class RedisAsset(Asset):
    """The database number ``database`` of the Redis that runs as ``service``."""

    rests_on: ClassVar[tuple[str, ...]] = ("keys",)

    service: str
    database: int = Field(default=0, ge=0)

    @property
    def path(self) -> str:
        """Where its dump stands in a set."""
        return f"redis/{self.service}-{self.database}.jsonl"

    def stores(self) -> tuple[str, ...]:
        return (self.service,)

    def back_up(self, backup_context: BackupContext) -> None:
        stack_context, tally = backup_context.stack_context, Tally()
        target = backup_context.directory / self.path
        target.parent.mkdir(exist_ok=True)
        with (
            stack_context.phase(f"dump {self.name}") as work,
            connected(stack_context.runtime, self.service, self.database) as client,
            target.open("wb") as file,
        ):
            try:
                seconds, micros = client.time()
                backup_context.recovery_point(datetime.fromtimestamp(seconds + micros / 1e6, UTC))
                for entry in entries(client):
                    tally.add(entry)
                    file.write(to_line(entry))
            except redis.RedisError as error:
                raise RestoreFailed(f"the key space of {self.name!r} can't be dumped: {error}") from error
            key_space = tally.key_space()
            work.bytes, work.items = file.tell(), key_space.lasting + key_space.expiring
        backup_context.expect(self.name, key_space)

    def restore(self, restore_context: RestoreContext) -> None:
        stack_context, restored = restore_context.stack_context, 0
        with (
            stack_context.phase(f"restore {self.name}") as work,
            connected(stack_context.runtime, self.service, self.database) as client,
        ):
            try:
                if present := client.dbsize():
                    raise EnvironmentUnfitError(
                        f"database {self.database} of {self.service!r} holds {present} keys already",
                        hint="a drill restores into an empty one: name another target",
                    )
                with open_file(restore_context.backup.directory, self.path) as file:
                    lines = iter(lambda: file.readline(MAX_LINE), b"")
                    for key, expires_ms, payload in restorable(lines):
                        client.restore(key, expires_ms, payload, absttl=True)
                        restored += 1
                    work.bytes, work.items = file.tell(), restored
            except FileNotFoundError as error:
                raise RestoreFailed(f"the set has no {self.path}") from error
            except NotADump as error:
                raise RestoreFailed(f"{self.path}: {error}") from error
            except redis.ResponseError as error:
                raise RestoreFailed(
                    f"{self.path}, entry {restored + 1}: Redis refuses it: {error}"
                ) from error
            except redis.RedisError as error:
                raise EnvironmentUnfitError(f"{self.service}: {error}") from error

    def versions(self, stack_context: StackContext) -> Mapping[str, str]:
        with connected(stack_context.runtime, self.service, self.database) as client:
            return {"redis": str(client.info("server")["redis_version"])}
