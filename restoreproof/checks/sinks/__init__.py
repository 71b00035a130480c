"""The ways out of a stack. Each module is one kind of sink: adding a module adds a kind."""

from __future__ import annotations

import importlib
import pkgutil

from restoreproof.checks.sinks.base import SinkKind
from restoreproof.errors import ContractError

_NO_KINDS = frozenset({"base", "survey"})


def sink_kind(kind: str) -> SinkKind:
    """The kind of sink that a contract calls ``kind``. Raises ContractError if there is none."""
    known = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NO_KINDS)
    if kind not in known:
        raise ContractError(f"no sink of kind {kind!r} is known", hint=f"kinds: {', '.join(known)}")
    found: SinkKind = importlib.import_module(f"{__name__}.{kind}").KIND
    return found
