"""What is asked of a drill, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from restoreproof.contract import Contract
from restoreproof.drill.evidence_store import EvidenceStore
from restoreproof.drill.outer.finalize import Filed
from restoreproof.errors import ExitCode
from restoreproof.plan import Plan
from restoreproof.record.model import Record
from restoreproof.runtimes import DEFAULT

Say = Callable[[str], None]
"""Where progress goes."""


@dataclass(frozen=True, slots=True)
class DrillRequest:
    """Everything that decides a drill. ``paths`` and the plan's selection narrow it to a part.

    ``root`` is the directory that the features and step modules belong to; ``var`` holds work directories,
    and ``cache`` what is built once. ``filing`` says under whose key and in which ledger the evidence stands.
    ``faults`` are injected to test the harness; ``fault_folders`` hold those of the stack. ``canaries`` holds
    further values that must be in no evidence. ``pytest_options`` are given to the inner pytest.
    ``inner_stdout`` is where the live print goes, if not to this process's own output.
    """

    contract: Contract
    plan: Plan
    features: Path
    support_modules: tuple[str, ...]
    root: Path
    backup: Path
    catalogue: Path | None
    identity: Path
    reports: Path
    filing: EvidenceStore
    var: Path
    cache: Path
    paths: tuple[Path, ...] = ()
    faults: tuple[str, ...] = ()
    fault_folders: tuple[Path, ...] = ()
    order: tuple[str, ...] | None = None
    trigger: str = "manual"
    allow_unisolated: bool = False
    canaries: Path | None = None
    runtime: str = DEFAULT
    inner_stdout: int | None = None
    pytest_options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DrillResult:
    """What came of it, and where and how the evidence is filed."""

    record: Record
    directory: Path
    exit_code: ExitCode
    filed: Filed
