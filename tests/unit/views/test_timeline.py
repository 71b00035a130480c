"""``timeline.svg``: the enforced order to scale, and nothing over anything else at any number of stages."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as Xml

import pytest

from restoreproof.plan import Plan
from restoreproof.record.execution import EffectsRecord
from restoreproof.record.model import Record, StageRecord
from restoreproof.record.reduce import reduce
from restoreproof.views.timeline_plot import WIDTH, chart, draw
from tests.stories import healthy

SVG = "{http://www.w3.org/2000/svg}"
COUNTS = (0, 1, 2, 9, 40, 200)


@pytest.fixture
def record(plan: Plan) -> Record:
    """Of a healthy drill."""
    return reduce(plan, healthy(plan).events)


def staged(record: Record, count: int, seconds: float = 3600.0) -> Record:
    """``record`` with ``count`` stages of equal length, its gate before the last one."""
    each = seconds / max(count, 1)
    stages = tuple(
        StageRecord(f"stage-{n}-of-many-with-a-long-name", "done", n * each, (n + 1) * each, each)
        for n in range(count)
    )
    approved = stages[-1].begins_s if stages else None
    time = replace(
        record.recovery_time,
        time_to_service_s=seconds * 0.99,
        time_to_verified_s=seconds,
        target_s=seconds / 2,
    )
    effects = EffectsRecord(approved_by="policy", approved_s=approved)
    return replace(record, stages=stages, seconds=seconds, recovery_time=time, effects=effects)


def lines(svg: str) -> list[tuple[float, float, float]]:
    """Baseline, left and right of every text, at a generous width for each of its characters."""
    found = []
    for text in Xml.fromstring(svg).iter(f"{SVG}text"):
        width = 6.6 * len(text.text or "")
        x = float(text.get("x", "nan"))
        begins = {"end": x - width, "middle": x - width / 2}.get(text.get("text-anchor", "start"), x)
        found.append((float(text.get("y", "nan")), begins, begins + width))
    return found


@pytest.mark.parametrize("count", COUNTS)
def test_no_text_lies_over_another_or_beyond_the_edge(record: Record, count: int) -> None:
    texts = lines(draw(staged(record, count)))
    for y, begins, ends in texts:
        assert begins >= -1
        assert ends <= WIDTH
        near = [other for other in texts if abs(other[0] - y) < 10 and other != (y, begins, ends)]
        assert all(ends <= other[1] or begins >= other[2] for other in near), (y, begins, near)


@pytest.mark.parametrize("count", COUNTS)
def test_stages_keep_their_order_from_top_to_bottom(record: Record, count: int) -> None:
    drawn = chart(staged(record, count))
    assert len(drawn.bars) == count
    for earlier, later in pairwise(drawn.bars):
        assert later.y - earlier.y >= 17
        assert later.x >= earlier.x
    assert all(bar.x + bar.width <= drawn.left + drawn.plot + 0.2 for bar in drawn.bars)


def test_the_gate_stands_between_what_it_held_and_what_it_let_go(record: Record) -> None:
    drawn = chart(staged(record, 4))
    (gate,) = drawn.gates
    assert drawn.bars[2].y < gate.y < drawn.bars[3].y
    assert "worker gate opened after 45 min" in draw(staged(record, 4))


def test_a_drill_that_was_never_approved_has_no_gate_to_show(record: Record) -> None:
    assert chart(replace(staged(record, 4), effects=EffectsRecord())).gates == ()


def test_a_time_beyond_its_target_reaches_past_the_line(record: Record) -> None:
    drawn = chart(staged(record, 3))
    assert [span.met for span in drawn.spans] == [False, False]
    assert all(drawn.left + span.width > drawn.target_x for span in drawn.spans)
    svg = draw(staged(record, 3))
    assert "RTO target 30 min" in svg
    assert "1 h of 30 min" in svg


def test_a_time_within_its_target_stays_before_the_line(record: Record) -> None:
    drawn = chart(record)
    assert record.recovery_time.met
    assert all(span.met and drawn.left + span.width < drawn.target_x for span in drawn.spans)


def test_stages_that_failed_or_were_not_reached_say_so_in_words(record: Record) -> None:
    stages = (
        StageRecord("database", "failed", 1.0, 2.0),
        StageRecord("objects", "entered", 2.0),
        StageRecord("smoke", "not-reached"),
    )
    svg = draw(replace(record, stages=stages))
    for told in ("✘ failed", "? not left", "? not reached"):
        assert told in svg, told


def test_a_stage_that_was_never_left_reaches_to_the_end(record: Record) -> None:
    drawn = chart(replace(record, stages=(StageRecord("objects", "entered", 2.0),)))
    (bar,) = drawn.bars
    assert bar.x + bar.width == pytest.approx(drawn.left + drawn.plot, abs=0.2)


def test_without_a_measured_time_nothing_is_held_against_the_target(record: Record) -> None:
    time = replace(record.recovery_time, time_to_service_s=None, time_to_verified_s=None)
    assert "<desc" in draw(replace(record, recovery_time=time))
    assert chart(replace(record, recovery_time=time)).spans == ()
    assert ">RTO target" not in draw(replace(record, recovery_time=time))


def test_it_is_one_well_formed_picture_with_a_title_and_a_description(record: Record) -> None:
    root = Xml.fromstring(draw(record))
    assert root.get("role") == "img"
    named = {
        element.get("id")
        for element in (root.find(f"{SVG}title"), root.find(f"{SVG}desc"))
        if element is not None
    }
    assert set((root.get("aria-labelledby") or "").split()) == named
    assert "database from" in (root.findtext(f"{SVG}desc") or "")


def test_the_same_record_gives_the_same_picture(record: Record) -> None:
    assert draw(record) == draw(replace(record))
