"""How each component takes its configuration in a container. Adding a module adds a component's."""

from __future__ import annotations

import importlib
import pkgutil

from restoreproof.contract.services import Service
from restoreproof.errors import ContractError
from restoreproof.runtimes.compose.parts.base import Part
from restoreproof.runtimes.process import components


def part(name: str, service: Service) -> Part:
    """What runs the component of ``service`` in a container, its options validated.

    Raises:
        ContractError: there is no such component, or it does not know an option.
    """
    module = service.component.replace("-", "_")
    if module not in {found.name for found in pkgutil.iter_modules(__path__)} - {"base"}:
        raise ContractError(f"service {name!r}: the compose runtime has no component {service.component!r}")
    kind: type[Part] = importlib.import_module(f"{__name__}.{module}").PART
    return kind(name, service, components.component(name, service))
