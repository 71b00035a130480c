"""The ways out of a stack. Each module is one kind of sink: adding a module adds a kind."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from restoreproof.checks.sinks.base import SinkKind
from restoreproof.contract import Contract
from restoreproof.contract.problems import Problem, instead
from restoreproof.errors import ContractError

_NO_KINDS = frozenset({"base", "survey"})


def sink_kinds() -> list[str]:
    """Return what ``kind:`` of a sink may say, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _NO_KINDS)


def sink_kind(kind: str) -> SinkKind:
    """Return the kind of sink that a contract calls ``kind``. Raises ContractError if there is none."""
    kinds = sink_kinds()
    if kind not in kinds:
        raise ContractError(f"no sink of kind {kind!r} is known", hint=f"kinds: {', '.join(kinds)}")
    module_kind: SinkKind = importlib.import_module(f"{__name__}.{kind}").KIND
    return module_kind


def sink_problems(contract: Contract) -> Iterator[Problem]:
    """Yield, with its line, each sink whose ``kind`` does not exist or that lacks a key its kind needs."""
    kinds = sink_kinds()
    for name, sink in contract.sinks.items():
        if sink.kind not in kinds:
            others, meant = instead(sink.kind, kinds)
            message = f"sinks.{name}.kind: there is no kind of sink {sink.kind!r}{others}"
            yield Problem(contract.where("sinks", name, "kind"), message, meant)
            continue
        for key in sink_kind(sink.kind).needs:
            if getattr(sink, key) is None:
                message = f"sinks.{name} lacks the key {key!r}, which a sink of kind {sink.kind} needs"
                yield Problem(contract.where("sinks", name), message)
