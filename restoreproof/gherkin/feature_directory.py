"""Where the features of a contract are, and which contract features belong to: one rule for every door.

A contract's features are in the directory ``features`` beside it, or beside the nearest directory above it;
where there is none, in the working directory's. A path that someone names inside it is a part of it. A path
elsewhere stands for features of its own: all that lies in the nearest directory called ``features`` at or
above it, or, where none is called so, in itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from restoreproof.errors import SelectionError, UsageError

NAME = "features"
CONTRACT = "RESTOREPROOF_CONTRACT"
"""Names the contract where a project has none, or several, at ``stack.yaml`` or ``compose/*/stack.yaml``."""


@dataclass(frozen=True, slots=True)
class Located:
    """The features of a drill, and which ``parts`` of them were named: none means the whole."""

    features: Path
    parts: tuple[Path, ...] = ()


def locate(contract: Path, named: Sequence[Path], here: Path) -> Located:
    """The features that ``named`` are of, or those of ``contract`` where nothing is named.

    Args:
        named: directories, files or node ids, as they were typed in the directory ``here``.

    Raises:
        UsageError: there are no features, or ``named`` are not there or not all of the same.
    """
    own = features_of_contract(contract, here)
    if not named:
        if own is None:
            raise UsageError(
                f"there is no directory {NAME} beside {contract}, nor above it",
                hint=f"make one, or name it: --features DIRECTORY/{NAME}",
            )
        return Located(own)
    parts = tuple(here / path for path in named)
    for path in parts:
        if not Path(str(path).partition("::")[0]).exists():
            raise SelectionError(
                f"{path}: there are no features of that name", hint=f"name a directory {NAME}"
            )
    homes = sorted({features_of(path, own) for path in parts})
    if len(homes) > 1:
        raise SelectionError(
            f"a drill has one directory of features, and not {' and '.join(map(str, homes))}",
            hint="drill them one after the other",
        )
    return Located(homes[0], () if homes[0] in [part.resolve() for part in parts] else parts)


def features_of_contract(contract: Path, here: Path) -> Path | None:
    """The directory ``features`` beside ``contract`` or above it, else in ``here``; None if there is none."""
    for directory in (*contract.absolute().parents, here):
        if (directory / NAME).is_dir():
            return (directory / NAME).resolve()
    return None


def features_of(path: Path, own: Path | None = None) -> Path:
    """The directory of features that ``path`` (a node id, too) is of; ``own`` are the contract's."""
    place = Path(str(path).partition("::")[0]).resolve()
    if own and (place == own or own in place.parents):
        return own
    above = (one for one in (place, *place.parents) if one.name == NAME and one.is_dir())
    return next(above, place if place.is_dir() else place.parent)


def contracts_of(root: Path) -> list[Path]:
    """The contracts of the project ``root``: the one that the environment names, else all there are."""
    if named := os.environ.get(CONTRACT):
        return [Path(named).absolute()]
    beside = root / "stack.yaml"
    return [*([beside] if beside.is_file() else []), *sorted(root.glob("compose/*/stack.yaml"))]


def contract_of(root: Path) -> Path:
    """The contract of the project ``root``. Raises UsageError unless it has exactly one."""
    contracts = contracts_of(root)
    if len(contracts) == 1:
        return contracts[0]
    raise UsageError(
        f"{len(contracts)} contracts at stack.yaml or compose/*/stack.yaml; a run by hand needs one",
        hint=f"set {CONTRACT}, or use restoreproof drill CONTRACT",
    )
