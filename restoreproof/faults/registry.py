"""The faults of a stack: those in its ``faults/`` folders, and those of installed distributions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from restoreproof import doors
from restoreproof.errors import PluginError, UsageError
from restoreproof.faults.base import Fault
from restoreproof.gherkin.feature_directory import features_of, features_of_contract

FOLDER = "faults"


def folders_of(contract: Path, features: Path | None) -> tuple[Path, ...]:
    """Return the stack's folders of faults: beside its contract, and beside its features.

    ``features`` are those of a drill, or a part of them; None means the contract's own, if it has any.
    """
    own = features_of_contract(contract, Path.cwd())
    chosen = features_of(features, own) if features else own
    beside = (contract.absolute().parent, *([chosen.parent] if chosen else []))
    folders = ((directory / FOLDER).resolve() for directory in beside)
    return tuple(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def faults_of(stack: str, folders: Sequence[Path]) -> Mapping[str, Fault]:
    """Return every fault that is known for a stack, by name.

    Each module in ``folders`` is a family that holds its faults in ``FAULTS``. A distribution registers the
    faults of a stack as the entry point ``STACK = "module:FAULTS"`` in the group ``restoreproof.faults``.

    Raises:
        PluginError: a module or entry point can't be imported or holds no faults, or two faults share a name.
    """
    faults: dict[str, Fault] = {}
    sources: dict[str, str] = {}
    for source, fault in _every(stack, folders):
        if fault.name in faults:
            raise PluginError(
                f"two faults are called {fault.name!r}: in {sources[fault.name]} and in {source}"
            )
        faults[fault.name], sources[fault.name] = fault, source
    return faults


def find(stack: str, folders: Sequence[Path], names: Iterable[str]) -> tuple[Fault, ...]:
    """Return the faults of these names. Raises UsageError for one that does not exist."""
    faults = faults_of(stack, folders)
    for name in names:
        if name not in faults:
            raise UsageError(
                f"no fault {name!r} is known for the stack {stack!r}",
                hint="`restoreproof faults CONTRACT` lists them all",
            )
    return tuple(faults[name] for name in names)


def _every(stack: str, folders: Sequence[Path]) -> Iterator[tuple[str, Fault]]:
    for folder in folders:
        for module in doors.modules(folder):
            source = str(folder / f"{module.__name__.rpartition('.')[2]}.py")
            for fault in _checked(getattr(module, "FAULTS", None), source):
                yield source, fault
    for door in doors.entries(doors.FAULTS):
        if door.name == stack:
            for fault in _checked(door.open(), str(door)):
                yield str(door), fault


def _checked(faults: Any, source: str) -> tuple[Fault, ...]:
    if not isinstance(faults, tuple) or not all(isinstance(fault, Fault) for fault in faults):
        raise PluginError(
            f"{source} has no FAULTS, a tuple of {Fault.__module__}.{Fault.__name__}",
            hint="begin the name of a module with _ if others of its folder share it",
        )
    return faults
