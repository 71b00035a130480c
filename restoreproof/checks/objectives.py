"""The contract's objectives: how old the newest restored records are, and how long recovery took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.events import Measured
from restoreproof.outcome import Observation, Outcome


@check("recovery point")
@dataclass(frozen=True, slots=True)
class Recovery:
    """The newest records that came back, against the recovery point and the objective."""

    ages: Mapping[str, float]
    recorded: frozenset[str]
    objective_s: float
    every_s: float | None

    @when("the newest restored records are compared with the recovery point")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> Recovery:
        """Measure the age (seconds) of each asset's newest restored record at the set's recovery point.

        No application process has started yet, so that nothing newer can have been written.
        """
        stack_context = restore_context.stack_context
        ages: dict[str, float] = {}
        for asset in stack_context.assets():
            if (newest := asset.newest_record(restore_context)) is not None:
                # Below zero where an asset was copied after the recovery point: no loss, but skew.
                age = ages[asset.name] = (
                    restore_context.backup.manifest.recovery_point - newest
                ).total_seconds()
                stack_context.emitter.emit(
                    Measured(
                        name=f"rpo.{asset.name}",
                        value=max(age, 0.0),
                        unit="s",
                        detail="",
                        newest_at=newest.isoformat(),
                    )
                )
        if ages:
            skew = max(ages.values()) - min(ages.values())
            stack_context.emitter.emit(
                Measured(name="rpo", value=max(0.0, *ages.values()), unit="s", detail="")
            )
            stack_context.emitter.emit(Measured(name="rpo.skew", value=skew, unit="s", detail=""))
        backup = stack_context.contract.backup
        newest_of = restore_context.catalogue.newest if restore_context.catalogue else {}
        recorded = frozenset(newest_of)
        return cls(
            ages, recorded, stack_context.contract.objectives.rpo_s, backup.every_s if backup else None
        )

    @then("none is older than the recovery point objective allows")
    def within(self) -> Observation:
        """The newest restored record of each asset is no older than the RPO allows."""
        if not self.ages:
            return not_verified("each newest record lies within the RPO", "no asset has a newest record")
        findings = Findings()
        for asset, age in self.ages.items():
            if age > self.objective_s:
                findings.add(f"{asset}: newest record {age / 60:.1f} min before the recovery point")
        for asset in sorted(self.recorded - self.ages.keys()):
            findings.add(f"{asset}: no record came back, though the catalogue knows of some")
        worst = max(0.0, *self.ages.values())
        return conclude(
            f"each newest record is at most {self.objective_s / 60:.0f} min older than the recovery point",
            f"at most {worst:.0f} s over {', '.join(sorted(self.ages))}",
            findings,
            examined=len(self.ages),
            total=len(self.recorded | self.ages.keys()),
        )

    @then("the assets come from one moment")
    def aligned(self) -> Observation:
        """The assets come from one moment: their newest records lie no further apart than the RPO."""
        if len(self.ages) < 2:
            only = ", ".join(sorted(self.ages)) or "no asset"
            return not_verified(
                "the assets lie within the RPO of one another", f"only {only} has a newest record"
            )
        skew = max(self.ages.values(), default=0.0) - min(self.ages.values(), default=0.0)
        findings = Findings()
        if skew > self.objective_s:
            findings.add(f"the assets are {skew / 60:.1f} min apart")
        return conclude(
            f"the assets lie at most {self.objective_s / 60:.0f} min apart",
            f"{skew:.0f} s between {', '.join(sorted(self.ages))}",
            findings,
            examined=len(self.ages),
            total=len(self.ages),
        )

    @then("the schedule loses no more than the objective allows")
    def schedule(self) -> Observation:
        """The schedule loses no more than the RPO when the next backup is the one that is missed."""
        expected = f"a backup at least every {self.objective_s / 60:.0f} min"
        if self.every_s is None:
            return not_verified(expected, "the contract states no schedule")
        outcome = Outcome.PASSED if self.every_s <= self.objective_s else Outcome.FAILED
        return Observation(
            outcome, expected, f"one every {self.every_s / 3600:.0f} h and no WAL archive", 1, 1
        )


@check("recovery time")
@dataclass(frozen=True, slots=True)
class RecoveryTimeSurvey:
    """Time (seconds) that the drill took until the platform served again.

    ``standing`` names what was in place before the drill began, and that no contract says survives.
    """

    seconds: float
    objective_s: float
    standing: tuple[str, ...] = ()

    @when("the time since the drill began is taken")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> RecoveryTimeSurvey:
        """Measure the seconds since the drill began, on the clock that outer and inner process share."""
        stack_context = restore_context.stack_context
        for name, service in stack_context.contract.services.items():
            if not service.options().get("one_shot", False):
                stack_context.runtime.require(name)  # without it the platform is not back
        objectives = stack_context.contract.objectives
        in_place = (
            name for name, reference in restore_context.backup.references.items() if reference.in_place
        )
        standing = tuple(sorted(set(in_place) - set(objectives.survives)))
        return cls(time.monotonic() - stack_context.opened_mono, objectives.rto_s, standing)

    @then("service was back within the recovery time objective")
    def within(self) -> Observation:
        """Service was back within the RTO, counted from the beginning of the fetch."""
        outcome = Outcome.PASSED if self.seconds <= self.objective_s else Outcome.FAILED
        expected = f"service is back within {self.objective_s / 3600:g} h"
        observed = f"back after {self.seconds:.0f} s, smoke verifications included"
        if outcome is Outcome.PASSED and self.standing:
            named = ", ".join(self.standing)
            return not_verified(
                expected, f"{observed}; but nothing was restored of {named}: in place, it took no time"
            )
        return Observation(outcome, expected, observed, 1, 1)
