"""How the target differs from production as the contract declares it, and what an answer is worth then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from restoreproof.assets.base import Restoring
from restoreproof.contract.production import Production
from restoreproof.drill.fidelity.comparing import compare
from restoreproof.drill.fidelity.target import Program, Witness, look
from restoreproof.drill.fidelity.weighing import Scales

__all__ = ["Scales", "Witness", "tell_fidelity"]


def tell_fidelity(restoring: Restoring, programs: Mapping[str, Program]) -> None:
    """Journal each comparison of the target with production, and which database could not be asked."""
    ground = restoring.ground
    target = look(restoring, programs)
    for database, why in target.unreached.items():
        ground.emitter.emit("note", text=f"the database {database} could not be compared: {why}")
    for one in compare(ground.contract.production or Production(), target):
        ground.emitter.emit("fidelity", **asdict(one))
