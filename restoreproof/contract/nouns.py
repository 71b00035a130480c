"""Every name that a feature may speak of, by what it is."""

from __future__ import annotations

from restoreproof.contract.models import Contract


def nouns(contract: Contract) -> dict[str, set[str]]:
    """The names a contract defines: what a phrase's quoted words are held against.

    Buckets, people and variables stand inside blocks that belong to asset kinds, so they are gathered from
    whichever asset lists ``buckets``, ``people`` or ``required``.
    """
    return {
        "stage": set(contract.order),
        "service": set(contract.services),
        "asset": set(contract.assets),
        "bucket": _listed(contract, "buckets"),
        "person": _listed(contract, "people"),
        "client": _listed(contract, "clients"),
        "variable": _listed(contract, "required"),
        "window": set(contract.windows),
        "dataset": set(contract.datasets),
        "chain": set(contract.chains),
        "signature": set(contract.signatures),
        "endpoint": set(contract.endpoints),
        "sink": set(contract.sinks),
        "queue": set(contract.queues),
    }


def _listed(contract: Contract, key: str) -> set[str]:
    names: set[str] = set()
    for asset in contract.assets.values():
        listed = asset.options().get(key)
        if isinstance(listed, dict | list | tuple):
            names.update(str(name) for name in listed)
    return names
