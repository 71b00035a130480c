"""The review of queues, and the controls of sinks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from restoreproof.checks.queues import QueueSurvey, UntouchedQueue, differences, unexpected
from restoreproof.checks.sinks.survey import SinkSurvey, controls_among
from restoreproof.outcome import Observation, Outcome

LIMITS = {"jobs": {"mail": 5}, "dead": {"mail: Refused": 2}}


@pytest.mark.parametrize(
    ("waiting", "problems"),
    [
        ({"jobs": {"mail": 5}, "dead": {}}, []),
        ({"jobs": {"mail": 6}, "dead": {}}, ["6 of 'mail', at most 5"]),
        ({"jobs": {}, "dead": {"mail: Unheard": 1}}, ["unlisted class 'mail: Unheard'"]),
        ({"strange": {"mail": 1}}, ["strange: 1 of the unlisted class"]),
    ],
)
def test_only_listed_classes_within_their_limits_are_expected(
    waiting: dict[str, dict[str, int]], problems: list[str]
) -> None:
    found = unexpected(waiting, LIMITS)
    assert len(found) == len(problems)
    assert all(part in one for part, one in zip(problems, found, strict=True))


def test_one_unlisted_dead_letter_fails_the_review() -> None:
    waiting = {"jobs": {"mail": 1}, "dead": {"mail: Unheard": 1}}
    survey = QueueSurvey(waiting, waiting, LIMITS, "OPS")
    assert survey.expected_only().outcome is Outcome.FAILED
    assert survey.as_backed_up().outcome is Outcome.PASSED


def test_empty_queues_are_right_only_when_the_catalogue_says_so() -> None:
    empty: dict[str, dict[str, int]] = {"jobs": {}, "dead": {}}
    assert QueueSurvey(empty, empty, LIMITS, "OPS").as_backed_up().outcome is Outcome.PASSED
    assert QueueSurvey(empty, None, LIMITS, "OPS").as_backed_up().outcome is Outcome.NOT_VERIFIED
    assert QueueSurvey(empty, {"jobs": {"mail": 1}}, LIMITS, "OPS").as_backed_up().outcome is Outcome.FAILED
    assert QueueSurvey(empty, empty, None, "").expected_only().outcome is Outcome.NOT_VERIFIED


def test_a_class_that_is_gone_counts_as_a_difference() -> None:
    assert differences({"jobs": {"mail": 2}}, {"jobs": {"post": 2}}).total == 2


def test_a_dead_letter_that_was_replaced_by_another_is_noticed_by_its_time() -> None:
    same = {"mail: Refused": 2}
    assert UntouchedQueue("dead", same, same, None).untouched().outcome is Outcome.PASSED
    touched = UntouchedQueue("dead", same, same, datetime(2026, 1, 1, tzinfo=UTC))
    assert touched.untouched().outcome is Outcome.FAILED
    assert UntouchedQueue("dead", {}, same, None).untouched().outcome is Outcome.FAILED


def test_a_new_dead_letter_is_no_finding_and_a_replayed_one_is() -> None:
    """Told apart by identity: as many as before, and one of them another, is a replay."""
    then = frozenset({"1", "2", "3"})

    def look(letters: frozenset[str], known: frozenset[str] | None = then) -> Observation:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        waiting = {"mail: Refused": len(letters)}
        return UntouchedQueue("dead", waiting, {"mail: Refused": 3}, moment, letters, known).untouched()

    added = look(then | {"4"})
    assert (added.outcome, added.examined, added.of) == (Outcome.PASSED, 3, 3)
    assert "1 are new since" in added.observed
    replayed = look(frozenset({"1", "3", "4"}))
    assert (replayed.outcome, replayed.findings) == (Outcome.FAILED, ("dead: 2 is gone, replayed or lost",))
    assert look(frozenset(), frozenset()).outcome is Outcome.PASSED
    assert look(frozenset()).findings_total == 3
    assert look(then | {"4"}, None).outcome is Outcome.FAILED  # by its count: no identities are known


def test_silence_is_judged_for_every_sink() -> None:
    assert SinkSurvey({"mail": 0, "hook": 0}, {"mail": (), "hook": ()}, 2).silent().outcome is Outcome.PASSED
    loud = SinkSurvey({"mail": 0, "hook": 1}, {"mail": (), "hook": ("POST /x",)}, 2).silent()
    assert loud.outcome is Outcome.FAILED
    assert "POST /x" in loud.findings[0]
    assert SinkSurvey({}, {}, 0).silent().outcome is Outcome.NOT_VERIFIED
    assert SinkSurvey({"mail": 0}, {"mail": ()}, 2).silent().outcome is Outcome.FAILED


def test_a_control_counts_once_however_often_its_mark_is_repeated() -> None:
    shown = ["mail a: mark-1", "mail b: mark-1", "mail c"]
    assert controls_among(["mark-1", "mark-2"], shown) == 1
