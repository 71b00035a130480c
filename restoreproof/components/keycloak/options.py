"""What a service of Keycloak takes in a contract."""

from __future__ import annotations

from restoreproof.components.base import ComponentOptions
from restoreproof.contract.declarations import VariableName


class KeycloakOptions(ComponentOptions):
    """Keys of a Keycloak service; ``database`` and ``hostname`` name variables (postgresql://…, public URL).

    ``realm`` must be discoverable before the service counts as ready. ``java`` goes to its VM.
    """

    version: str | None = None
    database: VariableName | None = None
    realm: str = "master"
    hostname: VariableName | None = None
    java: tuple[str, ...] = ()
    deadline_s: float = 120.0


OPTIONS = KeycloakOptions
