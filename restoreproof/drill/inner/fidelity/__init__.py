"""How the target differs from production as the contract declares it, and what an answer is worth then."""

from __future__ import annotations

from dataclasses import asdict

from restoreproof.assets.base import StackContext
from restoreproof.contract.production import Production
from restoreproof.drill.inner.fidelity.differences import compare
from restoreproof.drill.inner.fidelity.target import Target, Witness, look
from restoreproof.drill.inner.fidelity.weights import Scales
from restoreproof.events import FidelityCompared, Note

__all__ = ["Scales", "Witness", "look", "tell_fidelity"]


def tell_fidelity(stack_context: StackContext, target: Target) -> None:
    """Journal each comparison of the target with production, and which database could not be asked."""
    for one in target.unasked:
        stack_context.emitter.emit(Note(text=f"the database {one.name} could not be compared: {one.why}"))
    for compared in compare(stack_context.contract.production or Production(), target):
        stack_context.emitter.emit(FidelityCompared(**asdict(compared)))
