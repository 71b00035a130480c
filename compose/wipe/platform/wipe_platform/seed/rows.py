"""What was made up, as rows of every table."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from wipe_platform.canonical import sha256_hex
from wipe_platform.handlers import certificate_row
from wipe_platform.identities import PEOPLE, TENANTS
from wipe_platform.ledger import audit_row, receipt_row
from wipe_platform.seed.activity import (
    idempotency_rows,
    key_of,
    license_rows,
    make_audit,
    verification_rows,
)
from wipe_platform.seed.backlog import Backlog
from wipe_platform.seed.proofs import Agent, Issued, Proof, make_receipts
from wipe_platform.seed.scenario import SPAN, Scenario
from wipe_platform.signing import SignerClient

Rows = Sequence[Mapping[str, object]]

#: proofs that came with an idempotency key: the newest ones
KEYED_PROOFS = 300


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
