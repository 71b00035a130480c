"""The proof that a store of the target was made for this drill."""

from __future__ import annotations

from dataclasses import dataclass

from restoreproof.runtimes.base import Endpoint


@dataclass(frozen=True, slots=True)
class Proven:
    """One store that showed the marker.

    Attributes:
        service: its name in the contract.
        address: where it was asked, HOST:PORT.
        created_at: when the marker was made (ISO 8601).
        sha256: the nonce's, which itself is told nowhere.
        server: what tells the server that showed it from every other; None where the store has no such thing.
    """

    service: str
    address: str
    created_at: str
    sha256: str
    server: str | None = None

    def is_of(self, endpoint: Endpoint) -> bool:
        """Return whether the marker was shown at the address of ``endpoint``."""
        return self.address.rpartition(":")[0] == endpoint.address

    def __str__(self) -> str:
        return (
            f"the store of {self.service} at {self.address} showed the drill's marker, "
            f"made {self.created_at} (nonce sha256:{self.sha256})"
        )
