"""Clients of a service that runs elsewhere: pointed at it, and the harness's own where it has no ``exec``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from restoreproof.backups.missing import NotInTarget
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Endpoint
from restoreproof.runtimes.process.components import postgres


@dataclass(frozen=True, slots=True)
class _Clients:
    """The variables that point any client at a host and port, or have it verify an endpoint; and where the
    harness's own client of a name lies.
    """

    pointed: Callable[[str, int, Credentials], dict[str, str | Secret]]
    reached: Callable[[Endpoint], dict[str, str]]
    binary: Callable[[str], Path | None]


_CLIENTS: Mapping[str, _Clients] = {"postgres": _Clients(postgres.libpq, postgres.reached, postgres.client)}
"""By component. Any other service's tools find it by what they are told."""


def pointed(
    component: str, endpoint: Endpoint, inside: str | None, administrator: Credentials | None
) -> dict[str, str | Secret]:
    """The variables that point the tools of ``component`` at the service, where they know such variables.

    ``inside`` is where the service is for a tool that runs within the target.
    """
    clients = _CLIENTS.get(component)
    if clients is None or administrator is None:
        return {}
    if inside:
        host, _, port = inside.rpartition(":")
        return clients.pointed(host, int(port), administrator)
    pointing = clients.pointed(endpoint.address, endpoint.port, administrator)
    return {**pointing, **clients.reached(endpoint)}


def own_tool(endpoint: Endpoint, component: str, tool: str) -> Path:
    """The harness's own binary of a client. Raises NotInTarget if it has none that could be asked."""
    clients = _CLIENTS.get(component)
    found = clients.binary(tool) if clients else None
    if found is None:
        raise NotInTarget(endpoint.service, f"its external: block has no exec command to run {tool} with")
    if endpoint.tls:
        raise NotInTarget(
            endpoint.service,
            f"the harness's own {tool} speaks no TLS, and its external: block has no exec command",
        )
    return found
