"""The made-up drill of the benchmark is one that the real code takes, and every part of it is timed."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from bench import evidence
from restoreproof.journal.read import read_journal
from restoreproof.outcome import Outcome, Verdict
from restoreproof.record.reduce import reduce
from restoreproof.views import every_view
from restoreproof.views.allure import report
from restoreproof.views.allure.report import AllureUnavailable


def test_the_made_up_drill_is_complete_and_failed_where_it_says(tmp_path: Path) -> None:
    plan = evidence.made_up_plan(100)
    evidence.write_journal(tmp_path, plan)
    record = reduce(plan, read_journal(tmp_path / "journal.jsonl"))
    assert record.incomplete == ()
    assert record.verdict is Verdict.FAILED
    outcomes = Counter(check.outcome for check in record.checks)
    assert outcomes == {Outcome.PASSED: 98, Outcome.FAILED: 2}
    assert {check.stage for check in record.checks} == set(plan.stages)


def test_every_view_the_search_and_the_seal_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: object) -> Path:
        raise AllureUnavailable("Node is not asked for in this test")

    monkeypatch.setattr(report, "ensure_tool", unavailable)
    timings = evidence.measure(5)
    views = {name for name, _ in every_view()} - {"allure"}
    assert set(timings) == views | {"record", "Allure results", "Allure page", evidence.SEARCH, "seal"}
    assert all(seconds >= 0 for seconds in timings.values())


def test_the_target_is_of_rendering_and_sealing_a_thousand() -> None:
    out = io.StringIO()
    timings = {"record": 1.0, evidence.SEARCH: 5.0, "seal": 2.0}
    evidence.show(timings, evidence.SCENARIOS, Console(file=out, width=100))
    said = out.getvalue()
    (target,) = [line for line in said.splitlines() if "target 20 s" in line]
    assert "3.00 s" in target
    evidence.show(timings, 100, Console(file=out, width=100))
    assert out.getvalue().count("target") == 1
