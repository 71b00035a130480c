"""What is asked of a drill, what was opened for it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from restoreproof.backups.backup_set import BackupSet
from restoreproof.backups.held_set import HeldSet
from restoreproof.contract import Contract
from restoreproof.drill.evidence_store import EvidenceOptions
from restoreproof.drill.outer.finalize import Filed
from restoreproof.errors import ExitCode
from restoreproof.events import FaultFacts
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.runtimes import DEFAULT
from restoreproof.sealing.catalogue_signature import CatalogueAuthor

Say = Callable[[str], None]
"""Where progress goes."""


@dataclass(frozen=True, slots=True)
class DrillRequest:
    """A drill as it is asked for. Paths may be relative; ``paths`` and ``keyword`` narrow it to a part.

    ``features`` is the whole directory (``feature_directory.locate``), ``paths`` are parts of it. ``var``
    holds work directories, and ``cache`` what is built once. ``filing`` says how the evidence is filed,
    and ``catalogue_key`` is the public key of whoever writes catalogues.
    ``faults`` are injected to test the harness: ``injected`` says which checks have to notice each, and
    ``fault_folders`` are where the stack's own were found;
    ``order`` differs from the contract's only where a fault swaps stages. ``canaries`` holds further values
    that must be in no evidence. ``pytest_options`` are given to the inner pytest. ``inner_stdout`` is where
    the live print goes, if not to this process's own output.
    """

    contract: Path
    backup: Path
    identity: Path
    features: Path
    reports: Path
    var: Path
    cache: Path
    filing: EvidenceOptions = field(default_factory=EvidenceOptions)
    catalogue: Path | None = None
    catalogue_key: Path | None = None
    paths: tuple[Path, ...] = ()
    keyword: str | None = None
    faults: tuple[str, ...] = ()
    injected: tuple[FaultFacts, ...] = ()
    fault_folders: tuple[Path, ...] = ()
    order: tuple[str, ...] | None = None
    trigger: str = "manual"
    allow_unisolated: bool = False
    canaries: Path | None = None
    runtime: str = DEFAULT
    inner_stdout: int | None = None
    pytest_options: tuple[str, ...] = ()

    def absolute(self) -> DrillRequest:
        """The same request, with every path that the drill's processes use made absolute."""
        return replace(
            self,
            contract=self.contract.absolute(),
            features=self.features.absolute(),
            identity=self.identity.absolute(),
            reports=self.reports.absolute(),
            var=self.var.absolute(),
            catalogue=self.catalogue.absolute() if self.catalogue else None,
            catalogue_key=self.catalogue_key.absolute() if self.catalogue_key else None,
            canaries=self.canaries.absolute() if self.canaries else None,
            paths=tuple(path.absolute() for path in self.paths),
        )


@dataclass(frozen=True, slots=True)
class DrillInputs:
    """What a drill reads, each taken once: contract, plan and set, and where features and catalogue lie.

    ``place`` is the drill's own directory of what it took: nothing of it is written to while the drill runs.
    ``contract_copy``, ``features`` and ``catalogue`` lie in it, and so do ``paths`` and ``fault_folders``,
    which the request names where they came from. ``root`` is the directory that the features and
    ``support_modules`` belong to; ``catalogue`` is None where nothing outside the set is known of it.
    """

    drill_id: str
    place: Path
    contract: Contract
    contract_copy: Path
    plan: Plan
    held: HeldSet
    features: Path
    paths: tuple[Path, ...] = ()
    fault_folders: tuple[Path, ...] = ()
    support_modules: tuple[str, ...] = ()
    catalogue: Path | None = None
    author: CatalogueAuthor | None = None

    @property
    def backup(self) -> BackupSet:
        """The set, where it is verified and restored from."""
        return self.held.backup

    @property
    def root(self) -> Path:
        """The directory that check ids and support modules count from."""
        return self.features.parent


@dataclass(frozen=True, slots=True)
class DrillResult:
    """What came of it, and where and how the evidence is filed."""

    record: Record
    directory: Path
    exit_code: ExitCode
    filed: Filed
