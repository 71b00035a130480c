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
from restoreproof.drill.request import DrillRequest
from restoreproof.errors import UsageError
from restoreproof.events import FaultFacts
from restoreproof.faults.base import Fault
from restoreproof.faults.registry import find, folders_of
from restoreproof.faults.setcopy import SetCopy


@contextmanager
def prepared(request: DrillRequest) -> Iterator[DrillRequest]:
    """Prepare the drill that ``request`` asks for on damaged copies, which are removed afterwards.

    Raises:
        UsageError: a fault is unknown, or the set has no catalogue to seal a damaged copy with.
    """
    if not request.faults:
        yield request
        return
    contract = load(request.contract)
    folders = folders_of(request.contract, request.features)
    faults = find(contract.stack, folders, request.faults)
    root = request.var.absolute() / "faults"
    root.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=root))
    try:
        yield replace(
            _on_contract(_on_set(request, contract.stack, faults, directory), faults, directory),
            order=_order(contract.order, faults),
            injected=tuple(FaultFacts(name=fault.name, checks=fault.detected_by) for fault in faults),
            fault_folders=folders,
        )
    finally:
        shutil.rmtree(directory)


def _on_set(request: DrillRequest, stack: str, faults: tuple[Fault, ...], directory: Path) -> DrillRequest:
    chosen = [fault for fault in faults if fault.on_set]
    if not chosen:
        return request
    backup = open_set(request.backup, stack)
    catalogue = request.catalogue or catalogues.path_of(request.var / "catalogue", backup.manifest.set_id)
    if not catalogue.exists():
        raise UsageError(
            f"no catalogue at {catalogue}: a damaged set can't be sealed", hint="pass --catalogue"
        )
    copy = SetCopy(backup, catalogue, directory, request.identity)
    sealed = [fault for fault in chosen if fault.sealed]
    for fault in sealed:
        assert fault.on_set
        fault.on_set(copy)
    if sealed:
        copy.seal()
    for fault in chosen:
        if fault.on_set and not fault.sealed:
            fault.on_set(copy)
    key = copy.catalogue_key or request.catalogue_key
    return replace(request, backup=copy.directory, catalogue=copy.catalogue, catalogue_key=key)


def _on_contract(request: DrillRequest, faults: tuple[Fault, ...], directory: Path) -> DrillRequest:
    chosen = [fault for fault in faults if fault.on_contract]
    if not chosen:
        return request
    yaml = YAML()
    yaml.width = 4096
    content: dict[str, Any] = yaml.load(request.contract)
    _absolute(content, request.contract.absolute().parent)
    for fault in chosen:
        assert fault.on_contract
        fault.on_contract(content)
    path = directory / "contract" / request.contract.name
    path.parent.mkdir()
    _bring_key(content, request.contract.absolute().parent)
    _bring_runbook(content, request.contract.absolute().parent, path.parent)
    if (controls := request.contract.absolute().parent / CONTROLS).is_file():
        shutil.copyfile(controls, path.parent / CONTROLS)
    yaml.dump(content, path)
    return replace(request, contract=path)


def _bring_key(content: dict[str, Any], base: Path) -> None:
    """Name the key of catalogues by its whole path, since it is named relative to the contract."""
    rule = content.get("catalogue")
    if isinstance(rule, dict) and rule.get("key"):
        rule["key"] = str((base / str(rule["key"])).resolve())


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
