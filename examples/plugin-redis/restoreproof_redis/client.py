"""The harness's own client of a Redis that a drill runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from restoreproof.runtimes.base import Stack

TIMEOUT_S = 10


@contextmanager
def connected(stack: Stack, service: str, database: int) -> Iterator[redis.Redis]:
    """Connect to ``database`` of ``service`` as the drill's throw-away administrator.

    Raises:
        redis.RedisError: it does not answer, or refuses.
    """
    endpoint, administrator = stack.endpoint(service), stack.administrator(service)
    client = redis.Redis(
        host=endpoint.address,
        port=endpoint.port,
        db=database,
        username=administrator.user,
        password=administrator.password.reveal(),
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
    )
    try:
        yield client
    finally:
        client.close()
