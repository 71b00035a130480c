"""The damage that the check of the demonstration's key space has to notice."""

from __future__ import annotations

from restoreproof.assets.base import RestoreContext
from restoreproof.faults.base import Fault, FaultMissed
from restoreproof.faults.setcopy import SetCopy
from restoreproof_redis.client import connected

KEYS = "cache/keys"
_DUMP = "redis/redis-0.jsonl"


def _drop_a_line(copy: SetCopy) -> None:
    path = copy.path(_DUMP)
    lines = path.read_bytes().splitlines(keepends=True)
    lasting = [number for number, line in enumerate(lines) if b'"expires_ms": null' in line]
    if not lasting:
        raise FaultMissed(f"{_DUMP} holds no key that does not expire")
    del lines[lasting[-1]]
    path.write_bytes(b"".join(lines))


def _alter_a_value(restore_context: RestoreContext) -> None:
    with connected(restore_context.stack_context.runtime, "redis", 0) as client:
        key = next((key for key in client.scan_iter(_type="string") if client.ttl(key) == -1), None)
        if key is None:
            raise FaultMissed("no string that does not expire was restored")
        client.append(key, b"?")


FAULTS = (
    Fault(
        "lost-key",
        "the backup job missed a key",
        (KEYS,),
        on_set=_drop_a_line,
    ),
    Fault(
        "altered-value",
        "a restored key holds one byte more than it held",
        (KEYS,),
        after="cache",
        on_stack=_alter_a_value,
    ),
)
