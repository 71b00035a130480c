"""A drill says no more than it found: little data judges no RTO, and what was not read is not clean."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from restoreproof.checks.base import Findings
from restoreproof.checks.forbidden import ForbiddenSurvey
from restoreproof.contract.production import Production
from restoreproof.outcome import Outcome
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.views.page.view import page
from tests.stories import healthy, plan_of, retold


def drilled(**size: Any) -> Record:
    """A drill in which every check passed, with another comparison of sizes."""
    plan = plan_of()
    lines = healthy(plan).events
    return reduce(plan, [retold(line, **size) if line.type == "fidelity" else line for line in lines])


def text(record: Record) -> str:
    return page(record).replace("\u00a0", " ")


def test_28_megabytes_beside_20_gibibytes_are_not_the_same_and_judge_nothing() -> None:
    record = drilled(
        here="0.0261 GiB in wipe", production="20 GiB, of which 50% are enough", differs=True,
        consequence="too little data for times to say anything of production's",
    )  # fmt: skip
    assert record.recovery_time.met is None
    assert "0.0261 GiB in wipe here, 20 GiB" in str(record.recovery_time.unjudged)
    assert "not judged, 0.0261 GiB" in text(record)


def test_without_a_declared_size_the_rto_is_not_judged() -> None:
    record = drilled(production=None, differs=None, consequence="")
    assert record.recovery_time.met is None
    assert "how much data production has is not declared" in str(record.recovery_time.unjudged)


def test_enough_data_is_called_enough_and_not_the_same() -> None:
    record = drilled()
    assert record.recovery_time.met is True
    assert "enough data for times to count" in text(record)
    assert "the same</td>" not in text(record)


@pytest.mark.parametrize("enough", [0, -1])
def test_no_contract_says_that_any_size_is_enough(enough: float) -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        Production(data_gib=20, data_enough=enough)


def test_a_search_that_could_not_read_a_part_found_nothing_in_the_others() -> None:
    closed = Findings()
    closed.add("postgres/rows.dump: encrypted")
    observation = ForbiddenSurvey(4, 5, 100, ("keys",), Findings(), (), closed=closed).clean()
    assert observation.outcome is Outcome.NOT_VERIFIED
    assert "0 found" not in observation.observed
    assert (
        "in 4 parts searched, nothing found in those; not searched: postgres/rows.dump"
        in observation.observed
    )


@pytest.mark.parametrize(
    ("scan", "said", "unsaid"),
    [
        (
            {"parts": 9, "unscannable": ["a.age: encrypted"]},
            "nothing found in what was read, 9 parts",
            "0 found",
        ),
        ({"parts": 0, "unscannable": ["a: closed"]}, "nothing was searched", "0 found"),
        ({"parts": None}, "nothing was searched", "0 found"),
        ({"parts": 9}, "✔ 0 found, 9 parts looked into, none was closed", "nothing found"),
    ],
)
def test_the_page_says_of_a_search_what_it_read(scan: dict[str, Any], said: str, unsaid: str) -> None:
    plan = plan_of()
    record = reduce(plan, healthy(plan).tell("forbidden-scan", **scan).events)
    assert said in text(record)
    assert unsaid not in text(record)
