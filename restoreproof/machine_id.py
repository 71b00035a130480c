"""Which machine this is, told apart from others by a digest that names none."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

_MACHINE_ID = Path("/etc/machine-id")


def machine(purpose: str) -> str:
    """Return a digest (16 hex digits) of this machine's id, or of its host name where it has none.

    Args:
        purpose: what the digest is for; it is another one for each purpose.
    """
    own = _MACHINE_ID.read_text().strip() if _MACHINE_ID.is_file() else ""
    return hashlib.sha256(f"restoreproof {purpose} {own or platform.node()}".encode()).hexdigest()[:16]
