"""Which nouns of a contract somebody has to speak of, and which of them speak of others."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from restoreproof.contract.models import Contract
from restoreproof.contract.nouns import nouns
from restoreproof.contract.references import uses
from restoreproof.errors import Location

_BLOCKS = {
    "services": "service",
    "assets": "asset",
    "windows": "window",
    "datasets": "dataset",
    "chains": "chain",
    "signatures": "signature",
    "endpoints": "endpoint",
    "sinks": "sink",
    "queues": "queue",
}
_OF_ASSETS = {"buckets": "bucket", "people": "person"}
# A query's parameter is a window or a person. What is restored at a stage says nothing of it: a feature does.
_MEANT: dict[str, tuple[str, ...]] = {"parameter": ("window", "person"), "stage": ()}
# An asset is restored and a service started, a client and a variable are used, whether or not one is named.
_UNSPOKEN = frozenset({"asset", "service", "client", "variable"})


@dataclass(frozen=True, slots=True)
class Bound:
    """One noun and where it stands. ``uses`` are the nouns, by kind and name, that are looked at through it.

    ``wanted`` is false where a drill makes use of the noun without any feature.
    """

    kind: str
    name: str
    where: Location
    uses: frozenset[tuple[str, str]]
    wanted: bool


def bindings(contract: Contract) -> tuple[Bound, ...]:
    """Every noun of the contract that stands in a block of its own, in an asset, or in the order."""
    ties = _ties(contract)
    places = {
        (kind, name): contract.where(block, name)
        for block, kind in _BLOCKS.items()
        for name in getattr(contract, block)
    }
    places |= {("stage", name): contract.where("order", at) for at, name in enumerate(contract.order)}
    for asset in contract.assets:
        for key, kind in _OF_ASSETS.items():
            for name in _listed(contract, asset, key):
                places[kind, name] = contract.where("assets", asset, key, name)
                ties["asset", asset].add((kind, name))
    return tuple(
        Bound(kind, name, where, frozenset(ties[kind, name]), kind not in _UNSPOKEN)
        for (kind, name), where in places.items()
    )


def _ties(contract: Contract) -> defaultdict[tuple[str, str], set[tuple[str, str]]]:
    ties: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    kinds = nouns(contract)
    for path, what, given, _ in uses(contract):
        kind = _BLOCKS.get(str(path[0]))
        if kind and given and len(path) > 1:
            meant = _MEANT.get(what, (what,))
            ties[kind, str(path[1])] |= {(each, given) for each in meant if given in kinds.get(each, ())}
    return ties


def _listed(contract: Contract, asset: str, key: str) -> list[str]:
    listed = contract.assets[asset].options().get(key)
    return [str(name) for name in listed] if isinstance(listed, dict | list | tuple) else []
