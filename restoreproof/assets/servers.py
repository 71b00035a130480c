"""Servers that several assets of a drill share: whoever comes first prepares them, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from restoreproof.contract import Contract


class SharedServers:
    """Which servers one drill found empty and has begun to fill, with a lock for each."""

    def __init__(self) -> None:
        self._locks: dict[str, Lock] = {}
        self._guard = Lock()
        self._claimed: set[str] = set()

    @contextmanager
    def turn(self, service: str) -> Iterator[None]:
        """Hold the server ``service``: the assets of a stage are restored side by side."""
        with self._guard:
            lock = self._locks.setdefault(service, Lock())
        with lock:
            yield

    def claimed(self, service: str) -> bool:
        """Whether an asset of this drill has claimed ``service``; asked and answered in one's ``turn``."""
        return service in self._claimed

    def claim(self, service: str) -> None:
        """State that what ``service`` holds from now on is this drill's own."""
        self._claimed.add(service)


def roles_of(contract: Contract, service: str) -> frozenset[str]:
    """Return the roles that the assets on the server ``service`` name: only these are restored."""
    blocks = (block.model_dump() for block in contract.assets.values())
    # An asset like a realm has its tables on a server that is not its own service.
    related = (block for block in blocks if (block.get("store") or block.get("service")) == service)
    return frozenset(str(role) for block in related for role in block.get("roles", ()))
