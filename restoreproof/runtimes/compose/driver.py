"""The compose runtime as a drill chooses it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from restoreproof.contract import Contract
from restoreproof.contract.problems import Problem
from restoreproof.extras import Extra
from restoreproof.runtimes.base import Hardware, ProbeResult, Runtime
from restoreproof.runtimes.compose import objections
from restoreproof.runtimes.driver import InnerContext, OuterContext, OuterRuntime, Reaped, RuntimeDriver, Say
from restoreproof.runtimes.host.diagnosis import Diagnosis, diagnosis

COMPOSE = Extra("compose", ("docker", "testcontainers"))
_WHAT = "the compose runtime"


class ComposeDriver(RuntimeDriver):
    """Containers, by the compose file beside the contract.

    Whoever may use the daemon's socket is root on this machine, so stepping down would gain nothing.
    """

    name = "compose"
    steps_down = False

    def prepare(self, contract: Contract, cache: Path, say: Say) -> None:
        COMPOSE.require(_WHAT)
        from restoreproof.runtimes.compose import operations

        operations.prepare(contract, cache, say)

    def objections(self, contract: Contract) -> Iterable[Problem]:
        return objections.objections(contract)

    def diagnose(self, contract: Contract | None, cache: Path) -> Sequence[Diagnosis]:
        if COMPOSE.absent():
            detail = "restoreproof[compose] is not installed"
            return [diagnosis("compose runtime", False, detail, COMPOSE.command)]
        COMPOSE.require(_WHAT)
        from restoreproof.runtimes.compose import operations

        return operations.diagnose(contract, cache)

    def machine(self) -> Hardware:
        """Return the daemon's machine, which may be a virtual one or another."""
        COMPOSE.require(_WHAT)
        from restoreproof.runtimes.compose import operations

        return operations.machine()

    def outer(self, context: OuterContext) -> OuterRuntime:
        COMPOSE.require(_WHAT)
        from restoreproof.runtimes.compose import operations

        return operations.outer(context)

    def probes(self, context: InnerContext, targets: Mapping[str, str]) -> Iterable[ProbeResult]:
        COMPOSE.require(_WHAT)
        from restoreproof.runtimes.compose import operations

        return operations.probes(context, targets)

    def inner(self, context: InnerContext, targets: Mapping[str, str]) -> Runtime:
        COMPOSE.require(_WHAT)
        from restoreproof.runtimes.compose import operations

        return operations.inner(context, targets)

    def reap(self, say: Say) -> Reaped:
        """Remove what dead drills left at the daemon; without the extra there were none."""
        if COMPOSE.absent():
            return Reaped()
        from restoreproof.runtimes.compose import operations

        return operations.reap(say)
