"""The outer half: logs are collected before the end, and the target is removed by its own command or left."""

from __future__ import annotations

import pytest

from restoreproof.runtimes.external.hosting import Foreign as Hosting
from restoreproof.runtimes.external.kind import KIND
from restoreproof.runtimes.kinds import Place
from tests.runtimes.external.inside.conftest import BLOCK, Foreign

DOWN = "  down: [./down]\n"


def hosting(foreign: Foreign, block: str = BLOCK) -> Hosting:
    place = Place("d1", foreign.contract(block), foreign.directory, foreign.directory, ())
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
    kept = KIND.kept(foreign.contract())
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
    assert KIND.kept(foreign.contract(BLOCK + DOWN)) is None


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
