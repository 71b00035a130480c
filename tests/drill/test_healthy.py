"""The healthy twin: a sound set restores, everything is examined, and nothing is found."""

from __future__ import annotations

import json

import pytest

from tests.workshop import Drilled, Workshop


@pytest.fixture(scope="module")
def healthy(workshop: Workshop) -> Drilled:
    return workshop.drill()


def test_it_is_verified(healthy: Drilled) -> None:
    assert healthy.returncode == 0, healthy.output[-4000:]
    assert healthy.record["verdict"] == "VERIFIED"
    assert healthy.record["incomplete"] == []
    assert "VERIFIED" in healthy.output
    assert str(healthy.directory / "index.html") in healthy.output


def test_every_mandatory_check_passed_and_none_found_anything(healthy: Drilled) -> None:
    mandatory = [check for check in healthy.record["checks"] if check["mandatory"]]
    assert len(mandatory) >= 20
    assert {check["id"]: check["reason"] for check in mandatory if check["outcome"] != "PASSED"} == {}
    findings = [one["findings"] for check in mandatory for one in check["observations"]]
    assert not any(findings)


def test_every_check_examined_something_and_all_of_it(healthy: Drilled) -> None:
    for check in healthy.record["checks"]:
        assert check["observations"], check["id"]
        for seen in check["observations"]:
            assert seen["examined"] == seen["of"], check["id"]
            assert seen["examined"], check["id"]


def test_what_was_examined_is_what_the_catalogue_counted(healthy: Drilled, workshop: Workshop) -> None:
    known = json.loads(workshop.catalogue.read_text())["assets"]["database"]["holds"]
    for check, dataset in (
        ("consistency/proof-object-keys", "recent proofs"),
        ("consistency/certificate-artifacts", "certificate artifacts"),
        ("consistency/certificate-signatures", "certificates"),
        ("restore/accounts", "users of the realm"),
    ):
        examined = {one["examined"] for one in healthy.check(check)["observations"]}
        assert examined == {known["datasets"][dataset]["rows"]}, check
    for check, chain in (("consumption-receipts", "consumption receipts"), ("audit-log", "audit log")):
        seen = healthy.check(f"consistency/{check}")["observations"][0]
        assert seen["examined"] == known["chains"][chain]["rows"]


def test_it_is_as_the_contract_declares_production_but_for_the_machine(healthy: Drilled) -> None:
    compared = [one for one in healthy.record["fidelity"] if one["differs"] is not None]
    assert {one["subject"] for one in compared} == {
        "engine", "extension", "collation", "data-size", "cpus", "memory"
    }  # fmt: skip
    assert {one["subject"] for one in compared if one["differs"]} <= {"cpus", "memory"}
    assert healthy.record["recovery_time"]["met"] is True


def test_the_target_was_isolated_and_is_gone(healthy: Drilled, workshop: Workshop) -> None:
    safety = healthy.record["safety"]
    assert safety["isolated"]
    assert safety["torn_down"]
    assert list((workshop.var / "run").iterdir()) == []
