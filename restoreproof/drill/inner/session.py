"""The inner process's drill: everything it needs, opened from the file the outer process wrote."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from restoreproof.assets.base import RestoreContext, StackContext
from restoreproof.assets.placeholders import vault_of
from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.backup_set import open_set
from restoreproof.contract.loader import parse
from restoreproof.contract.services import Service
from restoreproof.drill.handoff import InnerConfig
from restoreproof.drill.inner.fidelity import Scales, Witness, look, tell_fidelity
from restoreproof.drill.inner.queue_review import Gate
from restoreproof.drill.inner.sink_effects import tell_last_effects
from restoreproof.drill.inner.stages import Drill, StageHooks
from restoreproof.drill.isolation_gate import PERMISSION, Awaiting
from restoreproof.drill.missing_parts import Absences, Present
from restoreproof.drill.secret_tracking import confide, read_canaries
from restoreproof.events import Emitter, IsolationProbed, Measured
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.base import Runtime
from restoreproof.runtimes.driver import InnerContext
from restoreproof.runtimes.registry import driver


class CurrentStage:
    """The stage being performed, shared by the drill, its ground and its runtime."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.now = ""

    def enter(self, stage: str) -> None:
        """From now on events belong to ``stage``."""
        self.now = stage
        self._runtime.stage = stage


@contextmanager
def open_drill(
    config_path: Path,
    emitter: Emitter,
    redactor: Redactor,
    hooks: Callable[[RestoreContext, Sequence[str]], StageHooks] = lambda restore_context, faults: (
        StageHooks()
    ),
) -> Iterator[Drill]:
    """Prove isolation, build the runtime, and yield the drill; everything is stopped on leaving.

    Raises:
        EvidenceError: the outer process did not permit what follows its verdict on the isolation.
        RestoreproofError: the set, the contract or the identity changed since the outer process looked.
    """
    config = InnerConfig.read(config_path)
    contract, runtime_driver = (
        parse(config.contract_copy.read_text(), config.contract),
        driver(config.runtime),
    )
    permission = os.environ.get(PERMISSION)
    emitter = Awaiting(emitter, config.probes, int(permission) if permission else None)
    emitter = witness = Witness(emitter)
    inner_context = InnerContext(
        drill_id=config.drill_id,
        contract=contract,
        workdir=config.workdir,
        cache=config.cache,
        code=contract.code_directory().resolve(),
        emitter=emitter,
        redactor=redactor,
    )
    redactor.learn(runtime_driver.secrets(contract))
    for result in runtime_driver.probes(inner_context, config.probes):
        emitter.emit(IsolationProbed(probe=result.probe, reached=result.reached, detail=result.detail))
    backup = open_set(config.backup, contract.stack)
    vault = vault_of(backup, contract, config.identity)
    redactor.learn([*vault.secrets(), *read_canaries(config.canaries)])
    confide(redactor, emitter, bytes.fromhex(config.secrecy))
    redactor.learn(vault.stand_ins())
    absences = Absences(emitter)
    runtime: Runtime = Present(runtime_driver.inner(inner_context, config.probes), absences)
    clock = CurrentStage(runtime)
    stack_context = StackContext(
        contract,
        runtime,
        vault,
        emitter,
        config.workdir,
        lambda: clock.now,
        config.opened_mono,
        redactor.learn,
    )
    known = catalogues.load(config.catalogue) if config.catalogue else None
    restore_context = RestoreContext(stack_context, backup, known)
    seen = partial(look, restore_context, witness.programs, runtime_driver.machine)
    gates: Mapping[str, Gate] = {stage: Gate(restore_context) for stage in _resuming(contract.services)}
    try:
        yield Drill(
            restore_context,
            config.order,
            gates,
            hooks(restore_context, config.faults),
            clock.enter,
            absences=absences,
            weigh=Scales(contract, config.plan, seen).weigh,
        )
        tell_last_effects(restore_context)
        tell_fidelity(stack_context, seen())
    finally:
        runtime.teardown()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        emitter.emit(Measured(name="harness.peak_rss", value=peak, unit="B", detail="the inner process"))


def _resuming(services: Mapping[str, Service]) -> set[str]:
    """The stages at which something held resumes: each is behind the review."""
    found = (service.options().get("resumes") for service in services.values())
    return {str(stage) for stage in found if stage}
