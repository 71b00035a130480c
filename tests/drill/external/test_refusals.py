"""Targets that a drill must not touch, and those that nothing is proven of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.drill.external.conftest import BLOCK, contract_with
from tests.drill.external.held import MARKER, STORES, Foreign, HeldTarget
from tests.workshop import Workshop

DAY_S = 24 * 3600
Contents = tuple[set[Any], ...]


def contents(target: HeldTarget) -> Contents:
    """The databases, roles and relations of the target, and its buckets with the keys in them."""
    asked = (
        "select datname from pg_database",
        "select rolname, rolpassword from pg_authid",
        "select oid, relname, relfilenode from pg_class",
    )
    with target.connected() as connection:
        relational = [set(connection.execute(query).fetchall()) for query in asked]
    objects = set()
    with target.buckets() as client:
        for bucket in (one["Name"] for one in client.list_buckets()["Buckets"]):
            listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
            objects |= {(bucket, None), *((bucket, one["Key"]) for one in listed)}
    return *relational, objects


def unmarked(target: HeldTarget, store: str) -> None:
    """A target in which provisioning left no marker in ``store``."""
    target.order("fresh")
    for one in STORES:
        target.order("start", one)
        if one != store:
            target.order("mark", one, target.nonce)


def others(target: HeldTarget, store: str) -> None:
    """A target of which ``store`` was provisioned for another drill."""
    target.provision()
    target.order("mark", store, "f" * 32)


def stale(target: HeldTarget, store: str) -> None:
    """A target of which ``store`` was provisioned two days ago."""
    target.provision()
    target.order("mark", store, target.nonce, 2 * DAY_S)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("made", [unmarked, others, stale])
def test_a_target_without_the_drills_marker_is_refused_and_nothing_written(
    foreign: Foreign, made: Callable[[HeldTarget, str], None], store: str
) -> None:
    made(foreign.target, store)
    before = contents(foreign.target)
    journaled = foreign.target.events()
    done = foreign.refused()
    assert done.returncode == 2, done.output
    assert store in done.output
    assert "marker" in done.output
    assert foreign.target.nonce not in done.output
    assert contents(foreign.target) == before
    assert foreign.target.events() == journaled, "not even a service was started"


def test_a_variable_that_is_not_set_is_named_with_its_line(foreign: Foreign) -> None:
    done = foreign.refused(**{MARKER: ""})
    assert done.returncode == 2
    assert MARKER in done.output
    line = foreign.contract.read_text().splitlines().index(f"  marker: ${MARKER}") + 1
    assert f"stack.yaml:{line}" in done.output


@pytest.fixture(scope="module")
def unproven(workshop: Workshop, target: HeldTarget) -> Foreign:
    """The same target, by a contract that says nothing of how its isolation is shown."""
    block = BLOCK.read_text()
    start, end = block.index("  isolation:\n"), block.index("  restore:\n")
    contract = contract_with(workshop, "unproven", block[:start] + block[end:])
    return Foreign(workshop, target, contract)


def test_a_set_is_refused_where_isolation_is_not_proven(unproven: Foreign) -> None:
    unproven.target.provision()
    before = contents(unproven.target)
    shop = unproven.workshop
    real = shop.directory / "real" / "set"
    shop.give(real.parent)
    dump = shop.set / "postgres/database/wipe.dump"
    done = shop.run("adopt", dump, "--contract", unproven.contract, "--out", real, "--synthetic")
    assert done.returncode == 0, done.output
    shop.give(real.parent)
    drilled = unproven.drill("--set", real)
    assert drilled.returncode == 3, drilled.output
    assert drilled.record["verdict"] == "NOT VERIFIED"
    assert not drilled.record["safety"]["isolated"]
    assert contents(unproven.target) == before


def test_a_set_that_is_allowed_is_drilled_and_not_verified(unproven: Foreign) -> None:
    unproven.target.provision()
    project = unproven.workshop.project("one-feature")
    for feature in (project / "features").rglob("*.feature"):
        if feature.name != "order.feature":
            feature.unlink()
    drilled = unproven.drill("--features", project / "features", "--allow-unisolated")
    assert drilled.returncode == 3, drilled.output
    assert drilled.record["verdict"] == "NOT VERIFIED"
    assert set(drilled.outcomes.values()) == {"PASSED"}
    assert not drilled.record["safety"]["isolated"]
