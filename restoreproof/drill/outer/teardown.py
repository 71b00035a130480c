"""The end of a drill's target: what its services said is kept, then all of it is removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from restoreproof.contract.services import Service
from restoreproof.drill.outer.cleanup import collect_logs, destroy, survivors_of
from restoreproof.errors import RestoreproofError
from restoreproof.events import LogFile
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.driver import OuterRuntime
from restoreproof.runtimes.messages import messages_of
from restoreproof.verifier.formats import sha256_of


@dataclass(frozen=True, slots=True)
class TornDown:
    """What is ``left`` of the target, and what of its evidence could not be kept."""

    left: Sequence[str] = ()
    lost: Sequence[str] = ()


def tear_down(
    hosting: OuterRuntime, workdir: Path, logs: Path, redactor: Redactor, services: Mapping[str, Service]
) -> TornDown:
    """Keep the logs of a drill below ``logs``, and remove its target and ``workdir``.

    ``services`` are the contract's: what a log may show, its component says.

    Each step is done whatever became of those before: a log that can't be written, as on a full disk, must
    not keep what was restored. Nothing is raised; what could not be looked at counts as left.
    """

    def shown(service: str, line: str) -> str:
        known = services.get(service)
        return messages_of(known.component).shown(line) if known else line

    lost: list[str] = []
    left: list[str] = []
    _attempt("what the services said could not all be collected", lost, hosting.collect)
    _attempt("the target could not be removed", left, lambda: left.extend(hosting.remove()))
    _attempt("its processes could not be looked for", left, lambda: left.extend(survivors_of(workdir)))
    _attempt(
        "logs could not all be kept", lost, lambda: collect_logs(workdir / "logs", logs, redactor, shown)
    )
    _attempt(f"{workdir} could not be removed", left, lambda: left.extend(destroy(workdir)))
    return TornDown(left, lost)


def digests_of_logs(logs: Path) -> tuple[LogFile, ...]:
    """Return the names and SHA-256 of the logs that were kept below ``logs``."""
    files = sorted(path for path in logs.rglob("*") if path.is_file()) if logs.is_dir() else []
    return tuple(LogFile(name=path.relative_to(logs).as_posix(), sha256=sha256_of(path)) for path in files)


def _attempt(failing: str, told: list[str], step: Callable[[], None]) -> None:
    try:
        step()
    except RestoreproofError as error:
        told.append(f"{failing}: {error.message}")
    except Exception as error:  # noqa: BLE001 - it is told, and what comes after must be done all the same
        told.append(f"{failing}: {type(error).__name__}: {error}")
