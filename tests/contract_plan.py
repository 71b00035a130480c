"""The plan of a drill over a contract and a directory of features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from restoreproof.contract import Contract
from restoreproof.gherkin.compiler import compile_plan
from restoreproof.plan import Plan


def plan_over(contract: Contract, features: Path, **more: Any) -> Plan:
    """Compile what a drill would ask; ``more`` is what ``compile_plan`` takes besides the contract's own."""
    return compile_plan(
        features,
        stack=contract.stack,
        contract_sha256=contract.sha256,
        stages=contract.order,
        rpo_s=contract.objectives.rpo_s,
        rto_s=contract.objectives.rto_s,
        **more,
    )
