"""The models of the blocks that belong to an asset kind or to a component, found through entry points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from restoreproof import doors
from restoreproof.contract.document import Path
from restoreproof.errors import PluginError


@dataclass(frozen=True, slots=True)
class OwnedBlock:
    """One block as its owner's model: where it stands, and the noun (kind and name) that it is of."""

    path: Path
    noun: tuple[str, str]
    model: BaseModel


def asset_models() -> Mapping[str, type[BaseModel]]:
    """Return the model of each ``kind:`` of an asset: the entry points of ``doors.ASSETS``.

    Raises:
        PluginError: one of them can't be imported, is no model, or shares its name with another.
    """
    return {door.name: _model(door) for door in doors.entries(doors.ASSETS)}


def _model(door: doors.Door) -> type[BaseModel]:
    model: Any = door.open()
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise PluginError(f"{door} is no pydantic model", hint=f"report it to {door.distribution}")
    return model
