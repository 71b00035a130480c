"""The ways out of a stack. Each module is one kind of sink: adding a module adds a kind."""

from __future__ import annotations

import importlib
import pkgutil

from restoreproof.checks.outlets.base import Outlet
from restoreproof.errors import ContractError

_NO_KINDS = frozenset({"base"})


def outlet(kind: str) -> Outlet:
    """The kind of sink that a contract calls ``kind``. Raises ContractError if there is none."""
    known = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NO_KINDS)
    if kind not in known:
        raise ContractError(f"no sink of kind {kind!r} is known", hint=f"kinds: {', '.join(known)}")
    found: Outlet = importlib.import_module(f"{__name__}.{kind}").OUTLET
    return found
