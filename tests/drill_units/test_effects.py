"""What left the platform is counted before its workers resume and at the end, and never breaks a drill."""

from __future__ import annotations

from typing import Any

import pytest

from restoreproof.assets.base import Restoring
from restoreproof.checks.sinks import SinkSurvey
from restoreproof.contract.models import Sink
from restoreproof.drill import effects
from restoreproof.drill.effects import AT_THE_END, BEFORE_APPROVAL, tell_effects, tell_last_effects
from restoreproof.errors import ServiceFailedError


@pytest.fixture
def leaky(restoring: Restoring, monkeypatch: pytest.MonkeyPatch) -> Restoring:
    """A drill whose one way out has recorded two effects."""
    monkeypatch.setitem(restoring.ground.contract.sinks, "mail", Sink(service="store", kind="mail"))
    seen = SinkSurvey({"mail": 2}, {"mail": ("to nobody",)}, 1)
    monkeypatch.setattr(effects, "survey_sinks", lambda _: seen)
    return restoring


def test_what_was_counted_is_journaled_with_its_moment(leaky: Restoring, memory: Any) -> None:
    assert tell_effects(leaky, BEFORE_APPROVAL).effects == {"mail": 2}
    assert memory.of("sink-effects") == [{"when": BEFORE_APPROVAL, "effects": {"mail": 2}}]


def test_at_the_end_only_sinks_that_run_are_asked(
    leaky: Restoring, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = type(leaky.ground.runtime)
    for runs, told in ((False, []), (True, [{"when": AT_THE_END, "effects": {"mail": 2}}])):
        monkeypatch.setattr(runtime, "running", lambda self, service, runs=runs: runs, raising=False)
        tell_last_effects(leaky)
        assert memory.of("sink-effects") == told


def test_a_sink_that_no_longer_answers_is_told(
    leaky: Restoring, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: Restoring) -> SinkSurvey:
        raise ServiceFailedError("mail is gone")

    monkeypatch.setattr(type(leaky.ground.runtime), "running", lambda self, service: True, raising=False)
    monkeypatch.setattr(effects, "survey_sinks", silent)
    tell_last_effects(leaky)
    assert memory.of("sink-effects") == []
    assert memory.of("note") == [{"text": "the ways out could not be asked at the end: mail is gone"}]
