"""The external runtime as a drill chooses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from restoreproof.contract import Contract
from restoreproof.contract.problems import Problem
from restoreproof.errors import EnvironmentUnfitError, RestoreproofError, UsageError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import ProbeResult, Runtime
from restoreproof.runtimes.driver import InnerContext, OuterContext, OuterRuntime, RuntimeDriver, Say
from restoreproof.runtimes.external.block import RUNTIME, External, block_of
from restoreproof.runtimes.external.commands import commands_of, own_environment
from restoreproof.runtimes.external.isolation import BLIND, UNDECLARED, Prober, refuse_own_address
from restoreproof.runtimes.external.markers import MarkerRefusedError, Markers
from restoreproof.runtimes.external.outer import ProvisionedTarget
from restoreproof.runtimes.external.runtime import ExternalRuntime
from restoreproof.runtimes.external.stores import unadministered
from restoreproof.runtimes.external.target import ExternalTarget, fill
from restoreproof.runtimes.host.diagnosis import Diagnosis, diagnosis

_TARGET = "external target"


class ExternalDriver(RuntimeDriver):
    """A target that was provisioned for the drill: endpoints and commands are the contract's.

    The commands are the user's own and need the user's home and credentials, so root does not step down.
    """

    name = RUNTIME
    steps_down = False
    block = External

    def objections(self, contract: Contract) -> Iterable[Problem]:
        return unadministered(contract)

    def prepare(self, contract: Contract, cache: Path, say: Say) -> None:
        target = fill(contract, own_environment())
        refuse_own_address(target)
        try:
            silent = Markers(target, lambda proven: say(str(proven))).survey()
        except MarkerRefusedError as error:
            raise UsageError(error.message, where=error.where, hint=error.hint) from error
        for service, why in silent.items():
            if not _made_later(target, service):
                block = target.block.services[service]
                raise EnvironmentUnfitError(
                    f"{service} does not answer at {block.address}:{block.port}: {why}",
                    hint=f"bring the target up first, or give external.services.{service} a start command",
                    where=target.where("services", service),
                )
            say(f"{service} does not answer yet: the drill makes it")

    def diagnose(self, contract: Contract | None, cache: Path) -> Sequence[Diagnosis]:
        """Return what a drill asks before it begins: the target's stores are read, none is written."""
        if contract is None:
            return [
                diagnosis(
                    _TARGET, False, "no contract is at hand", "name the stack.yaml that says where it is"
                )
            ]
        lines: list[str] = []
        try:
            self.prepare(contract, cache, lines.append)
        except RestoreproofError as error:
            return [diagnosis(_TARGET, False, error.message, error.hint or "docs/external.md describes it")]
        return [Diagnosis(_TARGET, True, "; ".join(lines))]

    def secrets(self, contract: Contract) -> Sequence[Secret]:
        return fill(contract, own_environment()).secrets

    def kept(self, contract: Contract) -> str | None:
        block = block_of(contract)
        if block is None or block.down:
            return None
        return "the target itself, with what was restored: the contract gives no `down` command for it"

    def machine(self) -> None:
        """Return None: the target is not this machine, and the contract does not say what it is."""

    def outer(self, context: OuterContext) -> OuterRuntime:
        return ProvisionedTarget(context, fill(context.contract, own_environment()))

    def probes(self, context: InnerContext, targets: Mapping[str, str]) -> Iterator[ProbeResult]:
        target = fill(context.contract, own_environment())
        isolation = target.block.isolation
        if isolation is None or BLIND not in targets:
            yield ProbeResult(UNDECLARED, True, "external: says nothing of isolation, so nothing was tried")
            return
        commands = commands_of(context, target)
        reached = False
        for result in Prober(isolation, commands).ways_out(targets):
            reached = reached or result.reached
            yield result
        commands.close()
        if reached:  # it is settled already, and no service has to start for it
            yield ProbeResult(BLIND, True, "not asked: a way out was found")

    def inner(self, context: InnerContext, targets: Mapping[str, str]) -> Runtime:
        return ExternalRuntime(context, fill(context.contract, own_environment()), targets)


def _made_later(target: ExternalTarget, service: str) -> bool:
    """Return whether a command of the drill may be what makes the service."""
    restored = (target.contract.assets[asset] for asset in target.block.restore)
    holders = {str(name) for asset in restored for name in (asset.service, asset.options().get("store"))}
    return service in holders or target.block.services[service].start is not None
