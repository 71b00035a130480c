"""What a service of Keycloak takes in a contract."""

from __future__ import annotations

from restoreproof.components.base import ComponentOptions
from restoreproof.contract.declarations import VariableName


class KeycloakOptions(ComponentOptions):
    """``database`` and ``hostname`` name variables: one holds postgresql://…, the other the public URL.

    ``realm`` must be discoverable before the service counts as ready. ``java`` goes to its VM.
    """

    version: str | None = None
    database: VariableName | None = None
    realm: str = "master"
    hostname: VariableName | None = None
    java: tuple[str, ...] = ()
    deadline_s: float = 120.0


OPTIONS = KeycloakOptions
