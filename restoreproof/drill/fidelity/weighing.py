"""What a check's answer is worth where the target differs from production in what the check rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from restoreproof.assets.base import Restoring
from restoreproof.contract.production import Subject
from restoreproof.drill.fidelity.comparing import compare_one
from restoreproof.drill.fidelity.target import Program, look
from restoreproof.outcome import Observation, Outcome
from restoreproof.plan import Plan

RESTS_ON = "rests-on:"


class Scales:
    """Weighs observations against what their checks rest on.

    A difference never makes an answer better: what was found wrong stands; what was found right is not
    verified for production.
    """

    def __init__(self, restoring: Restoring, plan: Plan, programs: Mapping[str, Program]) -> None:
        self._restoring = restoring
        self._programs = programs
        self._rests_on = {check.id: _subjects(check.tags) for check in plan.checks}

    def weigh(self, check: str | None, observation: Observation) -> Observation:
        """The observation as it counts for ``check``."""
        production = self._restoring.ground.contract.production
        subjects = self._rests_on.get(check or "", ())
        if production is None or not subjects or observation.outcome is not Outcome.PASSED:
            return observation
        target = look(self._restoring, self._programs)
        apart = [
            f"{one.subject} here: {one.here}; in production: {one.production}; {one.consequence}"
            for subject in subjects
            for one in compare_one(subject, production, target)
            if one.differs
        ]
        if not apart:
            return observation
        observed = f"{observation.observed}; but it rests on the {'; and on the '.join(apart)}"
        return replace(observation, outcome=Outcome.NOT_VERIFIED, observed=observed)


def _subjects(tags: tuple[str, ...]) -> tuple[Subject, ...]:
    return tuple(Subject(tag.removeprefix(RESTS_ON)) for tag in tags if tag.startswith(RESTS_ON))
