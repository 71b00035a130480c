"""Take in an erasure proof once, however often it is sent.

The idempotency key is claimed in a transaction of its own before anything is stored; the proof, its
receipt, its audit row and its job commit together with the key's completion.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from obstore.store import S3Store
from sqlalchemy import Connection, Engine, Update, and_, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from wipe_platform import storage, tables
from wipe_platform.canonical import sha256_hex
from wipe_platform.database import as_tenant
from wipe_platform.erasure_proof import ErasureProof, InvalidProof, parse
from wipe_platform.identity import Principal
from wipe_platform.ledger import append_audit, append_receipt
from wipe_platform.queue import enqueue
from wipe_platform.signing import SignerClient

KEY_LIFETIME: Final = timedelta(hours=24)
Answer = dict[str, object]


class Conflict(Exception):
    """The key is in use by a submission that has not ended."""


class KeyReused(Exception):
    """The key belongs to a submission with other content."""


class NotLicensed(Exception):
    """The tenant has no active license."""


@dataclass(frozen=True)
class Intake:
    """Accepts proofs for the caller's tenant."""

    engine: Engine
    proofs: S3Store
    signer: SignerClient

    def submit(self, caller: Principal, key: str, der: bytes) -> Answer:
        """Store the proof and answer; the same key and content get the same answer again."""
        digest = sha256_hex(der)
        with as_tenant(self.engine, caller.tenant_id) as connection:
            _require_license(connection)
            proof = _verified(connection, der)
            earlier = _claim(connection, caller.tenant_id, key, digest)
        if earlier is not None:
            return earlier
        try:
            return self._store(caller, key, der, digest, proof)
        except BaseException:
            # Whatever happened, nothing was committed: let the client try again with the same key.
            with as_tenant(self.engine, caller.tenant_id) as connection:
                connection.execute(_key_row(caller.tenant_id, key).values(state="expired"))
            raise

    def _store(self, caller: Principal, key: str, der: bytes, digest: str, proof: ErasureProof) -> Answer:
        now = datetime.now(UTC)
        proof_id = uuid4()
        object_key = storage.proof_key(caller.tenant_id, now.year, now.month, proof_id)
        metadata = {"tenant": str(caller.tenant_id), "proof-id": str(proof_id)}
        storage.put(self.proofs, object_key, der, storage.OCTETS, **metadata)
        with as_tenant(self.engine, caller.tenant_id) as connection:
            connection.execute(
                insert(tables.proofs).values(
                    id=proof_id,
                    tenant_id=caller.tenant_id,
                    agent_id=proof.agent_id,
                    device_serial=proof.serial,
                    method=proof.method,
                    erased_at=proof.erased_at,
                    object_key=object_key,
                    sha256=digest,
                    size_bytes=len(der),
                    idempotency_key=key,
                    created_at=now,
                )
            )
            receipt = append_receipt(connection, self.signer, caller.tenant_id, proof_id, units=1)
            append_audit(
                connection, caller.tenant_id, caller.name, "proof.submitted",
                proof_id=str(proof_id), size_bytes=len(der),
            )  # fmt: skip
            job = enqueue(connection, caller.tenant_id, "issue-certificate", {"proof_id": str(proof_id)})
            answer: Answer = {
                "status": 201,
                "proof_id": str(proof_id),
                "sha256": digest,
                "receipt_seq": receipt.seq,
                "job_id": job,
            }
            completed = {"state": "completed", "response": answer, "completed_at": now}
            connection.execute(_key_row(caller.tenant_id, key).values(**completed))
        return answer


def _require_license(connection: Connection) -> None:
    licenses = tables.licenses
    if connection.execute(select(licenses.c.id).where(licenses.c.state == "active")).first() is None:
        raise NotLicensed("the tenant has no active license")


def _verified(connection: Connection, der: bytes) -> ErasureProof:
    signed = parse(der)
    agents = tables.agents
    agent = select(agents.c.public_key).where(agents.c.id == signed.proof.agent_id)
    public_key = connection.execute(agent).scalar_one_or_none()
    if public_key is None:
        raise InvalidProof(f"agent {signed.proof.agent_id} is not enrolled")
    if not signed.signed_by(base64.b64decode(public_key)):
        raise InvalidProof("the agent's signature does not match")
    return signed.proof


def _claim(connection: Connection, tenant_id: UUID, key: str, digest: str) -> Answer | None:
    """Reserve the key (None), or return what it was answered before."""
    keys = tables.idempotency_keys
    now = datetime.now(UTC)
    fresh = {
        "request_sha256": digest,
        "state": "in_progress",
        "response": None,
        "created_at": now,
        "expires_at": now + KEY_LIFETIME,
        "completed_at": None,
    }
    # Taken: the key is new, its earlier submission was given up, or it never ended in time.
    abandoned = (keys.c.state == "expired") | and_(keys.c.state == "in_progress", keys.c.expires_at <= now)
    claim = upsert(keys).values(tenant_id=tenant_id, key=key, **fresh)
    claim = claim.on_conflict_do_update(
        index_elements=[keys.c.tenant_id, keys.c.key], set_=fresh, where=abandoned
    )
    if connection.execute(claim.returning(keys.c.key)).first() is not None:
        return None
    held = connection.execute(select(keys).where(keys.c.key == key)).one()
    if held.request_sha256 != digest:
        raise KeyReused("this Idempotency-Key was used with another proof")
    if held.state == "in_progress":
        raise Conflict("a submission with this Idempotency-Key is in progress")
    answer: Answer = held.response
    return answer


def _key_row(tenant_id: UUID, key: str) -> Update:
    keys = tables.idempotency_keys
    return update(keys).where(keys.c.tenant_id == tenant_id, keys.c.key == key)
