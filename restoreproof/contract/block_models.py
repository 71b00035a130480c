"""The models of the blocks that belong to an asset kind or to a component, found through entry points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from pydantic import BaseModel

from restoreproof import doors
from restoreproof.contract.document import Path
from restoreproof.contract.services import ComponentOptions
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


def component_names() -> tuple[str, ...]:
    """Return what ``component:`` may say. Raises PluginError if two components have one name."""
    return tuple(door.name for door in doors.entries(doors.COMPONENTS))


def component_model(name: str) -> type[BaseModel] | None:
    """Return the model of a registered component's own keys: ``OPTIONS`` of its module ``options``.

    None if it has no such module: then it takes the keys of every component (``ComponentOptions``).

    Raises:
        PluginError: the component is no package, or its model can't be imported or is none.
    """
    door = next(door for door in doors.entries(doors.COMPONENTS) if door.name == name)
    if not hasattr(door.open(), "__path__"):
        raise PluginError(f"{door} is no package", hint=f"report it to {door.distribution}")
    target = f"{door.target}.options"
    return _model(replace(door, target=f"{target}:OPTIONS")) if find_spec(target) else None


def asset_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of an asset's block, by its kind. Raises PluginError."""
    schemas: dict[str, dict[str, Any]] = {}
    for kind, model in asset_models().items():
        schema = model.model_json_schema(by_alias=True)
        schema["properties"]["kind"] = {"const": kind}
        # An asset's name is the key that its block stands under.
        del schema["properties"]["name"]
        schema["required"].remove("name")
        schemas[kind] = schema
    return schemas


def component_schemas(service: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of a service's block, by its component. Raises PluginError.

    Args:
        service: the schema of what every service has.
    """
    schemas: dict[str, dict[str, Any]] = {}
    for name in component_names():
        own = (component_model(name) or ComponentOptions).model_json_schema(by_alias=True)
        properties = {**service["properties"], **own["properties"], "component": {"const": name}}
        schemas[name] = {
            **own,
            "properties": properties,
            "required": [*service["required"], *own.get("required", ())],
        }
    return schemas


def _model(door: doors.Door) -> type[BaseModel]:
    model: Any = door.open()
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise PluginError(f"{door} is no pydantic model", hint=f"report it to {door.distribution}")
    return model
