"""features/backup/documented.feature, against the reference stack in containers."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_bdd import given, scenarios, then, when

from tests.containers.documented import Documented, commands
from tests.containers.test_reference_stack import Stack
from tests.workshop import ROOT, Drilled, Workshop

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


@given("a running stack with history", target_fixture="source")
def running(stack: Stack, workshop: Workshop) -> Documented:
    directory: Path = workshop.directory / "documented"
    directory.mkdir()
    return Documented(stack, workshop, directory)


@when("the documented commands take a dump and copy it out")
def take(source: Documented) -> None:
    source.take()


@when("the buckets are mirrored")
def mirror(source: Documented) -> None:
    source.mirror()


@when("dump and mirror are adopted as a backup set")
def adopt(source: Documented) -> None:
    source.adopt()


@when("the adopted set is drilled", target_fixture="drilled")
def drill(source: Documented) -> Drilled:
    source.drill()
    assert source.drilled
    return source.drilled


@then("the drill ends NOT VERIFIED with exit code 3")
def not_verified(drilled: Drilled) -> None:
    assert (drilled.returncode, drilled.record["verdict"]) == (3, "NOT VERIFIED"), drilled.output[-4000:]


@then("roles, catalogue and identity are reported missing")
def missing(drilled: Drilled, source: Documented) -> None:
    assert source.adopted
    assert {"roles", "catalogue", "identity"} <= set(source.adopted["lacks"])
    incomplete = " ".join(drilled.record["incomplete"])
    for part in ("roles", "catalogue", "identity"):
        assert f"lacks {part}" in incomplete
    assert "lacks identity" in drilled.check("restore/realm")["reason"]


@then("the rows and objects that are there were examined")
def examined(drilled: Drilled) -> None:
    looked = ("consumption-receipts", "audit-chain", "proof-object-keys", "certificate-artifacts")
    for check in (drilled.check(f"consistency/{name}") for name in looked):
        assert check["observations"], check["reason"]
        assert check["observations"][0]["examined"] > 0, check["reason"]


@then("nothing of them was found wrong")
def nothing_wrong(drilled: Drilled) -> None:
    assert not {"FAILED", "ERROR"} & set(drilled.outcomes.values())
