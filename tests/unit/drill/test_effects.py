"""What left the platform is counted before its workers resume and at the end, and never breaks a drill."""

from __future__ import annotations

from typing import Any

import pytest

from restoreproof.assets.base import RestoreContext
from restoreproof.checks.sinks.survey import SinkSurvey
from restoreproof.contract.interfaces import Sink
from restoreproof.drill.inner.sink_effects import AT_THE_END, BEFORE_APPROVAL, tell_effects, tell_last_effects
from restoreproof.errors import ServiceFailedError


@pytest.fixture
def leaky(restore_context: RestoreContext, monkeypatch: pytest.MonkeyPatch) -> RestoreContext:
    """A drill whose one way out has recorded two effects."""
    monkeypatch.setitem(
        restore_context.stack_context.contract.sinks, "mail", Sink(service="store", kind="mail")
    )
    seen = SinkSurvey({"mail": 2}, {"mail": ("to nobody",)}, 1)
    monkeypatch.setattr(SinkSurvey, "look", lambda _: seen)
    return restore_context


def test_what_was_counted_is_journaled_with_its_moment(leaky: RestoreContext, memory: Any) -> None:
    assert tell_effects(leaky, BEFORE_APPROVAL).effects == {"mail": 2}
    assert memory.of("sink-effects") == [{"when": BEFORE_APPROVAL, "effects": {"mail": 2}}]


def test_at_the_end_only_sinks_that_run_are_asked(
    leaky: RestoreContext, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = type(leaky.stack_context.runtime)
    for runs, told in ((False, []), (True, [{"when": AT_THE_END, "effects": {"mail": 2}}])):
        monkeypatch.setattr(runtime, "running", lambda self, service, runs=runs: runs, raising=False)
        tell_last_effects(leaky)
        assert memory.of("sink-effects") == told


def test_a_sink_that_no_longer_answers_is_told(
    leaky: RestoreContext, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: RestoreContext) -> SinkSurvey:
        raise ServiceFailedError("mail is gone")

    monkeypatch.setattr(
        type(leaky.stack_context.runtime), "running", lambda self, service: True, raising=False
    )
    monkeypatch.setattr(SinkSurvey, "look", silent)
    tell_last_effects(leaky)
    assert memory.of("sink-effects") == []
    assert memory.of("note") == [{"text": "the ways out could not be asked at the end: mail is gone"}]
