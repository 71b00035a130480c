"""The order is enforced: once, forwards, behind its gates, and never on after a failure."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from restoreproof.assets.base import RestoreContext, RestoreFailed, load_assets
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.loader import parse
from restoreproof.drill.inner import queue_review as gates_module
from restoreproof.drill.inner.queue_review import Gate, ReviewRefused
from restoreproof.drill.inner.stages import StageHooks, StageNotReached, merge
from restoreproof.errors import ContractError, EnvironmentUnfitError, ExitCode, StageOrderError
from restoreproof.outcome import CheckFailed, CheckNotVerified, Observation, Outcome
from restoreproof.runtimes.base import Start


def test_a_stage_starts_its_stores_restores_its_assets_and_then_starts_the_rest(
    make: Any, memory: Any
) -> None:
    make().advance_to("second")
    first, second = memory.done.index("stage first"), memory.done.index("stage second")
    assert set(memory.done[first + 1 : second][:2]) == {"start store", "start other"}
    assert set(memory.done[first + 1 : second][2:]) == {"restore rows", "restore files"}
    assert memory.done[second + 1] == "restore page"
    assert set(memory.done[second + 2 :]) == {"start web", "start worker"}
    assert [event["stage"] for event in memory.of("stage-done")] == ["first", "second"]


def test_what_the_services_of_a_stage_said_is_journaled_when_it_ends(make: Any, memory: Any) -> None:
    """Each stage tells of its own services; one that never started has nothing to tell."""
    memory.breaks["start worker"] = EnvironmentUnfitError("no port")
    drill = make()
    with pytest.raises(StageNotReached):
        drill.advance_to("second")
    told = [event["service"] for event in memory.of("service-log")]
    assert told[:2] == ["store", "other"]
    assert "worker" in told[2:]
    assert "tool" not in told


def test_what_the_services_said_is_journaled_with_the_check_that_asks(make: Any, memory: Any) -> None:
    drill = make()
    drill.advance_to("first")
    drill.current_check = "a/check"
    drill.tell_logs()
    told = [event["service"] for event in memory.of("service-log") if event.get("check") == "a/check"]
    assert told == ["store", "other"]


@check("what nobody can see")
class Unable:
    """A look that fails."""

    @when('the "{queue}" of "{asset}" are looked for')
    @classmethod
    def look(cls, restore: RestoreContext, queue: str, asset: str) -> Unable:
        raise ContractError("there is no such thing")

    @then("it is there")
    def there(self) -> Observation:
        raise AssertionError("nobody saw it")


def test_a_survey_says_what_it_asks_before_it_looks(make: Any, memory: Any) -> None:
    """Its kind, its nouns, and the query that the contract defines one of them by."""
    drill = make()
    drill.advance_to("first")
    drill.current_check = "a/check"
    with pytest.raises(ContractError):
        drill.look(Unable, queue="jobs", asset="rows")
    (asked,) = memory.of("asked")
    assert asked == {
        "check": "a/check",
        "kind": "what nobody can see",
        "nouns": {"queue": "jobs", "asset": "rows"},
        "queries": {"jobs": "select 1"},
    }


def test_every_stage_is_performed_once_however_often_it_is_asked_for(make: Any, memory: Any) -> None:
    drill = make()
    for _ in range(3):
        drill.advance_to("first")
    drill.finish()
    drill.finish()
    assert [event["stage"] for event in memory.of("stage-entered")] == ["first", "second", "third"]


def test_a_drill_never_goes_back(make: Any) -> None:
    drill = make()
    drill.advance_to("third")
    with pytest.raises(StageOrderError, match="never goes back") as caught:
        drill.advance_to("second")
    assert caught.value.exit_code is ExitCode.NO_TRUSTWORTHY_EVIDENCE


def test_a_stage_that_is_not_in_the_order_is_named(make: Any, memory: Any) -> None:
    with pytest.raises(StageOrderError, match="no stage 'fourth'"):
        make().advance_to("fourth")
    assert memory.done == []


def test_the_order_that_is_given_is_the_order_that_is_performed(make: Any, memory: Any) -> None:
    make(order=("second", "first", "third")).finish()
    assert [one for one in memory.done if one.startswith("stage")] == [
        "stage second",
        "stage first",
        "stage third",
    ]


@pytest.mark.parametrize(
    ("error", "lost"),
    [(RestoreFailed("the dump is torn"), True), (EnvironmentUnfitError("no disk"), False)],
)
def test_after_a_failed_stage_none_is_reached(make: Any, memory: Any, error: Exception, lost: bool) -> None:
    memory.breaks["restore rows"] = error
    drill = make()
    for stage in ("first", "first", "second", "third"):
        with pytest.raises(StageNotReached, match=str(error)):
            drill.advance_to(stage)
    assert memory.done.count("restore rows") == 1
    [failed] = memory.of("stage-failed")
    assert (failed["stage"], failed["lost"]) == ("first", lost)
    assert memory.of("stage-done") == []


def test_a_stage_that_breaks_for_an_unknown_reason_is_an_error_and_not_tried_again(
    make: Any, memory: Any
) -> None:
    memory.breaks["restore rows"] = ZeroDivisionError("division by zero")
    drill = make()
    with pytest.raises(ZeroDivisionError):
        drill.advance_to("first")
    with pytest.raises(StageNotReached, match="broke: ZeroDivisionError"):
        drill.advance_to("second")
    assert memory.done.count("restore rows") == 1
    assert memory.of("stage-failed")[0]["lost"] is False


def test_the_assets_of_a_stage_are_restored_side_by_side(make: Any, memory: Any) -> None:
    memory.meeting = threading.Barrier(2)
    make().advance_to("first")
    assert {"restore rows", "restore files"} < set(memory.done)


def test_hooks_run_before_and_after_their_stage_and_before_its_gate(make: Any, memory: Any) -> None:
    class Refusing:
        def pass_or_raise(self) -> None:
            memory.note("gate")
            raise ReviewRefused("no")

    hooks = StageHooks(
        before=[lambda stage: memory.note(f"before {stage}")],
        after=[lambda stage: memory.note(f"after {stage}")],
    )
    drill = make(hooks=hooks, gates={"second": Refusing()})
    with pytest.raises(StageNotReached):
        drill.finish()
    assert memory.done[1] == "before first"
    assert memory.done[-3:] == ["stage second", "before second", "gate"]
    assert "after first" in memory.done
    assert "after second" not in memory.done


def test_held_services_start_held_and_resume_without_being_held(make: Any, memory: Any) -> None:
    drill = make()
    drill.advance_to("second")
    assert memory.starts["worker"].arguments == ("--held",)
    drill.advance_to("third")
    assert memory.done[-2:] == ["stop worker", "start worker"]
    assert memory.starts["worker"].arguments == ()


def test_a_tool_is_not_started_and_only_who_asks_gets_the_restored_environment(
    make: Any, memory: Any
) -> None:
    make().finish()
    assert "start tool" not in memory.done
    assert "NAME" in memory.starts["web"].environment
    assert "NAME" not in memory.starts["worker"].environment


def test_what_assets_contribute_is_put_together_and_the_later_one_wins(make: Any, memory: Any) -> None:
    make().advance_to("second")
    start = memory.starts["web"]
    assert set(start.files) == {"rows", "files", "page"}
    assert {"ONLY_rows", "ONLY_files", "ONLY_page"} < set(start.environment)
    assert start.environment["FROM"] == "page"
    both = merge(Start({"A": "1"}, {}, ("a",)), Start({"A": "2"}, {}, ("b",)))
    assert (both.environment, both.arguments) == ({"A": "2"}, ("a", "b"))


def test_an_order_that_contradicts_what_a_kind_rests_on_is_refused_with_the_way_out(tmp_path: Any) -> None:
    text = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  db: {component: postgres, port: 5432, starts: rows}
  s3: {component: seaweedfs, port: 8333, starts: files}
order: [files, rows]
assets:
  database: {kind: postgres, at: rows, service: db, database: shop, owner: shop, roles: [shop]}
  objects:
    {kind: objects, at: files, service: s3, access_key: A, secret_key: B, object_lock: inactive, buckets: {}}
"""
    contract = parse(text, tmp_path / "stack.yaml")
    with pytest.raises(ContractError, match=r"'objects' .* before 'database'") as caught:
        load_assets(contract)
    assert "move 'rows' before 'files'" in str(caught.value)
    assert caught.value.exit_code is ExitCode.COULD_NOT_START
    right = parse(text.replace("[files, rows]", "[rows, files]"), tmp_path / "stack.yaml")
    assert [asset.name for asset in load_assets(right)] == ["database", "objects"]


