"""What a restore did, read from the journal in its order: for whoever has to do it again by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from restoreproof.events import (
    CommandRun,
    Event,
    InnerExited,
    IsolationVerdict,
    Overridden,
    PhaseTimed,
    ReviewApproved,
    ServiceReady,
    ServiceStarted,
    ServiceStopped,
    StageEntered,
    StageFailed,
)
from restoreproof.events.base import cut
from restoreproof.journal.read import JournalLine
from restoreproof.record.headline import duration

_ARGUMENTS = 200


@dataclass(frozen=True, slots=True)
class Act:
    """An act of the restore. ``argv`` is empty where no program was run; ``stage`` is None between stages.

    ``outcome`` says how it ended, or what it came to.
    """

    stage: str | None
    what: str
    outcome: str = ""
    argv: tuple[str, ...] = ()


def acts(lines: Iterable[JournalLine]) -> Iterator[Act]:
    """Yield every act, in the order in which the journal tells of it: a command when it has ended."""
    stage: str | None = None
    for line in lines:
        match line.event:
            case StageEntered() as event:
                stage = event.stage
            case InnerExited():
                stage = None
            case event if act := _service_act(event, stage) or _drill_act(event, stage):
                yield act


def _service_act(event: Event, stage: str | None) -> Act | None:
    """Return which program an event says was run; None if it is of no program."""
    match event:
        case CommandRun(tool=tool, returncode=code):
            outcome = f"exit code {'unknown' if code is None else code}{_took(event.seconds)}"
            return Act(stage, f"Run {tool}", outcome, event.argv[:_ARGUMENTS])
        case ServiceStarted(service=service):
            argv = event.argv[:_ARGUMENTS]
            return Act(event.stage or stage, f"Start the service {service}", "left running", argv)
        case ServiceReady(service=service):
            return Act(stage, f"Wait until {service} is ready", f"ready{_took(event.seconds)}")
        case ServiceStopped(service=service, returncode=code):
            return Act(stage, f"Stop the service {service}", "" if code is None else f"exit code {code}")
    return None


def _drill_act(event: Event, stage: str | None) -> Act | None:
    """Return what an event says that the drill did otherwise; None if it did nothing."""
    match event:
        case PhaseTimed():
            counts = {"items": event.items, "bytes": event.bytes}
            counted = "".join(f", {what}: {count:,}" for what, count in counts.items() if count is not None)
            outcome = f"done{counted}{_took(event.seconds)}"
            return Act(event.stage or stage, f"By restoreproof itself: {cut(event.name, 200)}", outcome)
        case StageFailed():
            return Act(event.stage or stage, "The stage failed", cut(event.error, 1000))
        case Overridden(service=service):
            where = "every service" if service == "*" else service
            return Act(stage, f"Only in the drill: {cut(event.name, 500)} for {where}", cut(event.why, 500))
        case ReviewApproved():
            return Act(stage, "Gate: the queues are reviewed", f"approved by {event.approver}")
        case IsolationVerdict():
            proof = "proven" if event.proven else "NOT proven"
            return Act(stage, "Gate: the target is isolated", f"{proof}: {cut(event.reason, 500)}")
    return None


def _took(seconds: float | None) -> str:
    return "" if seconds is None else f", {duration(seconds)}"
