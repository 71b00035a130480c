"""A bare dump, as the documented commands leave it, is drilled: what it lacks is named, the rest checked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.workshop import CONTRACT, Drilled, Workshop

REAL = {"proofs": "wipe-proofs", "certificates": "wipe-certificates", "binaries": "wipe-binaries"}


@pytest.fixture(scope="module")
def left(workshop: Workshop) -> Path:
    """What ``pg_dump -Fc`` and a mirror of the buckets leave."""
    left = workshop.directory / "left"
    left.mkdir()
    shutil.copyfile(workshop.set / "postgres/database/wipe.dump", left / "wipe.dump")
    for bucket, name in {**REAL, "exports": "wipe-exports"}.items():
        lines = (workshop.set / "objects" / "index" / f"{bucket}-0000.jsonl").read_text().splitlines()
        for entry in map(json.loads, lines):
            target = left / "mirror" / name / entry["key"]
            target.parent.mkdir(parents=True, exist_ok=True)
            digest = entry["sha256"]
            shutil.copyfile(workshop.set / "objects" / "blobs" / digest[:2] / digest, target)
    return workshop.give(left)


def adopted(workshop: Workshop, left: Path, name: str, *more: object) -> tuple[dict[str, str], Drilled]:
    out = workshop.directory / "adopted" / name
    workshop.give(out.parent)
    done = workshop.run(
        "adopt", left / "wipe.dump", "--contract", CONTRACT, "--objects", left / "mirror",
        "--out", out, "--synthetic", "--json", *more,
    )  # fmt: skip
    assert done.returncode == 0, done.output
    workshop.give(out)
    return json.loads(done.output)["lacks"], workshop.drill("--set", out)


def mandatory(drilled: Drilled) -> set[str]:
    return {check["outcome"] for check in drilled.record["checks"] if check["mandatory"]}


def test_a_bare_dump_is_restored_and_checked_as_far_as_it_goes(workshop: Workshop, left: Path) -> None:
    lacks, drilled = adopted(workshop, left, "bare")
    assert {"roles", "catalogue", "identity", "secrets"} <= set(lacks)
    assert drilled.returncode == 3, drilled.output
    assert drilled.record["verdict"] == "NOT VERIFIED"
    assert set(drilled.outcomes.values()) == {"NOT_VERIFIED"}
    incomplete = " ".join(drilled.record["incomplete"])
    for part in ("roles", "catalogue", "identity", "secrets"):
        assert f"lacks {part}" in incomplete
    assert "lacks identity" in drilled.check("restore/realm")["reason"]
    receipts = drilled.check("consistency/consumption-receipts")["observations"][0]
    assert receipts["examined"] > 0
    artifacts = drilled.check("consistency/certificate-artifacts")["observations"][0]
    assert artifacts["examined"] > 0


def test_with_its_other_parts_given_most_of_it_passes(workshop: Workshop, left: Path) -> None:
    given = {name: workshop.set / name for name in ("custody", "proxy", "release")}
    lacks, drilled = adopted(
        workshop, left, "rich",
        "--roles", workshop.set / "postgres/database/globals.sql",
        "--realm-dump", workshop.set / "keycloak/identity/keycloak.dump",
        "--env", workshop.set / "secrets" / "environment.age",
        "--identity", workshop.var / "keys" / "recovery.txt",
        *(part for name, path in given.items() for part in (f"--{name}", path)),
    )  # fmt: skip
    assert set(lacks) == {"catalogue"}
    assert drilled.returncode == 3, drilled.output
    passed = {check for check, outcome in drilled.outcomes.items() if outcome == "PASSED"}
    assert {"restore/schema", "restore/credentials", "smoke/login", "restore/canary"} & passed
    assert not {"FAILED", "ERROR"} & mandatory(drilled)


def test_without_its_realm_nobody_says_that_service_is_back(workshop: Workshop, left: Path) -> None:
    _, drilled = adopted(
        workshop, left, "realmless",
        "--env", workshop.set / "secrets" / "environment.age",
        "--identity", workshop.var / "keys" / "recovery.txt",
        *(part for name in ("custody", "proxy", "release") for part in (f"--{name}", workshop.set / name)),
    )  # fmt: skip
    assert drilled.returncode == 3, drilled.output
    assert "lacks identity" in drilled.check("objectives/rto")["reason"]
    assert not {"FAILED", "ERROR"} & mandatory(drilled)


def test_a_dump_that_was_cut_short_is_refused(workshop: Workshop, left: Path) -> None:
    whole = (left / "wipe.dump").read_bytes()
    (left / "cut.dump").write_bytes(whole[: len(whole) * 2 // 3])
    workshop.give(left)
    out = workshop.directory / "adopted" / "cut"
    done = workshop.run("adopt", left / "cut.dump", "--contract", CONTRACT, "--out", out)
    assert done.returncode == 2
    assert "can't be read to its end" in done.output
    assert not out.exists()


def test_a_dump_of_another_database_is_refused(workshop: Workshop) -> None:
    dump = workshop.set / "keycloak/identity/keycloak.dump"
    done = workshop.run("adopt", dump, "--contract", CONTRACT, "--out", workshop.directory / "foreign-dump")
    assert done.returncode == 2
    assert "a dump of the database 'keycloak'" in done.output
