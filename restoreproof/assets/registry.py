"""Every asset kind there is: found through the entry points of ``restoreproof.assets``."""

from __future__ import annotations

from collections.abc import Mapping

from restoreproof import doors
from restoreproof.assets.base import Asset, load_asset, load_assets
from restoreproof.assets.learnt import expected
from restoreproof.backups.catalogue import Catalogue
from restoreproof.contract import Contract
from restoreproof.errors import Location, PluginError, UsageError
from restoreproof.plan import AssetStatements


def asset_kinds() -> Mapping[str, type[Asset]]:
    """Return each ``kind:`` that a contract may write, with its class: the entry points of doors.ASSETS.

    Raises:
        PluginError: one of them can't be imported, is no Asset, or shares its name with another.
    """
    return {door.name: _opened(door) for door in doors.entries(doors.ASSETS)}


def _opened(door: doors.Door) -> type[Asset]:
    kind = door.open()
    if not (isinstance(kind, type) and issubclass(kind, Asset)):
        raise PluginError(f"{door} is no subclass of {Asset.__module__}.{Asset.__name__}")
    return kind


def refuse_misread(catalogue: Catalogue, contract: Contract) -> None:
    """Read each asset's part of ``catalogue`` through its kind, before anything is begun.

    What the contract has no asset for, or a kind that expects nothing, stays unread.

    Raises:
        UsageError: a part is of another kind than the contract's asset, or not in its kind's form.
    """
    for name in sorted(contract.assets.keys() & catalogue.assets.keys()):
        asset, part = load_asset(contract, name), catalogue.assets[name]
        if part.kind != asset.kind:
            raise UsageError(
                f"the catalogue knows {asset.name!r} as {part.kind}, the contract as {asset.kind}",
                where=Location(str(contract.path)),
                hint="drill the set with the contract that it was backed up with",
            )
        if asset.expectation is not None:
            expected(catalogue, asset.name, asset.expectation)


def required_statements(contract: Contract) -> tuple[AssetStatements, ...]:
    """Return what mandatory checks have to state of each asset, as its kind says.

    ``governance.excluded`` takes out an asset by its name, or one statement as ``ASSET/STATEMENT``.
    """
    excluded = contract.governance.excluded if contract.governance else {}
    required = (
        AssetStatements(
            asset.name,
            asset.kind,
            tuple(statement for statement in asset.rests_on if f"{asset.name}/{statement}" not in excluded),
        )
        for asset in load_assets(contract)
        if asset.name not in excluded
    )
    return tuple(statements for statements in required if statements.statements)
