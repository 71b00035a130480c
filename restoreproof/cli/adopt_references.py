"""References as they are given on a command line: ``ASSET=VALUE`` options, held against the contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from restoreproof.assets.base import load_asset, load_assets
from restoreproof.assets.postgres import PostgresAsset
from restoreproof.backups import missing
from restoreproof.backups.dumpfile import DumpFile
from restoreproof.backups.references import IN_PLACE, Reference
from restoreproof.contract import Contract
from restoreproof.errors import Location, UsageError


def references(
    contract: Contract, named: Sequence[str], engines: Sequence[str], sizes: Sequence[str]
) -> dict[str, Reference]:
    """Return each asset's reference, by the asset's name.

    Raises:
        UsageError: an option is no ``ASSET=VALUE``, the contract has no such asset or one that no provider
            keeps, or a reference is one that no command line may carry.
    """
    blocks: dict[str, dict[str, object]] = {}
    for asset, name in _pairs("--reference", named):
        blocks[asset] = {"reference": name, "parts": _parts(contract, asset)}
    for option, key, values in (("--engine", "engine", engines), ("--bytes", "bytes", sizes)):
        for asset, value in _pairs(option, values):
            if asset not in blocks:
                raise UsageError(
                    f"{option} {asset}=… is of no reference", hint=f"add --reference {asset}=NAME"
                )
            blocks[asset][key] = value
    return {asset: _reference(asset, block) for asset, block in blocks.items()}


def refuse_both(references: Mapping[str, Reference], files: Mapping[str, str]) -> None:
    """Raise UsageError if a file was given for what a reference stands for. ``files``: part to its option."""
    for asset, reference in references.items():
        for part in reference.parts:
            if part in files:
                raise UsageError(
                    f"{files[part]} gives {part} as a file, and --reference {asset}={reference.reference} "
                    "says that a provider keeps it",
                    hint="leave out one of the two",
                )


def unreferenced_databases(contract: Contract, references: Iterable[str]) -> list[str]:
    """Return the databases of the contract that only a dump can bring back, by their own names."""
    referenced = set(references)
    databases = (asset for asset in load_assets(contract) if isinstance(asset, PostgresAsset))
    return [asset.database for asset in databases if asset.name not in referenced]


def refuse_databases(contract: Contract, dump: DumpFile | None, references: set[str]) -> None:
    """Raise UsageError unless every database comes from exactly one of the dump and a reference."""
    left = unreferenced_databases(contract, references)
    if dump is None and left:
        raise UsageError(
            f"nothing is given for the database {', '.join(left)}",
            hint="name its dump, or where its provider keeps it with --reference ASSET=NAME",
        )
    if dump is not None and dump.database not in left:
        raise UsageError(
            f"the database {dump.database!r} is given as a dump and as a reference",
            where=Location(str(dump.path)),
            hint="leave out one of the two",
        )
    if dump is not None and (others := [name for name in left if name != dump.database]):
        raise UsageError(
            f"nothing is given for the database {', '.join(others)} beside the dump of {dump.database}",
            hint="only one dump can be adopted: name where a provider keeps the others with "
            "--reference ASSET=NAME, or give them all by --base",
        )


def refuse_index(index: Path | None, references: Mapping[str, Reference]) -> None:
    """Raise UsageError if ``index`` is given and no reference says that objects are kept elsewhere.

    An index alone holds no objects: all of them would be lost.
    """
    if index is not None and not any(missing.OBJECTS in reference.parts for reference in references.values()):
        raise UsageError(
            "an index alone has no objects: it is for buckets that are in place, and none is said to be",
            where=Location(str(index)),
            hint="add --reference ASSET=in-place, or give the objects themselves with --objects",
        )


def _pairs(option: str, values: Sequence[str]) -> Iterable[tuple[str, str]]:
    assets: set[str] = set()
    for value in values:
        asset, equals, text = value.partition("=")
        if not (asset and equals and text):
            raise UsageError(f"{option} {value!r} is no ASSET=VALUE", hint=f"as in {option} database=NAME")
        if asset in assets:
            raise UsageError(f"{option} {asset}=… is given twice", hint="leave one of them out")
        assets.add(asset)
        yield asset, text


def _parts(contract: Contract, name: str) -> tuple[str, ...]:
    if name not in contract.assets:
        names = ", ".join(sorted(contract.assets))
        raise UsageError(
            f"the contract has no asset {name!r}", where=Location(str(contract.path)), hint=f"it has {names}"
        )
    asset = load_asset(contract, name)
    if not asset.parts():
        raise UsageError(
            f"the asset {name!r} ({asset.kind}) can't be a reference: no provider keeps it",
            hint="give it as a file; `restoreproof adopt --help` names the options",
        )
    return asset.parts()


def _reference(asset: str, block: Mapping[str, object]) -> Reference:
    try:
        return Reference.model_validate(block)
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise UsageError(
            f"the {key} of {asset} is none that a command line could carry: {str(block[key])[:80]!r}",
            hint=f"the provider's own name of it, without spaces, or {IN_PLACE}; bytes are a number",
        ) from error
