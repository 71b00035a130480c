"""The labels that Allure groups and filters a check by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from restoreproof.record.model import CheckRecord, Record
from restoreproof.views.controls import controls_for


def labels(record: Record, check: CheckRecord) -> Iterator[tuple[str, str]]:
    """Yield names and values, from the check's tags where it has them, else from where its feature lies."""
    folder = Path(check.file).parent.as_posix() if check.file else "backup"
    yield "epic", _tag(check.tags, "epic") or folder
    yield "feature", check.feature
    yield "story", _tag(check.tags, "story") or check.rule or check.title
    yield "severity", _tag(check.tags, "severity") or "normal"
    if owner := _tag(check.tags, "owner"):
        yield "owner", owner
    yield "parentSuite", _stage(record, check)
    yield "suite", check.feature
    if check.rule:
        yield "subSuite", check.rule
    yield "stage", check.stage
    yield "check", check.id
    yield "mandatory", "yes" if check.mandatory else "advisory"
    yield "outcome", check.outcome.value
    for control in controls_for(check.id, check.tags, record.controls):
        yield "control", control.label
    yield "tag", check.outcome.value.replace("_", " ")
    if not check.mandatory:
        yield "tag", "advisory"


def _stage(record: Record, check: CheckRecord) -> str:
    """The stage with its place in the restore order, by which Allure then sorts."""
    stages = [stage.name for stage in record.stages]
    place = f"{stages.index(check.stage) + 1:02d} " if check.stage in stages else ""
    return f"{place}{check.stage}"


def _tag(tags: Sequence[str], name: str) -> str | None:
    return next((tag.partition(":")[2] for tag in tags if tag.startswith(f"{name}:")), None)
