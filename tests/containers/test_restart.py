"""What a killed drill left goes also after a restart of the daemon, and nothing of it comes back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import psutil
import pytest

from restoreproof.runtimes.compose.owner import DRILL
from restoreproof.waiting import NotReady, wait_until
from tests.containers.second import SecondDaemon, refused_here, second_daemon
from tests.workshop import ROOT, Workshop

PLATFORM = "restoreproof/wipe-platform:1.5.0"
IMAGES = (PLATFORM, "restoreproof/wipe-postgres:18", "restoreproof/wipe-sinks:1", "restoreproof/wipe-edge:1")
# The drill is killed before it comes to these services: copying their images would only take time.
STAND_INS = dict.fromkeys(("S3_IMAGE", "KEYCLOAK_IMAGE", "NGINX_IMAGE"), PLATFORM)


@pytest.fixture(scope="module")
def daemon(workshop: Workshop) -> Iterator[SecondDaemon]:
    """A daemon that the tests may restart, with the images that a drill needs at first."""
    if reason := refused_here():
        pytest.skip(reason)
    with second_daemon(workshop.directory / "second") as one:
        one.load(IMAGES)
        yield one


@pytest.fixture
def killed(workshop: Workshop, daemon: SecondDaemon) -> str:
    """The id of a drill that was killed whole while PostgreSQL ran; the daemon was restarted since."""
    reports = workshop.reports()
    argv = workshop.argv(*workshop.drill_arguments(reports, "--runtime", "compose"))
    environment = {**os.environ, **STAND_INS, "DOCKER_HOST": daemon.host}
    with subprocess.Popen(
        daemon.inside(argv), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        wait_until(
            lambda: _started(reports),
            what="PostgreSQL of the drill runs",
            deadline_s=240,
            gave_up=lambda: f"the drill ended with {process.returncode}" if process.poll() else None,
        )
        for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
    drill = (reports / "latest").resolve().name
    assert held(daemon, drill) != []
    daemon.stop()
    daemon.start()
    with contextlib.closing(docker.DockerClient(base_url=daemon.host)) as client:
        assert client.containers.list() == [], "nothing of it comes back with the daemon"
    assert held(daemon, drill) != []
    return drill


def _started(reports: Path) -> None:
    journal = reports / "latest" / "journal.jsonl"
    if not journal.exists() or '"service-ready"' not in journal.read_text():
        raise NotReady("no service is ready yet")


def held(daemon: SecondDaemon, drill: str) -> list[str]:
    """What the daemon holds of ``drill``."""
    wanted = {"label": f"{DRILL}={drill}"}
    with contextlib.closing(docker.DockerClient(base_url=daemon.host)) as client:
        networks, volumes = client.networks.list(filters=wanted), client.volumes.list(filters=wanted)
        return [one.name for one in (*client.containers.list(all=True, filters=wanted), *networks, *volumes)]


def test_the_reaper_removes_it(workshop: Workshop, daemon: SecondDaemon, killed: str) -> None:
    done = workshop.run("doctor", "--reap", "--var", workshop.var, DOCKER_HOST=daemon.host)
    assert done.returncode == 0, done.output
    assert f"drill {killed} died" in done.output
    assert held(daemon, killed) == []
    assert not (workshop.var / "run" / killed).exists()


def test_the_next_drill_removes_it(workshop: Workshop, daemon: SecondDaemon, killed: str) -> None:
    arguments = workshop.drill_arguments(workshop.reports(), "--runtime", "compose")
    # It needs not come far: it is refused for want of an image once it has cleaned up.
    done = workshop.run(*arguments, DOCKER_HOST=daemon.host, NGINX_IMAGE="restoreproof/no-such-image:1")
    assert done.returncode == 3, done.output
    assert f"drill {killed} died" in done.output
    assert held(daemon, killed) == []
    assert not (workshop.var / "run" / killed).exists()
