"""The one rule that leads from checks to a verdict, over every combination that it can meet."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restoreproof.errors import ExitCode
from restoreproof.outcome import (
    CheckFailed,
    CheckNotVerified,
    Observation,
    Outcome,
    Verdict,
    decide,
    require_passed,
)

OUTCOMES = st.lists(st.sampled_from(list(Outcome)), max_size=6)


@given(OUTCOMES, st.booleans(), st.booleans(), st.booleans())
def test_the_first_rule_that_holds_decides(
    outcomes: list[Outcome], isolated: bool, complete: bool, whole: bool
) -> None:
    verdict = decide(outcomes, isolated=isolated, complete=complete, whole=whole)
    if Outcome.FAILED in outcomes:
        assert verdict is Verdict.FAILED
    elif not whole:
        assert verdict is Verdict.PARTIAL
    elif not outcomes or {Outcome.NOT_VERIFIED, Outcome.ERROR} & set(outcomes) or not (isolated and complete):
        assert verdict is Verdict.NOT_VERIFIED
    else:
        waived = Outcome.WAIVED in outcomes
        assert verdict is (Verdict.VERIFIED_WITH_WAIVERS if waived else Verdict.VERIFIED)


def test_one_more_check_never_improves_a_verdict() -> None:
    """A worse outcome added to any drill leaves it as it was or worse."""
    rank = [Verdict.VERIFIED, Verdict.VERIFIED_WITH_WAIVERS, Verdict.NOT_VERIFIED, Verdict.FAILED]
    for size, more in itertools.product(range(1, 4), Outcome):
        for outcomes in itertools.product(Outcome, repeat=size):
            before = decide(outcomes, isolated=True, complete=True, whole=True)
            after = decide([*outcomes, more], isolated=True, complete=True, whole=True)
            assert rank.index(after) >= rank.index(before)


@pytest.mark.parametrize(
    ("verdict", "allowed", "code"),
    [
        (Verdict.VERIFIED, False, ExitCode.VERIFIED),
        (Verdict.VERIFIED_WITH_WAIVERS, True, ExitCode.VERIFIED),
        (Verdict.VERIFIED_WITH_WAIVERS, False, ExitCode.NOT_VERIFIED),
        (Verdict.FAILED, True, ExitCode.FAILED),
        (Verdict.NOT_VERIFIED, True, ExitCode.NOT_VERIFIED),
        (Verdict.PARTIAL, True, ExitCode.NOT_VERIFIED),
    ],
)
def test_exit_codes(verdict: Verdict, allowed: bool, code: ExitCode) -> None:
    assert verdict.exit_code(waivers_allowed=allowed) is code


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_pass_lets_a_scenario_go_on(outcome: Outcome) -> None:
    """FAILED is an assertion, so that Allure says failed; anything else is broken there."""
    seen = Observation(outcome, "all", "some", findings=("a", "b"), findings_total=9)
    if outcome is Outcome.PASSED:
        require_passed(seen)
        return
    with pytest.raises(CheckFailed if outcome is Outcome.FAILED else CheckNotVerified) as caught:
        require_passed(seen)
    assert isinstance(caught.value, AssertionError) == (outcome is Outcome.FAILED)
    assert "- b" in str(caught.value)
    assert "7 more" in str(caught.value)
