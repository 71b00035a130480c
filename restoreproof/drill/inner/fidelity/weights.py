"""What a check's answer is worth where the target differs from production in what the check rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from restoreproof.contract import Contract
from restoreproof.contract.production import Production, Subject
from restoreproof.drill.inner.fidelity.differences import EVERY, Comparison, compare_one
from restoreproof.drill.inner.fidelity.target import Target
from restoreproof.outcome import Observation, Outcome
from restoreproof.plan import Plan

RESTS_ON = "rests-on:"


@dataclass(frozen=True, slots=True)
class Rest:
    """What a check rests on: a subject, of one service or of the database of one asset where it names one."""

    subject: Subject
    place: str = ""

    def concerns(self, one: Comparison) -> bool:
        """Whether ``one`` says something of it."""
        return not self.place or one.service == EVERY or self.place in (one.service, one.asset)


class Scales:
    """Weighs observations against what their checks rest on.

    A difference never makes an answer better: what was found wrong stands; what was found right is not
    verified for production. ``look`` sees the target as it is now.
    """

    def __init__(self, contract: Contract, plan: Plan, look: Callable[[], Target]) -> None:
        self._contract = contract
        self._look = look
        self._rests_on = {check.id: _rests(check.tags) for check in plan.checks}

    def weigh(self, check: str | None, observation: Observation) -> Observation:
        """The observation as it counts for ``check``."""
        production = self._contract.production
        rests = self._rests_on.get(check or "", ())
        if production is None or not rests or observation.outcome is not Outcome.PASSED:
            return observation
        target = self._look()
        apart = [said for rest in rests for said in self._apart(rest, production, target)]
        if not apart:
            return observation
        observed = f"{observation.observed}; but it rests on the {'; and on the '.join(apart)}"
        return replace(observation, outcome=Outcome.NOT_VERIFIED, observed=observed)

    def _apart(self, rest: Rest, production: Production, target: Target) -> Iterator[str]:
        known = {"", *self._contract.services, *self._contract.assets}
        if rest.place not in known:
            yield f"{rest.subject} of {rest.place}, which the contract does not have"
            return
        for one in _weighed(rest, list(compare_one(rest.subject, production, target))):
            if one.differs:
                there = f"in production: {one.production}"
                yield f"{one.subject} here: {one.here}; {there}; {one.consequence}"


def _weighed(rest: Rest, compared: Sequence[Comparison]) -> Sequence[Comparison]:
    """What counts for a check that looked now: what is still to come only where there is nothing else."""
    declared = [one for one in compared if one.production is not None and rest.concerns(one)]
    return [one for one in declared if not one.later] or declared


def _rests(tags: tuple[str, ...]) -> tuple[Rest, ...]:
    return tuple(parse(tag.removeprefix(RESTS_ON)) for tag in tags if tag.startswith(RESTS_ON))


def parse(value: str) -> Rest:
    """``SUBJECT`` or ``SUBJECT:PLACE``. Raises ValueError if nothing of that name is compared."""
    subject, _, place = value.partition(":")
    return Rest(Subject(subject), place)
