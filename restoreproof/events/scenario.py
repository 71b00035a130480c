"""The events of the inner process that tell of checks: what was asked, what was observed, how it ended."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from restoreproof.events.base import (
    AtMost,
    CheckId,
    Count,
    Duration,
    Flag,
    InnerEvent,
    Line,
    Name,
    Page,
    Text,
)
from restoreproof.outcome import MAX_FINDINGS, Outcome

_ATTACHED = 8 * 1024 * 1024


class Collected(InnerEvent):
    """The checks that pytest collected, by id."""

    type: Literal["collected"] = "collected"
    checks: Annotated[tuple[CheckId, ...], AtMost(100_000)] = ()


class ScenarioStarted(InnerEvent):
    """A check began."""

    type: Literal["scenario-started"] = "scenario-started"
    check: CheckId


StepOutcome = Literal["passed", "failed", "broken", "skipped", "not-run"]
ScenarioStatus = Literal["passed", "failed", "assertion-failed", "skipped", "not-reached"]


class StepRun(InnerEvent):
    """A line of a scenario was run, or was not for what went before it."""

    type: Literal["step"] = "step"
    check: CheckId
    keyword: Line
    text: Line
    outcome: StepOutcome
    seconds: Duration = 0.0
    table: Annotated[tuple[Annotated[tuple[Text, ...], AtMost(200)], ...], AtMost(500)] = ()
    docstring: Page | None = None
    background: bool = False


class Asked(InnerEvent):
    """The question of a step: the ``kind`` of survey it is about to make, its nouns, and the SQL of some."""

    type: Literal["asked"] = "asked"
    check: CheckId | None = None
    kind: Name
    nouns: Annotated[dict[Name, JsonValue], AtMost(50)] = Field(default_factory=dict)
    queries: Annotated[dict[Name, Page], AtMost(50)] = Field(default_factory=dict)


class Observed(InnerEvent):
    """One observation of a check; the fields are those of ``Observation``. Only the plan's waivers waive."""

    type: Literal["observation"] = "observation"
    check: CheckId | None = None
    outcome: Literal[Outcome.PASSED, Outcome.FAILED, Outcome.NOT_VERIFIED, Outcome.ERROR]
    expected: Text
    observed: Text
    examined: Count | None = None
    of: Count | None = None
    sample: Annotated[str, AtMost(500)] = "all"
    findings: Annotated[tuple[Text, ...], AtMost(MAX_FINDINGS)] = ()
    findings_total: Count = 0
    zero_is_right: Flag = False


class ScenarioFinished(InnerEvent):
    """A check ended, as pytest saw it; ``reason`` says why it did not pass."""

    type: Literal["scenario-finished"] = "scenario-finished"
    check: CheckId
    status: ScenarioStatus
    reason: Text = ""
    seconds: Duration = 0.0


class AllureResult(InnerEvent):
    """The JSON of a result of allure-pytest: of it only what step definitions attached is taken."""

    type: Literal["allure-result"] = "allure-result"
    uuid: Name
    result: dict[str, Any]


class AllureAttachment(InnerEvent):
    """A file that a step definition attached: as text, so that the redactor reads it, or else as base64."""

    type: Literal["allure-attachment"] = "allure-attachment"
    name: Annotated[str, AtMost(500)]
    text: Annotated[str, AtMost(_ATTACHED)] | None = None
    base64: Annotated[str, AtMost(_ATTACHED)] | None = None
