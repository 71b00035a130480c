"""The lines of a check as they ran, held against the planned ones: keyword, text, table, docstring, order."""

from __future__ import annotations

from collections.abc import Sequence

from restoreproof.display import one_line, shown
from restoreproof.events import Excess, StepRun
from restoreproof.plan import PlannedCheck, PlannedStep

DOCSTRING = 20_000
"""Characters of a docstring that the journal holds."""


def step_texts(table: Sequence[Sequence[str]], docstring: str | None) -> dict[str, object]:
    """Return what hangs below a step as the journal holds it; nothing where there is nothing."""
    below = {
        "table": [[one_line(cell) for cell in cells] for cells in table],
        "docstring": None if docstring is None else shown(docstring, DOCSTRING),
    }
    return {name: value for name, value in below.items() if value}


class ExecutedSteps:
    """Takes the steps of one check in their order; each case of a check runs all of them.

    Attributes:
        as_planned: how many ran, or were told as not run, where the plan has them.
        difference: the first that is not what was planned there, in words; None if there is none.
        hollow: the first planned *Then* that passed and recorded no observation; None if there is none.
    """

    def __init__(self, check: PlannedCheck | None = None) -> None:
        self.as_planned = 0
        self.difference: str | None = None
        self.hollow: str | None = None
        self._planned = check.steps if check else ()
        self._compared = check is not None and not check.is_plain_test
        self._taken = 0

    def take(self, event: StepRun, *, observed: bool) -> None:
        """Take one step in; ``observed`` says whether it recorded an observation."""
        if not self._compared:
            return
        number = self._taken % len(self._planned) if self._planned else 0
        self._taken += 1
        planned = self._planned[number] if self._planned else None
        if planned is None or _told(event) != _told(_as_event(event.check, planned)):
            due = f"{planned.keyword} {planned.text}" if planned else "nothing"
            self._differ(
                f"line {number + 1} was planned as {due!r} and ran as {f'{event.keyword} {event.text}'!r}"
                f"{_below(event, planned)}"
            )
            return
        self.as_planned += 1
        if planned.kind == "Outcome" and event.outcome == "passed" and not observed and self.hollow is None:
            self.hollow = planned.text

    def end(self) -> None:
        """Account for the end of the check: every planned line has to have come."""
        if self._compared and (self._taken == 0 or self._taken % len(self._planned or (None,))):
            told = self._taken % len(self._planned or (None,))
            self._differ(f"{told} of its {len(self._planned)} planned lines ran")

    def _differ(self, difference: str) -> None:
        self.difference = self.difference or difference


def _as_event(check: str, planned: PlannedStep) -> StepRun:
    """The event that a planned step leaves if it runs as it was planned, within the journal's bounds."""
    fields = {
        "check": check,
        "keyword": planned.keyword,
        "text": planned.text,
        "outcome": "passed",
        **step_texts(planned.table, planned.docstring),
    }
    return StepRun.model_validate(fields, context=Excess.CUT)


def _told(event: StepRun) -> tuple[object, ...]:
    # pytest-bdd capitalises each word of a keyword, which some languages write in several.
    return (event.keyword.casefold(), event.text, event.table, event.docstring)


def _below(event: StepRun, planned: PlannedStep | None) -> str:
    if planned is None or event.text != planned.text:
        return ""
    return ", with another table or text below it"
