"""A key space: what each key holds, as it travels in a backup set and as the catalogue sums it up."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis
from pydantic import BaseModel, ConfigDict, NonNegativeInt

from restoreproof.backups.fingerprint import Fingerprint

MAX_LINE = 512 * 1024 * 1024
"""Bytes of one line of a dump: Redis holds no longer value."""
_ATTEMPTS = 5
_READ: dict[bytes, Callable[[Any, bytes], Any]] = {
    b"string": lambda client, key: client.get(key),
    b"list": lambda client, key: client.lrange(key, 0, -1),
    b"set": lambda client, key: client.smembers(key),
    b"zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
    b"hash": lambda client, key: client.hgetall(key),
    b"stream": lambda client, key: client.xrange(key),
}


class KeySpace(BaseModel):
    """What a backup held, for the catalogue.

    Keys that expire are counted apart: between backup and drill they may rightly go, so nothing is asserted
    of them. ``fingerprint`` is over the keys that do not expire, with their types and content.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lasting: NonNegativeInt
    expiring: NonNegativeInt
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One key: ``payload`` is what Redis's own DUMP says of it, ``expires_ms`` a Unix time or None.

    ``content`` are the bytes that stand for type and content, whatever order Redis keeps them in.
    """

    key: bytes
    payload: bytes
    expires_ms: int | None
    content: bytes


class Tally:
    """Sums up the entries of a key space, one after the other."""

    def __init__(self) -> None:
        self._lasting = Fingerprint()
        self._expiring = 0

    def add(self, entry: Entry) -> None:
        """Count one entry."""
        if entry.expires_ms is None:
            self._lasting.add(_canonical([entry.key, entry.content]))
        else:
            self._expiring += 1

    def key_space(self) -> KeySpace:
        """Return all that was counted."""
        return KeySpace(
            lasting=self._lasting.count, expiring=self._expiring, fingerprint=self._lasting.hexdigest()
        )


class NotADump(ValueError):
    """A line of a set that no dump of a key space holds."""


def entries(client: redis.Redis) -> Iterator[Entry]:
    """Yield every key of a database with its content, each as of one moment; a key that goes is left out.

    Raises:
        redis.RedisError: the server does not answer, or has a key of a type that only a module can read.
    """
    for key in client.scan_iter(count=500):
        if entry := _entry(client, key):
            yield entry


def _entry(client: redis.Redis, key: bytes) -> Entry | None:
    for _ in range(_ATTEMPTS):
        kind: bytes = client.type(key)
        if kind == b"none":
            return None
        if kind not in _READ:
            raise redis.RedisError(f"the key {key!r} is of the type {kind!r}, which only its module can read")
        with client.pipeline(transaction=True) as moment:
            moment.dump(key).pttl(key).time()
            _READ[kind](moment, key)
            payload, left_ms, (seconds, micros), content = moment.execute(raise_on_error=False)
        if payload is None:
            return None
        if not isinstance(content, redis.ResponseError):
            now_ms = seconds * 1000 + micros // 1000
            expires = now_ms + left_ms if left_ms >= 0 else None
            return Entry(key, payload, expires, _canonical([kind, *_parts(content)]))
    raise redis.RedisError(f"the key {key!r} changes its type faster than it can be read")


def to_line(entry: Entry) -> bytes:
    """Return the line of a dump that stands for ``entry``."""
    fields = {
        "key": base64.b64encode(entry.key).decode(),
        "expires_ms": entry.expires_ms,
        "payload": base64.b64encode(entry.payload).decode(),
    }
    return json.dumps(fields).encode() + b"\n"


def restorable(lines: Iterable[bytes]) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield key, expiry (Unix time in ms, 0 for none) and payload of each line. Raises NotADump."""
    for number, line in enumerate(lines, 1):
        try:
            fields = json.loads(line)
            key, payload = (base64.b64decode(fields[name], validate=True) for name in ("key", "payload"))
            expires = fields["expires_ms"]
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise NotADump(f"line {number} is no entry of a key space") from error
        if expires is not None and (isinstance(expires, bool) or not isinstance(expires, int) or expires < 1):
            raise NotADump(f"line {number} does not say when its key expires")
        yield key, expires or 0, payload


def _parts(content: Any) -> list[bytes]:
    """The parts of a value in an order of their own where Redis keeps none."""
    match content:
        case bytes():
            return [content]
        case set():
            return sorted(content)
        case dict():
            return [part for item in sorted(content.items()) for part in item]
        case list() | tuple():
            return [part for item in content for part in _parts(item)]
        case _:
            return [repr(content).encode()]


def _canonical(parts: Iterable[bytes]) -> bytes:
    """Bytes that end where each part ends, so that no two lists of parts look alike."""
    return b"".join(b"%d:%b" % (len(part), part) for part in parts)
