"""A container that comes to one of its limits is told, on a real kernel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import docker
import pytest

from restoreproof.runtimes.compose.limits import reached
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner
from restoreproof.waiting import NotReady, wait_until

IMAGE = "restoreproof/wipe-sinks:1"
NAME = f"rp-test-limits-{os.getpid()}"
FORKING = """
import subprocess, time
children = []
try:
    while True:
        children.append(subprocess.Popen(["sleep", "600"]))
except OSError as error:
    print("refused:", error, flush=True)
time.sleep(600)
"""
GROWING = "room = [bytearray(2**20) for _ in range(4096)]"


@contextmanager
def running(client: docker.DockerClient, code: str, **limits: Any) -> Iterator[Any]:
    """A container that runs ``code`` within ``limits``."""
    labels = {DRILL: NAME, OWNER: str(Owner.this())}
    container = client.containers.run(
        IMAGE, ["python", "-c", code], labels=labels, network_mode="none", detach=True, **limits
    )
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


def test_processes_that_were_refused_are_counted_while_it_runs(client: docker.DockerClient) -> None:
    with running(client, FORKING, pids_limit=20) as container:

        def refused() -> None:
            if b"refused:" not in container.logs():
                raise NotReady("it starts more of them")

        wait_until(refused, what="a process is refused", deadline_s=60, retry_on=(NotReady,))
        container.reload()
        [limit] = reached(container.attrs)
        assert limit.startswith("it was refused ")
        assert limit.endswith("processes more than its limit of 20 (pids_limit)")


def test_memory_that_ran_out_is_told_after_its_end(client: docker.DockerClient) -> None:
    with running(client, GROWING, mem_limit="64m", memswap_limit="64m") as container:
        container.wait(timeout=60)
        container.reload()
        assert list(reached(container.attrs)) == ["it ran out of memory at its limit of 64 MiB"]


@pytest.mark.parametrize("limits", [{"pids_limit": 500, "mem_limit": "256m"}])
def test_one_that_keeps_within_them_is_not(client: docker.DockerClient, limits: dict[str, Any]) -> None:
    with running(client, "import time; time.sleep(600)", **limits) as container:
        container.reload()
        assert list(reached(container.attrs)) == []
