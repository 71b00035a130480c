"""What the order's survey makes of a runtime that can't say when a service started."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from restoreproof.backups.missing import NotInTarget
from restoreproof.checks.order import OrderSurvey
from restoreproof.outcome import Outcome

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
STARTED = {"store": AT, "other": AT, "web": AT + timedelta(seconds=9), "worker": AT + timedelta(seconds=9)}


@pytest.fixture
def look(restore_context: Any, memory: Any) -> Any:
    """The survey at the second stage, of services that started as it is told."""

    def survey(started: dict[str, Any], running: set[str]) -> Any:
        def started_at(service: str) -> datetime | None:
            if isinstance(found := started.get(service), Exception):
                raise found
            return found

        memory.clock, memory.started_at, memory.running = "since", started_at, running.__contains__
        here = replace(
            restore_context, stack_context=replace(restore_context.stack_context, stage=lambda: "second")
        )
        return replace(OrderSurvey.look(here), taken={"jobs": None})

    return survey


def test_times_are_those_of_the_runtimes_clock(look: Any) -> None:
    found = look(STARTED, set(STARTED))
    assert {mark.source for one in found.stages for mark in one.marks} == {
        "since: start of web",
        "since: start of worker",
    }
    assert (found.linear().outcome, found.held().outcome) == (Outcome.PASSED, Outcome.PASSED)


@pytest.mark.parametrize(
    ("why", "running", "words"),
    [
        (None, True, "when web started nobody can say: it runs, and nothing tells since when"),
        (NotInTarget("web", "no proxy is restored"), False, "the target lacks web: no proxy is restored"),
    ],
)
def test_what_can_not_be_told_is_not_verified_by_name(
    look: Any, why: Exception | None, running: bool, words: str
) -> None:
    found = look({**STARTED, "web": why}, set(STARTED) if running else set(STARTED) - {"web"})
    for said in (found.linear(), found.held()):
        assert said.outcome is Outcome.NOT_VERIFIED
        assert words in said.observed


def test_a_store_of_which_nothing_is_told_leaves_the_marks_as_they_are(look: Any) -> None:
    found = look({**STARTED, "store": None}, set(STARTED))
    assert found.linear().outcome is Outcome.PASSED
    assert found.held().outcome is Outcome.NOT_VERIFIED


def test_a_service_that_does_not_run_has_failed(look: Any) -> None:
    found = look({**STARTED, "web": None}, set(STARTED) - {"web"})
    assert found.held().outcome is Outcome.FAILED
