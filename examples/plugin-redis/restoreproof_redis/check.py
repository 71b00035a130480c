"""Whether a restored key space is the one that the catalogue describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.base import Findings, conclude
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.ref import Ref
from restoreproof.errors import ContractError
from restoreproof.outcome import Observation
from restoreproof_redis.asset import RedisAsset
from restoreproof_redis.client import connected
from restoreproof_redis.keyspace import KeySpace, Tally, entries


@check("redis keys")
@dataclass(frozen=True, slots=True)
class RestoredKeys:
    """The keys of one restored database, and what the catalogue expects of them."""

    restored: KeySpace
    expected: KeySpace | None

    @when('the keys of "{asset}" are read')
    @classmethod
    def look(cls, restore_context: RestoreContext, asset: Annotated[str, Ref("asset")]) -> RestoredKeys:
        """Read every key of the asset's database as the drill's administrator."""
        stack_context, tally = restore_context.stack_context, Tally()
        block = stack_context.asset(asset)
        if not isinstance(block, RedisAsset):
            raise ContractError(f"the asset {asset!r} is of the kind {block.kind!r}, which has no keys")
        with (
            stack_context.phase(f"keys of {asset}") as work,
            connected(stack_context.runtime, block.service, block.database) as client,
        ):
            for entry in entries(client):
                tally.add(entry)
            restored = tally.key_space()
            work.items = restored.lasting + restored.expiring
        return cls(restored, restore_context.expected(asset, KeySpace))

    @then("every key holds what it held when it was backed up", states="keys")
    def whole(self) -> Observation:
        """Keys that do not expire are as many as the catalogue counted, with the same content."""
        findings, restored, expected = Findings(), self.restored, self.expected
        if expected and (restored.lasting, restored.fingerprint) != (expected.lasting, expected.fingerprint):
            findings.add(
                f"{expected.lasting} keys with the fingerprint {expected.fingerprint[:16]}…, "
                f"restored are {restored.lasting} with {restored.fingerprint[:16]}…"
            )
        return conclude(
            "each key that does not expire holds what the catalogue's fingerprint stands for",
            f"{restored.lasting} keys that do not expire, {restored.expiring} that do",
            findings,
            examined=restored.lasting,
            total=expected.lasting if expected else None,
        )
