"""The contract's objectives: how old the newest restored records are, and how long recovery took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.events import Measured
from restoreproof.outcome import Observation, Outcome


@check("recovery point")
@dataclass(frozen=True, slots=True)
class Recovery:
    """The newest records that came back, against the recovery point and the objective.

    Attributes:
        ages: how long (seconds, never negative) before the recovery point of its asset each asset's newest
            record was made; records that are dated later are passed over.
        newest: when the newest record of each asset was made by its own word, later ones included.
        recorded: the assets of which the catalogue knows a newest record.
        objective_s: the RPO.
        every_s: how often a backup is taken; None if the contract does not say.
    """

    ages: Mapping[str, float]
    newest: Mapping[str, datetime]
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
        newest: dict[str, datetime] = {}
        for asset in stack_context.assets():
            if (latest := asset.newest_record(restore_context)) is None:
                continue
            newest[asset.name] = latest
            point = restore_context.recovery_point(asset.name)
            # An asset may be copied after the recovery point: what is newer there is no loss, and no proof.
            at = latest if latest <= point else asset.newest_record_by(restore_context, point)
            if at is not None:
                ages[asset.name] = (point - at).total_seconds()
                stack_context.emitter.emit(
                    Measured(
                        name=f"rpo.{asset.name}",
                        value=ages[asset.name],
                        unit="s",
                        detail="",
                        newest_at=at.isoformat(),
                    )
                )
        if ages:
            stack_context.emitter.emit(Measured(name="rpo", value=max(ages.values()), unit="s", detail=""))
            stack_context.emitter.emit(Measured(name="rpo.skew", value=_skew(newest), unit="s", detail=""))
        backup = stack_context.contract.backup
        catalogue = restore_context.catalogue
        return cls(
            ages,
            newest,
            frozenset(catalogue.newest if catalogue else ()),
            stack_context.contract.objectives.rpo_s,
            backup.every_s if backup else None,
        )

    @then("none is older than the recovery point objective allows")
    def within(self) -> Observation:
        """The newest restored record of each asset is no older than the RPO allows."""
        expected = (
            f"each newest record is at most {self.objective_s / 60:.0f} min older than the recovery point"
        )
        if not self.newest:
            return not_verified(expected, "no asset has a newest record")
        findings = Findings()
        for asset, age in self.ages.items():
            if age > self.objective_s:
                findings.add(f"{asset}: newest record {age / 60:.1f} min before the recovery point")
        for asset in sorted(self.recorded - self.newest.keys()):
            findings.add(f"{asset}: no record came back, though the catalogue knows of some")
        later = [
            f"{asset}: its newest record is dated {at.isoformat()}, after the recovery point"
            for asset, at in sorted(self.newest.items())
            if asset not in self.ages
        ]
        if later and not findings.total:
            return not_verified(
                expected, f"{'; '.join(later)}, which shows nothing of what was saved by then"
            )
        return conclude(
            expected,
            f"at most {max(self.ages.values(), default=0.0):.0f} s over {', '.join(sorted(self.ages))}",
            findings,
            examined=len(self.newest),
            total=len(self.recorded | self.newest.keys()),
        )

    @then("the assets come from one moment")
    def aligned(self) -> Observation:
        """The assets come from one moment: their newest records lie no further apart than the RPO."""
        if len(self.newest) < 2:
            only = ", ".join(sorted(self.newest)) or "no asset"
            return not_verified(
                "the assets lie within the RPO of one another", f"only {only} has a newest record"
            )
        skew = _skew(self.newest)
        findings = Findings()
        if skew > self.objective_s:
            findings.add(f"the assets are {skew / 60:.1f} min apart")
        return conclude(
            f"the assets lie at most {self.objective_s / 60:.0f} min apart",
            f"{skew:.0f} s between {', '.join(sorted(self.newest))}",
            findings,
            examined=len(self.newest),
            total=len(self.newest),
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


def _skew(newest: Mapping[str, datetime]) -> float:
    """How far apart (seconds) the newest records of several assets lie."""
    return (max(newest.values()) - min(newest.values())).total_seconds()


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
        expected = f"service is back within {self.objective_s / 3600:g} h"
        if self.seconds < 0:
            return not_verified(
                expected, f"the clock ran backwards: {self.seconds:.0f} s since the drill began"
            )
        outcome = Outcome.PASSED if self.seconds <= self.objective_s else Outcome.FAILED
        observed = f"back after {self.seconds:.0f} s, smoke verifications included"
        if outcome is Outcome.PASSED and self.standing:
            named = ", ".join(self.standing)
            return not_verified(
                expected, f"{observed}; but nothing was restored of {named}: in place, it took no time"
            )
        return Observation(outcome, expected, observed, 1, 1)
