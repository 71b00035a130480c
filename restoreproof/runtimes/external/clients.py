"""Tools of a service that runs elsewhere: pointed at it, and the harness's own where it has no ``exec``."""

from __future__ import annotations

from pathlib import Path

from restoreproof.backups.missing import NotInTarget
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Endpoint
from restoreproof.runtimes.external.client import client_of


def pointed(
    component: str, endpoint: Endpoint, place: str | None, administrator: Credentials | None
) -> dict[str, str | Secret]:
    """Return the variables that point the tools of ``component`` at the service, where they know such.

    ``inside`` is where the service is for a tool that runs within the target.
    """
    if administrator is None:
        return {}
    client = client_of(component)
    if place:
        host, _, port = place.rpartition(":")
        return dict(client.variables(host, int(port), administrator))
    pointing = client.variables(endpoint.address, endpoint.port, administrator)
    return {**pointing, **client.reached(endpoint)}


def own_tool(endpoint: Endpoint, component: str, tool: str) -> Path:
    """Return the harness's own binary of a client. Raises NotInTarget if it has none that could be asked."""
    binary = client_of(component).binary(tool)
    if binary is None:
        raise NotInTarget(endpoint.service, f"its external: block has no exec command to run {tool} with")
    if endpoint.tls:
        raise NotInTarget(
            endpoint.service,
            f"the harness's own {tool} speaks no TLS, and its external: block has no exec command",
        )
    return binary
