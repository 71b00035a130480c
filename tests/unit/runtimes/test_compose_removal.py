"""Removing what the daemon holds: judged by what the last look shows, with the daemon's own reason."""

from __future__ import annotations

import time
from collections.abc import Callable

import docker.errors
import pytest

from restoreproof.runtimes.compose import daemon, reaper
from restoreproof.runtimes.compose.daemon import Held, remove_all
from restoreproof.runtimes.compose.driver import ComposeDriver
from restoreproof.runtimes.driver import Reaped


class Shelf:
    """What a daemon holds: each thing is refused so many times before it goes."""

    def __init__(self, **refusals: int) -> None:
        self.refusals = refusals
        self.later: dict[str, float] = {}

    def look(self) -> list[Held]:
        for name, at in list(self.later.items()):
            if time.monotonic() >= at:
                self.refusals[name] = 0
                del self.later[name]
        return [Held("container", name, "d1", None, self._remover(name)) for name in self.refusals]

    def _remover(self, name: str) -> Callable[[], None]:
        def remove() -> None:
            if self.refusals[name]:
                self.refusals[name] -= 1
                raise docker.errors.APIError("409", explanation=f"removal of {name} is already in progress")
            del self.refusals[name]

        return remove


def test_a_refusal_that_the_end_disproves_is_not_told() -> None:
    shelf = Shelf(one=1, two=0)
    assert remove_all(shelf.look) == []
    assert shelf.refusals == {}


def test_what_stays_is_told_by_name_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "_REMOVAL_S", 0.3)
    shelf = Shelf(one=1000, two=0)
    assert remove_all(shelf.look) == ["container one: removal of one is already in progress"]


def test_what_comes_to_light_a_moment_later_is_removed_too() -> None:
    shelf = Shelf()
    shelf.later["late"] = time.monotonic() + 0.4
    assert remove_all(shelf.look, quiet_s=0.8) == []
    assert shelf.later == {}
    assert shelf.refusals == {}


def test_one_slow_look_does_not_prove_that_nothing_comes() -> None:
    shelf, looks = Shelf(), list[float]()

    def slow() -> list[Held]:
        looks.append(time.monotonic())
        while time.monotonic() < looks[-1] + 0.2:
            pass
        return shelf.look()

    assert remove_all(slow, quiet_s=0.1) == []
    assert len(looks) > 1
    assert looks[-1] - looks[0] >= 0.1


def test_where_docker_never_was_nothing_can_be_left(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = tmp_path_factory.mktemp("machine") / "docker"
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(reaper, "asked", lambda: f"unix://{nothing}.sock")
    monkeypatch.setattr(reaper, "_DATA", nothing)
    assert ComposeDriver().reap(pytest.fail) == Reaped()
