"""Whether a service of the target answers, asked as closely as it can be from outside."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Mapping

import httpx

from restoreproof.contract.services import Service
from restoreproof.runtimes.base import Endpoint, Start, unverified
from restoreproof.runtimes.process.components import python
from restoreproof.runtimes.tls import refusal
from restoreproof.waiting import NotReady

_TIMEOUT_S = 5.0
_SILENCE_S = 1.0
"""How long somebody who waits for us to speak first is listened to."""


def _connects(service: Service, endpoint: Endpoint, start: Start, log: Callable[[], str]) -> None:
    """It takes a connection and keeps it: what stands before a service may take it and let go at once."""
    with socket.create_connection((endpoint.address, endpoint.port), timeout=_TIMEOUT_S) as connection:
        connection.settimeout(_SILENCE_S)
        with contextlib.suppress(TimeoutError):
            if not connection.recv(1):
                raise NotReady("it closes connections at once")


def _realm(service: Service, endpoint: Endpoint, start: Start, log: Callable[[], str]) -> None:
    realm = service.options().get("realm", "master")
    path = f"/realms/{realm}/.well-known/openid-configuration"
    try:
        answer = httpx.get(
            f"{endpoint.url}{path}", timeout=_TIMEOUT_S, trust_env=False, verify=endpoint.trust
        )
    except httpx.TransportError as error:
        if why := refusal(error):
            raise unverified(endpoint, why) from error
        raise
    if answer.status_code != httpx.codes.OK:
        raise NotReady(f"the realm {realm!r} answers {answer.status_code}")


def _stated(service: Service, endpoint: Endpoint, start: Start, log: Callable[[], str]) -> None:
    """What the contract's ``ready:`` asks for."""
    options = python.Options.model_validate(service.options())
    if options.ready is None:
        return
    python.ask(options.ready, endpoint, start, log)


_ASKED: Mapping[str, Callable[[Service, Endpoint, Start, Callable[[], str]], None]] = {
    "keycloak": _realm,
    "python": _stated,
}
"""By component; any other has to take a connection."""


def ask(service: Service, endpoint: Endpoint, start: Start, log: Callable[[], str]) -> None:
    """Return if the service answers; ``log`` gets its last lines. What is raised says what was seen.

    Raises:
        NotReady, OSError, httpx.TransportError: it does not answer yet.
        EnvironmentUnfitError: whoever answers can't be verified.
    """
    _ASKED.get(service.component, _connects)(service, endpoint, start, log)
