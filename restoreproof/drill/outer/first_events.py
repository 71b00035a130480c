"""The first events of a drill: who drills what, on which machine, and what the set was found to be."""

from __future__ import annotations

from typing import Any

from restoreproof import __version__
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.held_set import HeldSet
from restoreproof.backups.verify import verify_against
from restoreproof.drill.outer.cleanup import processes_of
from restoreproof.drill.outer.host import describe_host, host_fingerprint
from restoreproof.drill.outer.kernel_clock import describe_clock
from restoreproof.drill.outer.operator import ci_run_url, operator
from restoreproof.drill.outer.set_summary import describe_set
from restoreproof.drill.request import DrillInputs, DrillRequest, Say
from restoreproof.events import (
    CustodyFacts,
    DrillOpened,
    Emitter,
    FaultFacts,
    OuterNote,
    SetContradicted,
    SourceState,
)
from restoreproof.record.build import harness_build
from restoreproof.verifier.formats import sha256_of

_ALLOWED = "--allow-unisolated: the set was to be drilled even where the target is not proven isolated"
_NO_CUSTODY = CustodyFacts()


def journal_opening(
    journal: Emitter,
    request: DrillRequest,
    inputs: DrillInputs,
    *,
    drill_id: str,
    attempt: int,
    custody: CustodyFacts = _NO_CUSTODY,
) -> None:
    """Say which drill this is, where it runs, and what of a source is still on this machine.

    ``custody`` is where the evidence will stand: ``record.context.Custody`` of the record to come.
    """
    manifest = inputs.backup.manifest
    journal.emit(
        DrillOpened(
            drill_id=drill_id,
            stack=inputs.contract.stack,
            plan=inputs.plan.digest,
            set_id=manifest.set_id,
            catalogue_sha256=sha256_of(inputs.catalogue) if inputs.catalogue else None,
            catalogue_author=str(inputs.author.authorship) if inputs.author else None,
            catalogue_key_id=inputs.author.keyid if inputs.author else None,
            attempt=attempt,
            trigger=request.trigger,
            operator=operator(),
            ci_run_url=ci_run_url(),
            runtime=request.runtime,
            host=describe_host(),
            host_fingerprint=host_fingerprint(),
            clock=describe_clock(),
            harness=f"restoreproof {__version__}",
            harness_build=harness_build(),
            custody=custody,
            **_faults(request),
        )
    )
    if request.allow_unisolated:
        journal.emit(OuterNote(text=_ALLOWED))
    sources = request.var / "source"
    remains = sorted(path.name for path in sources.iterdir()) if sources.is_dir() else []
    journal.emit(SourceState(processes=tuple(processes_of(sources)), directories=tuple(remains)))


def _faults(request: DrillRequest) -> dict[str, Any]:
    """The field of the faults, in the word of the outer process: an inner one may die before it tells any."""
    injected = {fault.name: fault for fault in request.injected}
    named = tuple(injected.get(name, FaultFacts(name=name)) for name in request.faults)
    return {"faults": named} if named else {}


def journal_set(journal: Emitter, held: HeldSet, catalogue: Catalogue | None, say: Say) -> bool:
    """Hold the set against its catalogue, every file read, say what was found, and return if it is sound."""
    report = verify_against(held.backup, catalogue)
    manifest = held.backup.manifest
    journal.emit(describe_set(held.backup, catalogue, report, held))
    for contradiction in report.contradictions:
        journal.emit(
            SetContradicted(
                artifact=contradiction.artifact,
                expected=contradiction.expected,
                observed=contradiction.observed,
            )
        )
    say(
        f"set {manifest.set_id}: {report.artifacts} files and {report.objects:,} objects, "
        f"{report.bytes / 1e6:.1f} MB read, {report.contradictions_total} contradictions; "
        f"{held.how}"
    )
    return report.sound
