"""``python -m wipe_platform.seed --size default|small --seed N``: fill an empty platform with history.

Needs the database at this release's head, the buckets, and the signer. Rows are committed together
and last: a seeding that fails leaves an empty database (and perhaps objects that nothing refers to).
"""

import argparse
import random
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import psycopg

from wipe_platform import storage
from wipe_platform.agent_binary import agent_binary, binary_name
from wipe_platform.billing import billing_csv, consumption
from wipe_platform.canonical import sha256_hex
from wipe_platform.database import engine_for
from wipe_platform.handlers import certificate_row
from wipe_platform.identities import PEOPLE, TENANTS
from wipe_platform.ledger import audit_row, receipt_row
from wipe_platform.release import VERSION
from wipe_platform.seed.activity import (
    idempotency_rows,
    key_of,
    license_rows,
    make_audit,
    verification_rows,
)
from wipe_platform.seed.backlog import Backlog
from wipe_platform.seed.load import Upload, copy_rows, upload_all
from wipe_platform.seed.proofs import (
    Agent,
    Issued,
    Proof,
    make_agents,
    make_certificates,
    make_proofs,
    make_receipts,
)
from wipe_platform.seed.scenario import SIZES, SPAN, Scenario
from wipe_platform.settings import Settings, SettingsError, required
from wipe_platform.signing import SignerClient


class SeedError(Exception):
    """This platform cannot be seeded."""


Rows = Sequence[Mapping[str, object]]
BINARY_VERSIONS = ("1.2.0", "1.3.0", VERSION)
#: proofs that came with an idempotency key: the newest ones
KEYED_PROOFS = 300


def seed(scenario: Scenario, settings: Settings, owner_url: str) -> None:
    """Everything, objects first; refuses a database that already holds something."""
    require_empty(owner_url)
    signer = SignerClient.connect(settings)
    agents = make_agents(scenario)
    proofs = make_proofs(scenario, agents)
    say(f"{len(proofs)} proofs signed")
    issued = make_certificates(scenario, proofs, signer)
    say(f"{len(issued)} certificates issued")
    buckets = storage.Buckets.connect(settings)
    count = upload_all([*proof_uploads(buckets, proofs), *certificate_uploads(buckets, issued)])
    count += upload_all(binary_uploads(buckets))
    say(f"{count} objects stored")
    with psycopg.connect(owner_url) as connection:
        for table, rows in all_rows(scenario, signer, agents, proofs, issued).items():
            copy_rows(connection, table, rows)
            say(f"{len(rows)} {table}")
        for sequence in ("jobs_id_seq", "dead_letters_id_seq", "verification_logs_id_seq"):
            table = sequence.removesuffix("_id_seq")
            connection.execute(f"select setval('{sequence}', (select max(id) from {table}))")
        connection.execute("select setval('certificate_number_seq', %s)", [len(issued)])
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("analyze")
    say(f"{upload_all(billing_uploads(scenario, buckets, owner_url))} billing exports stored")


def require_empty(owner_url: str) -> None:
    """Raises SeedError unless the database is migrated and without tenants."""
    with psycopg.connect(owner_url) as connection:
        if connection.execute("select exists (select from tenants)").fetchone() != (False,):
            raise SeedError("the database is not empty; nothing was seeded")


def all_rows(
    scenario: Scenario, signer: SignerClient, agents: list[Agent], proofs: list[Proof], issued: list[Issued]
) -> dict[str, Rows]:
    """Every table's rows, in an order that foreign keys accept."""
    backlog = Backlog(scenario, proofs, issued)
    receipts = make_receipts(scenario, proofs, issued)
    signed = signer.sign("receipt", [receipt.hash for receipt in receipts])
    keyed = proofs[-KEYED_PROOFS:]
    keyed_ids = {proof.id for proof in keyed}
    return {
        **people_rows(scenario, agents),
        "signing_keys": [
            {
                "key_id": key.key_id,
                "public_key": key.public_key,
                "state": "active",
                "created_at": datetime.fromisoformat(key.created),
            }
            for key in signer.published_keys()
        ],
        "proofs": [proof_row(proof, keyed=proof.id in keyed_ids) for proof in proofs],
        "certificates": [certificate_row(one.certificate, one.signature, one.pdf) for one in issued],
        "jobs": backlog.jobs,
        "dead_letters": backlog.dead_letters,
        "consumption_receipts": [
            receipt_row(receipt, signature, signed.key_id)
            for receipt, signature in zip(receipts, signed.signatures, strict=True)
        ],
        "audit_log": [audit_row(event) for event in make_audit(scenario, proofs, issued)],
        "licenses": license_rows(scenario),
        "idempotency_keys": idempotency_rows(scenario, keyed),
        "verification_logs": verification_rows(scenario, issued),
    }


