"""How the target differs from production as the contract declares it, and what an answer is worth then."""

from __future__ import annotations

from dataclasses import asdict

from restoreproof.assets.base import Ground
from restoreproof.contract.production import Production
from restoreproof.drill.fidelity.comparing import compare
from restoreproof.drill.fidelity.target import Target, Witness, look
from restoreproof.drill.fidelity.weighing import Scales

__all__ = ["Scales", "Witness", "look", "tell_fidelity"]


def tell_fidelity(ground: Ground, target: Target) -> None:
    """Journal each comparison of the target with production, and which database could not be asked."""
    for one in target.unasked:
        ground.emitter.emit("note", text=f"the database {one.name} could not be compared: {one.why}")
    for compared in compare(ground.contract.production or Production(), target):
        ground.emitter.emit("fidelity", **asdict(compared))
