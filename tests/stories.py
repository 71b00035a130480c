"""Journals made by hand: a healthy one, and the ways to spoil it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from restoreproof.contract.controls import read_controls
from restoreproof.events import Excess, event_of
from restoreproof.journal.read import JournalLine
from restoreproof.plan import BackupSchedule, Plan, PlannedCheck, PlannedStep, Waiver

OPENED = datetime(2026, 11, 22, 15, tzinfo=UTC)
STAGES = ("database", "objects", "smoke")


def planned(
    name: str, stage: str = "objects", *, mandatory: bool = True, title: str | None = None, **more: Any
) -> PlannedCheck:
    """A check of one step."""
    return PlannedCheck(
        id=name,
        title=title or f"The check {name}",
        feature="A feature",
        file="consistency/a.feature",
        line=3,
        stage=stage,
        mandatory=mandatory,
        tags=(),
        steps=(PlannedStep("Then", "it holds", 4),),
        **more,
    )


CONTROLS = read_controls(Path(__file__).parents[1] / "compose" / "wipe" / "controls.toml")


SCHEDULE = BackupSchedule(every_s=86_400, grace_s=43_200)


def plan_of(
    *checks: PlannedCheck,
    waivers: tuple[Waiver, ...] = (),
    whole: bool = True,
    schedule: BackupSchedule | None = SCHEDULE,
) -> Plan:
    """A plan over ``checks``, or over one check of each stage."""
    return Plan(
        stack="wipe",
        contract_sha256="a" * 64,
        features_sha256="b" * 64,
        harness="0.1",
        stages=STAGES,
        checks=checks or (planned("c/rows", "database"), planned("c/objects"), planned("c/login", "smoke")),
        rpo_s=900,
        rto_s=14400,
        whole=whole,
        selection=None if whole else "-k rows",
        waivers=waivers,
        controls=CONTROLS,
        schedule=schedule,
    )


def retold(line: JournalLine, **more: Any) -> JournalLine:
    """The line with other data."""
    return replace(line, event=event_of(line.type, line.event.data() | more, Excess.CUT))


@dataclass
class Story:
    """Events as two processes would have journaled them; ``mono`` moves one second with each."""

    events: list[JournalLine] = field(default_factory=list)

    def tell(self, type: str, **data: Any) -> Story:
        """Append one event, from the process that may send it."""
        event = event_of(type, data, Excess.CUT)
        source = event.sender
        seq = sum(event.source == source for event in self.events) + 1
        passed = len(self.events)
        at = (OPENED + timedelta(seconds=passed)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self.events.append(JournalLine(seq, source, at, 100.0 + passed, event))
        return self

    def check(self, name: str, outcome: str | None = "PASSED", status: str = "passed", **more: Any) -> Story:
        """One scenario with one observation, or with none."""
        self.tell("scenario-started", check=name)
        if outcome:
            seen: dict[str, Any] = {"expected": "all of them", "observed": "all", "examined": 3, "of": 3}
            self.tell("observation", check=name, outcome=outcome, **({"sample": "all"} | seen | more))
        self.tell("step", check=name, keyword="Then", text="it holds", outcome="passed", seconds=0.1)
        return self.tell("scenario-finished", check=name, status=status, reason="said so", seconds=0.5)

    def perform(self, check: PlannedCheck) -> Story:
        """One scenario as it is planned, in which each *Then* observed and passed."""
        self.tell("scenario-started", check=check.id)
        for step in check.steps:
            if step.kind == "Outcome" or step.keyword == "Then":
                seen: dict[str, Any] = {"expected": "all of them", "observed": "all", "examined": 3, "of": 3}
                self.tell("observation", check=check.id, outcome="PASSED", sample="all", **seen)
            told = {"keyword": step.keyword, "text": step.text, "outcome": "passed", "seconds": 0.1}
            self.tell("step", check=check.id, **told)
        return self.tell("scenario-finished", check=check.id, status="passed", reason="said so", seconds=0.5)

    def without(self, *types: str) -> list[JournalLine]:
        """The events with every one of ``types`` never having been sent."""
        kept = Story()
        for event in self.events:
            if event.type not in types:
                kept.tell(event.type, **event.event.data())
        return kept.events


def opened(plan: Plan) -> Story:
    """A drill up to the point where its scenarios run."""
    story = Story().tell(
        "drill-opened",
        drill_id="d1",
        stack="wipe",
        plan=plan.digest,
        set_id="s1",
        attempt=1,
        host={"cpus": 2},
    )
    story.tell("set-verified", set_id="s1", recovery_point="2026-11-22T02:00:00Z", artifacts=7, bytes=1000)
    story.tell("isolation-control", probe="tcp", reached=True)
    story.tell("inner-launched", pid=7)
    story.tell("isolation-probe", probe="tcp", reached=False, detail="unreachable")
    story.tell("isolation-verdict", proven=True, reason="4 probes failed, 4 controls succeeded")
    return story


def closed(story: Story, returncode: int = 0) -> Story:
    """What follows the last scenario."""
    story.tell("inner-exited", returncode=returncode, seconds=9)
    story.tell("teardown", proven=True, leftovers=[])
    return story.tell("drill-closed", seconds=10)


def healthy(plan: Plan) -> Story:
    """Every planned check passed."""
    story = opened(plan)
    for stage in plan.stages:
        story.tell("stage-entered", stage=stage)
        story.tell("phase", stage=stage, name="work", seconds=0.4, bytes=10)
        story.tell("stage-done", stage=stage, seconds=1.0)
        for check in plan.checks:
            if check.stage == stage:
                story.perform(check)
    story.tell(
        "fidelity", subject="data-size", service="*", here="1 GiB in wipe", differs=False,
        production="1 GiB, of which 50% are enough", consequence="enough data for times to count",
    )  # fmt: skip
    story.tell("measurement", name="rpo.database", value=360, unit="s", detail="")
    story.tell("measurement", name="rpo.objects", value=300, unit="s", detail="")
    story.tell("measurement", name="rpo.skew", value=60, unit="s", detail="")
    return closed(story)
