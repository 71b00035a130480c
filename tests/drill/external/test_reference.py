"""The reference stack at a target that the drill did not start: the same features, the same verdict."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.drill.external.held import STORES, Foreign, HeldTarget
from tests.workshop import Drilled, Workshop


@pytest.fixture(scope="module")
def drilled(workshop: Workshop, target: HeldTarget, contract: Path) -> Drilled:
    """A drill of the ordinary set on a target that was provisioned for it."""
    target.provision()
    return Foreign(workshop, target, contract).drill()


def events(drilled: Drilled, kind: str) -> list[dict[str, Any]]:
    """What the journal says in events of one type."""
    lines = map(json.loads, (drilled.directory / "journal.jsonl").read_text().splitlines())
    return [line["data"] for line in lines if line["type"] == kind]


def test_it_is_verified(drilled: Drilled) -> None:
    assert drilled.returncode == 0, drilled.output[-4000:]
    assert drilled.record["verdict"] == "VERIFIED"
    assert drilled.record["incomplete"] == []


def test_it_observes_what_the_process_runtime_observes(drilled: Drilled, workshop: Workshop) -> None:
    process = workshop.drill()
    compared = workshop.run("compare", "--different-runtimes", process.directory, drilled.directory)
    assert compared.returncode == 0, compared.output
    told = {one["subject"]: one for one in drilled.record["fidelity"] if one["service"] == "*"}
    assert told["cpus"]["here"].startswith("not told: ")
    assert (told["cpus"]["differs"], told["memory"]["differs"]) == (True, True)


def test_isolation_is_proven_by_the_contracts_own_probe(drilled: Drilled) -> None:
    assert drilled.record["safety"]["isolated"]
    assert not any(probe["reached"] for probe in events(drilled, "isolation-probe"))
    controls = events(drilled, "isolation-control")
    assert controls
    assert all(control["reached"] for control in controls)


def test_every_store_showed_the_marker_and_no_evidence_holds_it(drilled: Drilled, target: HeldTarget) -> None:
    digest = hashlib.sha256(target.nonce.encode()).hexdigest()
    proven = {(one["service"], one["sha256"]) for one in events(drilled, "marker-proven")}
    assert proven == {(store, digest) for store in STORES}
    secrets = [target.nonce, *(v for k, v in target.environment().items() if k.endswith("_PASSWORD"))]
    for path in (path for path in drilled.directory.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path


def test_the_target_is_left_and_nothing_else(
    drilled: Drilled, target: HeldTarget, workshop: Workshop
) -> None:
    with target.connected("wipe") as connection:
        assert connection.execute("select count(*) > 0 from proofs").fetchone() == (True,)
    safety = drilled.record["safety"]
    assert (safety["torn_down"], len(safety["leftovers"])) == (False, 1), "the record says what it left"
    assert not list((workshop.var / "run").iterdir())
