"""Drills in containers: the verdict of the process runtime, side by side, and nothing left of them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest

from restoreproof.waiting import NotReady, wait_until
from tests.containers.conftest import Left
from tests.containers.relay import relay
from tests.workshop import ROOT, Drilled, Workshop

SINKS = "restoreproof/wipe-sinks:1"


@pytest.fixture(scope="module")
def both(workshop: Workshop) -> list[Drilled]:
    """Two drills of the same set in containers, at once."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda _: workshop.drill("--runtime", "compose"), range(2)))


def test_two_at_once_end_verified(both: list[Drilled]) -> None:
    assert [one.record["verdict"] for one in both] == ["VERIFIED", "VERIFIED"], both[0].output[-4000:]


def test_they_observe_what_the_process_runtime_observes(workshop: Workshop, both: list[Drilled]) -> None:
    process = workshop.drill()
    compared = workshop.run("compare", "--different-runtimes", process.directory, both[0].directory)
    assert compared.returncode == 0, compared.output
    assert compared.output.startswith("process and compose: VERIFIED; ")


def test_the_machine_of_the_record_is_the_daemons(client: docker.DockerClient, both: list[Drilled]) -> None:
    told = client.info()
    here = {one["subject"]: one["here"] for one in both[0].record["fidelity"] if one["service"] == "*"}
    assert here["cpus"] == f"{told['NCPU']} CPUs"
    assert here["memory"] == f"{round(told['MemTotal'] / 2**30, 1):g} GiB"


def test_isolation_is_proven_before_postgres_starts_and_from_every_service(both: list[Drilled]) -> None:
    events = [json.loads(one) for one in (both[0].directory / "journal.jsonl").read_text().splitlines()]
    kinds = [event["type"] for event in events]
    started = next(n for n, one in enumerate(events) if one["type"] == "service-started")
    assert kinds.index("isolation-verdict") < started
    probes = [event["data"] for event in events if event["type"] == "isolation-probe"]
    assert not any(probe["reached"] for probe in probes)
    services = {event["data"]["service"] for event in events if event["type"] == "service-ready"}
    on_core = [probe["probe"].partition(" on core: ") for probe in probes]
    assert {service for service, _, name in on_core if name} == services
    controls = [event["data"] for event in events if event["type"] == "isolation-control"]
    assert all(one["reached"] for one in controls), "the same probes get through from an ordinary network"
    reached = {one["probe"] for one in controls}
    given = {"daemon's socket", "mounts from this machine", "privileges on this machine"}
    edges, networks = {"another listener", "packets for others"}, {"settings of a network"}
    assert {"harness's listener", "daemon's port 2375", "name of that container"} < reached
    assert given | edges | networks | {"IPv6 link-local"} < reached
    asked = {probe["probe"] for probe in probes}
    for service in services:
        assert {f"{service} on core: {name}" for name in reached - given - edges - networks} < asked
        assert {f"{service}: {name}" for name in given} < asked
    assert {f"the edge: {name}" for name in given | edges} < asked
    assert {"core: settings", "edge: settings"} < asked


def test_nothing_is_left_but_the_evidence(both: list[Drilled], left: Left) -> None:
    for one in both:
        assert left(one.record["drill_id"]) == []
        assert (one.directory / "logs" / "postgres.log").stat().st_size > 0
        told = (one.directory / "logs" / "containers.json").read_text()
        assert '"ImageID"' in told
        names = [name for each in json.loads(told)["containers"] for name in each["Config"]["Env"]]
        assert not any("=" in name for name in names), "the environment's values are the restored secrets"


def test_a_killed_drill_is_reaped_and_one_beside_it_is_not_disturbed(workshop: Workshop, left: Left) -> None:
    reports = workshop.reports()
    argv = workshop.argv(*workshop.drill_arguments(reports, "--runtime", "compose"))
    with ThreadPoolExecutor() as pool:
        beside = pool.submit(workshop.drill, "--runtime", "compose")
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True) as process:
            wait_until(
                lambda: _started(reports, "postgres"), what="a service of the drill runs", deadline_s=240
            )
            os.kill(process.pid, signal.SIGKILL)
        drill_id = (reports / "latest").resolve().name
        assert left(drill_id) != []
        done = workshop.run("doctor", "--reap", "--var", workshop.var)
        assert done.returncode == 0, done.output
        assert f"drill {drill_id} died" in done.output
        assert re.search(r"of drill \S+: its process \d+ lives", done.output), "what was left alone is told"
        assert not beside.done(), "the other was there to be disturbed"
        assert left(drill_id) == []
        assert not (workshop.var / "run" / drill_id).exists()
        assert not (workshop.var / ".alive" / f"run-{drill_id}").exists()
        lived = beside.result()
    assert lived.record["verdict"] == "VERIFIED", lived.output[-4000:]


