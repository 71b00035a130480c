"""The reference stack's plan, and its faults packed into drills."""

from __future__ import annotations

from pathlib import Path

from restoreproof.contract import load
from restoreproof.contract.controls import controls_of
from restoreproof.faults.matrix import drills
from restoreproof.faults.registry import faults_of, folders_of
from tests.contract_plan import plan_over

ROOT = Path(__file__).resolve().parents[3]

CONTRACT, FEATURES = ROOT / "compose" / "wipe" / "stack.yaml", ROOT / "features"
FOLDERS = folders_of(CONTRACT, FEATURES)
_contract = load(CONTRACT)
PLAN = plan_over(_contract, FEATURES, controls=controls_of(_contract))
FAULTS = tuple(faults_of(_contract.stack, FOLDERS).values())
DRILLS = drills(FAULTS, PLAN)
