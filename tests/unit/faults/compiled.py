"""The reference stack's plan, and its faults packed into drills."""

from __future__ import annotations

from pathlib import Path

from restoreproof.contract import load
from restoreproof.contract.controls import controls_of
from restoreproof.faults.matrix import drills
from restoreproof.faults.registry import faults_of, folders_of
from restoreproof.gherkin.compiler import compile_plan

ROOT = Path(__file__).resolve().parents[3]

CONTRACT, FEATURES = ROOT / "compose" / "wipe" / "stack.yaml", ROOT / "features"
FOLDERS = folders_of(CONTRACT, FEATURES)
_contract = load(CONTRACT)
PLAN = compile_plan(
    FEATURES,
    stack=_contract.stack,
    contract_sha256=_contract.sha256,
    stages=_contract.order,
    rpo_s=_contract.objectives.rpo_s,
    rto_s=_contract.objectives.rto_s,
    controls=controls_of(_contract),
)
FAULTS = tuple(faults_of(_contract.stack, FOLDERS).values())
DRILLS = drills(FAULTS, PLAN)
