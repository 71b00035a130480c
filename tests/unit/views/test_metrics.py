"""metrics.prom: what a scraper reads, and what it must not be told."""

from __future__ import annotations

import re
from pathlib import Path

from restoreproof.plan import Plan
from restoreproof.record.reduce import reduce
from restoreproof.views.metrics import exposition
from tests.stories import closed, healthy, opened, plan_of, planned, retold

LABEL = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(
    rf"(?P<name>[a-z_]+)\{{(?P<labels>{LABEL}(?:,{LABEL})*)\}} (?P<value>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
)


def samples(text: str) -> dict[str, float]:
    """Every sample by name and labels. Fails on a line that Prometheus would not take."""
    assert text.endswith("\n")
    read: dict[str, float] = {}
    typed: list[str] = []
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.removeprefix("# TYPE ").split(" ")
            assert kind == "gauge"
            assert name not in typed, "one metric stands in two places"
            typed.append(name)
        elif not line.startswith("# HELP "):
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample["name"] == typed[-1]
            key = f"{sample['name']}{{{sample['labels']}}}"
            assert key not in read
            read[key] = float(sample["value"])
    return read


def test_a_verified_drill_tells_when_it_succeeded_and_what_it_measured(plan: Plan) -> None:
    read = samples(exposition(reduce(plan, healthy(plan).events)))
    moment = 1795359633.0  # 2026-11-22T15:00:33Z
    assert read['restoreproof_drill_last_success_timestamp_seconds{stack="wipe"}'] == moment
    assert read['restoreproof_drill_verdict{stack="wipe",verdict="VERIFIED"}'] == 1
    assert read['restoreproof_drill_verdict{stack="wipe",verdict="FAILED"}'] == 0
    assert read['restoreproof_drill_exit_code{stack="wipe"}'] == 0
    assert read['restoreproof_rpo_seconds{stack="wipe"}'] == 360
    assert read['restoreproof_rpo_asset_seconds{stack="wipe",asset="objects"}'] == 300
    assert read['restoreproof_set_age_seconds{stack="wipe"}'] == 13 * 3600
    assert read['restoreproof_set_age_limit_seconds{stack="wipe"}'] == 36 * 3600
    assert read['restoreproof_rto_target_seconds{stack="wipe"}'] == 14400
    assert read['restoreproof_checks{stack="wipe",mandatory="yes",outcome="PASSED"}'] == 3
    assert read['restoreproof_stage_bytes{stack="wipe",stage="objects"}'] == 10
    assert read['restoreproof_set_bytes{stack="wipe"}'] == 1000


def test_a_drill_that_was_not_verified_claims_no_success(plan: Plan) -> None:
    story = closed(opened(plan).check("c/rows", "FAILED", "failed"))
    read = samples(exposition(reduce(plan, story.events)))
    assert not [name for name in read if "last_success" in name]
    assert read['restoreproof_drill_verdict{stack="wipe",verdict="FAILED"}'] == 1
    assert read['restoreproof_drill_exit_code{stack="wipe"}'] == 1


def test_what_was_not_measured_is_absent_and_never_zero(plan: Plan) -> None:
    text = exposition(reduce(plan, closed(opened(plan)).events))
    read = samples(text)
    assert not [
        name for name in read if name.startswith(("restoreproof_rpo_seconds", "restoreproof_rto_seconds"))
    ]
    assert "restoreproof_stage_seconds" not in text
    assert read['restoreproof_stage_done{stack="wipe",stage="smoke"}'] == 0


def test_a_journal_without_a_single_event_still_gives_a_readable_file(plan: Plan) -> None:
    read = samples(exposition(reduce(plan, [])))
    assert read['restoreproof_drill_verdict{stack="wipe",verdict="NOT VERIFIED"}'] == 1
    assert not [name for name in read if "timestamp" in name]


def test_a_hostile_name_stays_inside_its_label() -> None:
    plan = plan_of(planned("c/rows", "database"))
    story = opened(plan).check("c/rows")
    story.tell("measurement", name='rpo.a"} 1\nevil{x="\\', value=1, unit="s", detail="")
    text = exposition(reduce(plan, closed(story).events))
    assert samples(text)
    assert not [line for line in text.splitlines() if line.startswith("evil")]


def test_the_page_lists_every_metric_and_its_alerts_use_no_other(plan: Plan) -> None:
    said = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
    table, _, alerts = said.partition("## What to be told of")
    first, *others = healthy(plan).events
    # Not every drill has every metric: one that tests the harness names its faults.
    records = (
        reduce(plan, [line, *others]) for line in (first, retold(first, faults=[{"name": "lost-row"}]))
    )
    written = "".join(map(exposition, records))
    told = dict(re.findall(r"(?m)^# HELP (restoreproof_\w+) (.*)$", written))
    listed = dict(re.findall(r"(?m)^\| `(restoreproof_\w+)` \| [^|]* \| (.*) \|$", table))
    assert listed == told
    used = set(re.findall(r"restoreproof_\w+", alerts))
    assert used
    assert used <= set(told)
