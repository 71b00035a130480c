"""What a restore did, read from the journal in its order: for whoever has to do it again by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from restoreproof.journal.read import JournalLine
from restoreproof.record import values
from restoreproof.record.headline import duration

_ARGUMENTS = 200


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done. ``argv`` is empty where no program was run for it; ``stage`` is None between stages.

    ``outcome`` says how it ended, or what it came to.
    """

    stage: str | None
    what: str
    outcome: str = ""
    argv: tuple[str, ...] = ()


def acts(events: Iterable[JournalLine]) -> Iterator[Act]:
    """Every act, in the order in which the journal tells of it: a command when it has ended."""
    stage: str | None = None
    for event in events:
        if event.type == "stage-entered":
            stage = values.text(event.data, "stage", 200)
        elif (read := _READERS.get(event.type)) is not None:
            yield read(event, stage)
        elif event.type == "inner-exited":
            stage = None


def _command(event: JournalLine, stage: str | None) -> Act:
    data = event.data
    code = data.get("returncode")
    outcome = f"exit code {code if isinstance(code, int) else 'unknown'}{_took(event)}"
    return Act(stage, f"Run {values.text(data, 'tool', 200)}", outcome, _argv(event))


def _started(event: JournalLine, stage: str | None) -> Act:
    named = values.optional_text(event.data, "stage", 200)
    service = values.text(event.data, "service", 200)
    return Act(named or stage, f"Start the service {service}", "left running", _argv(event))


def _ready(event: JournalLine, stage: str | None) -> Act:
    return Act(
        stage, f"Wait until {values.text(event.data, 'service', 200)} is ready", f"ready{_took(event)}"
    )


def _stopped(event: JournalLine, stage: str | None) -> Act:
    code = event.data.get("returncode")
    outcome = f"exit code {code}" if isinstance(code, int) else ""
    return Act(stage, f"Stop the service {values.text(event.data, 'service', 200)}", outcome)


def _phase(event: JournalLine, stage: str | None) -> Act:
    data = event.data
    counted = {"items": values.count(data, "items"), "bytes": values.count(data, "bytes")}
    told = "".join(f", {what}: {number:,}" for what, number in counted.items() if number is not None)
    named = values.optional_text(data, "stage", 200)
    return Act(
        named or stage,
        f"By restoreproof itself: {values.text(data, 'name', 200)}",
        f"done{told}{_took(event)}",
    )


def _override(event: JournalLine, stage: str | None) -> Act:
    service, name, why = (values.text(event.data, key, 500) for key in ("service", "name", "why"))
    return Act(stage, f"Only in the drill: {name} for {'every service' if service == '*' else service}", why)


def _approved(event: JournalLine, stage: str | None) -> Act:
    return Act(
        stage, "Gate: the queues are reviewed", f"approved by {values.text(event.data, 'approver', 500)}"
    )


def _failed(event: JournalLine, stage: str | None) -> Act:
    named = values.optional_text(event.data, "stage", 200)
    return Act(named or stage, "The stage failed", values.text(event.data, "error", 1000))


def _isolated(event: JournalLine, stage: str | None) -> Act:
    proven = "proven" if event.data.get("proven") is True else "NOT proven"
    reason = values.text(event.data, "reason", 500)
    return Act(stage, "Gate: the target is isolated", f"{proven}: {reason}")


def _argv(event: JournalLine) -> tuple[str, ...]:
    return values.texts(event.data, "argv", _ARGUMENTS)


def _took(event: JournalLine) -> str:
    seconds = values.number(event.data, "seconds")
    return "" if seconds is None else f", {duration(seconds)}"


_READERS: dict[str, Callable[[JournalLine, str | None], Act]] = {
    "command": _command,
    "service-started": _started,
    "service-ready": _ready,
    "service-stopped": _stopped,
    "phase": _phase,
    "override": _override,
    "review-approved": _approved,
    "stage-failed": _failed,
    "isolation-verdict": _isolated,
}
