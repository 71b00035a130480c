"""The review that lets workers resume: what waits in the queues and what left the platform until now."""

from __future__ import annotations

from dataclasses import dataclass

from restoreproof.assets.base import Restoring
from restoreproof.checks.queues import unexpected, waiting_in
from restoreproof.drill.effects import BEFORE_APPROVAL, tell_effects
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.outcome import Outcome


class ReviewRefused(EnvironmentUnfitError):
    """The queues hold what the review does not expect, so the workers stay held."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The queue review before a stage."""

    restoring: Restoring

    def unexpected(self) -> tuple[str, ...]:
        """Every class that the review does not list, and every one with more items than it allows."""
        ground = self.restoring.ground
        review = ground.contract.review
        return tuple(unexpected(waiting_in(ground), review.limits if review else {}))

    def pass_or_raise(self) -> None:
        """Approve by the contract's policy, or raise ReviewRefused naming what is not expected."""
        ground = self.restoring.ground
        review = ground.contract.review
        if review is None:
            raise ReviewRefused("the contract names no review, so nobody approved that workers resume")
        if refused := self.unexpected():
            raise ReviewRefused(
                f"{review.approver} does not approve: {'; '.join(refused)}",
                hint="inspect these before any replay; extend review: in the contract if they are expected",
            )
        if ground.contract.sinks:
            silence = tell_effects(self.restoring, BEFORE_APPROVAL).silent()
            if silence.outcome is not Outcome.PASSED:
                told = "; ".join(silence.findings) or silence.observed
                raise ReviewRefused(
                    f"something left the platform before {review.approver} approved: {told}",
                    hint="find out what sent it before any worker resumes",
                )
        ground.emitter.emit("review-approved", approver=review.approver, stage=ground.stage())
