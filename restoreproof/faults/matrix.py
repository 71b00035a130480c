"""The detection matrix: which faults may share a drill, and whether a drill noticed each of its faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from restoreproof.faults.base import Fault
from restoreproof.outcome import Outcome
from restoreproof.plan import Plan, stage_check


def companions(fault: Fault, plan: Plan) -> frozenset[str]:
    """Return the id of every check that may end otherwise than PASSED because of ``fault``."""
    stopped: set[str] = set()
    if fault.stops:
        place = plan.stages.index(fault.stops)
        stopped = {check.id for check in plan.checks if plan.stages.index(check.stage) >= place}
        stopped |= {stage_check(stage) for stage in plan.stages[place:]}
    return frozenset({*fault.detected_by, *fault.also, *stopped})


def share(first: Fault, second: Fault, plan: Plan) -> bool:
    """Return whether both faults can be in one drill: neither may hide behind what the other fails."""
    noticed = bool(first.detected_by and second.detected_by)
    return noticed and not (
        companions(first, plan).union(first.blinds).intersection(second.detected_by)
        or companions(second, plan).union(second.blinds).intersection(first.detected_by)
    )


def drills(faults: Iterable[Fault], plan: Plan) -> list[tuple[Fault, ...]]:
    """Pack ``faults`` into few drills in which each can be told from the others; return the drills."""
    packed: list[list[Fault]] = []
    for fault in sorted(faults, key=lambda each: (-len(companions(each, plan)), each.name)):
        for drill in packed:
            if all(share(fault, other, plan) for other in drill):
                drill.append(fault)
                break
        else:
            packed.append([fault])
    return [tuple(drill) for drill in packed]


def unnoticed(faults: Sequence[Fault], outcomes: Mapping[str, str], plan: Plan) -> Iterator[str]:
    """Yield what a drill with ``faults`` got wrong: each fault not noticed, each check that should pass.

    Args:
        outcomes: check id → outcome, as ``record.json`` has them.
    """
    for fault in faults:
        for check in fault.detected_by:
            if outcomes.get(check) != Outcome.FAILED:
                yield f"{fault.name}: {check} ended {outcomes.get(check, 'absent')}, not FAILED"
    excused = frozenset[str]().union(*(companions(fault, plan) for fault in faults))
    mandatory = {check.id for check in plan.checks if check.mandatory}
    for check, outcome in outcomes.items():
        counts = check in mandatory or check not in {planned.id for planned in plan.checks}
        if counts and check not in excused and outcome != Outcome.PASSED:
            names = ", ".join(each.name for each in faults)
            yield f"{check} ended {outcome}, and none of {names} explains it"
