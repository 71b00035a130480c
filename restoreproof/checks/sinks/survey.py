"""Every way out of the stack: that nothing left by it, and that it would have been noticed."""

from __future__ import annotations

import secrets
import smtplib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import httpx
from obstore.exceptions import BaseError as StoreError

from restoreproof.assets.base import RestoreContext, StackContext
from restoreproof.checks.base import Findings, conclude
from restoreproof.checks.phrases import check, then, when
from restoreproof.checks.sinks import sink_kind
from restoreproof.contract.interfaces import Sink
from restoreproof.errors import ServiceFailedError
from restoreproof.outcome import Observation
from restoreproof.private_files import private
from restoreproof.waiting import NotReady, wait_until

NOTICE_WITHIN_S = 10.0
MARKS = "sink-controls"


@check("sinks", covers="sink")
@dataclass(frozen=True, slots=True)
class SinkSurvey:
    """Effects that each sink recorded since the drill began, the harness's own controls left out."""

    effects: Mapping[str, int]
    described: Mapping[str, tuple[str, ...]]
    total: int

    @when("the ways out of the platform are watched")
    @classmethod
    def look(cls, restore_context: RestoreContext) -> SinkSurvey:
        """Ask every sink of the contract what it has recorded."""
        sinks = restore_context.stack_context.contract.sinks
        effects = {name: _foreign(restore_context, sink) for name, sink in sinks.items()}
        return cls(
            {name: count for name, (count, _) in effects.items()},
            {name: shown for name, (_, shown) in effects.items()},
            len(sinks),
        )

    @then("none of them has recorded an effect")
    def silent(self) -> Observation:
        """No sink has recorded an effect."""
        findings = Findings()
        for name, count in self.effects.items():
            if count:
                shown = f": {'; '.join(self.described[name][:3])}" if self.described[name] else ""
                findings.add(f"{name}: {count} effects{shown}")
        names = ", ".join(self.effects)
        return conclude(
            f"{names or 'the sinks'} have recorded no effect",
            f"{sum(self.effects.values())} effects at {len(self.effects)} sinks",
            findings,
            examined=len(self.effects),
            total=self.total,
        )


def new_mark(stack_context: StackContext) -> str:
    """Return a mark for one control of this drill, noted where no service can read it before it is used."""
    mark = f"restoreproof-control-{secrets.token_hex(16)}"
    with open(stack_context.workdir / MARKS, "a", opener=private) as file:
        file.write(f"{mark}\n")
    return mark


def controls_among(marks: Iterable[str], shown: Iterable[str]) -> int:
    """Return how many of the drill's ``marks`` are in what a sink has recorded.

    Each counts once: restored code that read a mark out of a sink can't hide an effect behind it.
    """
    summary = "\n".join(shown)
    return sum(mark in summary for mark in marks)


def _foreign(restore_context: RestoreContext, sink: Sink) -> tuple[int, tuple[str, ...]]:
    """How many effects are not the drill's own controls, and the first of them in words."""
    recorded = sink_kind(sink.kind).recorded(restore_context, sink)
    noted = restore_context.stack_context.workdir / MARKS
    marks = noted.read_text().split() if noted.exists() else []
    foreign = tuple(effect for effect in recorded.shown if not any(mark in effect for mark in marks))
    return recorded.count - controls_among(marks, recorded.shown), foreign


@check("sink controls")
@dataclass(frozen=True, slots=True)
class ControlSurvey:
    """One deliberate effect at each sink, made with the restored credentials."""

    tried: int
    total: int
    unnoticed: Findings
    write_only_tried: int
    write_only_of: int
    readable: Findings

    @classmethod
    def look(cls, restore_context: RestoreContext) -> ControlSurvey:
        """Send one mail, post one webhook, put one object: by restored credentials, then see each noticed."""
        sinks = restore_context.stack_context.contract.sinks
        mark = new_mark(restore_context.stack_context)
        unnoticed, readable, asked = Findings(), Findings(), 0
        with restore_context.stack_context.phase("sink controls"):
            for name, sink in sinks.items():
                try:
                    _make_noticed(restore_context, sink, mark)
                except (
                    OSError,
                    smtplib.SMTPException,
                    httpx.HTTPError,
                    StoreError,
                    ServiceFailedError,
                ) as error:
                    unnoticed.add(f"{name}: {type(error).__name__}: {error}")
                finally:
                    refusals = sink_kind(sink.kind).withdraw(restore_context, sink, mark)
                asked += refusals.asked
                for permission in refusals.granted:
                    readable.add(f"{name}: {permission}")
        due = sum(sink_kind(sink.kind).refusals_due(restore_context, sink) for sink in sinks.values())
        return cls(len(sinks), len(sinks), unnoticed, asked, due, readable)

    @then("each of them would have recorded one")
    def noticed(self) -> Observation:
        """Each sink recorded its effect: its silence before was no deafness."""
        return conclude(
            "each sink records an effect when there is one",
            f"{self.tried - self.unnoticed.total} of {self.tried} controls noticed",
            self.unnoticed,
            examined=self.tried,
            total=self.total,
        )

    @then("whoever may only write there can't read")
    def write_only(self) -> Observation:
        """The identity that delivers there can't read or list what it delivered."""
        return conclude(
            "the identity of a write-only bucket can put an object and neither read nor list",
            f"{self.write_only_tried} refusals asked for, {self.readable.total} not given",
            self.readable,
            examined=self.write_only_tried,
            total=self.write_only_of,
        )


def _make_noticed(restore_context: RestoreContext, sink: Sink, mark: str) -> None:
    """One effect at ``sink``; returns once it is told among what the sink has recorded."""
    kind = sink_kind(sink.kind)
    kind.act(restore_context, sink, mark)

    def see() -> None:
        if not any(mark in effect for effect in kind.recorded(restore_context, sink).shown):
            raise NotReady("nothing of it is recorded")

    wait_until(see, what="the control", deadline_s=NOTICE_WITHIN_S, retry_on=(NotReady,))
