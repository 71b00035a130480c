"""What every component of a stack says of itself, whatever runs it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ComponentOptions(BaseModel):
    """The keys of a service that its component adds to those of the contract; others are refused.

    ``held`` and ``resumes`` are the drill's: arguments while the service is held, and the stage that ends it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    held: tuple[str, ...] = ()
    resumes: str | None = None
