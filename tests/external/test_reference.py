"""The reference stack at a target that the drill did not start: the same features, the same verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.external.held import STORES, Foreign, HeldTarget
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
    compared = workshop.run("compare", process.directory, drilled.directory)
    assert compared.returncode == 0, compared.output


def test_isolation_is_proven_by_the_contracts_own_probe(drilled: Drilled) -> None:
    assert drilled.record["safety"]["isolated"]
    assert not any(probe["reached"] for probe in events(drilled, "isolation-probe"))
    controls = events(drilled, "isolation-control")
    assert controls
    assert all(control["reached"] for control in controls)


def test_every_store_showed_the_marker_and_no_evidence_holds_it(drilled: Drilled, target: HeldTarget) -> None:
    journal = (drilled.directory / "journal.jsonl").read_text()
    for store in STORES:
        assert f"the store of {store} at 127.0.0.1" in journal
    secrets = [target.nonce, *(v for k, v in target.environment().items() if k.endswith("_PASSWORD"))]
    for path in (path for path in drilled.directory.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path


def test_the_target_is_left_as_the_drill_made_it(drilled: Drilled, target: HeldTarget) -> None:
    with target.connected("wipe") as connection:
        assert connection.execute("select count(*) > 0 from proofs").fetchone() == (True,)
    assert drilled.record["safety"]["torn_down"]
