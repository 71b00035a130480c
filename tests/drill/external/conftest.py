"""One target for all tests of a module, held by a player, and the contract that says where it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drill.external.held import Foreign, HeldTarget, held_target
from tests.workshop import CONTRACT, ROOT, Workshop

BLOCK = Path(__file__).with_name("external.yaml")


@pytest.fixture(scope="module")
def target(workshop: Workshop, request: pytest.FixtureRequest) -> Iterator[HeldTarget]:
    """An empty target; whoever needs something in it provisions it."""
    name = request.module.__name__.rpartition(".")[2].removeprefix("test_")
    directory = workshop.directory / "players" / name
    with held_target(directory, workshop.cache, workshop.directory) as held:
        yield held


@pytest.fixture(scope="session")
def contract(workshop: Workshop) -> Path:
    """The contract of WIPE with an ``external:`` block, and nothing else of it changed."""
    return contract_with(workshop, "external", BLOCK.read_text())


@pytest.fixture
def foreign(workshop: Workshop, target: HeldTarget, contract: Path) -> Foreign:
    """Drills on the module's target."""
    return Foreign(workshop, target, contract)


def contract_with(workshop: Workshop, name: str, block: str) -> Path:
    """The contract of WIPE with ``block`` at its end, where its relative paths still lead."""
    directory = workshop.directory / "contracts" / name
    directory.mkdir(parents=True)
    up = os.path.relpath(ROOT, directory)
    path = directory / "stack.yaml"
    path.write_text(CONTRACT.read_text().replace("../../", f"{up}/") + block)
    for beside in ("runbook.md", "nginx"):
        source = CONTRACT.with_name(beside)
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, directory / beside)
    return path
