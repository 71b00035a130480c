"""Whether a Keycloak that runs elsewhere answers."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from restoreproof.contract.services import Service
from restoreproof.runtimes.base import Endpoint, Start, unverified
from restoreproof.runtimes.external.client import TIMEOUT_S, Client
from restoreproof.runtimes.tls import refusal
from restoreproof.waiting import NotReady


class KeycloakClient(Client):
    """Client that takes Keycloak for ready once its realm can be discovered."""

    def ask(self, service: Service, endpoint: Endpoint, start: Start, log: Callable[[], str]) -> None:
        realm = service.options().get("realm", "master")
        path = f"/realms/{realm}/.well-known/openid-configuration"
        try:
            answer = httpx.get(
                f"{endpoint.url}{path}", timeout=TIMEOUT_S, trust_env=False, verify=endpoint.trust
            )
        except httpx.TransportError as error:
            if why := refusal(error):
                raise unverified(endpoint, why) from error
            raise
        if answer.status_code != httpx.codes.OK:
            raise NotReady(f"the realm {realm!r} answers {answer.status_code}")


PART = KeycloakClient
