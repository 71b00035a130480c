"""What keeps every drill in containers from starting, as far as the contract and its compose file tell."""

from __future__ import annotations

from collections.abc import Sequence

from restoreproof.contract import Contract
from restoreproof.contract.problems import Problem
from restoreproof.runtimes.compose import composefile
from restoreproof.runtimes.compose.component import data_places


def objections(contract: Contract) -> list[Problem]:
    """Return what no drill may run of the compose file beside the contract, as far as reading it tells."""
    return composefile.problems(contract, data_of(contract))


def data_of(contract: Contract) -> dict[str, Sequence[str]]:
    """Return where each service keeps what it restores, inside its container."""
    return {name: data_places(service.component) for name, service in contract.services.items()}
