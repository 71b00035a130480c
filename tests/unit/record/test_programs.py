"""Programs that restored code ran keep a drill from VERIFIED, unless the contract knew of them."""

from __future__ import annotations

import pytest

from restoreproof.outcome import Verdict
from restoreproof.record.reduce import reduce
from tests.stories import healthy, plan_of


@pytest.mark.parametrize(("expected", "verdict"), [(False, Verdict.NOT_VERIFIED), (True, Verdict.VERIFIED)])
def test_a_program_is_told_and_is_a_reason_unless_it_was_expected(expected: bool, verdict: Verdict) -> None:
    plan = plan_of()
    story = healthy(plan)
    assert reduce(plan, story.events).verdict is Verdict.VERIFIED
    story.tell("program-run", service="db", what="sh -c id", stage="database", expected=expected)
    record = reduce(plan, story.events)
    assert record.verdict is verdict
    assert record.safety.programs == ("db: sh -c id",)
    assert ["sh -c id" in reason for reason in record.incomplete] == ([] if expected else [True])
