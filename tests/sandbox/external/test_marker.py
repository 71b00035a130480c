"""Without the drill's own marker in each of its stores, nothing of a target is written to or run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from restoreproof.errors import EnvironmentUnfitError, ServiceFailedError, UsageError
from restoreproof.runtimes.external.driver import ExternalDriver
from restoreproof.runtimes.external.marker import Silent
from restoreproof.runtimes.external.markers import MarkerRefusedError, Markers
from restoreproof.runtimes.external.proven import Proven
from tests.sandbox.external.conftest import BLOCK, NONCE, Foreign, Stores

Spoil = Callable[[Stores], None]
SPOILT: dict[str, tuple[Spoil, str]] = {
    "no table": (Stores.unmark, "db .* no table restoreproof_drill_marker|s3 .* no object"),
    "another drill's row": (lambda stores: stores.mark_db("b" * 20), "its marker is another drill's"),
    "an old row": (lambda stores: stores.mark_db(age=timedelta(days=2)), "it is stale"),
    "a row of tomorrow": (lambda stores: stores.mark_db(age=timedelta(days=-1)), "still to come"),
    "a row of no time": (
        lambda stores: stores.mark_db_as("create table {} as select '{}' as nonce, null as created_at"),
        "does not say when it was made: have provisioning leave it",
    ),
    "a row of no time zone": (
        lambda stores: stores.mark_db_as("create table {} as select '{}' nonce, localtimestamp created_at"),
        "without a time zone: have provisioning leave it",
    ),
    "another drill's object": (lambda stores: stores.mark_s3("b" * 20), "its marker is another drill's"),
    "an old object": (lambda stores: stores.mark_s3(age=timedelta(days=2)), "it is stale"),
    "an object that is no JSON": (lambda stores: stores.put_marker(b"drill"), "is no marker"),
    "an object without a time": (
        lambda stores: stores.put_marker(b'{"nonce": "%s"}' % NONCE.encode()), "is no marker",
    ),
    "an object of no time zone": (
        lambda stores: stores.put_marker(b'{"nonce": "x", "created_at": "2026-11-22T10:00:00"}'),
        "without a time zone",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_a_target_that_is_not_this_drills_is_refused_and_nothing_is_written(
    foreign: Foreign, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil, words = SPOILT[name]
    spoil(foreign.stores)
    before = foreign.stores.contents()
    for variable, value in foreign.stores.environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=words) as caught:
        ExternalDriver().prepare(foreign.contract(), foreign.directory, lambda _: None)
    assert caught.value.exit_code == 2
    assert NONCE not in str(caught.value)
    with pytest.raises(MarkerRefusedError, match=words):
        foreign.runtime()
    assert foreign.stores.contents() == before
    assert not foreign.events.of("command")


def test_an_administrator_that_is_refused_proves_nothing(foreign: Foreign) -> None:
    with pytest.raises(MarkerRefusedError, match=r"db .* refuses its administrator"):
        foreign.runtime(DB_PASSWORD="not the password")
    with pytest.raises(MarkerRefusedError, match=r"s3 .* refuses its administrator"):
        foreign.runtime(S3_PASSWORD="not the password")


def test_each_proof_tells_the_store_and_never_the_nonce(foreign: Foreign) -> None:
    foreign.runtime()
    told = foreign.events.of("marker-proven")
    assert {one["service"] for one in told} == {"db", "s3"}
    assert {one["sha256"] for one in told} == {hashlib.sha256(NONCE.encode()).hexdigest()}
    assert {one["address"].rpartition(":")[2] for one in told} == {"5432", "8333"}
    assert NONCE not in str(foreign.events.all)


def test_a_store_is_asked_again_once_it_may_be_another_one(foreign: Foreign) -> None:
    told: list[Proven] = []
    proof = Markers(foreign.target(), told.append)
    proof.require("db")
    proof.require("db")
    assert [one.service for one in told] == ["db"]
    proof.forget("db")
    foreign.stores.mark_db("b" * 20)
    with pytest.raises(MarkerRefusedError, match="another drill's"):
        proof.require("db")


def test_a_store_that_shows_no_marker_any_more_is_refused_to_each_client_and_each_command(
    foreign: Foreign,
) -> None:
    foreign.command("start", "touch started")
    runtime = foreign.runtime()
    runtime.endpoint("s3")
    foreign.stores.unmark()
    with pytest.raises(MarkerRefusedError, match=r"s3 .* is not this drill's to write to: it has no object"):
        runtime.endpoint("s3")
    with pytest.raises(MarkerRefusedError, match="is not this drill's to write to"):
        runtime.start("worker")
    assert not (foreign.directory / "started").exists()


def test_a_name_that_comes_to_mean_another_machine_proves_nothing_of_that(foreign: Foreign) -> None:
    told: list[Proven] = []
    target = foreign.target()
    proof = Markers(target, told.append)
    there = target.endpoint("db")
    proof.require("db", there)
    proof.require("db", there)
    assert len(told) == 1
    with pytest.raises(Silent):
        proof.require("db", replace(there, address="127.0.0.254"))
    proof.require("db", there)
    assert len(told) == 1, "each machine is asked once"


def test_what_holds_no_data_is_touched_only_in_a_target_that_is_proven(foreign: Foreign) -> None:
    proof = Markers(foreign.target(DB_PORT="1", S3_PORT="1"))
    assert set(proof.survey()) == {"db", "s3"}
    with pytest.raises(MarkerRefusedError, match="worker is not touched: no store of the target has shown"):
        proof.require("worker")
    Markers(foreign.target()).require("worker")


def test_an_endpoint_that_nobody_answers_at_is_told_with_the_next_step(
    foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in {**foreign.stores.environment, "S3_PORT": "1"}.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(EnvironmentUnfitError) as caught:
        ExternalDriver().prepare(foreign.contract(), foreign.directory, lambda _: None)
    assert caught.value.exit_code == 3
    assert f"s3 does not answer at {foreign.stores.environment['S3']}:1" in str(caught.value)
    assert "bring the target up first" in str(caught.value)


def test_a_store_that_a_command_makes_may_be_silent_at_first(
    foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in {**foreign.stores.environment, "DB_PORT": "1"}.items():
        monkeypatch.setenv(variable, value)
    said: list[str] = []
    ExternalDriver().prepare(foreign.contract(BLOCK), foreign.directory, said.append)
    assert "db does not answer yet: the drill makes it" in said
    runtime = foreign.runtime(DB_PORT="1")
    with pytest.raises(ServiceFailedError, match="db does not answer"):
        runtime.administrator("db")


def test_doctor_tells_who_showed_the_marker_and_who_did_not(
    foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in foreign.stores.environment.items():
        monkeypatch.setenv(variable, value)
    (shown,) = ExternalDriver().diagnose(foreign.contract(), foreign.directory)
    assert shown.ok
    assert "the store of db at" in shown.detail
    assert "the store of s3 at" in shown.detail
    foreign.stores.unmark()
    (refused,) = ExternalDriver().diagnose(foreign.contract(), foreign.directory)
    assert not refused.ok
    assert "is not this drill's to write to" in refused.detail
    assert NONCE not in refused.detail
