"""What happened around the proofs: audit trail, verifications, idempotency keys, licenses."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from wipe_platform.canonical import Scalar, sha256_hex
from wipe_platform.chains import GENESIS, AuditEvent
from wipe_platform.identities import PEOPLE, TENANTS, Tenant
from wipe_platform.seed.proofs import Issued, Proof
from wipe_platform.seed.scenario import SPAN, Scenario
from wipe_platform.vocabulary import Outcome, license_terms

KEY_LIFETIME = timedelta(hours=24)
YEAR = timedelta(days=365)
Row = dict[str, object]


def make_audit(scenario: Scenario, proofs: list[Proof], issued: list[Issued]) -> list[AuditEvent]:
    """One global chain: every submission and certificate, then people at work up to the size."""
    rng = scenario.rng
    happened: list[tuple[datetime, UUID | None, str, str, dict[str, Scalar]]] = []
    for proof in proofs:
        payload: dict[str, Scalar] = {"proof_id": str(proof.id), "size_bytes": len(proof.der)}
        actor = f"agent:{proof.agent.name}"
        happened.append((proof.created_at, proof.agent.tenant.id, actor, "proof.submitted", payload))
    for one in issued:
        issue = one.certificate
        payload = {"number": issue.number, "proof_id": str(issue.proof_id)}
        happened.append((issue.issued_at, issue.tenant_id, "worker", "certificate.issued", payload))
    for moment in scenario.moments(scenario.size.audit_rows - len(happened)):
        person = rng.choice(PEOPLE)
        if rng.random() < 0.02:
            payload = {"examined": rng.randint(1000, 9000), "clean": True}
            happened.append((moment, None, "maintenance", "chains.examined", payload))
        elif rng.random() < 0.5:
            payload = {"remote": f"192.0.2.{rng.randint(1, 254)}"}
            happened.append((moment, person.tenant.id, person.username, "session.started", payload))
        else:
            own = rng.choice(issued).certificate
            payload = {"number": own.number, "format": rng.choice(("pdf", "json"))}
            happened.append((moment, own.tenant_id, person.username, "certificate.downloaded", payload))
    happened.sort(key=lambda event: event[0])
    return list(_chained(happened))


def _chained(
    happened: Iterable[tuple[datetime, UUID | None, str, str, dict[str, Scalar]]],
) -> Iterable[AuditEvent]:
    prev_hash = GENESIS
    for seq, (moment, tenant_id, actor, action, payload) in enumerate(happened, start=1):
        event = AuditEvent(seq, tenant_id, actor, action, payload, moment, prev_hash)
        prev_hash = event.hash
        yield event


def verification_rows(scenario: Scenario, issued: list[Issued]) -> list[Row]:
    """Public verifications; one in ten was of a tampered certificate."""
    rows: list[Row] = []
    for number, moment in enumerate(scenario.moments(scenario.size.verifications), start=1):
        certificate = scenario.rng.choice(issued).certificate
        rows.append(
            {
                "id": number,
                "tenant_id": certificate.tenant_id,
                "certificate_number": certificate.number,
                "outcome": (Outcome.INVALID if number % 10 == 0 else Outcome.VALID).value,
                "created_at": moment,
            }
        )
    return rows


def idempotency_rows(scenario: Scenario, proofs: list[Proof]) -> list[Row]:
    """Keys in every state. No unexpired key is in progress: nothing was cut off at the recovery point."""
    rows = []
    for proof in proofs:
        row = _key(scenario, proof.agent.tenant.id, key_of(proof), sha256_hex(proof.der), proof.created_at)
        response = {"status": 201, "proof_id": str(proof.id)}
        rows.append(row | {"state": "completed", "response": response, "completed_at": proof.created_at})
    for state, count in (("in_progress", 12), ("expired", 15)):
        for _ in range(count):
            moment = scenario.between(scenario.now - SPAN, scenario.now - 2 * KEY_LIFETIME)
            digest = sha256_hex(scenario.rng.randbytes(8))
            tenant = scenario.rng.choice(TENANTS)
            row = _key(scenario, tenant.id, f"lost-{scenario.uuid()}", digest, moment)
            rows.append(row | {"state": state})
    return rows


def key_of(proof: Proof) -> str:
    """The idempotency key that the agent sent with a proof."""
    return f"{proof.agent.name}-{proof.id.hex[:16]}"


def _key(scenario: Scenario, tenant_id: UUID, key: str, digest: str, created_at: datetime) -> Row:
    return {
        "tenant_id": tenant_id,
        "key": key,
        "request_sha256": digest,
        "response": None,
        "created_at": created_at,
        "expires_at": created_at + KEY_LIFETIME,
        "completed_at": None,
    }


def license_rows(scenario: Scenario) -> list[Row]:
    """Every tenant has an active license; the second lost one before, the third let one run out."""
    current, previous = scenario.now - SPAN, scenario.now - SPAN - YEAR
    rows = [_license(scenario, tenant, tenant.plan, current) for tenant in TENANTS]
    _, second, third = TENANTS
    revoked = {"state": "revoked", "revoked_at": current - timedelta(days=90)}
    rows.append(_license(scenario, second, "starter", previous) | revoked)
    rows.append(_license(scenario, third, "starter", previous) | {"state": "expired"})
    return rows


def _license(scenario: Scenario, tenant: Tenant, plan: str, starts_at: datetime) -> Row:
    return {
        "id": scenario.uuid(),
        "tenant_id": tenant.id,
        **license_terms(plan),
        "state": "active",
        "starts_at": starts_at,
        "ends_at": starts_at + YEAR,
        "revoked_at": None,
        "created_at": starts_at,
    }
