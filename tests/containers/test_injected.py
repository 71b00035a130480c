"""Nothing that the compose file would inject reaches a service that is to run in the restored environment."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from restoreproof.contract import load
from restoreproof.runtimes.base import Start
from restoreproof.runtimes.compose.component import container_component
from restoreproof.runtimes.compose.override import write_start, write_tool
from restoreproof.runtimes.compose.owner import Owner
from restoreproof.runtimes.compose.project import NO_LIMITS, Project
from tests.containers.conftest import Left
from tests.workshop import CONTRACT, ROOT

_DRILL = f"test-injected-{os.getpid()}"
_LACKING = {"BY_BLOCK", "BY_FILE", "BY_SHELL"}
_INJECTED = """
    environment: {BY_BLOCK: "1", BY_SHELL: null}
    env_file: [developer.env]
    secrets: [developer]
    configs: [developer]
"""
_LOOK = ["sh", "-c", "env; ls /run/secrets /developer"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: Left) -> Iterator[Project]:
    """The reference stack, whose API gets variables and files of the machine that it is developed on."""
    (tmp_path / "stack.yaml").write_text(CONTRACT.read_text().replace("../../", f"{ROOT}/"))
    text = (CONTRACT.parent / "compose.yaml").read_text()
    text = text.replace("\n  api:\n", f"\n  api:{_INJECTED}", 1)
    text = text.replace("\nsecrets:\n", "\nsecrets:\n  developer: {file: developer.env}\n", 1)
    text = text.replace("\nconfigs:\n", "\nconfigs:\n  developer: {file: developer.env}\n", 1)
    (tmp_path / "compose.yaml").write_text(text)
    (tmp_path / "docker").mkdir()
    shutil.copyfile(CONTRACT.parent / "docker" / "edge.conf", tmp_path / "docker" / "edge.conf")
    (tmp_path / "developer.env").write_text("BY_FILE=1\n")
    monkeypatch.setenv("BY_SHELL", "1")
    made = Project(load(tmp_path / "stack.yaml"), _DRILL, tmp_path)
    made.own(Owner.this())
    yield made
    made.ask(["--profile", "*", "down", "--volumes", "--timeout", "1"])
    assert left(_DRILL) == []


def seen(project: Project, files: Sequence[Path]) -> tuple[set[str], str]:
    """The names of the variables that a container of the API has, and all that it says."""
    done = project.run(["run", "--rm", "--no-deps", "-T", "api", *_LOOK], files=files)
    said = done.stdout.decode()
    return set(re.findall(r"^(\w+)=", said, re.MULTILINE)), said


def test_the_api_does_not_see_what_the_set_lacks(project: Project, tmp_path: Path) -> None:
    names, said = seen(project, [])
    assert names >= _LACKING, "it would, without what a drill adds"
    assert said.count("developer") == 2, "the secret and the config are there too"

    service = load(tmp_path / "stack.yaml").services["api"]
    container = container_component("api", service).container(Start(environment={"RESTORED": "1"}))
    block = project.config["services"]["api"]
    override, tool = tmp_path / "api.yaml", tmp_path / "api.tool.yaml"
    write_start(
        override,
        name="api",
        service=service,
        container=container,
        block=block,
        files=tmp_path / "files",
        limits=NO_LIMITS,
    )
    names, said = seen(project, [override])
    assert "RESTORED" in names
    assert not names & _LACKING
    assert "developer" not in said

    write_tool(tool, "api", block, NO_LIMITS)
    names, said = seen(project, [tool])
    assert not names & {*_LACKING, "RESTORED"}
    assert "developer" not in said
