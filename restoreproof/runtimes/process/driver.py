"""The process runtime as a drill chooses it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from restoreproof.contract import Contract
from restoreproof.runtimes.base import ProbeResult, Runtime
from restoreproof.runtimes.driver import InnerContext, OuterContext, OuterRuntime, RuntimeDriver, Say
from restoreproof.runtimes.host.diagnosis import Diagnosis
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
        if reason := namespaces_available():
            say(f"no sandbox can be made here: {reason}")
            say("synthetic data is drilled unsandboxed and can't end VERIFIED; see `restoreproof doctor`")
        prepare_caches(contract.services, cache, say)

    def diagnose(self, contract: Contract | None, cache: Path) -> Sequence[Diagnosis]:
        return doctor.diagnose(cache)

    def hosting(self, place: OuterContext) -> OuterRuntime:
        return Unsandboxed(place) if namespaces_available() else Sandboxed(place)

    def probes(self, inside: InnerContext, targets: Mapping[str, str]) -> Iterable[ProbeResult]:
        return probe(targets)

    def runtime(self, inside: InnerContext, targets: Mapping[str, str]) -> Runtime:
        bare = BARE in os.environ
        if bare:
            inside.emitter.emit("note", text="the kernel refuses namespaces: services ran as plain processes")
        return ProcessRuntime(
            services=inside.contract.services,
            workdir=inside.workdir,
            contract_dir=inside.contract.directory,
            code=inside.code,
            emitter=inside.emitter,
            redactor=inside.redactor,
            cache=inside.cache,
            bare=bare,
        )
