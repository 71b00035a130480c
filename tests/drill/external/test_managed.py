"""Managed services: a snapshot that the provider keeps, and buckets and a realm that are in place."""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from keycloak import KeycloakAdmin

from restoreproof.runtimes.external.marker import HYPHENATED
from restoreproof.scan.rules import BUILT_IN
from tests.drill.external.conftest import BLOCK, contract_with
from tests.drill.external.held import Foreign, HeldTarget
from tests.workshop import Workshop

REAL = {name: f"wipe-{name}" for name in ("proofs", "certificates", "binaries", "exports")}
DELIVERIES = "wipe-billing-drop"
VERSIONED = ("proofs", "certificates")
ADMINISTRATOR = {"REALM_OWNER": "realm-owner", "REALM_OWNER_PASSWORD": secrets.token_urlsafe(24)}


@dataclass(frozen=True)
class Adopted:
    """A set of references, and the catalogue that was written again for it."""

    directory: Path
    catalogue: Path


def replicate(workshop: Workshop, target: HeldTarget) -> None:
    """Fill the target's buckets as a provider's replication would: with everything that production has."""
    with target.buckets() as client:
        for bucket, name in {**REAL, "": DELIVERIES}.items():
            client.create_bucket(Bucket=name)
            if bucket in VERSIONED:
                client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            for index in sorted((workshop.set / "objects" / "index").glob(f"{bucket or '!'}-*.jsonl")):
                for entry in map(json.loads, index.read_text().splitlines()):
                    digest = entry["sha256"]
                    client.put_object(
                        Bucket=name,
                        Key=entry["key"],
                        Body=(workshop.set / "objects" / "blobs" / digest[:2] / digest).read_bytes(),
                        ContentType=entry["content_type"],
                        Metadata=entry["metadata"],
                    )


def adopt(foreign: Foreign, name: str, snapshot: Path) -> Adopted:
    """A set of what the provider keeps, and of what only files can hold."""
    shop = foreign.workshop
    adopted = Adopted(shop.directory / "managed" / name, shop.directory / "managed" / f"{name}.json")
    shop.give(adopted.directory.parent)
    referred = {"database": snapshot, "objects": "in-place", "identity": "in-place"}
    references = [part for asset, at in referred.items() for part in ("--reference", f"{asset}={at}")]
    done = shop.run(
        "adopt", "--contract", foreign.contract, "--out", adopted.directory, "--synthetic", *references,
        "--engine", "database=18.6", "--index", shop.set / "objects" / "index",
        "--env", shop.set / "secrets" / "environment.age",
        "--commitment", shop.set / "secrets" / "commitment.age",
        "--identity", shop.var / "keys" / "recovery.txt", "--custody", shop.set / "custody",
        "--proxy", shop.set / "proxy", "--release", shop.set / "release",
        "--catalogue", shop.catalogue, "--catalogue-out", adopted.catalogue,
    )  # fmt: skip
    assert done.returncode == 0, done.output
    shop.give(adopted.directory.parent)
    return adopted


def planted(name: str) -> bytes:
    """What the scanner's rule ``name`` has to find."""
    return next(rule.sample() for rule in BUILT_IN if rule.name == name)


@pytest.fixture(scope="module")
def nightly(workshop: Workshop, target: HeldTarget) -> Path:
    """A provider's snapshot of the very recovery point that the catalogue describes.

    Its Keycloak has an administrator whom the drill is told of, as a managed one does.
    """
    dumps, snapshot = (workshop.directory / "snapshots" / name for name in ("dumps", "nightly"))
    dumps.mkdir(parents=True)
    for part in (
        "postgres/database/globals.sql",
        "postgres/database/wipe.dump",
        "keycloak/identity/keycloak.dump",
    ):
        shutil.copy(workshop.set / part, dumps)
    workshop.give(dumps.parent)
    target.order("fresh")
    target.order("restore", "database", dumps, RESTOREPROOF_MARKER=target.nonce)
    own, told = workshop.directory / "snapshots" / "bootstrap.env", target.environment()
    variables = {
        "KC_DB_URL": "jdbc:postgresql://postgres:5432/keycloak",
        "KC_DB_USERNAME": told["POSTGRES_OWNER"],
        "KC_DB_PASSWORD": told["POSTGRES_OWNER_PASSWORD"],
        **ADMINISTRATOR,
    }
    own.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    user, password = ADMINISTRATOR
    target.order(
        "exec", "keycloak", "--", "bootstrap-admin", f"--username:env={user}",
        f"--password:env={password}", "--http-management-port=9001", RESTOREPROOF_ENVIRONMENT=str(own),
    )  # fmt: skip
    variables["KEYCLOAK_DATABASE_URL"] = (
        f"postgresql://{told['POSTGRES_OWNER']}:{told['POSTGRES_OWNER_PASSWORD']}@postgres:5432/keycloak"
    )
    own.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    target.order("start", "keycloak", RESTOREPROOF_ENVIRONMENT=str(own))
    mark_realms(target)
    target.order("stop", "keycloak")
    target.order("snapshot", "postgres", snapshot)
    return snapshot


def mark_realms(target: HeldTarget) -> None:
    """What provisioning leaves in a Keycloak: nothing ties that to the database which the drill is shown."""
    user, password = ADMINISTRATOR.values()
    admin = KeycloakAdmin(
        server_url=f"http://127.0.0.1:{target.environment()['KEYCLOAK_PORT']}/",
        user_realm_name="master",
        username=user,
        password=password,
    )
    marker = {"nonce": target.nonce, "created_at": datetime.now(UTC).isoformat()}
    admin.create_realm({"realm": HYPHENATED, "enabled": False, "attributes": marker})


