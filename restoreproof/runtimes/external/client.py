"""How the harness speaks to a service that somebody else started."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from restoreproof.components import registry
from restoreproof.contract.services import Service
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Endpoint, Start
from restoreproof.waiting import NotReady

PART = "client"
"""The module of a component that says how it is spoken to."""
TIMEOUT_S = 5.0
_SILENCE_S = 1.0
"""How long somebody who waits for us to speak first is listened to."""


class Client:
    """Client of a service; by default it takes a connection for an answer, and gives tools no variables."""

    def variables(self, host: str, port: int, administrator: Credentials) -> Mapping[str, str | Secret]:
        """Return the variables that point any tool of it at ``host``, as ``administrator``."""
        return {}

    def reached(self, endpoint: Endpoint) -> Mapping[str, str]:
        """Return the variables by which any tool finds ``endpoint`` only, and verifies it if it has TLS."""
        return {}

    def binary(self, tool: str) -> Path | None:
        """Return the harness's own binary of ``tool``; None if it has none.

        Raises:
            EnvironmentUnfitError: it should be on this machine, and is not.
        """
        return None

    def ask(self, service: Service, endpoint: Endpoint, start: Start, log: Callable[[], str]) -> None:
        """Return once the service answers; ``log`` gives the last lines of its log.

        It takes a connection and keeps it: what stands before a service may take it and let go at once.

        Raises:
            NotReady, OSError, httpx.TransportError: it does not answer yet.
            EnvironmentUnfitError: whoever answers can't be verified.
        """
        with socket.create_connection((endpoint.address, endpoint.port), timeout=TIMEOUT_S) as connection:
            connection.settimeout(_SILENCE_S)
            with contextlib.suppress(TimeoutError):
                if not connection.recv(1):
                    raise NotReady("it closes connections at once")


def client_of(component: str) -> Client:
    """Return how a service of ``component`` is spoken to. Raises PluginError if it can't be used."""
    registered = registry.component(component)
    client = registered.part(PART, Client) if registered else None
    return (client or Client)()
