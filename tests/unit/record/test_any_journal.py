"""What no journal may achieve, whatever it holds."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from restoreproof.events import EVENTS, Event, InnerEvent
from restoreproof.journal.read import JournalLine
from restoreproof.outcome import Outcome, Verdict
from restoreproof.record.reduce import reduce
from tests.stories import Story, closed, healthy, opened, plan_of
from tests.unit.views.test_hostile import poisoned

WORDS = st.sampled_from(["c/rows", "c/objects", "c/login", "c/stranger"])
TOLD = st.one_of(
    st.tuples(st.just("scenario-started"), st.fixed_dictionaries({"check": WORDS})),
    st.tuples(
        st.just("observation"),
        st.fixed_dictionaries(
            {
                "check": WORDS,
                "outcome": st.sampled_from([one for one in Outcome if one is not Outcome.WAIVED]),
                "expected": st.just("all"),
                "observed": st.sampled_from(["", "some"]),
                "examined": st.one_of(st.none(), st.integers(0, 3)),
                "of": st.one_of(st.none(), st.integers(0, 3)),
            }
        ),
    ),
    st.tuples(
        st.just("scenario-finished"),
        st.fixed_dictionaries(
            {"check": WORDS, "status": st.sampled_from(["passed", "failed", "skipped", "not-reached"])}
        ),
    ),
    st.tuples(st.just("note"), st.just({"text": "x"})),
    st.tuples(st.just("stage-done"), st.just({"stage": "objects"})),
    st.tuples(st.just("phase"), st.just({"stage": "objects", "name": "c/rows"})),
    st.tuples(st.just("collected"), st.just({"checks": ["c/rows"]})),
)


@given(st.lists(TOLD, max_size=25), st.booleans())
def test_nothing_is_verified_unless_every_mandatory_check_has_a_passed_observation(
    told: list[tuple[str, dict[str, Any]]], is_whole: bool
) -> None:
    """Whatever the inner process sends, in whatever order."""
    plan = plan_of() if is_whole else plan_of(whole=False)
    story = opened(plan)
    for type, data in told:
        story.tell(type, **data)
    record = reduce(plan, closed(story).events)
    if record.verdict in (Verdict.VERIFIED, Verdict.VERIFIED_WITH_WAIVERS):
        passed = {
            data["check"] for type, data in told if type == "observation" and data["outcome"] == "PASSED"
        }
        assert {check.id for check in plan.checks if check.mandatory} <= passed
        assert is_whole
    if any(
        type == "observation" and data["outcome"] == "FAILED" and data["check"] != "c/stranger"
        for type, data in told
    ):
        assert record.verdict is Verdict.FAILED


INNER = [event_class for event_class in EVENTS.values() if issubclass(event_class, InnerEvent)]


@given(st.sampled_from(INNER), st.text(max_size=8))
def test_no_inner_event_whatever_it_holds_breaks_the_reduction(event_class: type[Event], text: str) -> None:
    """A record must come out of any journal that the outer accepted."""
    plan = plan_of()
    story = Story(list(healthy(plan).events))
    event = event_class.model_validate(poisoned(event_class, text))
    story.events.append(JournalLine(10_000, "inner", "x", 1.0, event))
    record = reduce(plan, story.events)
    assert record.verdict is not Verdict.VERIFIED  # its number does not follow
    record.text()
