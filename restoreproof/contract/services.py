"""The services block of a contract: what runs, where it listens, when it starts."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from restoreproof.contract.declarations import StageName

RESTORED = "restored"
"""The environment of a service that is to get the restored one, and nothing else."""


class ComponentOptions(BaseModel):
    """The keys of a service that its component adds to those of the contract; others are refused.

    ``held`` and ``resumes`` are the drill's: arguments while the service is held, and the stage that ends it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    held: tuple[str, ...] = ()
    resumes: StageName | None = None


class Service(BaseModel):
    """One service of the stack.

    ``component`` names the part that runs it; keys that this model does not know are the component's own, and
    are held against its model.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    component: str
    port: int = Field(ge=1, le=65535)
    ports: dict[str, int] = Field(default_factory=dict)
    names: tuple[str, ...] = ()
    starts: StageName
    environment: Literal["restored"] | None = None

    def options(self) -> dict[str, Any]:
        """Return the component's own keys."""
        return dict(self.model_extra or {})

    def port_of(self, name: str) -> int | None:
        """Return the port called ``name``, ``main`` being ``port``; None if there is none."""
        return self.port if name == "main" else self.ports.get(name)
