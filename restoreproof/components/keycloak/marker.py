"""The marker of a Keycloak whose database the drill is not shown: a realm of its own, with attributes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from restoreproof.contract.services import Service
from restoreproof.runtimes.base import Credentials, Endpoint
from restoreproof.runtimes.external.marker import (
    HYPHENATED,
    TIMEOUT_S,
    Found,
    MarkerReader,
    MarkerRefused,
    Silent,
    Unmarked,
    moment,
    unanswered,
)

_AWAY = frozenset({502, 503, 504})


class KeycloakMarker(MarkerReader):
    """Reader of a realm ``restoreproof-drill-marker`` with the attributes ``nonce``, ``created_at``."""

    def read(self, service: Service, endpoint: Endpoint, administrator: Credentials) -> Sequence[Found]:
        with httpx.Client(
            base_url=endpoint.url, timeout=TIMEOUT_S, trust_env=False, verify=endpoint.trust
        ) as client:
            try:
                return [_found(_realm(client, administrator))]
            except httpx.TransportError as error:
                raise unanswered(error) from error


def _realm(client: httpx.Client, administrator: Credentials) -> dict[str, Any]:
    granted = client.post(
        "/realms/master/protocol/openid-connect/token",
        data={
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": administrator.user,
            "password": administrator.password.reveal(),
        },
    )
    token = _json(granted, "its administrator").get("access_token")
    answer = client.get(f"/admin/realms/{HYPHENATED}", headers={"Authorization": f"Bearer {token}"})
    return _json(answer, f"the realm {HYPHENATED}")


def _json(answer: httpx.Response, what: str) -> dict[str, Any]:
    if answer.status_code in _AWAY:
        raise Silent(f"it answers {answer.status_code}")
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise Unmarked(f"asked for {what}, it answers 404")
    if answer.status_code != httpx.codes.OK:
        raise MarkerRefused(f"asked for {what}, it answers {answer.status_code}")
    try:
        content = answer.json()
    except ValueError as error:
        raise Unmarked(f"asked for {what}, it answers no JSON") from error
    return content if isinstance(content, dict) else {}


def _found(realm: dict[str, Any]) -> Found:
    attributes = realm.get("attributes") or {}
    if "nonce" not in attributes:
        raise Unmarked(f"its realm {HYPHENATED} has no attribute nonce")
    return Found(str(attributes["nonce"]), moment(attributes.get("created_at")), datetime.now(UTC))


PART = KeycloakMarker
