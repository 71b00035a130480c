"""What the sinks share: their ports are the contract's, whatever the compose file says."""

from __future__ import annotations

from restoreproof.contract.services import Service

WRITABLE = ("/tmp", "/data")
"""The second is where their image starts them, and so where they note what came."""


def ports(service: Service) -> dict[str, str]:
    """Return the variables by which a sink learns its ports."""
    effects = service.ports.get("effects", service.port)
    return {"SINK_PORT": str(service.port), "SINK_EFFECTS_PORT": str(effects)}
