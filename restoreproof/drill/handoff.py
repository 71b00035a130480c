"""What the outer process tells the inner one: a file, written before the sandbox starts."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from restoreproof.errors import EvidenceError
from restoreproof.plan import Plan
from restoreproof.private_files import write_private


class InnerConfig(BaseModel):
    """The inner process's orders. ``opened_mono`` is CLOCK_MONOTONIC when the drill began, in seconds.

    ``order`` is the order in which stages are performed; it differs from the contract's only where a fault
    swaps them, to prove that the drill would notice. ``fault_folders`` are where the stack keeps its own.
    ``contract`` is where the contract's relative paths lead from, ``contract_copy`` the file to read, and
    ``project`` where the copy of the features was taken, of which nothing is imported. ``secrecy`` is the key
    (hex) of fingerprints of secrets.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    drill_id: str
    runtime: str
    plan: Plan
    features: Path
    support_modules: tuple[str, ...]
    contract: Path
    contract_copy: Path
    project: Path
    backup: Path
    catalogue: Path | None
    identity: Path
    workdir: Path
    cache: Path
    opened_mono: float
    order: tuple[str, ...]
    probes: dict[str, str]
    secrecy: str = Field(repr=False)
    canaries: Path | None = None
    faults: tuple[str, ...] = ()
    fault_folders: tuple[Path, ...] = ()

    def write(self, path: Path) -> None:
        """Write it where the inner process will read it, for this user only."""
        write_private(path, self.model_dump_json().encode())

    @staticmethod
    def read(path: Path) -> InnerConfig:
        """Read it. Raises EvidenceError if it is not what ``write`` wrote."""
        try:
            return InnerConfig.model_validate_json(path.read_text())
        except ValueError as error:
            raise EvidenceError(f"{path} is not an inner configuration") from error
