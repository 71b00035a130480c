"""The parts a stack can be made of. Each module is one component: adding a module adds a component."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from restoreproof.contract.services import Service
from restoreproof.errors import ContractError
from restoreproof.runtimes.process.components.base import Component, Options

OptionsT = TypeVar("OptionsT", bound=Options)

_ABSTRACT = frozenset({"base", "_sink"})


def names() -> tuple[str, ...]:
    """Every component's name, as ``component:`` in a contract spells it."""
    found = (module.name for module in pkgutil.iter_modules(__path__) if module.name not in _ABSTRACT)
    return tuple(name.replace("_", "-") for name in found)


def component(name: str, service: Service) -> Component[Any]:
    """The component that runs ``service``, called ``name`` in the contract, with its options validated.

    Raises:
        ContractError: there is no such component, or it does not know an option.
    """
    kind = _kind(name, service)
    return kind(options(name, service, kind.model))


def prepare_cache(services: Mapping[str, Service], cache: Path, say: Callable[[str], None]) -> None:
    """Make what the components of ``services`` need once for all drills. Raises as each of them does."""
    for kind in {_kind(name, service) for name, service in services.items()}:
        kind.prepare_cache(cache, say)


def _kind(name: str, service: Service) -> type[Component[Any]]:
    if service.component not in names():
        raise ContractError(
            f"service {name!r}: there is no component {service.component!r}",
            hint=f"the process runtime has {', '.join(names())}",
        )
    module = importlib.import_module(f"{__name__}.{service.component.replace('-', '_')}")
    kind: type[Component[Any]] = module.COMPONENT
    return kind


def options(name: str, service: Service, model: type[OptionsT]) -> OptionsT:
    """The component's own keys of ``service``, as its ``model``. Raises ContractError."""
    try:
        return model.model_validate(service.options())
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()
        )
        raise ContractError(f"service {name!r} ({service.component}): {problems}") from error
