"""The services block of a contract: what runs, where it listens, when it starts."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

RESTORED = "restored"
"""The environment of a service that is to get the restored one, and nothing else."""


class Service(BaseModel):
    """One service of the stack.

    ``component`` names the part that runs it; keys this model does not know are the component's own and
    are validated by it (contract validation has two phases: shape, then kind).
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    component: str
    port: int = Field(ge=1, le=65535)
    ports: dict[str, int] = Field(default_factory=dict)
    names: tuple[str, ...] = ()
    starts: str
    environment: str | None = None

    def options(self) -> dict[str, Any]:
        """The component's own keys."""
        return dict(self.model_extra or {})

    def port_of(self, name: str) -> int | None:
        """The port called ``name``; ``main`` is ``port``."""
        return self.port if name == "main" else self.ports.get(name)
