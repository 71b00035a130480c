"""What a kind of store says of its marker."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from restoreproof.components import registry
from restoreproof.contract.services import Service
from restoreproof.runtimes.base import Credentials, Endpoint
from restoreproof.runtimes.tls import refusal

PART = "marker"
"""The module of a component that reads the marker."""
NAME = "restoreproof_drill_marker"
"""What the marker is called; with hyphens where an underscore can't be."""
HYPHENATED = NAME.replace("_", "-")
TIMEOUT_S = 10
_MAKE = "have provisioning leave it as docs/external.md has it"

Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A marker as it was read.

    Attributes:
        nonce: what provisioning left.
        created_at: when provisioning left it.
        now: the store's own time, or ours where it does not tell.
        server: what tells the server that showed it from every other; None where the store has no such thing.
    """

    nonce: str
    created_at: datetime
    now: datetime
    server: str | None = None


class Silent(Exception):
    """Raised where a store does not answer, or not yet: there is nothing that could be written to."""


class Gone(Silent):
    """Raised where nobody listens at the address of a store any more, or its name is of no machine."""


class Unverified(Exception):
    """Raised where whoever answers can't be verified by TLS: nothing was said to it."""


class Unmarked(Exception):
    """Raised where a store answers and shows no marker: it may be anybody's."""


class MarkerRefused(Unmarked):
    """Raised where a store answers and does not let its administrator look."""


def unanswered(error: Exception) -> Silent | Unverified:
    """Return what a failed connection says of the other side: gone, silent, or not to be verified."""
    why = refusal(error)
    if why is not None:
        return Unverified(why)
    return Gone(str(error)) if is_refused(error) else Silent(str(error))


def is_refused(error: BaseException) -> bool:
    """Return whether ``error`` comes from a machine that answers and has nobody listening at the port."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ConnectionRefusedError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


@dataclass(frozen=True, slots=True)
class MarkerTool:
    """Tool that reads the marker from within the target: its name, its arguments, and how to read it.

    ``parse`` reads that; it raises Unmarked.
    """

    name: str
    arguments: tuple[str, ...]
    parse: Callable[[bytes], Sequence[Found]]


class MarkerReader(ABC):
    """Reader of the drill's marker in one kind of store.

    ``server_query`` is what a connection asks to tell its server (``Found.server``) from every other; None
    where a store has no connections that last, and shows the marker again to each client instead. ``tool``
    reads the marker from within the target, for tools that are sent there; None where there is no such tool.
    """

    server_query: ClassVar[str | None] = None
    tool: ClassVar[MarkerTool | None] = None

    @abstractmethod
    def read(self, service: Service, endpoint: Endpoint, administrator: Credentials) -> Sequence[Found]:
        """Return every marker that is there, read by the administrator; nothing is written.

        Raises:
            Silent: nobody answers.
            Unverified: somebody answers who can't be verified as the contract asks.
            Unmarked: somebody answers, and there is no marker.
            MarkerRefused: somebody answers who does not let the administrator look.
        """

    def holds(self, endpoint: Endpoint, administrator: Credentials, asset: Options) -> str | None:
        """Return what of ``asset``, given by its block, the store has already; None if it can't tell."""
        return None


def moment(stated: object) -> datetime:
    """Return the time that a marker states, as a time or as text. Raises Unmarked if it is none."""
    try:
        at = stated if isinstance(stated, datetime) else datetime.fromisoformat(str(stated))
    except ValueError as error:
        raise Unmarked(f"its marker does not say when it was made: {_MAKE}") from error
    if at.tzinfo is None:
        raise Unmarked(f"its marker says when it was made without a time zone: {_MAKE}")
    return at


def reader_of(component: str) -> MarkerReader | None:
    """Return what reads the marker of a service of ``component``; None if it holds nothing to be marked.

    Raises:
        PluginError: the component can't be used.
    """
    registered = registry.component(component)
    reader = registered.part(PART, MarkerReader) if registered else None
    return reader() if reader else None
