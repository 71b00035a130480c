"""Append to the chains inside the caller's transaction, so that a link commits with what it records.

Both appends take a lock that lasts until commit: sequences stay without gaps under concurrency.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select, text

from wipe_platform import tables
from wipe_platform.canonical import Scalar
from wipe_platform.chains import GENESIS, AuditEvent, Receipt
from wipe_platform.signing import SignerClient


def append_audit(
    connection: Connection, tenant_id: UUID | None, actor: str, action: str, **payload: Scalar
) -> AuditEvent:
    """Record that ``actor`` did ``action``; the row is visible once the transaction commits."""
    tip = connection.execute(text("select seq, hash from audit_tip()")).one_or_none()
    event = AuditEvent(
        seq=tip.seq + 1 if tip else 1,
        tenant_id=tenant_id,
        actor=actor,
        action=action,
        payload=payload,
        created_at=datetime.now(UTC),
        prev_hash=tip.hash if tip else GENESIS,
    )
    connection.execute(insert(tables.audit_log).values(**audit_row(event)))
    return event


def append_receipt(
    connection: Connection, signer: SignerClient, tenant_id: UUID, proof_id: UUID, units: int
) -> Receipt:
    """Meter ``units`` for a proof; refuses (and rolls back with the caller) when the signer does."""
    connection.execute(
        text("select pg_advisory_xact_lock(hashtext('receipts'), hashtext(:tenant))"),
        {"tenant": str(tenant_id)},
    )
    table = tables.consumption_receipts
    newest = select(table.c.seq, table.c.hash).where(table.c.tenant_id == tenant_id)
    tip = connection.execute(newest.order_by(table.c.seq.desc()).limit(1)).one_or_none()
    receipt = Receipt(
        tenant_id=tenant_id,
        seq=tip.seq + 1 if tip else 1,
        proof_id=proof_id,
        units=units,
        created_at=datetime.now(UTC),
        prev_hash=tip.hash if tip else GENESIS,
    )
    signed = signer.sign("receipt", [receipt.hash])
    connection.execute(insert(table).values(**receipt_row(receipt, signed.signatures[0], signed.key_id)))
    return receipt


def audit_row(event: AuditEvent) -> dict[str, object]:
    """The event as columns."""
    return {**vars(event), "hash": event.hash}


def receipt_row(receipt: Receipt, signature: str, key_id: str) -> dict[str, object]:
    """The receipt as columns, with its signature."""
    return {**vars(receipt), "hash": receipt.hash, "signature": signature, "signing_key_id": key_id}
