"""The process runtime as a drill chooses it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from restoreproof.contract import Contract
from restoreproof.events import Note
from restoreproof.runtimes.base import ProbeResult, Runtime
from restoreproof.runtimes.driver import InnerContext, OuterContext, OuterRuntime, RuntimeDriver, Say
from restoreproof.runtimes.host.diagnosis import Diagnosis, diagnosis
from restoreproof.runtimes.host.packages import PROCESS
from restoreproof.runtimes.process import doctor
from restoreproof.runtimes.process.component import prepare_caches
from restoreproof.runtimes.process.isolation import probe
from restoreproof.runtimes.process.launch import namespaces_available
from restoreproof.runtimes.process.outer import BARE, Sandboxed, Unsandboxed
from restoreproof.runtimes.process.runtime import ProcessRuntime


class ProcessDriver(RuntimeDriver):
    """Ordinary processes, two sandboxes deep; plain ones where the kernel refuses namespaces."""

    name = "process"

    def prepare(self, contract: Contract, cache: Path, say: Say) -> None:
        PROCESS.require("the process runtime")
        if reason := namespaces_available():
            say(f"no sandbox can be made here: {reason}")
            say("nothing is restored without one; see `restoreproof doctor`")
        prepare_caches(contract.services, cache, say)

    def diagnose(self, contract: Contract | None, cache: Path) -> Sequence[Diagnosis]:
        if PROCESS.absent():
            detail = "restoreproof[process] is not installed"
            return [diagnosis("process runtime", False, detail, PROCESS.command)]
        return doctor.diagnose(cache)

    def outer(self, context: OuterContext) -> OuterRuntime:
        return Unsandboxed(context) if namespaces_available() else Sandboxed(context)

    def probes(self, context: InnerContext, targets: Mapping[str, str]) -> Iterable[ProbeResult]:
        return probe(targets)

    def inner(self, context: InnerContext, targets: Mapping[str, str]) -> Runtime:
        bare = BARE in os.environ
        if bare:
            context.emitter.emit(Note(text="the kernel refuses namespaces: services ran as plain processes"))
        return ProcessRuntime(
            services=context.contract.services,
            workdir=context.workdir,
            contract_dir=context.contract.directory,
            code=context.code,
            emitter=context.emitter,
            redactor=context.redactor,
            cache=context.cache,
            bare=bare,
        )
