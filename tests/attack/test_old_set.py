"""A set of long ago is no proof that today's backups restore: its age is held against the schedule."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from restoreproof.contract import load
from restoreproof.contract.plan_inputs import schedule_of
from restoreproof.errors import ExitCode
from restoreproof.journal.read import JournalLine
from restoreproof.outcome import Outcome, Verdict
from restoreproof.plan import AGE_CHECK, BackupSchedule
from restoreproof.record.model import Record
from restoreproof.record.reduce import reduce
from restoreproof.views.page.view import page
from tests.stories import OPENED, SCHEDULE, healthy, plan_of, retold
from tests.workshop import CONTRACT


def drilled(age: timedelta, schedule: BackupSchedule | None = SCHEDULE) -> Record:
    """A drill in which every check passed, of a set whose recovery point lies ``age`` before it."""
    plan = plan_of(schedule=schedule)
    point = (OPENED - age).isoformat()
    return reduce(plan, [_dated(line, point) for line in healthy(plan).events])


def _dated(line: JournalLine, point: str) -> JournalLine:
    return retold(line, recovery_point=point) if line.type == "set-verified" else line


def test_a_set_of_400_days_ago_fails_and_its_rpo_is_missed() -> None:
    record = drilled(timedelta(days=400))
    (check,) = (check for check in record.checks if check.id == AGE_CHECK)
    assert (record.verdict, record.exit_code) == (Verdict.FAILED, ExitCode.FAILED)
    assert check.outcome is Outcome.FAILED
    assert "at most 36 h (129,600 s)" in check.observations[0].expected
    assert check.observations[0].observed == "it lies 400 days (34,560,000 s) before the drill"
    assert record.recovery_point.met is False
    assert "400 days" in record.headline
    assert "400 days when the drill began; at most 36 h by the schedule: ✘ missed" in page(record).replace(
        "\u00a0", " "
    )


def test_no_waiver_accepts_it() -> None:
    """The check is made by every drill and stands in no feature, so that no contract can wave it through."""
    assert AGE_CHECK not in {check.id for check in plan_of().checks}


@pytest.mark.parametrize("late", [timedelta(), timedelta(seconds=1)])
def test_the_grace_counts_to_its_last_second(late: timedelta) -> None:
    record = drilled(timedelta(hours=36) + late)
    assert (record.verdict is Verdict.VERIFIED) is not bool(late)
    assert record.recovery_point.met is not bool(late)


def test_a_fresh_set_is_verified_and_shows_no_further_check() -> None:
    record = drilled(timedelta(hours=8))
    assert record.verdict is Verdict.VERIFIED
    assert AGE_CHECK not in {check.id for check in record.checks}
    assert (record.recovery_point.met, record.recovery_point.age_limit_s) == (True, 129_600)
    assert "that point lay 8 h before the drill" in record.headline


def test_a_set_of_the_future_is_not_verified() -> None:
    record = drilled(-timedelta(minutes=5))
    (check,) = (check for check in record.checks if check.id == AGE_CHECK)
    assert record.verdict is Verdict.NOT_VERIFIED
    assert "5 min (300 s) after the drill began" in check.observations[0].observed
    assert record.recovery_point.met is None
    assert "after the drill" in record.headline


def test_without_a_schedule_the_rpo_is_not_met_but_unjudged() -> None:
    record = drilled(timedelta(days=400), schedule=None)
    assert record.recovery_point.met is None
    assert "states no schedule" in str(record.recovery_point.unjudged)
    assert "not judged, the contract states no schedule" in page(record)


def test_a_contract_states_the_grace_or_gets_half_of_the_schedule(tmp_path: Path) -> None:
    assert schedule_of(load(CONTRACT)) == BackupSchedule(86_400, 43_200)
    text = CONTRACT.read_text().replace("backup: {every: 24h}", "backup: {every: 24h, grace: 90m}")
    text = text.replace("../../", f"{CONTRACT.parents[2]}/")
    (tmp_path / "stack.yaml").write_text(text)
    for path in CONTRACT.parent.iterdir():
        if path.name != "stack.yaml":
            (tmp_path / path.name).symlink_to(path)
    assert schedule_of(load(tmp_path / "stack.yaml")) == BackupSchedule(86_400, 5_400)