def people_rows(scenario: Scenario, agents: list[Agent]) -> dict[str, Rows]:
    """Tenants, their organizations, the realm's users and the agents."""
    founded = scenario.now - SPAN
    organizations = {tenant.slug: scenario.uuid() for tenant in TENANTS}
    return {
        "tenants": [{"id": t.id, "slug": t.slug, "name": t.name, "created_at": founded} for t in TENANTS],
        "organizations": [
            {
                "id": organizations[tenant.slug],
                "tenant_id": tenant.id,
                "name": tenant.name,
                "country": tenant.country,
                "created_at": founded,
            }
            for tenant in TENANTS
        ],
        "users": [
            {
                "id": scenario.uuid(),
                "tenant_id": person.tenant.id,
                "organization_id": organizations[person.tenant.slug],
                "keycloak_sub": person.sub,
                "username": person.username,
                "email": person.email,
                "role": person.role,
                "created_at": founded,
            }
            for person in PEOPLE
        ],
        "agents": [
            {
                "id": agent.id,
                "tenant_id": agent.tenant.id,
                "name": agent.name,
                "public_key": agent.public_key,
                "created_at": founded,
            }
            for agent in agents
        ],
    }


def proof_row(proof: Proof, *, keyed: bool) -> dict[str, object]:
    """The proof as columns."""
    return {
        "id": proof.id,
        "tenant_id": proof.agent.tenant.id,
        "agent_id": proof.agent.id,
        "device_serial": proof.content.serial,
        "method": proof.content.method,
        "erased_at": proof.content.erased_at,
        "object_key": proof.object_key,
        "sha256": sha256_hex(proof.der),
        "size_bytes": len(proof.der),
        "idempotency_key": key_of(proof) if keyed else None,
        "created_at": proof.created_at,
    }


def proof_uploads(buckets: storage.Buckets, proofs: list[Proof]) -> list[Upload]:
    """The payloads, with what the API would say of them."""
    return [
        Upload(
            buckets.proofs,
            proof.object_key,
            proof.der,
            storage.OCTETS,
            {"tenant": str(proof.agent.tenant.id), "proof-id": str(proof.id)},
        )
        for proof in proofs
    ]


def certificate_uploads(buckets: storage.Buckets, issued: list[Issued]) -> list[Upload]:
    """Each certificate's canonical JSON and PDF."""
    store = buckets.certificates
    certificates = [one.certificate for one in issued]
    documents = [Upload(store, c.json_key, c.canonical(), storage.JSON) for c in certificates]
    return documents + [Upload(store, one.certificate.pdf_key, one.pdf, storage.PDF) for one in issued]


def binary_uploads(buckets: storage.Buckets) -> list[Upload]:
    """The agents that customers may download."""
    return [
        Upload(buckets.binaries, binary_name(version), agent_binary(version), storage.OCTETS)
        for version in BINARY_VERSIONS
    ]


def billing_uploads(scenario: Scenario, buckets: storage.Buckets, owner_url: str) -> list[Upload]:
    """Reports of the three newest months for every tenant, from the committed receipts."""
    months, first = [], scenario.now.replace(day=1)
    for _ in range(3):
        months.append(f"{first:%Y-%m}")
        first = (first - timedelta(days=1)).replace(day=1)
    with engine_for(owner_url).connect() as connection:
        return [
            Upload(
                buckets.exports,
                storage.export_key(tenant.id, month),
                billing_csv(consumption(connection, tenant.id, month)),
                storage.CSV,
            )
            for tenant in TENANTS
            for month in months
        ]


def say(line: str) -> None:
    """One line of progress, with the seconds since the start."""
    print(f"seed {time.perf_counter() - STARTED:6.1f}s  {line}", flush=True)


STARTED = time.perf_counter()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="wipe_platform.seed", description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="default")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args(argv)
    scenario = Scenario(SIZES[arguments.size], random.Random(arguments.seed), datetime.now(UTC))
    try:
        seed(scenario, Settings.load(), required("DATABASE_OWNER_URL"))
    except (SettingsError, SeedError, psycopg.Error, httpx.HTTPError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
