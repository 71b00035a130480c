"""What the journal says of the plan itself: what it asks less of than the plan of an earlier drill."""

from __future__ import annotations

from restoreproof.events import PlanCompared
from restoreproof.journal.read import JournalLine
from restoreproof.plan_changes import PlanChange
from restoreproof.record.context import PlanComparisonRecord


class PlanEvents:
    """Reads ``plan-compared``; without one there was no earlier drill to compare with."""

    def __init__(self) -> None:
        self.comparison = PlanComparisonRecord()

    def take(self, line: JournalLine) -> None:
        """Account for one line of the journal."""
        if isinstance(event := line.event, PlanCompared):
            self.comparison = PlanComparisonRecord(
                previous=event.previous,
                changes=tuple(
                    PlanChange(change.subject, change.title, change.what) for change in event.changes
                ),
                total=event.changes_total,
                unknown=event.unknown,
            )
