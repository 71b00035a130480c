"""The outer process of a drill: it alone sees the host, keeps the journal, and writes the evidence."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from restoreproof.assets.placeholders import vault_of
from restoreproof.assets.registry import refuse_misread
from restoreproof.assets.vault import Vault
from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.catalogue import Catalogue
from restoreproof.drill.catalogue_trust import own_key_of
from restoreproof.drill.evidence_store import EvidenceStore
from restoreproof.drill.handoff import InnerConfig
from restoreproof.drill.liveness_lock import alive
from restoreproof.drill.outer.changed_inputs import changed_inputs
from restoreproof.drill.outer.cleanup import destroy
from restoreproof.drill.outer.finalize import close, distrusted, left_by, point_latest
from restoreproof.drill.outer.first_events import journal_opening, journal_set
from restoreproof.drill.outer.host import orderly_signals
from restoreproof.drill.outer.inner_command import argv, environment
from restoreproof.drill.outer.inner_process import InnerProcess, Interrupted, Pipes
from restoreproof.drill.outer.lint_first import refuse_findings
from restoreproof.drill.outer.previous_plan import compare_with_previous
from restoreproof.drill.outer.reach import is_vouched_synthetic, refuse_reachable
from restoreproof.drill.outer.reaper import reap_directories
from restoreproof.drill.outer.tally import append_tally
from restoreproof.drill.outer.teardown import TornDown, digests_of_logs, tear_down
from restoreproof.drill.refusals import enter_noted, refusals_entered
from restoreproof.drill.request import DrillInputs, DrillRequest, DrillResult, Say
from restoreproof.drill.sandbox_contents import PYTEST_INI, readable
from restoreproof.drill.secret_tracking import SecretTracking
from restoreproof.errors import EnvironmentUnfitError, EvidenceError, ExitCode
from restoreproof.events import (
    ControlProbed,
    CustodyFacts,
    DrillClosed,
    DrillInterrupted,
    InnerExited,
    IsolationVerdict,
    LogsKept,
    OuterNote,
    TeardownDone,
    ViewReduced,
)
from restoreproof.journal.write import JournalWriter
from restoreproof.ledger import Begun
from restoreproof.private_files import closed_to_others, make_private_directory
from restoreproof.runtimes.driver import IsolationControl, OuterContext
from restoreproof.runtimes.registry import driver
from restoreproof.views import every_view, reduced_views


def run(request: DrillRequest, inputs: DrillInputs, filing: EvidenceStore, say: Say) -> DrillResult:
    """Perform one drill and leave its evidence. Every path of ``request`` is absolute.

    Raises:
        UsageError: the set is another stack's or unsafe, or the identity does not decrypt its secrets.
        EnvironmentUnfitError: this machine can't run the drill; nothing was started.
        EvidenceError: the evidence can't be trusted.
    """
    opened_mono = time.monotonic()
    plan = inputs.plan
    details = {"plan": plan.digest, "stack": plan.stack, "drill_id": inputs.drill_id}
    with refusals_entered(request.reports, lambda: filing.ledger, inputs.held.origin, **details):
        drill = _opened(request, inputs, filing, say, opened_mono=opened_mono)
        refuse_findings(inputs, drill.hosting, drill.workdir)
        journal, begun = drill.begin()
    with drill.redactor.errors():
        return drill.run(journal, begun)


def _opened(
    request: DrillRequest,
    inputs: DrillInputs,
    filing: EvidenceStore,
    say: Say,
    *,
    opened_mono: float,
) -> _Drill:
    """Everything that can keep a drill from starting; nothing of it is started yet."""
    every_view()  # one that can't be imported is told before the drill, not after it
    contract = inputs.contract
    vault = vault_of(inputs.backup, contract, request.identity)
    known = catalogues.load(inputs.catalogue) if inputs.catalogue else None
    if known:
        refuse_misread(known, contract)
    for aborted in filing.ledger.abort_dead(lambda name: left_by(request.reports / name)):
        say(f"drill {aborted} died earlier: recorded as ABORTED")
    if noted := enter_noted(request.reports, filing.ledger):
        say(f"{noted} refused drills were noted in {request.reports}: entered in the ledger")
    for left in [*reap_directories(request.var, say), *driver(request.runtime).reap(say).left]:
        say(f"left by an earlier drill, and not to be removed: {left}")
    driver(request.runtime).prepare(contract, request.cache, say)
    return _Drill(request, inputs, filing, known, vault, opened_mono=opened_mono, say=say)


class _Drill:
    """One drill, from its first journal line to its last."""

    def __init__(
        self,
        request: DrillRequest,
        inputs: DrillInputs,
        filing: EvidenceStore,
        known: Catalogue | None,
        vault: Vault,
        *,
        opened_mono: float,
        say: Say,
    ) -> None:
        self.request, self.inputs, self.filing, self.known = request, inputs, filing, known
        self.plan, self.backup = inputs.plan, inputs.backup
        contract = inputs.contract
        given = driver(request.runtime).secrets(contract)
        self.secrecy = SecretTracking(vault, request.canaries, contract, given)
        self.redactor = self.secrecy.redactor
        self.say: Say = lambda text: say(self.redactor.text(text))
        self.opened_mono = opened_mono
        self.id = inputs.drill_id
        self.directory = request.reports / self.id
        self.workdir = request.var / "run" / self.id
        seen = readable(contract, request.cache, *self._inputs())
        filing.refuse_visible_key(seen)
        self.plan_text = json.dumps(self.plan.as_json(), indent=1)
        self.secrecy.refuse_in(self.plan_text, "a feature or the contract")
        self.hosting = driver(request.runtime).outer(
            OuterContext(
                drill_id=self.id,
                contract=contract,
                workdir=self.workdir,
                cache=request.cache,
                read=tuple(seen),
            )
        )
        refuse_reachable(request, inputs, filing, self.hosting)
        self.vouched = False

    def begin(self) -> tuple[JournalWriter, Begun]:
        """Make the drill's directory and its entry in the ledger: both, or neither."""
        plan, set_id = self.plan, self.backup.manifest.set_id
        self.directory.mkdir(parents=True)
        try:
            (self.directory / "plan.json").write_text(self.plan_text)
            journal = JournalWriter(self.directory / "journal.jsonl", self.redactor)
            begun = self.filing.ledger.start(self.id, set_id, plan.digest, plan.stack, self.request.faults)
        except BaseException:
            shutil.rmtree(self.directory)
            raise
        if not self.request.faults:  # a test of the harness is nobody's latest drill
            # Now: a drill that dies must leave no stale pass there.
            point_latest(self.request.reports, self.directory)
        return journal, begun

    def run(self, journal: JournalWriter, begun: Begun) -> DrillResult:
        """Perform the drill, and leave its evidence; nobody else reads it before it was looked through."""
        with closed_to_others(self.directory):
            return self._filed(journal, begun)

    def _filed(self, journal: JournalWriter, begun: Begun) -> DrillResult:
        try:
            with alive(self.workdir):
                distrust = self._journaled(journal, begun)
        except EvidenceError as error:  # the journal itself can't be written; the target is gone
            distrusted(self.directory, self.filing.ledger, self.id, error)
            raise
        self.say("writing the evidence")
        record, filed = close(self.directory, self.plan, self.filing, self.id, self.secrecy.leaks)
        append_tally(record.counts)
        if distrust:
            raise distrust
        return DrillResult(record, self.directory, ExitCode(record.exit_code), filed)

    def _journaled(self, journal: JournalWriter, begun: Begun) -> EvidenceError | None:
        """Perform the drill and destroy its target, whatever happens; returns why it can't be trusted."""
        distrust = None
        try:
            journal_opening(
                journal,
                self.request,
                self.inputs,
                drill_id=self.id,
                attempt=begun.attempt,
                custody=self._custody(begun),
            )
            if begun.only_stacks:
                stacks = ", ".join(begun.only_stacks)
                journal.emit(OuterNote(text=f"the ledger held drills of other stacks alone: {stacks}"))
                self.say(f"the ledger held drills of other stacks alone: {stacks}")
            journal.emit(compare_with_previous(begun.before, self.request.reports, self.plan))
            if told := self.filing.exposed_key(self.hosting.exposure):
                journal.emit(OuterNote(text=told))
            for name, view in reduced_views():
                journal.emit(ViewReduced(view=name, why=view.reduction))
                self.say(f"{view.reduction}; next: {view.extra.command}")
            sound = journal_set(journal, self.inputs.held, self.known, self.say)
            own_key = own_key_of(self.request.var)
            self.vouched = is_vouched_synthetic(self.inputs, self.known, own_key, sound=sound)
            with orderly_signals():
                self._perform(journal)
        except EvidenceError as error:
            distrust = error
        except (KeyboardInterrupt, Interrupted) as stop:
            journal.emit(DrillInterrupted(reason=str(stop) or "Ctrl-C"))
            self.say("interrupted: the target is destroyed, and the evidence says so")
        except EnvironmentUnfitError as error:
            journal.emit(DrillInterrupted(reason=str(error)))
            self.say(str(error))
        finally:
            self._tear_down(journal)
            journal.emit(DrillClosed(seconds=round(time.monotonic() - self.opened_mono, 3)))
            journal.close()
        return distrust

    def _custody(self, begun: Begun) -> CustodyFacts:
        key = self.filing.key
        return CustodyFacts(
            ledger_seq=begun.entry.seq,
            ledger_entry_sha256=begun.entry.sha256,
            previous_record_sha256=begun.previous_record_sha256,
            manifest_sha256=self.backup.manifest_sha256,
            key_id=key.keyid if key else None,
            self_issued=key.self_issued if key else None,
        )

    def _perform(self, journal: JournalWriter) -> None:
        make_private_directory(self.workdir)
        with self.hosting.control() as control:
            outside = control.probe_outside()
            for result in outside:
                journal.emit(ControlProbed(probe=result.probe, reached=result.reached, detail=result.detail))
            unreached = [result.probe for result in outside if not result.reached]
            inner = InnerProcess(
                journal,
                control,
                unreached=unreached,
                refuse_unisolated=self._refusal(),
                told=self.secrecy.take,
            )
            returncode = inner.run(self._launch(control))
            if strangers := control.from_inside():
                reason = f"{strangers} connections came out of the sandbox"
                journal.emit(IsolationVerdict(proven=False, reason=reason))
        journal.emit(
            InnerExited(returncode=returncode, seconds=round(time.monotonic() - self.opened_mono, 3))
        )
        if returncode == pytest.ExitCode.USAGE_ERROR:
            raise EvidenceError(
                "pytest could not start in the sandbox, so nothing was examined: conftest.py, steps/, "
                "fixtures/ or an option is at fault, as told above",
                hint="`pytest features/ --collect-only` loads the same files outside a drill",
            )

    def _refusal(self) -> bool:
        """Whether an unproven isolation ends the drill; what the set says of its data is not believed."""
        return not (self.vouched or self.request.allow_unisolated)

    def _launch(self, control: IsolationControl) -> Callable[[Pipes], subprocess.Popen[bytes]]:
        request, inputs, workdir = self.request, self.inputs, self.workdir
        config = InnerConfig(
            drill_id=self.id,
            runtime=request.runtime,
            plan=self.plan,
            features=inputs.features,
            support_modules=inputs.support_modules,
            contract=inputs.contract.path,
            contract_copy=inputs.contract_copy,
            project=request.features.parent,
            backup=self.backup.directory,
            catalogue=inputs.catalogue,
            identity=request.identity,
            workdir=workdir,
            cache=request.cache,
            opened_mono=self.opened_mono,
            order=request.order or inputs.contract.order,
            probes=control.targets,
            secrecy=self.secrecy.key.hex(),
            canaries=request.canaries,
            faults=request.faults,
            fault_folders=inputs.fault_folders,
        )
        config.write(workdir / "inner.json")
        (workdir / "pytest.ini").write_text(PYTEST_INI)
        return lambda pipes: self.hosting.launch(
            argv(request, inputs, workdir),
            environment(inputs, workdir, pipes),
            pass_fds=[pipes.events, pipes.permission],
            stdout=request.inner_stdout,
        )

    def _inputs(self) -> list[Path]:
        request, inputs = self.request, self.inputs
        given = [inputs.place, self.backup.directory, request.identity, request.canaries]
        return [path for path in given if path is not None and path.exists()]

    def _tear_down(self, journal: JournalWriter) -> None:
        done = TornDown()  # nothing of the target is made before its directory
        if self.workdir.exists():
            done = tear_down(
                self.hosting,
                self.workdir,
                self.directory / "logs",
                self.redactor,
                self.inputs.contract.services,
            )
        for event in changed_inputs(self.inputs, self.known):
            journal.emit(event)
            self.say(f"{event.name} changed while it was drilled: {event.what}")
        done = TornDown([*done.left, *destroy(self.inputs.place)], done.lost)
        # Not before: on a full disk the journal can't be written either.
        for lost in done.lost:
            journal.emit(OuterNote(text=lost))
        journal.emit(LogsKept(files=digests_of_logs(self.directory / "logs")))
        kept = driver(self.request.runtime).kept(self.inputs.contract)
        journal.emit(TeardownDone(proven=not done.left, leftovers=tuple(done.left), kept=kept))
