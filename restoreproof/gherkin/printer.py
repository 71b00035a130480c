"""What a person sees while a drill runs: stages, scenarios and steps, each as it happens."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from restoreproof.display import one_line, shown
from restoreproof.events import (
    Event,
    Note,
    Observed,
    ScenarioFinished,
    ScenarioStarted,
    StageDone,
    StageEntered,
    StageFailed,
    StepOutcome,
)
from restoreproof.gherkin.steptrace import RunningStep
from restoreproof.outcome import Outcome
from restoreproof.plan import Plan, PlannedCheck
from restoreproof.redaction.redactor import Redactor

SIGNS = {
    "passed": ("✔", "green"),
    "failed": ("✘", "bold red"),
    "broken": ("?", "yellow"),
    "skipped": ("?", "yellow"),
    "not-run": ("·", "dim"),
}
_WORST = (Outcome.FAILED, Outcome.NOT_VERIFIED, Outcome.ERROR)


class Printer:
    """Prints the events and steps of one drill; plain lines where the output is no terminal."""

    def __init__(
        self, plan: Plan, redactor: Redactor, console: Console | None = None, *, verbosity: int = 0
    ) -> None:
        self._plan = plan
        self._verbosity = verbosity
        self._redactor = redactor
        self._console = console or _console()
        self._live: Live | None = None
        self._lock = threading.RLock()
        self._observed: set[Outcome] = set()
        self._detail = ""
        self._feature = ""
        self._coming: PlannedCheck | None = None

    def event(self, event: Event) -> None:
        """Show one event; the types that have no place on a terminal are passed over."""
        with self._lock:
            match event:
                case StageEntered():
                    self._feature = ""
                    self._busy(f"▶ stage {one_line(event.stage, 60)}")
                case StageDone():
                    self._line(f"stage {one_line(event.stage, 60)}", SIGNS["passed"], event.seconds, "bold")
                case StageFailed():
                    self._show_failed_stage(event)
                case Note():
                    self._print(Text(f"  note: {one_line(event.text)}", style="dim"))
                case ScenarioStarted():
                    self._observed.clear()
                    self._detail = ""
                    # Announced with its first step: the stages that it waits for come before it.
                    self._coming = self._plan.check(event.check)
                case Observed():
                    self._take_observation(event)
                case ScenarioFinished():
                    self._show_end(event)

    def step_started(self, running: RunningStep) -> None:
        with self._lock:
            self._announce()
            self._busy(f"      ▶ {self._step(running)}")

    def step_finished(
        self, running: RunningStep, outcome: StepOutcome, seconds: float, error: BaseException | None
    ) -> None:
        with self._lock:
            if outcome == "failed" and self._worst() not in (None, Outcome.FAILED):
                outcome = "broken"
            if outcome != "passed" or self._verbosity >= 0:
                self._line(f"      {self._step(running)}", SIGNS[outcome], seconds)

    def step_unreached(self, running: RunningStep) -> None:
        with self._lock:
            self._announce()
            self._line(f"      {self._step(running)}", SIGNS["not-run"])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Say what is coming, and leave no live line behind however the run ends."""
        plan = self._plan
        part = "" if plan.whole else f", a part: {plan.selection}"
        self._print(Text(f"{plan.stack}: {len(plan.checks)} checks in {len(plan.stages)} stages{part}"))
        try:
            return (yield)
        finally:
            with self._lock:
                self._rest()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._print(Text(shown(self._redactor.text(str(report.longrepr)), 4000), style="red"))

    def pytest_internalerror(self, excrepr: Any) -> None:
        self._print(Text(shown(self._redactor.text(str(excrepr)), 8000), style="red"))

    def pytest_unconfigure(self) -> None:
        self._rest()
        self._console.file.flush()

    def _show_failed_stage(self, event: StageFailed) -> None:
        self._line(f"stage {one_line(event.stage, 60)}", SIGNS["broken"], style="bold")
        for text in (event.error, event.hint):
            if text:
                self._print(Text(_indent(shown(text, 4000), 4), style="yellow"))

    def _announce(self) -> None:
        check, self._coming = self._coming, None
        if check is None:
            return
        if check.feature != self._feature:
            self._feature = check.feature
            self._print(Text(f"  {one_line(check.feature)}", style="bold"))
        self._print(Text(f"    {one_line(check.title)}"))

    def _take_observation(self, event: Observed) -> None:
        self._observed.add(event.outcome)
        if self._verbosity > 0:
            counted = f"{event.examined} of {event.of}: {event.observed}"
            self._print(Text(f"        {one_line(counted)}", style="dim"))
        if event.outcome is not Outcome.PASSED:
            findings = "".join(f"\n- {one_line(finding)}" for finding in event.findings)
            self._detail = f"expected {event.expected}\nobserved {event.observed}{findings}"

    def _show_end(self, event: ScenarioFinished) -> None:
        self._announce()
        if event.status == "passed" and self._worst() is None and self._observed:
            return
        failed = self._worst() is Outcome.FAILED
        word = "FAILED" if failed else str(self._worst() or "NOT VERIFIED").replace("_", " ")
        detail = self._detail or event.reason or "it recorded no observation"
        sign, style = SIGNS["failed" if failed else "broken"]
        self._print(Text(f"    {sign} {word}", style=style))
        self._print(Text(_indent(shown(detail, 4000), 6), style=style))

    def _worst(self) -> Outcome | None:
        return next((outcome for outcome in _WORST if outcome in self._observed), None)

    def _step(self, running: RunningStep) -> str:
        return one_line(self._redactor.text(f"{running.step.keyword} {running.step.text}"))

    def _line(self, text: str, sign: tuple[str, str], seconds: object = None, style: str = "") -> None:
        indent = len(text) - len(text.lstrip())
        line = Text(" " * indent)
        line.append(f"{sign[0]} ", style=sign[1])
        line.append(text.lstrip(), style=style)
        if isinstance(seconds, int | float) and seconds >= 0.05:
            line.append(f"  {seconds:.1f} s", style="dim")
        self._print(line)

    def _print(self, text: Text) -> None:
        self._rest()
        self._console.print(text, soft_wrap=True)

    def _busy(self, text: str) -> None:
        """Show what runs now: a line that is replaced on a terminal; elsewhere only stages are worth one."""
        self._rest()
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            line = Text(text, overflow="ellipsis", no_wrap=True, style="cyan")
            self._live = Live(line, console=self._console, transient=True, auto_refresh=False)
            self._live.start(refresh=True)
        elif text.startswith("▶"):
            self._console.print(Text(text), soft_wrap=True)

    def _rest(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _indent(text: str, by: int) -> str:
    return "\n".join(" " * by + line for line in text.splitlines())


def _console() -> Console:
    """A console on a duplicate of standard output, which pytest's capturing can't swallow."""
    try:
        descriptor = os.dup(sys.stdout.fileno())
    except (OSError, ValueError):  # stdout is no file: an in-process test
        return Console(highlight=False)
    file = os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", buffering=1)
    return Console(file=file, highlight=False)
