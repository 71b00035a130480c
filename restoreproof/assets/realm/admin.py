"""A realm by Keycloak's admin API: the only way where a provider keeps its database to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from keycloak import KeycloakAdmin
from keycloak.exceptions import KeycloakConnectionError, KeycloakError

from restoreproof.backups.digests import in_threads
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.base import Credentials, Endpoint

PAGE = 500
"""Users of one answer: memory does not grow with a realm."""

_NOTHING = ("users", "clients", "roles", "groups", "credentials", "role_mappings")
_NEEDS = "its administrator has to have view-users, view-clients and view-realm of this realm"


class Admin:
    """The realm ``name`` of one Keycloak, asked by an administrator of its realm ``master``."""

    def __init__(self, endpoint: Endpoint, name: str, administrator: Credentials) -> None:
        self._name = name
        self._client = KeycloakAdmin(
            server_url=f"{endpoint.url}/",
            verify=endpoint.authorities,
            realm_name=name,
            user_realm_name="master",
            username=administrator.user,
            password=administrator.password.reveal(),
        )

    def counts(self) -> dict[str, int]:
        with self._asking():
            if not self._is_there():
                return dict.fromkeys(_NOTHING, 0)
            clients = self._client.get_clients()
            users, credentials, mappings = self._holdings(clients)
            return {
                "users": users,
                "clients": len(clients),
                "roles": self._roles(clients),
                "groups": int(self._client.groups_count()["count"]),
                "credentials": credentials,
                "role_mappings": mappings,
            }

    def subjects(self) -> Iterator[str]:
        with self._asking():
            if self._is_there():
                yield from (str(user["id"]) for user in self._users())

    def subject_of(self, username: str) -> str | None:
        with self._asking():
            return self._client.get_user_id(username)

    def _is_there(self) -> bool:
        try:
            self._client.users_count()
        except KeycloakError as error:
            if error.response_code == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def _users(self) -> Iterator[Mapping[str, Any]]:
        """The realm's people, page by page; Keycloak leaves service accounts out by itself."""
        first = 0
        while page := self._client.get_users({"first": first, "max": PAGE, "briefRepresentation": True}):
            yield from page
            first += len(page)

    def _holdings(self, clients: list[Mapping[str, Any]]) -> tuple[int, int, int]:
        """How many people there are, and what they and the service accounts hold."""
        users = credentials = mappings = 0
        for passwords, roles in in_threads(self._held_by, (str(user["id"]) for user in self._users())):
            users, credentials, mappings = users + 1, credentials + passwords, mappings + roles
        for passwords, roles in in_threads(self._held_by, self._service_accounts(clients)):
            credentials, mappings = credentials + passwords, mappings + roles
        return users, credentials, mappings

    def _held_by(self, user: str) -> tuple[int, int]:
        """Credentials and directly mapped roles of one user."""
        roles = self._client.get_all_roles_of_user(user)
        of_clients = (len(client["mappings"]) for client in roles.get("clientMappings", {}).values())
        mapped = len(roles.get("realmMappings", ())) + sum(of_clients)
        return len(self._client.get_credentials(user)), mapped

    def _service_accounts(self, clients: list[Mapping[str, Any]]) -> Iterator[str]:
        for client in clients:
            if client.get("serviceAccountsEnabled"):
                yield str(self._client.get_client_service_account_user(client["id"])["id"])

    def _roles(self, clients: list[Mapping[str, Any]]) -> int:
        """Roles of the realm and of each of its clients."""
        of_clients = (len(self._client.get_client_roles(client["id"])) for client in clients)
        return len(self._client.get_realm_roles()) + sum(of_clients)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Keycloak's refusals say nothing of the backup: whoever asks may not look, or it does not answer."""
        try:
            yield
        except KeycloakConnectionError as error:
            raise EnvironmentUnfitError(f"Keycloak's admin API did not answer: {error}") from error
        except KeycloakError as error:
            raise EnvironmentUnfitError(
                f"Keycloak's admin API refused a look at the realm {self._name!r} with {error.response_code}",
                hint=_NEEDS,
            ) from error
