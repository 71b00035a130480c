"""A compose file beside the contract: it must be of the same stack, and give a drill's services no way out.

It is read twice. ``problems`` reads it as it stands, each variable at its default, so that linting needs no
Docker. ``problems_resolved`` reads what compose makes of it: variables have the values of this machine there,
and what another file adds is part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from restoreproof.contract.models import Contract
from restoreproof.contract.problems import Problem
from restoreproof.errors import Location
from restoreproof.runtimes.compose.composefile import agreement, edge, keys, mounts, networks, startup
from restoreproof.runtimes.compose.composefile.allowed import CAPABILITIES, SECURITY, capability
from restoreproof.runtimes.compose.composefile.document import (
    EDGE,
    NAME,
    SCAFFOLD,
    Composed,
    ComposeStack,
    at_default,
    read,
)

__all__ = [
    "CAPABILITIES",
    "EDGE",
    "NAME",
    "RULES",
    "SCAFFOLD",
    "SECURITY",
    "at_default",
    "capability",
    "place",
    "problems",
    "problems_resolved",
]

_Rule = Callable[[Composed, ComposeStack], Iterator[Problem]]
_SAFETY: tuple[_Rule, ...] = (*networks.RULES, *keys.RULES, *mounts.RULES, *startup.RULES)
RULES: tuple[_Rule, ...] = (*agreement.RULES, *edge.RULES, *_SAFETY)


def problems(contract: Contract, data: Mapping[str, Sequence[str]]) -> list[Problem]:
    """Return every way in which ``compose.yaml`` beside the contract contradicts it; none without one.

    Args:
        data: for each service the places at which its data lie, which a drill keeps of its mounts.
    """
    path = contract.directory / NAME
    if not path.exists():
        return []
    composed = read(path)
    if isinstance(composed, Problem):
        return [composed]
    return _problems(composed, ComposeStack(contract, data), RULES)


def problems_resolved(
    contract: Contract, data: Mapping[str, Sequence[str]], config: Mapping[str, Any]
) -> list[Problem]:
    """Return what ``config``, the output of ``docker compose config``, has beyond what a drill may."""
    path = contract.directory / NAME
    written = read(path)
    if isinstance(written, Problem):
        return [written]
    composed = Composed(str(path), config, written.data, project=str(config["name"]))
    return _problems(composed, ComposeStack(contract, data), _SAFETY)


def place(contract: Contract, *path: str) -> Location:
    """Return where the innermost key of ``path`` stands in the file beside the contract."""
    composed = read(contract.directory / NAME)
    return composed.where if isinstance(composed, Problem) else composed.where(*path)


def _problems(composed: Composed, stack: ComposeStack, rules: Sequence[_Rule]) -> list[Problem]:
    problems = {problem for rule in rules for problem in rule(composed, stack)}
    return sorted(problems, key=lambda problem: (problem.where.line or 0, str(problem)))
