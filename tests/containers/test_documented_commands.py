"""features/backup/documented.feature, against the reference stack in containers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_bdd import scenarios

from tests.containers.documented import Documented, commands
from tests.containers.test_reference_stack import Stack
from tests.workshop import ROOT, Workshop

scenarios(str(ROOT / "features" / "backup" / "documented.feature"))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """As much of a seeded stack as a backup by the book needs: the stores, their history, and the edge."""
    one = Stack(f"rp-documented-{os.getpid()}")
    up = ("up", "-d", "--no-build", "--wait", "--wait-timeout", "600", "edge")
    try:
        one.compose(*up, timeout=660)
        # Not by `up --wait`, which is content as soon as the seeder runs.
        one.compose("--profile", "seed", "run", "--rm", "-T", "seed", timeout=660)
        yield one
    finally:
        one.compose("--profile", "*", "down", "--volumes", "--timeout", "3", timeout=180)


def test_the_commands_are_those_of_the_handbook() -> None:
    dump, copy, adopt, drill = map(shlex.join, commands())
    assert dump == "docker compose exec postgres pg_dump -U wipe -d wipe -Fc -f /tmp/wipe.dump"
    assert copy == "docker compose cp postgres:/tmp/wipe.dump wipe.dump"
    assert adopt.startswith("restoreproof adopt wipe.dump ")
    assert drill.startswith("restoreproof drill ")


@pytest.fixture
def documented(stack: Stack, workshop: Workshop) -> Documented:
    """A backup by the book, of the running stack, in a directory of its own."""
    directory: Path = workshop.directory / "documented"
    directory.mkdir()
    return Documented(stack, workshop, directory)
