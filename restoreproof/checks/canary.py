"""A piece of work of the drill's own: proof that the resumed workers do work."""

from __future__ import annotations

import time
from dataclasses import dataclass

from restoreproof.assets.base import RestoreContext, StackContext
from restoreproof.assets.dataset import open_database, restored_parameters
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.queues import Canary
from restoreproof.errors import ContractError, ServiceFailedError
from restoreproof.outcome import Observation
from restoreproof.waiting import NotReady, wait_until


@check("canary")
@dataclass(frozen=True, slots=True)
class CanaryJob:
    """A job of the drill's own, and what became of it."""

    job: str | None
    state: str
    deadline_s: float
    seconds: float
    problem: str | None

    @when("a canary job is queued")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> CanaryJob:
        """Enqueue the contract's canary as administrator and wait for the workers to do it."""
        stack_context, canary = restore_context.stack_context, restore_context.stack_context.contract.canary
        if canary is None:
            raise ContractError("the contract has no canary:, so no job can prove that the workers work")
        values = restored_parameters(restore_context, canary.database, canary.enqueue)
        started, problem = time.monotonic(), None
        with stack_context.phase("canary"):
            with open_database(stack_context, canary.database, readonly=False) as database:
                job = database.value(canary.enqueue, values)
            if job is not None:
                problem = _await(stack_context, canary, job)
        seconds = time.monotonic() - started
        return cls(None if job is None else str(job), canary.state, canary.deadline_s, seconds, problem)

    @then("a worker completes it")
    def completed(self) -> Observation:
        """The job was done in time."""
        expected = f"a canary job is {self.state} within {self.deadline_s:.0f} s"
        if self.job is None:
            return not_verified(expected, "there was nothing to make a canary job of")
        findings = Findings()
        if self.problem:
            findings.add(f"job {self.job}: {self.problem}")
        observed = self.problem or f"{self.state} after {self.seconds:.1f} s"
        return conclude(expected, observed, findings, examined=1, total=1)


def _await(stack_context: StackContext, canary: Canary, job: object) -> str | None:
    def done() -> None:
        with open_database(stack_context, canary.database) as database:
            state = database.value(canary.done, {"job": job})
        if state != canary.state:
            raise NotReady(f"it is {state}")

    def gave_up() -> str | None:
        return None if stack_context.runtime.running(canary.service) else f"{canary.service} does not run"

    try:
        wait_until(done, what="canary", deadline_s=canary.deadline_s, gave_up=gave_up, retry_on=(NotReady,))
    except ServiceFailedError as error:
        return error.message
    return None
