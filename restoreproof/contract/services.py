"""The services block of a contract: what runs, where it listens, when it starts."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from restoreproof.contract.declarations import StageName

RESTORED = "restored"
"""The environment of a service that is to get the restored one, and nothing else."""


class Service(BaseModel):
    """One service of the stack.

    ``component`` names the part that runs it; keys that this model does not know are the component's own, and
    are held against its model. ``held`` are arguments until the stage ``resumes``; a service that is
    ``one_shot`` is never started, but run as a tool.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    component: str
    port: int = Field(ge=1, le=65535)
    ports: dict[str, int] = Field(default_factory=dict)
    names: tuple[str, ...] = ()
    starts: StageName
    resumes: StageName | None = None
    held: tuple[str, ...] = ()
    one_shot: bool = False
    environment: Literal["restored"] | None = None

    def options(self) -> dict[str, Any]:
        """The component's own keys."""
        return dict(self.model_extra or {})

    def port_of(self, name: str) -> int | None:
        """The port called ``name``; ``main`` is ``port``."""
        return self.port if name == "main" else self.ports.get(name)
