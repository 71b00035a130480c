"""What every kind of sink answers: what it has recorded, and whether it would notice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import httpx

from restoreproof.assets.base import RestoreContext
from restoreproof.contract.interfaces import Sink


@dataclass(frozen=True, slots=True)
class Recorded:
    """Effects that a sink has recorded: their number, and those it shows, in words."""

    count: int
    shown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusals:
    """Attempts of a delivering identity at what it must not have: their number, and what was granted."""

    asked: int = 0
    granted: tuple[str, ...] = ()


class SinkKind(ABC):
    """One kind of sink; ``needs`` names the keys that the contract has to give for one of it."""

    needs: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def recorded(self, restore_context: RestoreContext, sink: Sink) -> Recorded:
        """Return what ``sink`` has recorded since the drill began, the drill's own controls included."""

    @abstractmethod
    def act(self, restore_context: RestoreContext, sink: Sink, mark: str) -> None:
        """Make one effect at ``sink`` that carries ``mark``, with the restored credentials."""

    def withdraw(self, restore_context: RestoreContext, sink: Sink, mark: str) -> Refusals:
        """Take the effect back where that is possible; before that, ask for what must be refused."""
        return Refusals()

    def refusals_due(self, restore_context: RestoreContext, sink: Sink) -> int:
        """Return how many refusals ``withdraw`` has to ask for."""
        return 0


class SinkRecorder(SinkKind):
    """A sink that a recording service of the drill plays: it tells its effects over HTTP."""

    def recorded(self, restore_context: RestoreContext, sink: Sink) -> Recorded:
        endpoint = restore_context.stack_context.runtime.endpoint(sink.service, "effects")
        url = f"http://{endpoint.address}:{endpoint.port}/effects"
        answer = httpx.get(url, timeout=10, trust_env=False).raise_for_status().json()
        return Recorded(
            int(answer["count"]),
            tuple(f"{effect['kind']} {effect['summary']}" for effect in answer["effects"]),
        )
