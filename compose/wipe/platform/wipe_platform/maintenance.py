"""``python -m wipe_platform.maintenance --once``: verify the chains, settle idempotency keys, report.

Prints one JSON object. Breaks are findings, not errors: exit 0 whenever the examination ran to its
end. It adds nothing to the chains it examines.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, Row, select, text

from wipe_platform import tables
from wipe_platform.canonical import timestamp
from wipe_platform.chains import AuditEvent, Break, ChainReport, Receipt, examine
from wipe_platform.database import engine_for
from wipe_platform.settings import refusing, required
from wipe_platform.signing import signature_holds

BATCH = 1000

# A key whose proof was stored is completed; one that ran out without is expired.
RESOLVE = """
    update idempotency_keys k
       set state = 'completed', completed_at = p.created_at,
           response = jsonb_build_object('status', 201, 'proof_id', p.id)
      from proofs p
     where k.state = 'in_progress' and p.tenant_id = k.tenant_id and p.idempotency_key = k.key
"""
EXPIRE = "update idempotency_keys set state = 'expired' where state = 'in_progress' and expires_at <= now()"


def run(connection: Connection) -> dict[str, object]:
    """Examine every chain at one snapshot, then settle idempotency keys; the report."""
    started = datetime.now(UTC)
    tenants = connection.execute(select(tables.tenants.c.id).order_by(tables.tenants.c.slug)).scalars().all()
    chains = [examine("audit", _audit_links(connection))]
    chains += [_examine_receipts(connection, tenant) for tenant in tenants]
    resolved = connection.execute(text(RESOLVE)).rowcount
    expired = connection.execute(text(EXPIRE)).rowcount
    return {
        "started_at": timestamp(started),
        "finished_at": timestamp(datetime.now(UTC)),
        "chains": [chain.as_json() for chain in chains],
        "examined": sum(chain.examined for chain in chains),
        "breaks": sum(len(chain.breaks) for chain in chains),
        "idempotency_keys": {"resolved": resolved, "expired": expired},
    }


def _audit_links(connection: Connection) -> Iterator[tuple[AuditEvent, str]]:
    table = tables.audit_log
    query = select(table).order_by(table.c.seq).execution_options(yield_per=BATCH)
    for row in connection.execute(query):
        fields = dict(row._mapping)
        stored = fields.pop("hash")
        yield AuditEvent(**fields), stored


def _examine_receipts(connection: Connection, tenant_id: UUID) -> ChainReport:
    published = connection.execute(select(tables.signing_keys.c.key_id, tables.signing_keys.c.public_key))
    keys = {row.key_id: row.public_key for row in published}
    unsigned: list[Break] = []
    report = examine(f"receipts/{tenant_id}", _receipt_links(connection, tenant_id, keys, unsigned))
    report.breaks.extend(unsigned)
    return report


def _receipt_links(
    connection: Connection, tenant_id: UUID, keys: dict[str, str], unsigned: list[Break]
) -> Iterator[tuple[Receipt, str]]:
    table = tables.consumption_receipts
    query = select(table).where(table.c.tenant_id == tenant_id).order_by(table.c.seq)
    for row in connection.execute(query.execution_options(yield_per=BATCH)):
        key = keys.get(row.signing_key_id)
        if key is None:
            unsigned.append(Break(row.seq, f"signed by unpublished key {row.signing_key_id}"))
        elif not signature_holds("receipt", row.hash, row.signature, key):
            unsigned.append(Break(row.seq, "signature does not match the hash"))
        yield _receipt(row), row.hash


def _receipt(row: Row[tuple[object, ...]]) -> Receipt:
    return Receipt(row.tenant_id, row.seq, row.proof_id, row.units, row.created_at, row.prev_hash)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="wipe_platform.maintenance", description=__doc__)
    parser.add_argument("--once", action="store_true", required=True, help="examine once and end")
    parser.parse_args(argv)
    engine = engine_for(required("DATABASE_WORKER_URL"))
    isolated = engine.execution_options(isolation_level="REPEATABLE READ")
    with isolated.begin() as connection:
        report = run(connection)
    json.dump(report, sys.stdout)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(refusing("maintenance", main))
