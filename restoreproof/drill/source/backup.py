"""The outer side of ``up`` and ``backup``: a source in a sandbox, and the sets it is asked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from restoreproof.backups import catalogue as catalogues
from restoreproof.backups.backup_set import BackupSet, open_set
from restoreproof.backups.files import write_atomically
from restoreproof.backups.verify import verify_against
from restoreproof.contract import Contract
from restoreproof.drill.liveness_lock import alive
from restoreproof.drill.outer.cleanup import destroy, processes_of
from restoreproof.drill.sandbox_contents import readable
from restoreproof.drill.source.living_source import SourceConfig
from restoreproof.drill.source.take_backup import BackupOrder
from restoreproof.errors import EnvironmentUnfitError, EvidenceError
from restoreproof.private_files import make_private_directory, write_private
from restoreproof.runtimes.process.component import prepare_caches
from restoreproof.runtimes.process.launch import DrillSandbox

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """A source to bring up: its contract, where it may work, and what ``{size}`` and ``{seed}`` stand for."""

    contract: Contract
    var: Path
    cache: Path
    size: str = "default"
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Taken:
    """A finished set and the catalogue entry that was written beside it."""

    backup: BackupSet
    catalogue: Path


class SourceProcess:
    """A living source in its sandbox; it takes a backup whenever it is asked to."""

    def __init__(self, process: subprocess.Popen[bytes], workdir: Path, say: Say) -> None:
        self._process = process
        self._say = say
        self.workdir = workdir

    def await_event(self, wanted: str) -> dict[str, Any]:
        """Show what the source tells until ``wanted`` comes. Raises EnvironmentUnfitError if it fails."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = _parse(line)
            if event.get("event") == "failed":
                raise EnvironmentUnfitError(str(event.get("error")))
            if told := _told(event):
                self._say(told)
            if event.get("event") == wanted:
                return event
        raise EnvironmentUnfitError(
            f"the source ended with {self._process.wait()} before it was {wanted}",
            hint=f"its logs were in {self.workdir / 'logs'}; run `restoreproof up` to look at it alive",
        )

    def order(self, order: BackupOrder) -> str:
        """Ask for one backup; returns the id of the set."""
        assert self._process.stdin is not None
        self._process.stdin.write(order.model_dump_json().encode() + b"\n")
        self._process.stdin.flush()
        return str(self.await_event("backed-up")["set_id"])


@contextmanager
def living_source(request: SourceRequest, say: Say) -> Iterator[SourceProcess]:
    """Bring a source up and yield it when it serves; its processes and data are gone afterwards.

    Raises:
        EnvironmentUnfitError: it did not come up.
        EvidenceError: something of it could not be removed.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    workdir = request.var / "source" / f"{request.contract.stack}-{stamp}"
    prepare_caches(request.contract.services, request.cache, say)
    with alive(workdir):
        yield from _living(request, workdir, say)
    say("the source's processes and data are gone")


def _living(request: SourceRequest, workdir: Path, say: Say) -> Iterator[SourceProcess]:
    make_private_directory(workdir)
    config = SourceConfig(
        contract=request.contract.path,
        workdir=workdir,
        cache=request.cache,
        size=request.size,
        seed=request.seed,
    )
    write_private(workdir / "source.json", config.model_dump_json().encode())
    sandbox = DrillSandbox(
        workdir, read=readable(request.contract, request.cache), services=request.contract.services
    )
    argv = [sys.executable, "-m", "restoreproof.drill.source.living_source", str(workdir / "source.json")]
    environment = {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "RESTOREPROOF_PATIENCE": os.environ.get("RESTOREPROOF_PATIENCE", "1"),
    }
    process = sandbox.launch(argv, environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        source = SourceProcess(process, workdir, say)
        source.await_event("up")
        yield source
    finally:
        process.kill()
        process.wait()
        left = [*processes_of(workdir), *destroy(workdir)]
    if left:
        raise EvidenceError(f"the source left something behind: {'; '.join(left)}")


def take(source: SourceProcess, recipient: str, sets: Path, catalogue_directory: Path, stack: str) -> Taken:
    """Take a backup from ``source``, verify it, and put it and its catalogue where they belong.

    Raises:
        EvidenceError: what was written is not what the catalogue says.
    """
    staging = source.workdir / "taking"
    order = BackupOrder(
        directory=staging / "set", catalogue=staging / "catalogue.json", recipient=recipient, synthetic=True
    )
    set_id = source.order(order)
    known = catalogues.load(order.catalogue)
    report = verify_against(open_set(order.directory, stack), known)
    if not report.sound:
        first = report.contradictions[0]
        raise EvidenceError(f"the fresh set contradicts its catalogue: {first.artifact}: {first.observed}")
    stamp = known.recovery_point.strftime("%Y%m%dT%H%M%SZ")
    final = sets / f"{stamp}-{set_id[-6:]}"
    make_private_directory(sets, exist_ok=True)
    _move(order.directory, final)
    kept = catalogues.path_of(catalogue_directory, set_id)
    make_private_directory(kept.parent, exist_ok=True)
    write_atomically(kept, order.catalogue.read_bytes())
    fresh = sets / f".latest-{final.name}"
    fresh.symlink_to(final.name)
    fresh.replace(sets / "latest")
    return Taken(open_set(final, stack), kept)


def _move(source: Path, target: Path) -> None:
    """Move a set; on its way to another file system it is as private as it was."""
    with tempfile.TemporaryDirectory(prefix=".arriving-", dir=target.parent) as arriving:
        moved = Path(shutil.move(source, Path(arriving) / "set"))
        moved.replace(target)


def _parse(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {"event": "output", "text": line.decode(errors="replace").rstrip()}
    return event if isinstance(event, dict) else {}


def _told(event: dict[str, Any]) -> str | None:
    match event.get("event"):
        case "service-ready":
            return f"  {event['service']} ready after {event['seconds']:.1f} s"
        case "command" if event["seconds"] > 2:
            return f"  {event['tool']} done in {event['seconds']:.1f} s"
        case "phase":
            return f"  {event['name']}: {event['seconds']:.1f} s"
        case "output":
            return f"  {event['text']}"
        case _:
            return None
