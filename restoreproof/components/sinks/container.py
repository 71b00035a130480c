"""What the sinks share: their ports are the contract's, whatever the compose file says."""

from __future__ import annotations

from restoreproof.contract.services import Service


def ports(service: Service) -> dict[str, str]:
    """The variables by which a sink learns where to listen."""
    effects = service.ports.get("effects", service.port)
    return {"SINK_PORT": str(service.port), "SINK_EFFECTS_PORT": str(effects)}
