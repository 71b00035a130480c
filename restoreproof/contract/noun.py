"""What the blocks of a contract have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """Base of a contract's blocks: frozen, all keys known."""

    model_config = ConfigDict(frozen=True, extra="forbid")
