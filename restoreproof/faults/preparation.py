"""A drill with faults, made ready: damaged copies of the set and the contract, and another order."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.backup_set import open_set
from restoreproof.contract import load
from restoreproof.contract.controls import FILE as CONTROLS
from restoreproof.errors import UsageError
from restoreproof.faults.base import Fault
from restoreproof.faults.registry import find, folders_of
from restoreproof.faults.setcopy import SetCopy
from restoreproof.gherkin.request import Wanted


@contextmanager
def prepared(wanted: Wanted) -> Iterator[Wanted]:
    """Prepare the drill that ``wanted`` asks for on damaged copies, which are removed afterwards.

    Raises:
        UsageError: a fault is unknown, or the set has no catalogue to seal a damaged copy with.
    """
    if not wanted.faults:
        yield wanted
        return
    contract = load(wanted.contract)
    folders = folders_of(wanted.contract, wanted.features)
    faults = find(contract.stack, folders, wanted.faults)
    root = wanted.var.absolute() / "faults"
    root.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=root))
    try:
        yield replace(
            _on_contract(_on_set(wanted, contract.stack, faults, directory), faults, directory),
            order=_order(contract.order, faults),
            fault_folders=folders,
        )
    finally:
        shutil.rmtree(directory)


def _on_set(wanted: Wanted, stack: str, faults: tuple[Fault, ...], directory: Path) -> Wanted:
    chosen = [fault for fault in faults if fault.on_set]
    if not chosen:
        return wanted
    backup = open_set(wanted.backup, stack)
    catalogue = wanted.catalogue or catalogues.path_of(wanted.var / "catalogue", backup.manifest.set_id)
    if not catalogue.exists():
        raise UsageError(
            f"no catalogue at {catalogue}: a damaged set can't be sealed", hint="pass --catalogue"
        )
    copy = SetCopy(backup, catalogue, directory, wanted.identity)
    sealed = [fault for fault in chosen if fault.sealed]
    for fault in sealed:
        assert fault.on_set
        fault.on_set(copy)
    if sealed:
        copy.seal()
    for fault in chosen:
        if fault.on_set and not fault.sealed:
            fault.on_set(copy)
    return replace(wanted, backup=copy.directory, catalogue=copy.catalogue)


def _on_contract(wanted: Wanted, faults: tuple[Fault, ...], directory: Path) -> Wanted:
    chosen = [fault for fault in faults if fault.on_contract]
    if not chosen:
        return wanted
    yaml = YAML()
    yaml.width = 4096
    content: dict[str, Any] = yaml.load(wanted.contract)
    _absolute(content, wanted.contract.absolute().parent)
    for fault in chosen:
        assert fault.on_contract
        fault.on_contract(content)
    path = directory / "contract" / wanted.contract.name
    path.parent.mkdir()
    _bring_runbook(content, wanted.contract.absolute().parent, path.parent)
    if (controls := wanted.contract.absolute().parent / CONTROLS).is_file():
        shutil.copyfile(controls, path.parent / CONTROLS)
    yaml.dump(content, path)
    return replace(wanted, contract=path)


def _bring_runbook(content: dict[str, Any], base: Path, copy: Path) -> None:
    """Copy the runbook beside the contract's copy, since it is named relative to the contract."""
    runbook = (content.get("governance") or {}).get("runbook") or {}
    name = str(runbook.get("path") or "")
    if name and not Path(name).is_absolute() and (base / name).is_file():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(base / name, copy / name)


def _absolute(block: Any, base: Path) -> None:
    """Make paths absolute that lead out of the contract's directory: from a copy they lead elsewhere."""
    for key, value in list(block.items() if isinstance(block, dict) else enumerate(block)):
        if isinstance(value, dict | list):
            _absolute(value, base)
        elif isinstance(value, str) and value.startswith("../"):
            block[key] = str((base / value).resolve())


def _order(order: tuple[str, ...], faults: tuple[Fault, ...]) -> tuple[str, ...] | None:
    swapped = list(order)
    for fault in faults:
        if fault.swap:
            first, second = (swapped.index(stage) for stage in fault.swap)
            swapped[first], swapped[second] = swapped[second], swapped[first]
    return tuple(swapped) if swapped != list(order) else None
