"""How each component takes its configuration in a container. Adding a module adds a component's."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence

from restoreproof.contract.services import Service
from restoreproof.errors import ContractError
from restoreproof.runtimes.compose.parts.base import Part
from restoreproof.runtimes.process import components

_SHARED = frozenset({"base", "_sink"})


def data_places(component: str) -> Sequence[str]:
    """Where the data of a component lie in its container; nowhere, if there is no such component."""
    kind = _kind(component)
    return kind.data if kind else ()


def part(name: str, service: Service) -> Part:
    """What runs the component of ``service`` in a container, its options validated.

    Raises:
        ContractError: there is no such component, or it does not know an option.
    """
    kind = _kind(service.component)
    if kind is None:
        raise ContractError(f"service {name!r}: the compose runtime has no component {service.component!r}")
    return kind(name, service, components.component(name, service))


def _kind(component: str) -> type[Part] | None:
    module = component.replace("-", "_")
    if module not in {found.name for found in pkgutil.iter_modules(__path__)} - _SHARED:
        return None
    kind: type[Part] = importlib.import_module(f"{__name__}.{module}").PART
    return kind