def test_a_daemon_that_dies_in_mid_drill(workshop: Workshop, left: Left, tmp_path: Path) -> None:
    reports = workshop.reports()
    argv = workshop.argv(*workshop.drill_arguments(reports, "--runtime", "compose"))
    with relay(tmp_path / "docker.sock") as daemon:
        environment = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
        with subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
            wait_until(
                lambda: _started(reports, "postgres"), what="a service of the drill runs", deadline_s=240
            )
            daemon.die()
            output, _ = process.communicate(timeout=600)
    assert process.returncode == 3, output[-4000:]
    assert "Docker daemon" in output
    directory = (reports / "latest").resolve()
    record = json.loads((directory / "record.json").read_text())
    assert record["verdict"] == "NOT VERIFIED"
    assert "doctor --reap" in str(record["safety"]["leftovers"]), "it says what it could not remove"
    assert left(directory.name) != []
    assert workshop.run("doctor", "--reap", "--var", workshop.var).returncode == 0
    assert left(directory.name) == []


def test_a_daemon_that_dies_while_the_dump_is_restored(
    workshop: Workshop, left: Left, tmp_path: Path
) -> None:
    """What it interrupts says nothing of the backup, though `docker compose run` ends with 1."""
    reports = workshop.reports()
    arguments = workshop.drill_arguments(reports, "--runtime", "compose", "-k", "tables")
    with relay(tmp_path / "docker.sock", until=(b'"pg_restore"', b"/start")) as daemon:
        done = workshop.run(*arguments, DOCKER_HOST=f"unix://{tmp_path}/docker.sock")
        assert daemon.died.is_set(), "pg_restore was started"
    assert done.returncode == 3, done.output[-4000:]
    assert "Docker daemon" in done.output
    directory = (reports / "latest").resolve()
    record = json.loads((directory / "record.json").read_text())
    assert not [one["id"] for one in record["checks"] if one["outcome"] == "FAILED"]
    assert workshop.run("doctor", "--reap", "--var", workshop.var).returncode == 0
    assert left(directory.name) == []


def _started(reports: Path, service: str) -> None:
    journal = reports / "latest" / "journal.jsonl"
    if not journal.exists() or f'"service": "{service}"' not in journal.read_text().replace('":"', '": "'):
        raise NotReady(f"{service} was not started yet")


def test_no_daemon(workshop: Workshop) -> None:
    arguments = workshop.drill_arguments(workshop.reports(), "--runtime", "compose")
    done = workshop.run(*arguments, DOCKER_HOST="unix:///nonexistent/docker.sock")
    assert done.returncode == 3, done.output
    assert "Docker daemon" in done.output
    assert "next: " in done.output


def test_an_image_that_is_missing(workshop: Workshop) -> None:
    arguments = workshop.drill_arguments(workshop.reports(), "--runtime", "compose")
    done = workshop.run(*arguments, NGINX_IMAGE="restoreproof/no-such-image:1")
    assert done.returncode == 3, done.output
    assert "the image restoreproof/no-such-image:1, for nginx, is not on this machine" in done.output


def test_a_service_that_does_not_become_healthy(workshop: Workshop, left: Left) -> None:
    reports = workshop.reports()
    # An image without PostgreSQL in it.
    arguments = workshop.drill_arguments(reports, "--runtime", "compose", "-k", "set-identity")
    done = workshop.run(*arguments, POSTGRES_IMAGE=SINKS)
    assert done.returncode == 3, done.output
    assert "postgres becomes healthy: its container ended with 1" in done.output
    assert "can't run postgres" in done.output, "its own last words are shown"
    directory = (reports / "latest").resolve()
    assert (directory / "record.json").exists(), "the evidence is kept"
    assert left(directory.name) == []
