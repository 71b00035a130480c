"""Where a drill marker is found: one module for each kind of store, by the components that are of it."""

from __future__ import annotations

import importlib
import pkgutil

from restoreproof.runtimes.external.marker.base import Kind


def kind_of(component: str) -> Kind | None:
    """The kind of store that a service of ``component`` is; None if it holds nothing that could be marked."""
    return next((kind for kind in _kinds() if component in kind.components), None)


def _kinds() -> list[Kind]:
    modules = (module.name for module in pkgutil.iter_modules(__path__) if module.name != "base")
    return [importlib.import_module(f"{__name__}.{name}").KIND for name in modules]
