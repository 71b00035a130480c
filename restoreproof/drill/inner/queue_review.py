"""The review that lets workers resume: what waits in the queues and what left the platform until now."""

from __future__ import annotations

from dataclasses import dataclass

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.queues import unexpected, waiting_in
from restoreproof.drill.inner.sink_effects import BEFORE_APPROVAL, tell_effects
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.events import ReviewApproved
from restoreproof.outcome import Outcome


class ReviewRefused(EnvironmentUnfitError):
    """The queues hold what the review does not expect, so the workers stay held."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The queue review before a stage."""

    restore_context: RestoreContext

    def unexpected(self) -> tuple[str, ...]:
        """Every class that the review does not list, and every one with more items than it allows."""
        stack_context = self.restore_context.stack_context
        review = stack_context.contract.review
        return tuple(unexpected(waiting_in(stack_context), review.limits if review else {}))

    def pass_or_raise(self) -> None:
        """Approve by the contract's policy, or raise ReviewRefused naming what is not expected."""
        stack_context = self.restore_context.stack_context
        review = stack_context.contract.review
        if review is None:
            raise ReviewRefused("the contract names no review, so nobody approved that workers resume")
        if refused := self.unexpected():
            raise ReviewRefused(
                f"{review.approver} does not approve: {'; '.join(refused)}",
                hint="inspect these before any replay; extend review: in the contract if they are expected",
            )
        if stack_context.contract.sinks:
            silence = tell_effects(self.restore_context, BEFORE_APPROVAL).silent()
            if silence.outcome is not Outcome.PASSED:
                told = "; ".join(silence.findings) or silence.observed
                raise ReviewRefused(
                    f"something left the platform before {review.approver} approved: {told}",
                    hint="find out what sent it before any worker resumes",
                )
        stack_context.emitter.emit(ReviewApproved(approver=review.approver, stage=stack_context.stage()))
