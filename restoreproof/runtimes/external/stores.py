"""Which services of a target hold data of their own, and so have to show the drill's marker themselves."""

from __future__ import annotations

from collections.abc import Iterator

from restoreproof.contract import Contract
from restoreproof.contract.problems import Problem
from restoreproof.runtimes.external.block import External, block_of
from restoreproof.runtimes.external.marker import MarkerReader, reader_of


def stores(contract: Contract, block: External) -> dict[str, MarkerReader]:
    """Return each service that holds data of its own, with what reads its marker."""
    able = _able(contract, block)
    return {name: kind for name, kind in able.items() if not _on_another(contract, block, name)}


def unadministered(contract: Contract) -> Iterator[Problem]:
    """Yield each store without an administrator: nobody could be shown its marker."""
    block = block_of(contract)
    for name in stores(contract, block) if block else ():
        if block and block.services[name].administrator is None:
            message = (
                f"external.services.{name}: it holds data, and without an administrator nothing could show "
                "that it is not production's"
            )
            yield Problem(contract.where("external", "services", name), message)


def _able(contract: Contract, block: External) -> dict[str, MarkerReader]:
    named = {name: contract.services[name].component for name in block.services if name in contract.services}
    readers = {name: reader_of(component) for name, component in named.items()}
    return {name: kind for name, kind in readers.items() if kind is not None}


def _on_another(contract: Contract, block: External, service: str) -> bool:
    """Return whether the drill starts ``service`` itself, on data that another store of the block holds.

    One that runs already may be connected to any database, whatever the assets say of its store.
    """
    if block.services[service].start is None:
        return False
    assets = (asset for asset in contract.assets.values() if asset.service == service)
    return bool({asset.options().get("store") for asset in assets} & _able(contract, block).keys())
