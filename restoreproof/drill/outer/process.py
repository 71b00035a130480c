"""The outer process of a drill: it alone sees the host, keeps the journal, and writes the evidence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from restoreproof.assets.placeholders import vault_of
from restoreproof.assets.registry import refuse_misread
from restoreproof.assets.vault import Vault
from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.catalogue import Catalogue
from restoreproof.drill.evidence_store import EvidenceStore, new_drill_id, refusals_entered
from restoreproof.drill.handoff import InnerConfig
from restoreproof.drill.isolation_gate import PERMISSION
from restoreproof.drill.liveness_lock import alive
from restoreproof.drill.outer.finalize import close, left_by, point_latest
from restoreproof.drill.outer.first_events import journal_opening, journal_set
from restoreproof.drill.outer.host import orderly_signals
from restoreproof.drill.outer.inner_process import InnerProcess, Interrupted, Pipes
from restoreproof.drill.outer.previous_plan import compare_with_previous
from restoreproof.drill.outer.reach import refuse_reachable
from restoreproof.drill.outer.reaper import reap_directories
from restoreproof.drill.outer.teardown import TornDown, tear_down
from restoreproof.drill.request import DrillInputs, DrillRequest, DrillResult, Say
from restoreproof.drill.sandbox_contents import PYTEST_INI, plugin_options, readable
from restoreproof.drill.secret_tracking import SecretTracking
from restoreproof.errors import EnvironmentUnfitError, EvidenceError, ExitCode
from restoreproof.events import (
    ControlProbed,
    CustodyFacts,
    DrillClosed,
    DrillInterrupted,
    InnerExited,
    IsolationVerdict,
    OuterNote,
    TeardownDone,
    ViewReduced,
)
from restoreproof.journal.write import JournalWriter
from restoreproof.ledger import Begun
from restoreproof.private_files import make_private_directory
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
    with refusals_entered(filing, inputs.backup.directory, inputs.plan.digest):
        drill = _opened(request, inputs, filing, say, opened_mono)
    with drill.redactor.errors():
        return drill.run()


def _opened(
    request: DrillRequest, inputs: DrillInputs, filing: EvidenceStore, say: Say, opened_mono: float
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
        self.id = new_drill_id()
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

    def run(self) -> DrillResult:
        """Perform the drill, and leave its evidence."""
        plan, ledger = self.plan, self.filing.ledger
        self.directory.mkdir(parents=True)
        (self.directory / "plan.json").write_text(self.plan_text)
        journal = JournalWriter(self.directory / "journal.jsonl", self.redactor)
        begun = ledger.start(self.id, self.backup.manifest.set_id, plan.digest, plan.stack)
        # Now: a drill that dies must leave no stale pass there.
        point_latest(self.request.reports, self.directory)
        with alive(self.workdir):
            distrust = self._journaled(journal, begun)
        self.say("writing the evidence")
        record, filed = close(self.directory, plan, self.filing, self.id, self.secrecy.leaks)
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
            entries = self.filing.ledger.entries()
            journal.emit(compare_with_previous(entries, self.request.reports, self.plan))
            if told := self.filing.exposed_key(self.hosting.exposure):
                journal.emit(OuterNote(text=told))
            for name, view in reduced_views():
                journal.emit(ViewReduced(view=name, why=view.reduction))
                self.say(f"{view.reduction}; next: {view.extra.command}")
            journal_set(journal, self.backup, self.known, self.say)
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
        return not self.request.allow_unisolated

    def _launch(self, control: IsolationControl) -> Callable[[Pipes], subprocess.Popen[bytes]]:
        request, inputs, workdir = self.request, self.inputs, self.workdir
        config = InnerConfig(
            drill_id=self.id,
            runtime=request.runtime,
            plan=self.plan,
            features=inputs.features,
            support_modules=inputs.support_modules,
            contract=inputs.contract.path,
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
            fault_folders=request.fault_folders,
        )
        config.write(workdir / "inner.json")
        (workdir / "pytest.ini").write_text(PYTEST_INI)
        return lambda pipes: self.hosting.launch(
            self._argv(),
            self._environment(pipes),
            pass_fds=[pipes.events, pipes.permission],
            stdout=request.inner_stdout,
        )

    def _inputs(self) -> list[Path]:
        request, inputs = self.request, self.inputs
        own = [inputs.features, *(inputs.root / name for name in ("steps", "fixtures", "conftest.py"))]
        given = [self.backup.directory, request.identity, inputs.catalogue, request.canaries]
        return [path for path in (*own, *request.fault_folders, *given) if path is not None and path.exists()]

    def _argv(self) -> list[str]:
        request, root = self.request, self.inputs.root
        chosen = [str(path) for path in request.paths] or [str(self.inputs.features)]
        options = [
            "-c",
            str(self.workdir / "pytest.ini"),
            f"--rootdir={root}",
            # The ini file lies in the work directory, and pytest would read no conftest.py above that.
            f"--confcutdir={root}",
            *plugin_options(),
        ]
        faults = ["-p", "restoreproof.faults.injection"] if request.faults else []
        return [sys.executable, "-m", "pytest", *options, *faults, *request.pytest_options, *chosen]

    def _environment(self, pipes: Pipes) -> dict[str, str]:
        environment = {
            "RESTOREPROOF_INNER": str(self.workdir / "inner.json"),
            "RESTOREPROOF_PIPE": str(pipes.events),
            PERMISSION: str(pipes.permission),
            "PYTHONPATH": str(self.inputs.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONUNBUFFERED": "1",
            "TERM": os.environ.get("TERM", "dumb"),
            "RESTOREPROOF_PATIENCE": os.environ.get("RESTOREPROOF_PATIENCE", "1"),
            "COLUMNS": str(shutil.get_terminal_size((110, 24)).columns),
        }
        if sys.stdout.isatty():
            environment["RESTOREPROOF_TTY"] = "1"
        return environment

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
        # Not before: on a full disk the journal can't be written either.
        for lost in done.lost:
            journal.emit(OuterNote(text=lost))
        kept = driver(self.request.runtime).kept(self.inputs.contract)
        journal.emit(TeardownDone(proven=not done.left, leftovers=tuple(done.left), kept=kept))
