"""The detection matrix: which faults may share a drill, and whether a drill noticed each of its faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from restoreproof.faults.base import Fault
from restoreproof.outcome import Outcome
from restoreproof.plan import Plan, stage_check


def companions(fault: Fault, plan: Plan) -> frozenset[str]:
    """Every check that may end otherwise than PASSED because of ``fault``."""
    stopped: set[str] = set()
    if fault.stops:
        place = plan.stages.index(fault.stops)
        stopped = {check.id for check in plan.checks if plan.stages.index(check.stage) >= place}
        stopped |= {stage_check(stage) for stage in plan.stages[place:]}
    return frozenset({*fault.detected_by, *fault.also, *stopped})


def share(one: Fault, other: Fault, plan: Plan) -> bool:
    """Whether both can be in one drill: neither may hide behind what the other makes fail."""
    noticed = bool(one.detected_by and other.detected_by)
    return noticed and not (
        companions(one, plan).union(one.blinds).intersection(other.detected_by)
        or companions(other, plan).union(other.blinds).intersection(one.detected_by)
    )


def drills(faults: Iterable[Fault], plan: Plan) -> list[tuple[Fault, ...]]:
    """As few drills as a simple packing finds, with every fault in one and to be told from the others."""
    packed: list[list[Fault]] = []
    for fault in sorted(faults, key=lambda one: (-len(companions(one, plan)), one.name)):
        for drill in packed:
            if all(share(fault, other, plan) for other in drill):
                drill.append(fault)
                break
        else:
            packed.append([fault])
    return [tuple(drill) for drill in packed]


def unnoticed(faults: Sequence[Fault], outcomes: Mapping[str, str], plan: Plan) -> Iterator[str]:
    """What a drill with ``faults`` got wrong: a fault not noticed, a check that should have passed.

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
            yield f"{check} ended {outcome}, and none of {', '.join(one.name for one in faults)} explains it"
