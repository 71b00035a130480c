"""The variables that Keycloak starts with: what was restored, also in Keycloak's words."""

from __future__ import annotations

import secrets
from urllib.parse import unquote, urlsplit

from restoreproof.components.keycloak.options import KeycloakOptions
from restoreproof.errors import ContractError, ServiceFailedError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Start

ADMINISTRATOR_MADE = "Created temporary admin user"
"""What Keycloak logs when it made the administrator: on an empty database only."""


def new_administrator() -> Credentials:
    """Return a throw-away administrator with a password of its own."""
    return Credentials("restoreproof-admin", Secret("keycloak administrator", secrets.token_urlsafe(24)))


def environment(
    name: str, options: KeycloakOptions, administrator: Credentials, start: Start
) -> dict[str, str | Secret]:
    """Return what the service ``name`` needs beside its arguments.

    Raises:
        ContractError: the options name no database.
        ServiceFailedError: the restored environment names none.
    """
    return {
        "KC_BOOTSTRAP_ADMIN_USERNAME": administrator.user,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": administrator.password,
        **start.environment,
        **_hostname(options, start),
        **_database(name, options, start),
    }


def _hostname(options: KeycloakOptions, start: Start) -> dict[str, str | Secret]:
    public = start.environment.get(options.hostname or "")
    if public is None:
        return {"KC_HOSTNAME_STRICT": "false"}
    # Tokens name the production hostname as their issuer; back-channels still come by service name.
    return {"KC_HOSTNAME": public, "KC_HOSTNAME_BACKCHANNEL_DYNAMIC": "true"}


def _database(name: str, options: KeycloakOptions, start: Start) -> dict[str, str | Secret]:
    if options.database is None:
        if "KC_DB_URL" not in start.environment:
            raise ContractError(f"service {name!r}: no `database` in the contract, and no KC_DB_URL")
        return {}
    variable = options.database
    address = start.environment.get(variable)
    url = urlsplit(address.reveal() if isinstance(address, Secret) else address or "")
    if not (url.hostname and url.username and url.password):
        raise ServiceFailedError(
            f"{name}: {variable} is no postgresql:// address with user and password",
            hint="the restored environment lacks it, or the contract names another variable",
        )
    database = url.path.lstrip("/") or "keycloak"
    return {
        "KC_DB_URL": f"jdbc:postgresql://{url.hostname}:{url.port or 5432}/{database}",
        "KC_DB_USERNAME": unquote(url.username),
        "KC_DB_PASSWORD": Secret(f"{variable} password", unquote(url.password)),
    }