@pytest.fixture(scope="module")
def foreign(workshop: Workshop, target: HeldTarget) -> Foreign:
    """Drills on the module's target, whose Keycloak is asked by its administrator."""
    user, password = ADMINISTRATOR
    told = f"      administrator: {{user: ${user}, password: ${password}}}\n"
    inside = "      inside: keycloak:8080\n"
    contract = contract_with(workshop, "managed", BLOCK.read_text().replace(inside, inside + told))
    return Foreign(workshop, target, contract, ADMINISTRATOR)


@pytest.fixture(scope="module")
def replicated(foreign: Foreign) -> Foreign:
    """The same, and the contract says that what is in place outlives what the RTO is for."""
    text, plain = foreign.contract.read_text(), "objectives: {rpo: 15m, rto: 4h}"
    assert plain in text
    contract = foreign.contract.with_name("replicated.yaml")
    contract.write_text(text.replace(plain, f"{plain[:-1]}, survives: [objects, identity]}}"))
    return replace(foreign, contract=contract)


def test_a_snapshot_and_what_is_in_place_pass_all_that_can_be_looked_at(
    replicated: Foreign, nightly: Path
) -> None:
    foreign = replicated
    foreign.target.provision(["s3"])
    replicate(foreign.workshop, foreign.target)
    adopted = adopt(foreign, "nightly", nightly)
    drilled = foreign.drill("--set", adopted.directory, "--catalogue", adopted.catalogue)
    unpassed = {
        check["id"]: (check["outcome"], check["reason"])
        for check in drilled.record["checks"]
        if check["mandatory"] and check["outcome"] != "PASSED"
    }
    assert unpassed == {}
    journal = (drilled.directory / "journal.jsonl").read_text().splitlines()
    shown = {one["data"]["service"] for one in map(json.loads, journal) if one["type"] == "marker-proven"}
    assert shown == {"postgres", "s3", "keycloak"}, "a realm in place is not believed for its database's sake"
    assert drilled.record["verdict"] == "VERIFIED"
    assert drilled.returncode == 0, drilled.output[-4000:]
    searched = drilled.check("backup/forbidden-material")["observations"][0]
    told = f"database (restored from {nightly}, whose own bytes were not searched), objects (in-place)"
    assert f"in the target: {told}" in searched["observed"]
    assert searched["examined"] == searched["of"]
    assert drilled.record["forbidden_scan"]["parts"] > 300, "the objects in place are among them"


def test_keys_in_a_restored_row_and_in_an_object_in_place_are_found_by_name(
    foreign: Foreign, nightly: Path
) -> None:
    target, leaky = foreign.target, nightly.with_name("leaky")
    target.order("fresh")
    target.order("restore", "database", nightly, RESTOREPROOF_MARKER=target.nonce)
    with target.connected("wipe") as connection:
        connection.execute("create table forgotten (note text)")
        connection.execute("insert into forgotten values (%s)", [planted("age identity").decode()])
    target.order("snapshot", "postgres", leaky)
    target.provision(["s3"])
    replicate(foreign.workshop, target)
    with target.buckets() as client:
        client.put_object(Bucket=REAL["exports"], Key="debug/login.txt", Body=planted("JSON Web Token"))
    adopted = adopt(foreign, "leaky", leaky)
    drilled = foreign.drill("--set", adopted.directory, "--catalogue", adopted.catalogue)
    assert drilled.returncode == 1, drilled.output
    assert drilled.outcomes["backup/forbidden-material"] == "FAILED"
    time = drilled.check("objectives/rto")
    assert time["outcome"] == "NOT_VERIFIED"
    assert "nothing was restored of identity, objects: in place" in time["reason"]
    assert drilled.record["recovery_time"]["met"] is None
    found = drilled.record["forbidden_scan"]["findings"]
    places = {one["rule"]: one["location"].partition(", byte")[0] for one in found}
    assert places == {
        "age identity": "database wipe, as restored",
        "JSON Web Token": "exports/debug/login.txt",
    }


def test_a_snapshot_that_lost_a_table_fails_by_its_name(foreign: Foreign, nightly: Path) -> None:
    target, wrong = foreign.target, nightly.with_name("wrong")
    target.order("fresh")
    target.order("restore", "database", nightly, RESTOREPROOF_MARKER=target.nonce)
    with target.connected("wipe") as connection:
        connection.execute("drop table verification_logs")
    target.order("snapshot", "postgres", wrong)
    target.provision(["s3"])
    replicate(foreign.workshop, target)
    adopted = adopt(foreign, "wrong", wrong)
    drilled = foreign.drill("--set", adopted.directory, "--catalogue", adopted.catalogue)
    assert drilled.returncode == 1, drilled.output
    assert drilled.record["verdict"] == "FAILED"
    assert drilled.outcomes["backup/tables"] == "FAILED"
    assert "verification_logs" in json.dumps(drilled.check("backup/tables")["observations"])


def test_a_snapshot_that_is_gone_is_a_lost_backup(foreign: Foreign, nightly: Path) -> None:
    foreign.target.provision(["s3"])
    adopted = adopt(foreign, "gone", nightly.with_name("gone"))
    drilled = foreign.drill("--set", adopted.directory, "--catalogue", adopted.catalogue)
    assert drilled.returncode == 1, drilled.output
    assert f"there is no snapshot {nightly.with_name('gone')}" in drilled.output
