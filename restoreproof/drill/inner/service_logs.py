"""What a drill journals besides what it finds: the words of its questions, and what the services said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from restoreproof.assets.base import StackContext
from restoreproof.contract.models import Contract
from restoreproof.contract.references import queries
from restoreproof.events import ServiceLogged

_LINES = 40
_CHARACTERS = 6000


def queries_of(contract: Contract, nouns: Iterable[object]) -> dict[str, str]:
    """The SQL of each of ``nouns`` that the contract defines by a query, by the noun's name."""
    sql = queries(contract)
    return {noun: sql[noun] for noun in nouns if isinstance(noun, str) and noun in sql}


def tell_logs(stack_context: StackContext, services: Iterable[str], check: str | None = None) -> None:
    """Journal the last log lines of each of ``services`` that logged anything, bounded and redacted."""
    for service in services:
        text = stack_context.runtime.log_tail(service, _LINES)[-_CHARACTERS:]
        if text:
            named: dict[str, Any] = {"check": check} if check else {}
            stack_context.emitter.emit(
                ServiceLogged(service=service, stage=stack_context.stage(), text=text, **named)
            )
