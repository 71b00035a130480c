"""What every component of a stack says of itself, whatever runs it."""

from __future__ import annotations

from restoreproof.contract.services import ComponentOptions

__all__ = ["ComponentOptions"]
