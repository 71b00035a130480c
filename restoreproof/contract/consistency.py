"""What the parts of a contract must be to one another, beyond that every name is defined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from restoreproof.contract.models import Contract
from restoreproof.contract.plan_inputs import SMOKE
from restoreproof.contract.problems import Problem, nearest
from restoreproof.contract.references import Use, declared
from restoreproof.contract.runtime_blocks import runtime_blocks


def problems(contract: Contract) -> Iterator[Problem]:
    """Yield everything that is wrong with ``contract`` and that no model can see alone, with its line."""
    yield from _stages(contract)
    yield from _placeholders(contract)
    yield from _unreviewed(contract)
    for block in runtime_blocks(contract):
        yield from block.problems(contract)


def _stages(contract: Contract) -> Iterator[Problem]:
    named = {use.name for use in declared(contract) if isinstance(use, Use) and use.mark.kind == "stage"}
    used = {SMOKE, *named}  # nothing has to be restored or started at smoke: features speak there
    for position, stage in enumerate(contract.order):
        if stage not in used:
            yield Problem(
                contract.where("order", position),
                f"order: no asset, no service and no built-in check knows a stage {stage!r}",
                nearest(stage, used - set(contract.order)),
            )
    for stage, times in Counter(contract.order).items():
        if times > 1:
            yield Problem(contract.where("order"), f"order: the stage {stage!r} is listed {times} times")


def _placeholders(contract: Contract) -> Iterator[Problem]:
    for name, endpoint in contract.endpoints.items():
        if re.search(r"\{\w+\}", endpoint.path) and endpoint.of is None:
            message = (
                f"endpoints.{name}: the path has placeholders, but 'of' names no dataset to fill them from"
            )
            yield Problem(contract.where("endpoints", name, "path"), message)


def _unreviewed(contract: Contract) -> Iterator[Problem]:
    limits = contract.review.limits if contract.review else {}
    for name in contract.queues:
        if name not in limits:
            message = f"queues.{name}: the review says nothing of this queue, so nothing could ever resume"
            yield Problem(
                contract.where("queues", name), message, nearest(name, set(limits) - set(contract.queues))
            )
