"""The component of a service of a contract: its options, validated, and its part for a runtime."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from restoreproof.components import registry
from restoreproof.components.base import ComponentOptions
from restoreproof.components.registry import Component
from restoreproof.contract.services import Service
from restoreproof.errors import ContractError

PartT = TypeVar("PartT")


def component_of(name: str, service: Service) -> Component:
    """Return the component of ``service``, called ``name`` in the contract.

    Raises:
        ContractError: none of that name is registered.
    """
    component = registry.component(service.component)
    if component is None:
        raise ContractError(
            f"service {name!r}: there is no component {service.component!r}",
            hint=f"there are {', '.join(registry.names())}",
        )
    return component


def part_of(name: str, service: Service, module: str, base: type[PartT]) -> type[PartT]:
    """Return what the component of ``service`` has for a runtime; see ``Component.part``.

    Raises:
        ContractError: there is no such component, or it has nothing for that runtime.
        PluginError: it can't be used.
    """
    part = component_of(name, service).part(module, base)
    if part is None:
        raise ContractError(
            f"service {name!r}: the component {service.component!r} has no part {module!r}",
            hint="run the drill with a runtime that it has a part for",
        )
    return part


def options_of(name: str, service: Service) -> ComponentOptions:
    """Return the component's own keys of ``service``, as its model.

    Raises:
        ContractError: there is no such component, or the keys don't fit it.
    """
    model = component_of(name, service).options()
    try:
        return model.model_validate(service.options())
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()
        )
        raise ContractError(f"service {name!r} ({service.component}): {problems}") from error
