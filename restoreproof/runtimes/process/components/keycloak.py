"""Keycloak, built once into the user cache, on a database that another service of the stack holds."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import httpx

from restoreproof.errors import ContractError, ServiceFailedError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Start
from restoreproof.runtimes.process import keycloak_cache
from restoreproof.runtimes.process.components import base
from restoreproof.runtimes.process.components.base import Launch, Site, Tool
from restoreproof.runtimes.process.keycloak_cache import VERSION, built
from restoreproof.runtimes.process.keycloak_java import KeycloakHome
from restoreproof.runtimes.process.sandbox import Mounts
from restoreproof.waiting import NotReady

_MANAGEMENT_PORT = 9000
ADMINISTRATOR_MADE = "Created temporary admin user"
"""What Keycloak logs when it made the administrator: on an empty database only."""
_TOOLS = {
    "bootstrap-admin": ("bootstrap-admin", "user"),
    "export": ("export",),
    "import": ("import",),
    "show-config": ("show-config",),
}
"""By tool: the words of its command, before any option."""


class Options(base.Options):
    """``database`` and ``hostname`` name variables: one holds postgresql://…, the other the public URL.

    ``realm`` must be discoverable before the service counts as ready. ``java`` goes to its VM.
    """

    version: str | None = None
    database: str | None = None
    realm: str = "master"
    hostname: str | None = None
    java: tuple[str, ...] = ()
    deadline_s: float = 120.0


class Keycloak(base.Component[Options]):
    """``start --optimized`` with local caches; a realm in ``Start.files["import/…"]`` is imported if new.

    The throw-away administrator exists only where Keycloak initialised an empty database; a restored one
    keeps the administrators it had.
    """

    model = Options
    stop_grace_s: ClassVar[float] = 2.0

    @cached_property
    def administrator(self) -> Credentials:
        """The throw-away administrator of this drill."""
        return Credentials("restoreproof-admin", Secret("keycloak administrator", secrets.token_urlsafe(24)))

    @classmethod
    def prepare_cache(cls, cache: Path, say: Callable[[str], None]) -> None:
        keycloak_cache.ensure(cache, say)

    def prepare(self, site: Site, start: Start) -> Launch:
        if self.options.version not in (None, VERSION):
            raise ContractError(
                f"service {site.name!r} wants Keycloak {self.options.version}; this harness has {VERSION}"
            )
        home = _home(site)
        argv = ["start", "--optimized", *self._arguments(site), *start.arguments]
        if any(path.startswith("import/") for path in start.files):
            argv.append("--import-realm")
        return Launch(
            argv=home.argv(argv, vm=self.options.java),
            mounts=_mounts(home, site),
            environment=self.environment(site.name, start),
            ready=lambda _: self._ask(site),
            what=f"{site.name} is healthy and serves the realm {self.options.realm!r}",
            deadline_s=self.options.deadline_s,
            administrator=self.administrator,
            administrator_if=ADMINISTRATOR_MADE,
        )

    def environment(self, name: str, start: Start) -> dict[str, str | Secret]:
        """What ``name`` needs beside its arguments: what was restored, also in Keycloak's words.

        Raises:
            ContractError: the options name no database.
            ServiceFailedError: the restored environment names none.
        """
        return {
            "KC_BOOTSTRAP_ADMIN_USERNAME": self.administrator.user,
            "KC_BOOTSTRAP_ADMIN_PASSWORD": self.administrator.password,
            **start.environment,
            **self._hostname(start),
            **self._database(name, start),
        }

    def _arguments(self, site: Site) -> list[str]:
        return [
            "--cache=local",
            "--http-enabled=true",
            f"--http-host={site.address}",
            f"--http-port={site.port('main')}",
            f"--http-management-port={site.port('management', _MANAGEMENT_PORT)}",
            "--proxy-headers=xforwarded",
        ]

    def _hostname(self, start: Start) -> dict[str, str | Secret]:
        public = start.environment.get(self.options.hostname or "")
        if public is None:
            return {"KC_HOSTNAME_STRICT": "false"}
        # Tokens name the production hostname as their issuer; back-channels still come by service name.
        return {"KC_HOSTNAME": public, "KC_HOSTNAME_BACKCHANNEL_DYNAMIC": "true"}

    def _database(self, name: str, start: Start) -> dict[str, str | Secret]:
        if self.options.database is None:
            if "KC_DB_URL" not in start.environment:
                raise ContractError(f"service {name!r}: no `database` in the contract, and no KC_DB_URL")
            return {}
        variable = self.options.database
        given = start.environment.get(variable)
        url = urlsplit(given.reveal() if isinstance(given, Secret) else given or "")
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

    def _ask(self, site: Site) -> None:
        management = site.port("management", _MANAGEMENT_PORT)
        with httpx.Client(timeout=5, trust_env=False) as client:
            health = client.get(f"http://{site.address}:{management}/health/ready")
            if health.status_code != httpx.codes.OK:
                raise NotReady(f"health says {health.status_code}: {health.text[:300]}")
            discovery = client.get(
                f"http://{site.address}:{site.port('main')}/realms/{self.options.realm}"
                "/.well-known/openid-configuration"
            )
            if discovery.status_code != httpx.codes.OK:
                raise NotReady(f"realm {self.options.realm!r} answers {discovery.status_code}")

    def tool(self, site: Site, name: str) -> Tool:
        """``export``, ``import``, ``bootstrap-admin``: with KC_DB_* and a free --http-management-port."""
        if name not in _TOOLS:
            raise ContractError(f"Keycloak has no tool {name!r}", hint=f"it has {', '.join(_TOOLS)}")
        home = _home(site)
        return Tool(argv=home.argv([*_TOOLS[name], "--optimized"]), mounts=_mounts(home, site))

    def hint(self, log: str) -> str | None:
        if "Failed to obtain JDBC connection" in log or "password authentication failed" in log:
            return "its database refuses it: was its role restored with the password of the set?"
        return None


def _home(site: Site) -> KeycloakHome:
    """The built Keycloak; where nothing can be laid over its data directory, one with links instead."""
    home = built(site.cache)
    return home if site.confinement.lays_over else home.beside(site.data)


def _mounts(home: KeycloakHome, site: Site) -> Mounts:
    return Mounts(read=(home.root,), write=(site.data,), onto=((site.data, home.data),))


COMPONENT = Keycloak
