"""Removing what the daemon holds: judged by what the last look shows, with the daemon's own reason."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from restoreproof.runtimes.compose import daemon, reaper
from restoreproof.runtimes.compose.daemon import Held, remove_all
from restoreproof.runtimes.compose.driver import ComposeDriver
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner, why_foreign
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
    monkeypatch.setattr(reaper, "daemon_address", lambda: f"unix://{nothing}.sock")
    monkeypatch.setattr(reaper, "_DATA", nothing)
    assert ComposeDriver().reap(pytest.fail) == Reaped()


DRILL_ID = "20261129T100000Z-abc123"
MADE = datetime(2026, 11, 29, 10, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["rp-20261129t100000z-abc123-api-1", "rp-20261129t100000z-abc123_core"])
def test_what_is_named_as_a_drill_names_things_and_made_since_it_began_is_the_drills(name: str) -> None:
    assert why_foreign(DRILL_ID, name, MADE) is None


@pytest.mark.parametrize(
    ("drill", "name", "made", "why"),
    [
        (DRILL_ID, "our-database", MADE, "its name is none of the drill's"),
        (DRILL_ID, "rp-20261129t100000z-abc1234-api-1", MADE, "its name is none of the drill's"),
        (DRILL_ID, "rp-20261129t100000z-abc123", MADE, "its name is none of the drill's"),
        (DRILL_ID, "rp-20261129t100000z-abc123-api-1", MADE - timedelta(days=1), "before the drill began"),
        (DRILL_ID, "rp-20261129t100000z-abc123-api-1", None, "does not say when it was made"),
        ("production", "rp-production-api-1", MADE, "its label names no drill"),
    ],
)
def test_labels_alone_make_nothing_a_drills(drill: str, name: str, made: datetime | None, why: str) -> None:
    assert why in str(why_foreign(drill, name, made))


@dataclass
class Thing:
    """A container, network or volume as the client's library gives it."""

    name: str
    labels: dict[str, str]
    attrs: dict[str, Any]

    def remove(self, **how: bool) -> None:
        raise AssertionError(f"{self.name} was to be left alone")


class Registry:
    """As much of the client as looking at what a daemon holds takes."""

    def __init__(self, containers: list[Thing], images: dict[str, dict[str, str]]) -> None:
        self.containers = SimpleNamespace(list=lambda **how: containers)
        self.networks = self.volumes = SimpleNamespace(list=lambda **how: [])
        self.images = SimpleNamespace(get=lambda image: SimpleNamespace(labels=images[image]))


def test_a_container_that_somebody_made_of_a_drills_image_is_told_and_left_alone() -> None:
    """Its labels are the image's: `docker commit` of a drill's container gave them to it."""
    labels = {DRILL: DRILL_ID, OWNER: str(replace(Owner.this(), started="1"))}
    name = "rp-20261129t100000z-abc123-api-1"
    made = {"Created": "2026-11-29T10:00:30.123456789Z"}
    things = [
        Thing(name, labels, {**made, "Image": "drills"}),
        Thing(f"{name}-copy", labels, {**made, "Image": "copied"}),
        Thing("copy", labels, {**made, "Image": "drills"}),
    ]
    client: Any = Registry(things, {"drills": {}, "copied": labels})
    drills, copied, named = daemon.held(client)
    assert drills.foreign is None
    assert "somebody made of a container of that drill" in str(copied.foreign)
    assert "its name is none of the drill's" in str(named.foreign)
    assert [str(thing) for thing in daemon.held_by(client, DRILL_ID)] == [f"container {name}"]
    assert reaper.why_alone(drills) is None
    assert str(reaper.why_alone(copied)).startswith(f"container {name}-copy: it has its labels of its image")
