"""What is kept before containers go, what goes with them, and whose are left alone, on a real daemon."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from restoreproof.contract import load
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose import reaper
from restoreproof.runtimes.compose.daemon import held
from restoreproof.runtimes.compose.outer import ComposeProject
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner, project_name
from restoreproof.runtimes.driver import OuterContext
from tests.containers.conftest import Left
from tests.workshop import CONTRACT

SINKS = "restoreproof/wipe-sinks:1"
SERVICE = "com.docker.compose.service"
NUMBERS = itertools.count(1)
MAKING = """
import itertools, subprocess, sys
print("up", flush=True)
for number in itertools.count():
    name = f"{sys.argv[3]}_{number}"
    subprocess.run(["docker", "volume", "create", "--label", sys.argv[2], name], stdout=subprocess.DEVNULL)
"""

Make = Callable[..., str]


@pytest.fixture
def make(client: docker.DockerClient) -> Iterator[Make]:
    """Makes a container of a drill of its own, whose id it returns; nothing of it stays."""
    drills = []

    def made(owner: Owner | str, service: str = "one", drill: str | None = None) -> str:
        drill = drill or f"20261122T000000Z-left0{next(NUMBERS)}"
        drills.append(drill)
        client.containers.run(
            SINKS,
            ["sh", "-c", f"echo this is {service}"],
            name=f"{project_name(drill)}-{service}-1",
            labels={DRILL: drill, OWNER: str(owner), SERVICE: service},
            detach=True,
            network_mode="none",
        ).wait()
        return drill

    yield made
    for one in (thing for drill in set(drills) for thing in held(client, drill)):
        one.remove()


def hosting(drill: str, workdir: Path) -> ComposeProject:
    return ComposeProject(OuterContext(drill, load(CONTRACT), workdir, workdir, ()))


def test_what_one_container_said_is_kept_though_anothers_can_not_be(make: Make, tmp_path: Path) -> None:
    drill = make(Owner.this())
    make(Owner.this(), "two", drill)
    (tmp_path / "logs" / "one.log").mkdir(parents=True)  # it can't be written
    with pytest.raises(EnvironmentUnfitError, match=r"log of one: .*Is a directory") as caught:
        hosting(drill, tmp_path).collect()
    assert "two" not in caught.value.message
    assert (tmp_path / "logs" / "two.log").read_text() == "this is two\n"
    assert '"this is two"' not in (tmp_path / "logs" / "containers.json").read_text()
    assert "echo this is one" in (tmp_path / "logs" / "containers.json").read_text()


def test_what_still_makes_something_is_ended_before_it_is_removed(
    make: Make, left: Left, tmp_path: Path
) -> None:
    drill = make(Owner.this())
    argv = [sys.executable, "-c", MAKING, str(tmp_path), f"{DRILL}={drill}", project_name(drill)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert hosting(drill, tmp_path).remove() == []
        assert left(drill) == []
        process.wait(5)
    assert left(drill) == []


def test_only_what_is_certainly_nobodys_is_reaped_and_the_rest_is_told(make: Make, left: Left) -> None:
    this = Owner.this()
    dead = make(replace(this, started="1"))
    alone = {
        make(this): f"its process {this.pid} lives",
        make(replace(this, machine="0" * 16, boot="0" * 36)): "another machine's",
        make(replace(this, namespace="1", started="1")): "of another pid namespace",
        make("nobody"): "names no owner",
    }
    said: list[str] = []
    reaped = reaper.reap(said.append)
    assert f"drill {dead} died and left 1 containers, networks and volumes: removed" in said
    assert left(dead) == []
    for drill, why in alone.items():
        assert left(drill) != []
        [told] = [one for one in reaped.left_alone if f"drill {drill}: " in one]
        assert why in told
        assert not any(drill in one for one in said)


def test_what_the_daemon_refuses_to_remove_is_not_called_removed(
    make: Make, client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("restoreproof.runtimes.compose.daemon._REMOVAL_S", 1.0)
    drill = make(replace(Owner.this(), started="1"))
    volume = client.volumes.create(
        f"{project_name(drill)}_data", labels={DRILL: drill, OWNER: str(replace(Owner.this(), started="1"))}
    )
    user: Any = client.containers.run(
        SINKS, ["sleep", "600"], detach=True, network_mode="none", volumes=[f"{volume.name}:/data"]
    )
    said: list[str] = []
    try:
        reaped = reaper.reap(said.append)
        assert f"drill {drill} died and left 2 containers, networks and volumes: not all of it" in str(said)
        [told] = [one for one in reaped.left if volume.name in one]
        assert "volume is in use" in told
    finally:
        user.remove(force=True)


def test_what_somebody_made_of_a_drills_container_is_left_alone(
    make: Make, client: docker.DockerClient, left: Left
) -> None:
    """An image made of it carries its labels, and gives them to whatever runs of it."""
    dead = replace(Owner.this(), started="1")
    drill = make(dead)
    name = f"{project_name(drill)}-one-1"
    image = client.containers.get(name).commit("restoreproof-test/kept", "1")
    copy: Any = client.containers.create(image, ["true"], name=f"{project_name(drill)}-one-kept")
    other: Any = client.containers.create(SINKS, ["true"], labels={DRILL: drill, OWNER: str(dead)})
    try:
        said: list[str] = []
        reaped = reaper.reap(said.append)
        assert f"drill {drill} died and left 1 containers, networks and volumes: removed" in said
        assert sorted(left(drill)) == sorted([copy.name, other.name])
        told = [one for one in reaped.left_alone if f"drill {drill}: " in one]
        assert any(f"{copy.name}: it has its labels of its image" in one for one in told), told
        assert any(f"{other.name}: its name is none of the drill's" in one for one in told), told
    finally:
        for one in (copy, other):
            one.remove(force=True)
        client.images.remove(image.id, force=True)