def test_a_kind_and_a_key_that_do_not_exist_are_refused(restore_context: RestoreContext) -> None:
    contract = restore_context.stack_context.contract
    blocks = {**contract.assets, "odd": contract.assets["page"].model_copy(update={"kind": "remembred"})}
    with pytest.raises(ContractError, match="no kind 'remembred'") as caught:
        load_assets(contract.model_copy(update={"assets": blocks}))
    assert "did you mean 'remembered'" in str(caught.value)
    blocks = {"page": type(contract.assets["page"])(kind="remembered", at="second", colour="red")}
    with pytest.raises(ContractError, match=r"unknown key 'colour' in assets\.page"):
        load_assets(contract.model_copy(update={"assets": blocks}))


def waiting(monkeypatch: pytest.MonkeyPatch, found: dict[str, dict[str, int]]) -> None:
    monkeypatch.setattr(gates_module, "waiting_in", lambda stack_context: found)


def test_the_gate_approves_what_the_review_expects_and_says_who_did(
    restore_context: RestoreContext, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(monkeypatch, {"jobs": {"mail": 1}})
    Gate(restore_context).pass_or_raise()
    assert [one["approver"] for one in memory.of("review-approved")] == ["somebody"]


@pytest.mark.parametrize("found", [{"jobs": {"mail": 2}}, {"jobs": {"mail": 1, "unheard": 1}}])
def test_the_gate_refuses_what_the_review_does_not_expect(
    restore_context: RestoreContext,
    memory: Any,
    make: Any,
    monkeypatch: pytest.MonkeyPatch,
    found: dict[str, dict[str, int]],
) -> None:
    waiting(monkeypatch, found)
    drill = make(gates={"third": Gate(restore_context)})
    with pytest.raises(StageNotReached, match="somebody does not approve"):
        drill.finish()
    assert "stop worker" not in memory.done
    [failed] = memory.of("stage-failed")
    assert "inspect these before any replay" in failed["hint"]


def test_an_observation_is_recorded_before_it_stops_the_scenario(make: Any, memory: Any) -> None:
    drill = make()
    drill.current_check = "a/check"
    drill.observe(Observation(Outcome.PASSED, "e", "o", 1, 1))
    with pytest.raises(CheckFailed):
        drill.observe(Observation(Outcome.FAILED, "e", "o", 1, 1))
    with pytest.raises(CheckNotVerified):
        drill.observe(Observation(Outcome.NOT_VERIFIED, "e", "o"))
    told = memory.of("observation")
    assert [(one["check"], str(one["outcome"])) for one in told] == [
        ("a/check", "PASSED"),
        ("a/check", "FAILED"),
        ("a/check", "NOT_VERIFIED"),
    ]
