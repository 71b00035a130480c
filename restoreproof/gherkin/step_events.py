"""What the steps of a drill leave in the journal, and who else in this process is told of each event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from restoreproof.events import Emitter, Event, StepOutcome, StepRun
from restoreproof.gherkin.steptrace import RunningStep
from restoreproof.record.executed_steps import step_texts


class EventListener(Protocol):
    """Someone in this process who sees the events as they are emitted, already redacted."""

    def event(self, event: Event) -> None:
        """One event of the journal."""


class Tee:
    """An emitter that also tells the listeners of this process."""

    def __init__(
        self, emitter: Emitter, redact: Callable[[Any], Any], listeners: Sequence[EventListener]
    ) -> None:
        self._emitter = emitter
        self._redact = redact
        self._listeners = listeners

    def emit(self, event: Event) -> None:
        self._emitter.emit(event)
        redacted = event.rewritten(self._redact)
        for listener in self._listeners:
            listener.event(redacted)


class StepEvents:
    """The journal's view of the steps."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter

    def step_started(self, running: RunningStep) -> None:
        """Nothing is journaled before a step has ended."""

    def step_finished(
        self, running: RunningStep, outcome: StepOutcome, seconds: float, error: BaseException | None
    ) -> None:
        self._emit(running, outcome, round(seconds, 4))

    def step_unreached(self, running: RunningStep) -> None:
        self._emit(running, "not-run", 0.0)

    def _emit(self, running: RunningStep, outcome: StepOutcome, seconds: float) -> None:
        step = running.step
        self._emitter.emit(
            StepRun(
                check=running.check.id,
                keyword=step.keyword,
                text=step.text,
                outcome=outcome,
                seconds=seconds,
                **_below(running),
            )
        )


def _below(running: RunningStep) -> dict[str, Any]:
    """What the feature file says of a step besides its line; nothing where it says nothing."""
    below = step_texts(running.table, running.docstring)
    return {**below, "background": True} if running.background else below
