"""What was measured of one backup set, and the medians of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from bench.drills import Drill

REST = "everything else"
"""Of a drill, what is no stage: set, isolation, checks, teardown, evidence."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Repeated drills of one set on each runtime, and its repeated bare restores (seconds by stage).

    ``bare_on`` is the runtime in which the bare restores ran: they are no measure of another's tax.
    """

    size: str
    drills: dict[str, tuple[Drill, ...]]
    bare: tuple[dict[str, float], ...]
    bare_on: str

    @property
    def runtimes(self) -> tuple[str, ...]:
        """The runtimes that were drilled on."""
        return tuple(self.drills)

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages, in the order of the restore."""
        return tuple(next(iter(self.drills.values()))[0].stages)

    @property
    def drilled(self) -> str:
        """What all these drills were of. Raises ValueError if they were not of one thing."""
        said = {one.drilled for drills in self.drills.values() for one in drills}
        if len(said) != 1:
            raise ValueError(f"these drills can't be compared: {'; '.join(sorted(said))}")
        return said.pop()

    def stage_s(self, runtime: str, stage: str) -> float:
        """The median seconds of ``stage``, which may be REST."""
        drills = self.drills[runtime]
        return median(one.rest_s if stage == REST else one.stages.get(stage, 0.0) for one in drills)

    def wall_s(self, runtime: str) -> float:
        """The median seconds of the whole drill."""
        return median(one.wall_s for one in self.drills[runtime])

    def peak_bytes(self, runtime: str) -> float:
        """The median of the harness's largest memory."""
        return median(one.peak_bytes for one in self.drills[runtime])

    def verdicts(self, runtime: str) -> str:
        """The verdict of its drills; several, if they did not agree."""
        return ", ".join(sorted({one.verdict for one in self.drills[runtime]}))

    def bare_stage_s(self, stage: str) -> float:
        """The median seconds of ``stage`` in the bare restore."""
        return median(one.get(stage, 0.0) for one in self.bare)

    def bare_s(self) -> float:
        """The median seconds of the whole bare restore."""
        return median(sum(one.values()) for one in self.bare)


def all_verified(measured: Iterable[Measured]) -> bool:
    """Whether every drill ended VERIFIED: else the seconds are of something else than a drill."""
    return all(one.verdicts(runtime) == "VERIFIED" for one in measured for runtime in one.runtimes)
