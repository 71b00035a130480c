"""How the docker command is run: against the daemon that the harness asks, and never half ended."""

from __future__ import annotations

import json
import os
from pathlib import Path

import psutil
import pytest

from restoreproof.contract import load
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose.project import Project
from restoreproof.waiting import NotReady, wait_until
from tests.workshop import CONTRACT

TELLING = """#!/usr/bin/env python3
import json, os, sys
json.dump({"told": dict(os.environ)}, sys.stdout)
"""
HANGING = """#!/bin/sh
# As docker does it: what works is a process of the plugin's, which outlives its parent.
sleep 600 &
echo $! > plugin
wait
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The reference stack's, whose docker command is the file ``docker`` below ``tmp_path``."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    one = Project(load(CONTRACT), "20261122T000000Z-abcdef", tmp_path)
    one.context = str(tmp_path)
    return one


def write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.parametrize("named", [None, "unix:///srv/docker/own.sock"])
def test_the_command_asks_the_daemon_that_the_api_asks(
    named: str | None, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "docker", TELLING)
    monkeypatch.setenv("DOCKER_CONTEXT", "somebody-elses")
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", "somebody-elses")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    if named:
        monkeypatch.setenv("DOCKER_HOST", named)
    told = json.loads(project.run(["ps"]).stdout)["told"]
    assert told["DOCKER_HOST"] == (named or "unix:///var/run/docker.sock")
    assert "somebody-elses" not in told.values()


def test_a_command_that_runs_out_of_time_ends_with_all_that_it_started(
    project: Project, tmp_path: Path
) -> None:
    write(tmp_path / "docker", HANGING)
    with pytest.raises(EnvironmentUnfitError, match="docker compose up did not end within"):
        project.run(["up"], timeout_s=1)
    plugin = int((tmp_path / "plugin").read_text())

    def gone() -> None:
        if psutil.pid_exists(plugin) and psutil.Process(plugin).status() != psutil.STATUS_ZOMBIE:
            raise NotReady(f"process {plugin} runs")

    wait_until(gone, what="the plugin ends", deadline_s=5)
