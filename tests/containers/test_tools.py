"""A tool's own failure is told apart from the machine's, and nothing of a tool goes on without its drill."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import pytest

from restoreproof.contract import load
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.events import Event
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.base import Completed
from restoreproof.runtimes.compose.component import ContainerTool
from restoreproof.runtimes.compose.daemon import held
from restoreproof.runtimes.compose.launcher import ContainerLauncher
from restoreproof.runtimes.compose.owner import Owner
from restoreproof.runtimes.compose.project import NO_LIMITS, Project
from restoreproof.runtimes.compose.tools import ContainerTools
from restoreproof.runtimes.driver import InnerContext
from restoreproof.waiting import NotReady, wait_until
from tests.containers.conftest import Left
from tests.workshop import CONTRACT

DRILL = "20261122T000000Z-tools0"


class Events:
    """Keeps what a drill would journal."""

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []

    def emit(self, event: Event) -> None:
        self.kept.append({"type": event.type, **event.data()})


class Bench:
    """The tools of a drill that does nothing else."""

    def __init__(self, directory: Path) -> None:
        contract = load(CONTRACT)
        self.events = Events()
        self.project = Project(contract, DRILL, directory)
        self.project.own(Owner.this())
        inner_context = InnerContext(
            drill_id=DRILL,
            contract=contract,
            workdir=directory,
            cache=directory,
            code=directory,
            emitter=self.events,
            redactor=Redactor(),
        )
        launcher = ContainerLauncher(self.project, inner_context, {})
        self.tools = ContainerTools(self.project, inner_context, directory, launcher, NO_LIMITS)

    def run(self, *argv: str, timeout_s: float = 60, stdout: Path | None = None) -> Completed:
        """Run a command beside PostgreSQL, which does not run."""
        return self.tools.complete(
            "postgres",
            argv[0],
            ContainerTool([argv[0]]),
            argv[1:],
            environment={},
            read=(),
            write=(),
            stdin=None,
            stdout=stdout,
            timeout_s=timeout_s,
        )


@pytest.fixture
def bench(tmp_path: Path, client: docker.DockerClient) -> Iterator[Bench]:
    """One; what it made goes with it."""
    yield Bench(tmp_path)
    for one in held(client, DRILL):
        one.remove()


@pytest.fixture
def containers(client: docker.DockerClient, left: Left) -> Iterator[Any]:
    """Names the tool's containers; none is there in the end."""

    def look() -> list[str]:
        return [name for name in left(DRILL) if "-tool-" in name]

    yield look
    assert look() == []


def test_its_own_answer_is_returned_with_all_that_it_said(
    bench: Bench, tmp_path: Path, containers: Any
) -> None:
    done = bench.run("sh", "-c", "seq 1 200000; echo trouble >&2; exit 3", stdout=tmp_path / "out")
    assert (done.returncode, done.stderr.strip()) == (3, "trouble")
    assert (tmp_path / "out").read_text().splitlines() == [str(n) for n in range(1, 200_001)]
    assert containers() == []
    [event] = bench.events.kept
    assert (event["type"], event["tool"], event["returncode"]) == ("command", "sh", 3)


def test_two_at_once_do_not_meet(bench: Bench, containers: Any) -> None:
    bench.run("true")  # compose makes the network, as the edge does in a drill
    with ThreadPoolExecutor() as pool:
        done = list(pool.map(lambda code: bench.run("sh", "-c", f"exit {code}"), (4, 5)))
    assert [one.returncode for one in done] == [4, 5]


def test_a_program_that_the_image_lacks(bench: Bench, containers: Any) -> None:
    with pytest.raises(
        EnvironmentUnfitError, match=r"pg_rest beside postgres: there is no such program.*: .*pg_rest"
    ):
        bench.run("pg_rest", "--version")


def test_an_image_that_vanished(bench: Bench, containers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_IMAGE", "restoreproof/no-such-image:1")
    with pytest.raises(EnvironmentUnfitError, match=r"no container was made for it: .*[Nn]o such image"):
        bench.run("true")


def test_one_that_runs_out_of_time_does_not_go_on(bench: Bench, containers: Any) -> None:
    with pytest.raises(EnvironmentUnfitError, match="did not end within"):
        bench.run("sleep", "600", timeout_s=5)


def test_one_that_is_killed_says_nothing_of_the_backup(
    bench: Bench, containers: Any, client: docker.DockerClient
) -> None:
    def running() -> Any:
        for name in containers():
            if (one := client.containers.get(name)).status == "running":
                return one
        raise NotReady("no tool runs")

    with ThreadPoolExecutor() as pool:
        done = pool.submit(bench.run, "sleep", "600")
        wait_until(running, what="the tool runs", deadline_s=60).kill()
        with pytest.raises(EnvironmentUnfitError, match="killed from outside"):
            done.result()
